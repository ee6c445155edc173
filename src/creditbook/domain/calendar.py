"""Local days and allowance periods (rule 21).

A day is a local date. It begins at the first valid instant of that date: after the gap where daylight saving skips
midnight, at the first of the two where midnight happens twice. A date that a zone skipped altogether begins where the
next one does. Source of the zones: the IANA database, by `zoneinfo`.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .errors import InvalidRequest
from .program import Every

_zones: dict[str, ZoneInfo] = {}


def zone_info(zone: str) -> ZoneInfo:
    """The IANA zone of this name. Raises `InvalidRequest` for a name that is none."""
    found = _zones.get(zone)
    if found is None:
        try:
            found = _zones[zone] = ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise InvalidRequest(f"“{zone}” is no time zone. Use an IANA name such as Asia/Kolkata.") from error
    return found


def local_date(at: datetime, zone: str) -> date:
    """The date on the wall at this instant."""
    return at.astimezone(zone_info(zone)).date()


def day_of(at: datetime, zone: str) -> date:
    """The date whose day it is: that on the wall, or the next where that one has begun before.

    They differ only where clocks were put back over midnight: 00:01 became 23:01 of the day before in St John's.
    """
    day = local_date(at, zone)
    following = day + timedelta(days=1)
    return following if start_of_day(following, zone) <= at else day


@lru_cache(maxsize=65_536)
def start_of_day(day: date, zone: str) -> datetime:
    """The first valid instant (UTC) of a local date."""
    info = zone_info(zone)
    midnight = datetime.combine(day, time(), tzinfo=info)
    first = midnight.astimezone(UTC)
    if first.astimezone(info).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return first
    # Midnight was skipped: the gap ends between what the offsets after and before it make of midnight.
    low, high = midnight.replace(fold=1).astimezone(UTC), first
    before = low.astimezone(info).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) // 2).replace(microsecond=0)
        if middle.astimezone(info).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months on, clamped to the month's last day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def first_period(every: Every, at: datetime, zone: str) -> tuple[date, date, date]:
    """The anchor, first date and next date of an allowance that begins at this instant.

    A first 30-day term that does not begin at a day's start is counted from the next day (rule 21).
    """
    today = day_of(at, zone)
    if every is Every.DAY:
        return today, today, today + timedelta(days=1)
    if every is Every.CALENDAR_MONTH:
        return today.replace(day=1), today, add_months(today.replace(day=1), 1)
    if every is Every.ANNIVERSARY_MONTH:
        return today, today, add_months(today, 1)
    anchor = today if start_of_day(today, zone) == at else today + timedelta(days=1)
    return anchor, today, anchor + timedelta(days=30)


def period_holding(every: Every, anchor: date, day: date) -> tuple[date, date]:
    """First date and next date of the period that a local date lies in.

    Months are counted from the anchor, so 31 January leads to 28 February and then to 31 March.
    """
    if every is Every.DAY:
        return day, day + timedelta(days=1)
    if every is Every.CALENDAR_MONTH:
        first = day.replace(day=1)
        return first, add_months(first, 1)
    if every is Every.DAYS_30:
        number = (day - anchor).days // 30
        return anchor + timedelta(days=30 * number), anchor + timedelta(days=30 * (number + 1))
    number = (day.year - anchor.year) * 12 + day.month - anchor.month
    if add_months(anchor, number) > day:
        number -= 1
    return add_months(anchor, number), add_months(anchor, number + 1)
