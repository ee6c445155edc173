"""Costs corrected through the ledger, on both databases: beside the usage, once, in batches that can be stopped."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock
from support.sales import broken

from creditbook import Ledger
from creditbook.domain.costs import CostCorrection
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.domain.operations import Cost
from creditbook.ledger import correcting
from creditbook.store.tables.ledger import audit, ledger_transaction, usage_org_day


def spent(ledger: Ledger, number: int = 3) -> list[int]:
    """Usage of a model that nobody has a price for."""
    ledger.grant("acme/asha", 1_000, reason="to work with")
    return [
        ledger.spend("acme/asha", action="build", model="m-new", agent="srs", input_tokens=10 + n).transaction_id
        for n in range(number)
    ]


def to(txn_ids: list[int], usd: int = 700, version: str = "list 2") -> list[CostCorrection]:
    cost = Cost(usd_nanos=usd, inr_nanos=usd * 83, parts={"input": usd}, price_version=version)
    return [CostCorrection(txn_id, cost) for txn_id in txn_ids]


def read(ledger: Ledger, query: Any) -> list[Any]:
    org_id = ledger.core.organization("acme").org_id
    with ledger.core.store.read(org_id) as connection:
        return list(connection.execute(query).all())


def unpriced(ledger: Ledger) -> tuple[int, int]:
    """Of the rollup: how many are unpriced, and what all of it costs."""
    u = usage_org_day.c
    (row,) = read(ledger, sa.select(sa.func.sum(u.unpriced), sa.func.sum(u.cost_usd_nanos)))
    return int(row[0]), int(row[1])


def test_corrections_price_what_was_unpriced_and_the_rollups_know(ledger: Ledger) -> None:
    txns = spent(ledger)
    assert unpriced(ledger) == (3, 0)
    report = ledger.correct_costs("acme", to(txns[:2]), reason="The list came", actor="fiona")
    assert (report.corrected, report.unchanged, report.refused) == (2, 0, ())
    assert (report.usd_nanos, report.inr_nanos, report.stopped) == (1_400, 116_200, False)
    assert unpriced(ledger) == (1, 1_400)
    assert broken(ledger) == []


def test_asked_again_nothing_more_is_booked(ledger: Ledger) -> None:
    txns = spent(ledger)
    ledger.correct_costs("acme", to(txns), reason="The list came")
    again = ledger.correct_costs("acme", to(txns), reason="The list came")
    assert (again.corrected, again.unchanged, again.usd_nanos) == (0, 3, 0)
    assert unpriced(ledger) == (0, 2_100)


def test_a_later_price_books_the_difference_and_an_earlier_one_is_not_told_twice(ledger: Ledger) -> None:
    txns = spent(ledger, 1)
    ledger.correct_costs("acme", to(txns), reason="The list came")
    down = ledger.correct_costs("acme", to(txns, 500, "list 3"), reason="It was a typing error")
    assert down.usd_nanos == -200
    back = ledger.correct_costs("acme", to(txns, 700, "list 2"), reason="It was none")
    assert [why for _, why in back.refused] == [
        "“list 2” has corrected this usage before. Set the price anew and apply that."
    ]


def test_each_batch_is_one_line_of_the_audit_log(ledger: Ledger) -> None:
    txns = spent(ledger)
    ledger.correct_costs("acme", to(txns), reason="The list came", actor="fiona")
    ledger.correct_costs("acme", to(txns), reason="The list came", actor="fiona")
    a = audit.c
    ((actor, reason, after),) = read(ledger, sa.select(a.actor, a.reason, a.after).where(a.act == "cost.correct"))
    assert (actor, reason) == ("fiona", "The list came")
    assert (after["transactions"], after["usd_nanos"], after["price_versions"]) == (3, 2_100, ["list 2"])


def test_it_can_be_stopped_between_batches_and_goes_on_where_it_was(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correcting, "AT_ONCE", 2)
    txns, heard = spent(ledger, 5), []
    asks = iter([False, False, True])
    report = ledger.correct_costs(
        "acme", to(txns), reason="The list came", progress=heard.append, stop=lambda: next(asks)
    )
    assert (report.corrected, report.stopped, heard) == (4, True, [2, 4])
    rest = ledger.correct_costs("acme", to(txns), reason="The list came")
    assert (rest.corrected, rest.unchanged) == (1, 4)
    assert unpriced(ledger) == (0, 3_500)


def test_what_is_no_usage_is_named_and_the_rest_is_corrected(ledger: Ledger) -> None:
    txns = spent(ledger, 1)
    grant = ledger.grant("acme/asha", 5, reason="a gift").transaction_id
    report = ledger.correct_costs("acme", to([*txns, grant, 999_999_999]), reason="The list came")
    assert report.corrected == 1
    assert report.refused == ((grant, "There is no such usage here."), (999_999_999, "There is no such usage here."))


def test_another_organizations_usage_is_not_there(ledger: Ledger) -> None:
    txns = spent(ledger, 1)
    ledger.create_organization("rival", ledger.program("acme"))
    report = ledger.correct_costs("rival", to(txns), reason="The list came")
    assert [txn_id for txn_id, _ in report.refused] == txns
    with pytest.raises(NotFound):
        ledger.correct_costs("nobody", to(txns), reason="The list came")
    with pytest.raises(InvalidRequest, match="Give a reason"):
        ledger.correct_costs("acme", to(txns), reason=" ")


def test_two_who_correct_at_once_correct_once(ledger: Ledger) -> None:
    txns = spent(ledger, 6)
    reports: list[Any] = []
    threads = [
        threading.Thread(target=lambda: reports.append(ledger.correct_costs("acme", to(txns), reason="The list came")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(one.corrected for one in reports) == 6
    assert unpriced(ledger) == (0, 4_200)
    assert broken(ledger) == []


def test_a_correction_keeps_the_dates_of_its_usage(ledger: Ledger, clock: MovedClock) -> None:
    txns = spent(ledger, 1)
    clock.forward(days=40)
    ledger.correct_costs("acme", to(txns), reason="The list came")
    t = ledger_transaction.c
    dates = (t.event_at, t.account_date, t.org_date, t.org_hour, t.accounting_date, t.agent, t.model, t.plan)
    was, later = read(ledger, sa.select(*dates).where(t.model == "m-new").order_by(t.txn_id))
    assert was == later
