"""The model's calendar: it walks minute by minute, so that it is slow and obviously right (rule 21).

No zone in use since 1970 moves by less than a minute, so stepping in whole minutes meets every boundary.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from creditbook.domain.program import Every

MINUTE = timedelta(minutes=1)


def local_date(at: datetime, zone: str) -> date:
    """The date that a wall calendar in the zone shows at this instant."""
    return at.astimezone(ZoneInfo(zone)).date()


@cache
def day_start(day: date, zone: str) -> datetime:
    """The first instant of the date; where the date has none (Samoa 2011), the first instant after it."""
    return walk(day, zone, datetime.combine(day, time(), UTC) - timedelta(hours=15))


@cache
def walk(day: date, zone: str, probe: datetime) -> datetime:
    """The first instant from ``probe`` on that shows this date or a later one."""
    if local_date(probe, zone) < day:
        probe = probe.replace(second=0, microsecond=0)
    while local_date(probe, zone) < day:
        probe += MINUTE
    return probe


def boundary(day: date, zone: str, after: datetime) -> datetime:
    """When a period running at ``after`` ends, if ``day`` is the next one's first date."""
    start = day_start(day, zone)
    return start if start > after else walk(day, zone, after)


def begins_a_day(at: datetime, zone: str) -> bool:
    """Whether this instant is the very first of its local date."""
    return day_start(local_date(at, zone), zone) == at


def clamped(year: int, month: int, day: int) -> date:
    """The day of that month, or the month's last day where it is too short."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def next_date(every: Every, anchor: date, first: date) -> date:
    """The first date of the period after the one that began on ``first`` (a later than first 30-day term)."""
    if every is Every.DAY:
        return first + timedelta(days=1)
    if every is Every.DAYS_30:
        return first + timedelta(days=30)
    day = 1 if every is Every.CALENDAR_MONTH else anchor.day
    candidate = first
    while True:
        candidate += timedelta(days=1)
        if candidate == clamped(candidate.year, candidate.month, day):
            return candidate


def first_next_date(every: Every, began: datetime, zone: str) -> date:
    """As `next_date`, for the first period of all, which may begin in the middle of a day."""
    first = local_date(began, zone)
    if every is Every.DAYS_30 and not begins_a_day(began, zone):
        return first + timedelta(days=31)
    return next_date(every, first, first)
