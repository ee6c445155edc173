"""Exchange rates by date: which one is in force, and whether it has become old. `rate_files` reads them.

A rate is what one unit of the base currency is worth in the quoted one, in whole nanos. The rate in force is the last
one on or before the UTC date of the event; one entered later for a date moves nothing that was booked (rule 3).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

from creditbook.store.prices import FxRow


class FxTable:
    """The rates of one pair of currencies, for looking up. Rows come by date and, within one, by entry."""

    def __init__(self, rows: Sequence[FxRow]) -> None:
        last_of_day = {row.day: row for row in rows}
        self._rows = list(last_of_day.values())
        self._days = list(last_of_day)
        self._by_id = {row.fx_rate_id: row.rate_nanos for row in rows}
        self._asked: tuple[date | None, FxRow | None] = (None, None)

    def on(self, day: date) -> FxRow | None:
        """The rate in force on a date; None before the first."""
        asked, row = self._asked
        if asked == day:
            return row  # work comes in the order of its days
        place = bisect_right(self._days, day)
        row = self._rows[place - 1] if place else None
        self._asked = (day, row)
        return row

    def nanos_of(self, fx_rate_id: int) -> int | None:
        """The rate that something was booked at, be it corrected since; None when it is of another pair."""
        return self._by_id.get(fx_rate_id)


FRESH_BUSINESS_DAYS = 2
"""A rate older than this many business days is not wrong, but it says so wherever it is used."""


def business_days(since: date, until: date) -> int:
    """Weekdays after `since` up to and with `until`; 0 when it is not later. Banks' holidays are not known here."""
    if until <= since:
        return 0
    weeks, rest = divmod((until - since).days, 7)
    return weeks * 5 + sum((since.weekday() + step) % 7 < 5 for step in range(1, rest + 1))


def is_stale(rate_day: date, used_on: date) -> bool:
    """Whether a rate of one date is more than two business days old on another."""
    return business_days(rate_day, used_on) > FRESH_BUSINESS_DAYS
