"""A budget's month: what is spent, what is left, and where it will end, by the method that its module tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbook.domain.budgets import BudgetTerms, Scope, Standing, Verdict, looks_at, standing
from creditbook.domain.errors import InvalidRequest

MARCH = date(2026, 3, 1)
LONG_AGO = date(2025, 1, 1)
TERMS = BudgetTerms(name="Models", scope=Scope.TOTAL, subject="", month=None, amount_nanos=1, currency="USD")


def every_day(first: date, last: date, cost: int) -> dict[date, int]:
    return {first + timedelta(days=n): cost for n in range((last - first).days + 1)}


def seen(amount: int, today: date, costs: dict[date, int], since: date = LONG_AGO) -> Standing:
    return standing(amount, MARCH, today, costs, since)


def test_a_steady_pace_is_carried_to_the_end_of_the_month() -> None:
    costs = every_day(date(2026, 2, 1), date(2026, 3, 10), 100)
    found = seen(3_100, date(2026, 3, 10), costs)
    assert (found.actual_nanos, found.left_nanos, found.projected_nanos) == (1_000, 2_100, 3_100)
    assert (found.verdict, found.gone_on) == (Verdict.HOLDS, None)
    short = seen(3_099, date(2026, 3, 10), costs)
    assert (short.verdict, short.gone_on) == (Verdict.BREAKS, date(2026, 3, 31))


def test_every_weekday_has_a_pace_of_its_own() -> None:
    """Only Mondays cost: of March 2026 the 2nd and the 9th are past, the 16th, 23rd and 30th are to come."""
    mondays = {date(2026, 2, 9) + timedelta(weeks=n): 70 for n in range(5)}
    found = seen(1_000, date(2026, 3, 11), mondays)
    assert (found.actual_nanos, found.projected_nanos) == (140, 350)
    assert seen(220, date(2026, 3, 11), mondays).gone_on == date(2026, 3, 23)


def test_today_counts_as_the_larger_of_what_it_cost_and_what_its_weekday_costs() -> None:
    before = every_day(date(2026, 2, 1), date(2026, 3, 30), 100)
    assert seen(10**6, date(2026, 3, 31), before | {date(2026, 3, 31): 40}).projected_nanos == 3_100
    assert seen(10**6, date(2026, 3, 31), before | {date(2026, 3, 31): 140}).projected_nanos == 3_140


def test_a_young_organization_is_projected_from_the_days_it_has() -> None:
    """Three whole days at 30, on a Sunday, a Monday and a Tuesday: the other weekdays take the average of these."""
    costs = {date(2026, 3, 1): 10, date(2026, 3, 2): 20, date(2026, 3, 3): 30}
    found = seen(10**6, date(2026, 3, 4), costs, since=date(2026, 3, 1))
    # 28 days remain, today included: five Sundays less one at 10, five Mondays less one at 20, five Tuesdays less one.
    assert found.projected_nanos == 60 + 4 * 10 + 4 * 20 + 4 * 30 + 16 * 20
    early = seen(10**6, date(2026, 3, 3), costs, since=date(2026, 3, 1))
    assert (early.projected_nanos, early.verdict, early.actual_nanos) == (None, Verdict.TOO_EARLY, 60)


def test_what_is_spent_is_over_whatever_comes() -> None:
    found = seen(250, date(2026, 3, 5), every_day(date(2026, 2, 1), date(2026, 3, 5), 100))
    assert (found.verdict, found.gone_on, found.left_nanos) == (Verdict.OVER, date(2026, 3, 3), -250)


def test_a_month_that_is_past_was_kept_or_was_not() -> None:
    costs = every_day(date(2026, 2, 20), date(2026, 4, 10), 10)
    kept = seen(310, date(2026, 4, 10), costs)
    assert (kept.verdict, kept.actual_nanos, kept.projected_nanos) == (Verdict.KEPT, 310, 310)
    over = seen(309, date(2026, 4, 10), costs)
    assert (over.verdict, over.gone_on) == (Verdict.OVER, date(2026, 3, 31))


def test_a_month_that_has_not_begun_has_cost_nothing() -> None:
    found = seen(100, date(2026, 2, 20), every_day(date(2026, 2, 1), date(2026, 2, 20), 10))
    assert (found.actual_nanos, found.projected_nanos, found.verdict) == (0, None, Verdict.TOO_EARLY)


@pytest.mark.parametrize(
    ("spent", "crossed"), [(799, ()), (800, (80,)), (999, (80,)), (1_000, (80, 100)), (5_000, (80, 100))]
)
def test_a_mark_is_crossed_when_it_is_reached(spent: int, crossed: tuple[int, ...]) -> None:
    assert seen(1_000, date(2026, 3, 1), {date(2026, 3, 1): spent}).crossed == crossed


def test_the_days_that_are_read_reach_four_weeks_back_and_never_past_the_month() -> None:
    assert looks_at(MARCH, date(2026, 3, 10)) == (date(2026, 2, 10), date(2026, 3, 10))
    assert looks_at(MARCH, date(2026, 6, 10)) == (MARCH, date(2026, 3, 31))


@settings(max_examples=80)
@given(
    st.dictionaries(st.dates(date(2026, 1, 15), date(2026, 4, 15)), st.integers(0, 10**12)),
    st.dates(date(2026, 2, 20), date(2026, 4, 15)),
    st.integers(1, 10**13),
)
def test_a_projection_is_never_below_what_is_spent_and_says_when_it_is_gone(
    costs: dict[date, int], today: date, amount: int
) -> None:
    found = seen(amount, today, costs)
    direct = sum(cost for day, cost in costs.items() if day.month == 3 and day <= today)
    assert found.actual_nanos == direct == found.amount_nanos - found.left_nanos
    if found.projected_nanos is not None:
        assert found.projected_nanos >= found.actual_nanos
        if found.gone_on is None:
            assert found.projected_nanos <= amount
    assert (found.verdict is Verdict.OVER) == (found.actual_nanos > amount)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "Give the budget a name"),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"scope": Scope.AGENT}, "Say which agent"),
        ({"subject": "srs"}, "names no agent"),
        ({"month": date(2026, 3, 2)}, "2026-03-01"),
        ({"currency": "THB"}, "USD and INR"),
        ({"amount_nanos": 0}, "above 0"),
        ({"amount_nanos": 2**63}, "above 0"),
    ],
)
def test_terms_that_mean_nothing_are_refused_with_what_to_write(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        replace(TERMS, **change).checked()  # type: ignore[arg-type]


def test_names_are_trimmed() -> None:
    found = replace(TERMS, name="  All   models ", scope=Scope.MODEL, subject=" gpt-5 ").checked()
    assert (found.name, found.subject) == ("All models", "gpt-5")
