"""Times as files write them: ISO 8601 with any number of decimals, epoch seconds to nanoseconds, a zone or none.

A time without a zone is UTC unless the import names an IANA zone. A local time that daylight saving skipped, or had
twice, is taken (the skipped one as if the clock had not yet moved, the double one as its first) and counted.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from creditbook.sources.fields import BadRow

from .values import Notes

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?")
_SECONDS_BELOW = 10**11
"""Epoch numbers below this are seconds; every further factor of a thousand is milli-, micro- and nanoseconds."""


class TimeReader:
    """Reads the times of one import and counts in ``notes`` what daylight saving made odd."""

    def __init__(self, zone: ZoneInfo | None, notes: Notes) -> None:
        self._zone = zone
        self._notes = notes

    def read(self, value: object) -> tuple[datetime, str]:
        """The instant in UTC, and the same time as text for the row's key.

        The text of a time without a zone keeps none: an import repeated with another ``--tz`` meets its own keys.
        Raises BadRow for what is no time.
        """
        moment = _moment(value)
        if moment.tzinfo is not None:
            instant = moment.astimezone(UTC)
            text = instant.isoformat()
        else:
            instant, text = self._placed(moment), moment.isoformat()
        if not EARLIEST <= instant < LATEST:
            raise BadRow(f"The time {value} is the year {instant.year}. Check the column or its unit.")
        return instant, text

    def _placed(self, local: datetime) -> datetime:
        if self._zone is None:
            return local.replace(tzinfo=UTC)
        first = local.replace(tzinfo=self._zone, fold=0)
        second = local.replace(tzinfo=self._zone, fold=1)
        instant = first.astimezone(UTC)
        if first.utcoffset() != second.utcoffset():
            if instant.astimezone(self._zone).replace(tzinfo=None) == local:
                self._notes.local_times_twice_by_dst += 1
            else:
                self._notes.local_times_skipped_by_dst += 1
        return instant


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a zone is given later, by --tz
    if isinstance(value, bool):
        raise BadRow(f"“{value}” is not a time.")
    if isinstance(value, int | float | Decimal):
        return _from_epoch(str(value))
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return _from_epoch(text)
    return _from_text(text)


def _from_epoch(text: str) -> datetime:
    try:
        number = Decimal(text)
        divisor = 1
        while abs(number) / divisor >= _SECONDS_BELOW and divisor < 10**9:
            divisor *= 1000
        return EPOCH + timedelta(microseconds=int(number * 1_000_000 / divisor))
    except (InvalidOperation, OverflowError, ValueError):
        raise BadRow(f"“{text}” is not a time: too large for seconds since 1970.") from None


def _from_text(text: str) -> datetime:
    plain = text.removesuffix(" UTC").removesuffix(" GMT")
    try:
        moment = datetime.fromisoformat(plain.replace("/", "-") if plain[4:5] == "/" else plain)
    except ValueError:
        raise BadRow(
            f"“{text[:60]}” is not a time. Write ISO 8601, such as 2026-03-02T09:30:00Z, or seconds since 1970."
        ) from None
    return moment if plain == text or moment.tzinfo is not None else moment.replace(tzinfo=UTC)
