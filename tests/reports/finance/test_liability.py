"""Liability: every line of the roll-forward is the sum of the rows beneath it, and of the raw entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock
from support.revenues import Season, a_season, lead

from creditbook import open_ledger
from creditbook.reports.finance import books, liability, sales
from creditbook.reports.finance.liability import CAME_IN, LINES, WENT_OUT
from creditbook.reports.finance.periods import custom

RANGES = [
    (date(2026, 3, 1), date(2026, 7, 2)),
    (date(2026, 3, 31), date(2026, 3, 31)),
    (date(2026, 4, 1), date(2026, 4, 30)),
    (date(2026, 5, 11), date(2026, 6, 4)),
]


@pytest.fixture
def on_both(database_url: str) -> Iterator[Season]:
    clock = MovedClock()
    ledger = open_ledger(database_url, clock=clock)
    yield a_season(ledger, clock)
    ledger.close()


def entries(season: Season) -> list[Any]:
    """Raw entries: (accounting date, class, currency, amount, deferred)."""
    with season.ledger.core.store.read(lead(season.ledger).org_id) as connection:
        rows = connection.execute(
            sa.text(
                "SELECT t.accounting_date, g.class, g.currency, e.amount, e.deferred_minor FROM entry e "
                "JOIN token_grant g USING (org_id, grant_id) "
                "JOIN ledger_transaction t ON t.org_id = e.org_id AND t.txn_id = e.txn_id"
            )
        ).all()
    return [(date.fromisoformat(str(day)), *rest) for day, *rest in rows]


def all_of(fetch: Any, **more: Any) -> list[Any]:
    """Every row, three at a time, by keyset."""
    key, rows, seen = ("before_id" if "day" in more else "after_id"), [], None
    while True:
        page = fetch(**more, **{key: seen}, limit=3)
        rows += page
        if len(page) < 3:
            return rows
        seen = page[-1].grant_id if key == "before_id" else page[-1].txn_id


def test_every_line_in_tokens_and_money_is_the_sum_of_its_rows(on_both: Season) -> None:
    store, who = on_both.ledger.core.store, lead(on_both.ledger)
    plans, raw, filled = books.plan_sales(store, who), entries(on_both), set()
    for first, last in RANGES:
        for flow in books.books(store, who, first, last).flows:
            for currency in ("", *flow.money):
                told = dict(
                    zip(LINES, liability.signed(flow.money[currency] if currency else flow.tokens), strict=True)
                )
                for line, figure in told.items():
                    beneath = rows_of(store, who, first, last, line, flow.grant_class, currency)
                    if currency and flow.grant_class == "plan":
                        signs = -1 if line in WENT_OUT else 1
                        sold = liability.of_plans(plans, first, last, line, currency)
                        beneath += [signs * amount for _, amount in sold]
                    assert sum(beneath) == figure, (first, flow.grant_class, currency, line)
                    assert 0 not in beneath
                    filled |= {(line, bool(currency))} if figure else set()
            closing = sum(amount for day, name, _, amount, _ in raw if day <= last and name == flow.grant_class)
            assert flow.tokens.closing == closing
    assert {line for line, _ in filled} >= {
        "opening",
        "sold",
        "granted",
        "used",
        "expired",
        "refunded",
        "revoked",
        "closing",
    }
    assert {line for line, money in filled if money} >= {"opening", "sold", "used", "expired", "refunded", "closing"}


def rows_of(store: Any, who: Any, first: date, last: date, line: str, of: str, currency: str) -> list[int]:
    """What the rows beneath a line add up to."""
    if line in ("opening", "closing"):
        day = first - timedelta(days=1) if line == "opening" else last
        found = all_of(lambda **how: liability.outstanding(store, who, how.pop("day"), **how), day=day, grant_class=of,
                       currency=currency)  # fmt: skip
        return [one.minor if currency else one.remaining for one in found]
    found = all_of(
        lambda **how: liability.moved(store, who, first, last, line, **how), grant_class=of, currency=currency
    )
    return [one.minor if currency else one.tokens for one in found]


def test_what_is_left_of_grants_is_what_their_entries_say_on_every_month_s_end(season: Season) -> None:
    store, who, raw = season.ledger.core.store, lead(season.ledger), entries(season)
    for day in (date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)):
        left: Counter[str] = Counter()
        for at, name, _, amount, _ in raw:
            left[name] += amount if at <= day else 0
        found: Counter[str] = Counter()
        for one in liability.outstanding(store, who, day, limit=1_000):
            found[one.grant_class] += one.remaining
        assert +found == +left


def test_money_sold_and_paid_back_is_the_same_on_revenue_and_in_the_books(season: Season) -> None:
    store, who = season.ledger.core.store, lead(season.ledger)
    for first, last in RANGES:
        period = custom(first, last)
        of = books.books(store, who, first, last).revenue["INR"]
        bought, back = sales.sold(store, who, period), sales.money_back(store, who, period)
        assert (sum(s.net_minor for s in bought), sum(s.tax_minor for s in bought)) == (of.sold_minor, of.tax_minor)
        assert sum(m.amount_minor for m in back) == of.paid_back_minor
        assert sum(m.tax_minor for m in back) == of.paid_back_tax_minor


def test_a_line_that_is_none_has_no_rows(season: Season) -> None:
    store, who = season.ledger.core.store, lead(season.ledger)
    assert liability.moved(store, who, *RANGES[0], "nonsense") == []
    assert liability.moved(store, who, *RANGES[0], "granted", currency="INR") == []
    assert set(CAME_IN) | set(WENT_OUT) | {"opening", "closing"} == set(LINES)
