"""The stretches that scheduled exports cover: whole days, weeks from Monday, months, on the organization's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from creditbook.domain.calendar import add_months
from creditbook.store.finance.schedules import Every

MOST_MISSED = 31
"""So many missed stretches are made up for after a pause; older ones are exported by hand."""


def begin(every: Every, day: date) -> date:
    """The first day of the stretch that holds the day."""
    if every == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if every == "week" else day


def following(every: Every, first: date) -> date:
    """The first day of the next stretch."""
    if every == "month":
        return add_months(first, 1)
    return first + timedelta(days=7 if every == "week" else 1)


def finished(every: Every, since: date, today: date) -> Iterator[tuple[date, date]]:
    """First and last day of every stretch that was running on ``since`` or later and is over today, oldest first."""
    stretches = []
    first = begin(every, since)
    while (then := following(every, first)) <= today:
        stretches.append((first, then - timedelta(days=1)))
        first = then
    yield from stretches[-MOST_MISSED:]


def name(every: Every, first: date) -> str:
    """How a stretch stands in a file's name: ``2026-11-20``, ``2026-W47``, ``2026-11``."""
    if every == "month":
        return f"{first:%Y-%m}"
    return f"{first:%G-W%V}" if every == "week" else first.isoformat()
