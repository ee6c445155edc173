"""A price that is set late puts cost right beside its usage; nothing that reads costs takes that for a lack."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger
from creditbook.access.values import Principal
from creditbook.domain.costs import CostCorrection
from creditbook.domain.operations import Cost
from creditbook.exports import datasets
from creditbook.reports.finance import checklist
from creditbook.reports.finance.checklist import State
from creditbook.store.finance import statements
from creditbook.store.finance.export_rows import Days
from creditbook.store.finance.replaying import happened
from creditbook.store.finance.statements import Range

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
RIGHT = Cost(usd_nanos=700, inr_nanos=59_500, price_version="own price 1", fx_rate_id=1)


@pytest.fixture
def books(database_url: str) -> Iterator[Ledger]:
    """Work of March and of April without a price; March is closed, and then both get one."""
    clock = MovedClock()
    with a_ledger(database_url, clock) as ledger:
        ledger.open_account("acme/asha")
        ledger.grant("acme/asha", 1_000, reason="to work with")
        done = []
        for day in (5, 40):
            clock.at = datetime(2026, 3, 1, 6, tzinfo=UTC)
            clock.forward(days=day)
            unpriced = Cost(unpriced=True)
            done.append(ledger.spend("acme/asha", action="work", tokens=10, model="own", input_tokens=5, cost=unpriced))
            if day == 5:
                clock.at = datetime(2026, 4, 2, 6, tzinfo=UTC)
                ledger.close_month("acme", MARCH, reason="the books of March")
        ledger.correct_costs(
            "acme", [CostCorrection(one.transaction_id, RIGHT) for one in done], reason="the price is known"
        )
        clock.forward(days=40)
        yield ledger


def lead(ledger: Ledger) -> Principal:
    org, ref = ledger.core.organization("acme"), ledger.core.account("acme/asha")
    return Principal(1, "fiona", "Fiona", "finance", org.org_id, "acme", org.name, org.zone,
                     account_id=ref.account_id, account_name="asha")  # fmt: skip


def test_the_list_before_a_close_counts_what_has_no_price_now(books: Ledger) -> None:
    (prices,) = [one for one in checklist.points(books.core.store, lead(books), APRIL, None) if one.name == "Prices"]
    assert prices.state is State.FINE


def test_an_export_flags_only_usage_that_had_no_price(books: Ledger) -> None:
    table = datasets.transactions(books.core.store, lead(books), Days(MARCH, date(2026, 4, 30)))
    kind, flag = (next(n for n, column in enumerate(table.columns) if column.name == name)
                  for name in ("kind", "unpriced"))  # fmt: skip
    assert {(row[kind], bool(row[flag])) for row in table.rows if row[kind] in ("usage", "adjustment")} == {
        ("usage", True),
        ("adjustment", False),
    }


def test_a_statement_counts_no_correction_as_without_a_price(books: Ledger) -> None:
    who = lead(books)
    everything = Range(who.org_id, who.account_id or 0, 0, 2**62)
    with books.core.store.read(who.org_id) as connection:
        lines = [(row.kind, bool(row.unpriced)) for row in statements.lines(connection, everything)]
    assert lines.count(("usage", True)) == 2
    assert lines.count(("adjustment", False)) == 2


def test_a_replay_knows_what_work_costs_by_the_price_that_was_set_since(books: Ledger) -> None:
    who = lead(books)
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    rows = happened(books.core.store, who.org_id, [who.account_id or 0], since, until).transactions
    costs = [(row.cost_usd_nanos, row.cost_inr_nanos) for row in rows if row.kind == "usage"]
    assert costs == [(700, 59_500)] * 2
