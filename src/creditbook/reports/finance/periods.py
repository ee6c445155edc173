"""Periods that finance thinks in: months, quarters, and a fiscal year that begins in April. Today is handed in."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from creditbook.access.values import Principal

FISCAL_MONTH = 4
ALL, CUSTOM = "All", "Custom"
_STRETCHES = {"month": 1, "quarter": 3, "fiscal year": 12}
_DAYS = {"7 days": 7, "30 days": 30, "90 days": 90}
PRESETS = (
    "This month", "Last month", "This quarter", "Last quarter", "This fiscal year", "Last fiscal year", *_DAYS, ALL,
    CUSTOM,
)  # fmt: skip
"""The words that stand in the toolbar and in the address."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the organization, both included. ``name`` is one of `PRESETS`; a running period ends today."""

    name: str
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


def today(who: Principal, now: datetime) -> date:
    """The organization's local date, whatever zone the person's account is in."""
    return now.astimezone(ZoneInfo(who.org_zone or who.zone)).date()


def named(name: str, today: date, first_ever: date | None = None) -> Period:
    """The period of a preset's name; All begins with ``first_ever``. An unknown name is this month."""
    if name in _DAYS:
        return Period(name, today - timedelta(days=_DAYS[name] - 1), today)
    if name == ALL:
        return Period(name, min(first_ever or today, today), today)
    which, _, what = name.partition(" ")
    months = _STRETCHES.get(what)
    if months is None:
        return Period("This month", month(today).first, today)
    first = _begin(today, months)
    if which == "Last":
        return Period(name, _shift(first, -months), first - timedelta(days=1))
    return Period(name, first, today)


def custom(first: date, last: date) -> Period:
    """Days that somebody chose, whichever she typed first."""
    return Period(CUSTOM, min(first, last), max(first, last))


def before(period: Period) -> Period | None:
    """The same kind of period before this one; None before everything.

    Of a month, quarter or year that still runs, as many days as have passed. Chosen days that are whole months are
    held against as many months before; other days against as many days before.
    """
    if period.name == ALL:
        return None
    months = _STRETCHES.get(period.name.partition(" ")[2]) or _whole_months(period)
    if not months:
        last = period.first - timedelta(days=1)
        return Period(period.name, last - timedelta(days=period.days - 1), last)
    first = _shift(period.first, -months)
    end = period.first - timedelta(days=1)
    is_whole = period.last == _shift(period.first, months) - timedelta(days=1)
    return Period(period.name, first, end if is_whole else min(end, first + timedelta(days=period.days - 1)))


def month(day: date) -> Period:
    """The calendar month of a day, whole."""
    return Period(CUSTOM, day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def months(first: date, last: date) -> Iterator[date]:
    """The first days of the months that these days touch."""
    day = first.replace(day=1)
    while day <= last:
        yield day
        day = _shift(day, 1)


def fiscal_year(day: date) -> str:
    """``2026-27``: the year from April that holds the day."""
    first = _begin(day, 12).year
    return f"{first}-{(first + 1) % 100:02}"


def _begin(day: date, months: int) -> date:
    """The first day of the month, quarter or year of the fiscal calendar that holds the day."""
    into = (day.month - FISCAL_MONTH) % 12 % months
    return _shift(day.replace(day=1), -into)


def _shift(first: date, months: int) -> date:
    """The first day of the month so many months on."""
    year, place = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, place + 1, 1)


def _whole_months(period: Period) -> int:
    if period.name != CUSTOM or period.first.day != 1 or (period.last + timedelta(days=1)).day != 1:
        return 0
    return len(list(months(period.first, period.last)))
