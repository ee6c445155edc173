"""Periods of finance: months, quarters and a year from April, and what each is held against."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from creditbook.access.values import Principal
from creditbook.reports.finance import periods
from creditbook.reports.finance.periods import Period


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("This month", date(2026, 2, 1), date(2026, 2, 14)),
        ("Last month", date(2026, 1, 1), date(2026, 1, 31)),
        ("This quarter", date(2026, 1, 1), date(2026, 2, 14)),
        ("Last quarter", date(2025, 10, 1), date(2025, 12, 31)),
        ("This fiscal year", date(2025, 4, 1), date(2026, 2, 14)),
        ("Last fiscal year", date(2024, 4, 1), date(2025, 3, 31)),
        ("7 days", date(2026, 2, 8), date(2026, 2, 14)),
        ("All", date(2024, 7, 9), date(2026, 2, 14)),
        ("Nobody's", date(2026, 2, 1), date(2026, 2, 14)),
    ],
)
def test_a_preset_names_its_days(name: str, first: date, last: date) -> None:
    found = periods.named(name, date(2026, 2, 14), date(2024, 7, 9))
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize(
    ("today", "year", "first"),
    [(date(2026, 3, 31), "2025-26", date(2025, 4, 1)), (date(2026, 4, 1), "2026-27", date(2026, 4, 1))],
)
def test_the_fiscal_year_begins_in_april(today: date, year: str, first: date) -> None:
    assert periods.fiscal_year(today) == year
    assert periods.named("This fiscal year", today).first == first


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period("This month", date(2026, 3, 1), date(2026, 3, 30)), date(2026, 2, 1), date(2026, 2, 28)),
        (Period("This month", date(2026, 3, 1), date(2026, 3, 9)), date(2026, 2, 1), date(2026, 2, 9)),
        (Period("This month", date(2026, 4, 1), date(2026, 4, 30)), date(2026, 3, 1), date(2026, 3, 31)),
        (Period("Last quarter", date(2026, 1, 1), date(2026, 3, 31)), date(2025, 10, 1), date(2025, 12, 31)),
        (Period("This fiscal year", date(2026, 4, 1), date(2026, 4, 10)), date(2025, 4, 1), date(2025, 4, 10)),
        (Period("7 days", date(2026, 3, 3), date(2026, 3, 9)), date(2026, 2, 24), date(2026, 3, 2)),
        (Period("Custom", date(2026, 2, 1), date(2026, 3, 31)), date(2025, 12, 1), date(2026, 1, 31)),
        (Period("Custom", date(2026, 2, 2), date(2026, 2, 3)), date(2026, 1, 31), date(2026, 2, 1)),
    ],
)
def test_a_period_is_held_against_the_same_kind_before_it(period: Period, first: date, last: date) -> None:
    found = periods.before(period)
    assert found is not None
    assert (found.first, found.last) == (first, last)


def test_everything_has_nothing_before_it() -> None:
    assert periods.before(periods.named("All", date(2026, 2, 14))) is None


def test_every_day_of_years_stands_in_a_period_that_touches_the_one_before() -> None:
    for n in range(0, 1500, 7):
        today = date(2024, 1, 1) + timedelta(days=n)
        for name in ("Last month", "Last quarter", "Last fiscal year"):
            period = periods.named(name, today)
            earlier = periods.before(period)
            assert earlier is not None
            assert earlier.last + timedelta(days=1) == period.first
            assert period.last < today


def test_today_is_the_organizations_whatever_the_persons_zone() -> None:
    who = Principal(1, "f", "F", "finance", 1, "o", "O", "Asia/Tokyo", org_zone="America/St_Johns")
    assert periods.today(who, datetime(2026, 3, 1, 2, 0, tzinfo=UTC)) == date(2026, 2, 28)


def test_months_between_two_days() -> None:
    assert list(periods.months(date(2025, 12, 31), date(2026, 2, 1))) == [
        date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1),
    ]  # fmt: skip
    assert periods.month(date(2028, 2, 10)).last == date(2028, 2, 29)
    assert periods.custom(date(2026, 2, 3), date(2026, 2, 1)).first == date(2026, 2, 1)
