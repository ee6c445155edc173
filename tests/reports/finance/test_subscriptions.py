"""Plans rebuilt to any day: MRR, moves, cohorts and the mix of free and paid, held against the events themselves."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from support.ledgers import MovedClock
from support.revenues import PRICES, SHOP, Season, lead

from creditbook import open_ledger
from creditbook.reports.finance import cohorts, subscriptions
from creditbook.reports.finance.subscriptions import BACK, DOWN, LOST, NEW, UP, Life
from creditbook.store.tables.base import from_microseconds

LAST = date(2026, 7, 2)
RUNS = ("started", "upgraded", "downgraded", "term", "past_due", "lapsed", "ended")


def lives(season: Season, last: date = LAST) -> list[Life]:
    return subscriptions.lives(season.ledger.core.store, lead(season.ledger), last)


def events(season: Season) -> list[Any]:
    """Raw events with their local dates in Kolkata: (account, day, what, after)."""
    with season.ledger.core.store.read(lead(season.ledger).org_id) as connection:
        rows = connection.execute(
            sa.text(
                "SELECT a.name, e.at, e.what, e.plan_after FROM plan_event e "
                "JOIN account a USING (org_id, account_id) ORDER BY e.event_id"
            )
        ).all()
    zone = ZoneInfo("Asia/Kolkata")
    return [(name, from_microseconds(at).astimezone(zone).date(), what, after) for name, at, what, after in rows]


def a_month(plan: str) -> int:
    """A plan's price without 18% of tax in it, for a month, in paise; by hand, in exact thirds of nothing."""
    net = PRICES.get(plan, 0) - round(PRICES.get(plan, 0) * 18 / 118)
    return round(net * 365 / 360) if plan == "thirty" else net


def test_mrr_of_every_day_is_the_sum_over_the_plans_that_ran_then(season: Season) -> None:
    told = events(season)
    day = date(2026, 3, 3)
    found = lives(season)
    seen = set()
    while day <= LAST:
        runs = {name: after for name, at, what, after in told if at <= day and what in RUNS}
        paid = [plan for plan in runs.values() if plan in PRICES]
        expected = (sum(a_month(plan) for plan in paid), len(paid))
        assert subscriptions.worth_a_month(found, day).get("INR", (0, 0)) == expected, day
        seen.add(expected)
        day += timedelta(days=1)
    assert len(seen) > 6, "the season moves"
    assert subscriptions.worth_a_month(lives(season, date(2026, 5, 31)), date(2026, 5, 31)) == (
        subscriptions.worth_a_month(found, date(2026, 5, 31))
    ), "what is asked later for a day is what was told on it"


def test_moves_tell_who_came_went_up_down_left_and_came_back(season: Season) -> None:
    found = subscriptions.moves(lives(season), date(2026, 3, 1), LAST)
    assert [(move.account, move.what, move.plan_after) for move in found] == [
        ("bimal", NEW, "basic"),
        ("chitra", NEW, "pro"),
        ("bimal", LOST, "bare"),
        ("bimal", BACK, "basic"),
        ("farid", NEW, "basic"),
        ("farid", UP, "pro"),
        ("chitra", DOWN, "basic"),
        ("gita", NEW, "thirty"),
        ("bimal", LOST, "bare"),
        ("farid", LOST, "bare"),
    ]
    assert sum(move.accounts for move in found) == sum(life.is_paying for life in lives(season)) == 2
    change = sum(move.change_minor for move in found)
    assert change == sum(life.standing.worth.mrr_minor for life in lives(season) if life.standing)


def test_a_past_due_plan_counts_and_says_so_until_it_lapses(season: Season) -> None:
    on_time, late = lives(season, date(2026, 3, 31)), lives(season, date(2026, 4, 2))
    (before,) = [life for life in on_time if life.account == "bimal"]
    (after,) = [life for life in late if life.account == "bimal"]
    assert before.standing is not None
    assert not before.standing.past_due
    assert after.standing is not None
    assert (after.standing.past_due, after.is_paying) == (True, True)
    (gone,) = [life for life in lives(season, date(2026, 4, 5)) if life.account == "bimal"]
    assert not gone.is_paying
    (leaving,) = [life for life in lives(season, date(2026, 6, 20)) if life.account == "farid"]
    assert leaving.standing is not None
    assert leaving.standing.cancelling


def test_every_cohort_adds_up_and_so_does_the_whole(season: Season) -> None:
    found = cohorts.cohorts(lives(season))
    assert [(one.month.month, one.joined, one.subscribed, one.bought) for one in found] == [(3, 4, 2, 4), (4, 3, 2, 3)]
    for one in (*found, cohorts.total(found)):
        assert one.joined == one.free + one.paying + one.left
    whole, what = cohorts.total(found), Counter(move.what for life in lives(season) for move in life.moves)
    assert (whole.upgrades, whole.downgrades, whole.churned) == (what[UP], what[DOWN], what[LOST]) == (1, 1, 3)
    assert (whole.paying, whole.left, whole.free) == (2, 2, 3)


def test_conversion_and_retention_are_counted_at_the_ends_of_months(season: Season) -> None:
    found = lives(season)
    assert cohorts.converted(found, LAST) == {
        date(2026, 3, 1): [(3, 4), (4, 4), (4, 4), (4, 4), (4, 4)],
        date(2026, 4, 1): [(0, 3), (1, 3), (3, 3), (3, 3)],
    }
    assert cohorts.kept(found, LAST) == {
        date(2026, 3, 1): [(1, 1), (0, 1), (1, 1), (0, 1), (0, 1)],
        date(2026, 4, 1): [(1, 1), (1, 1), (1, 1), (1, 1)],
        date(2026, 5, 1): [(1, 1), (1, 1), (0, 1)],
        date(2026, 6, 1): [(1, 1), (1, 1)],
    }


def test_the_mix_counts_open_accounts_and_a_closed_one_on_neither_side(season: Season) -> None:
    days = [date(2026, 3, 3), date(2026, 3, 31), date(2026, 4, 30), date(2026, 6, 9), date(2026, 6, 10), LAST]
    told = cohorts.mix(lives(season), days)
    assert [(one.free, one.paid) for one in told] == [(0, 0), (3, 1), (6, 1), (4, 3), (3, 3), (4, 2)]


def test_a_cancelled_plan_stays_cancelled_through_a_term_that_was_paid_ahead(sqlite_url: str) -> None:
    clock = MovedClock()
    with open_ledger(sqlite_url, clock=clock) as ledger:
        ledger.create_organization("acme", SHOP)
        season = Season(ledger, clock)
        season.at(3, 4)
        ledger.open_account("acme/asha")
        season.buy("asha", "basic", "plan")
        season.buy("asha", "basic", "renewal", mark="ahead")
        ledger.cancel_plan("acme/asha", reason="Too dear")
        season.at(4, 20)
        ledger.sweep("acme")
        (life,) = lives(season, date(2026, 4, 20))
        assert life.standing is not None
        assert (life.standing.cancelling, life.is_paying) == (True, True)
        assert [move.what for move in life.moves] == [NEW]
        assert events(season)[-1][2] == "term", "the term that was paid ahead has begun"
