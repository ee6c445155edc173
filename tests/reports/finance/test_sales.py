"""What was sold and paid back: every figure equals a sum over the raw rows, counted another way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock
from support.revenues import SHOP, Season, a_season, lead

from creditbook import open_ledger
from creditbook.domain.money import half_even
from creditbook.reports.finance import periods, sales, subscriptions
from creditbook.store.tables.base import from_microseconds

KOLKATA = ZoneInfo("Asia/Kolkata")
ALL = periods.custom(date(2026, 3, 1), date(2026, 7, 2))


@pytest.fixture
def on_both(database_url: str) -> Iterator[Season]:
    clock = MovedClock()
    ledger = open_ledger(database_url, clock=clock)
    yield a_season(ledger, clock)
    ledger.close()


def raw(season: Season, sql: str) -> list[Any]:
    """Rows by SQL of its own, read as the organization."""
    with season.ledger.core.store.read(lead(season.ledger).org_id) as connection:
        return list(connection.execute(sa.text(sql)).all())


def local(season: Season, instant: Any) -> date:
    instant = from_microseconds(instant) if isinstance(instant, int) else instant
    day: date = instant.astimezone(KOLKATA).date()
    return day


def test_every_figure_of_what_was_sold_and_paid_back_equals_the_rows(on_both: Season) -> None:
    season = on_both
    store, who = season.ledger.core.store, lead(season.ledger)
    rows = raw(
        season, "SELECT granted_at, kind, item, price_minor, tax_minor FROM purchase WHERE granted_at IS NOT NULL"
    )
    for first, last in (
        (ALL.first, ALL.last),
        (date(2026, 3, 31), date(2026, 3, 31)),
        (date(2026, 4, 1), date(2026, 4, 30)),
        (date(2026, 5, 11), date(2026, 6, 9)),
    ):
        count: Counter[Any] = Counter()
        gross: Counter[Any] = Counter()
        tax: Counter[Any] = Counter()
        for granted_at, kind, item, price, of_tax in rows:
            day = local(season, granted_at)
            if first <= day <= last:
                key = (day.replace(day=1), kind, item)
                count[key] += 1
                gross[key] += price
                tax[key] += of_tax
        found = sales.sold(store, who, periods.custom(first, last))
        assert {(s.month, s.kind, s.item): (s.purchases, s.gross_minor, s.tax_minor) for s in found} == {
            key: (count[key], gross[key], tax[key]) for key in count
        }
        listed = sales.purchases(store, who, periods.custom(first, last), limit=100)
        assert sum(one.price_minor for one in listed) == sum(s.gross_minor for s in found) > 0
    back = sales.money_back(store, who, ALL)
    assert sum(one.amount_minor for one in back) == raw(season, "SELECT sum(refunded_minor) FROM purchase")[0][0]
    assert [(one.account, one.day, one.amount_minor) for one in back] == [
        ("asha", date(2026, 5, 15), 3_333),
        ("asha", date(2026, 6, 2), 6_567),
        ("dev", date(2026, 6, 5), 49_900),
    ]


def test_a_sale_a_minute_before_april_is_march_s_in_kolkata(season: Season) -> None:
    store, who = season.ledger.core.store, lead(season.ledger)
    (one,) = sales.purchases(store, who, periods.custom(date(2026, 3, 31), date(2026, 3, 31)))
    assert (one.account, one.item) == ("dev", "big")
    (one,) = sales.purchases(store, who, periods.custom(date(2026, 4, 1), date(2026, 4, 1)))
    assert (one.account, one.item) == ("asha", "starter")


def test_refunds_in_parts_give_back_the_tax_to_the_last_minor_unit(season: Season) -> None:
    back = sales.money_back(season.ledger.core.store, lead(season.ledger), ALL)
    of_asha = [one for one in back if one.account == "asha"]
    assert [one.tax_minor for one in of_asha] == [
        half_even(1_510 * 3_333, 9_900),
        1_510 - half_even(1_510 * 3_333, 9_900),
    ]
    assert sum(one.net_minor for one in of_asha) == 9_900 - 1_510
    assert sales.tax_back(0, 0, 0, 0) == 0


def test_purchases_come_page_by_page_each_once(season: Season) -> None:
    store, who = season.ledger.core.store, lead(season.ledger)
    whole = sales.purchases(store, who, ALL, limit=100)
    seen: list[int] = []
    page = sales.purchases(store, who, ALL, limit=3)
    while page:
        seen += [one.purchase_id for one in page]
        page = sales.purchases(store, who, ALL, limit=3, before_id=seen[-1])
    assert seen == [one.purchase_id for one in whole]
    packs = sales.purchases(store, who, ALL, kind="package", item="starter", currency="INR")
    assert {one.account for one in packs} == {"asha"}, "what esha paid gave nothing"


def test_what_is_paid_and_gave_nothing_is_told_with_its_trouble(season: Season) -> None:
    store, who = season.ledger.core.store, lead(season.ledger)
    (one,) = sales.ungranted(store, who, date(2026, 6, 30))
    assert (one.purchase_id, one.account, one.status) == (season.bought["stuck"], "esha", "paid")
    assert "closed" in one.trouble
    assert sales.ungranted(store, who, date(2026, 6, 9)) == []


def test_another_organization_sees_nothing_of_it(on_both: Season) -> None:
    season = on_both
    season.ledger.create_organization("other", SHOP)
    who = lead(season.ledger, "other")
    store = season.ledger.core.store
    assert sales.sold(store, who, ALL) == sales.money_back(store, who, ALL) == sales.purchases(store, who, ALL) == []
    assert sales.first_day(store, who, season.clock.at) == date(2026, 7, 2)
    assert subscriptions.lives(store, who, ALL.last) == []
    here = subscriptions.lives(store, lead(season.ledger), ALL.last)
    assert (len(here), sum(life.is_paying for life in here), sum(life.closed is not None for life in here)) == (7, 2, 1)
    assert sales.first_day(store, lead(season.ledger), season.clock.at) == date(2026, 3, 4)
