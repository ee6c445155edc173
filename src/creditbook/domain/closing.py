"""Months closed for good: which may be closed, how its figures are sealed, and where late things book (rule 34)."""

from __future__ import annotations

import hashlib
import json
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from .context import accounted
from .errors import Conflict, InvalidRequest


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A closed month (its first day), by whom and why, with the figures that never move again and their digest."""

    month: date
    closed_at: datetime
    actor: str
    reason: str
    figures: dict[str, Any]
    digest: str

    @property
    def last(self) -> date:
        """The month's last day."""
        return last_day(self.month)

    @property
    def mark(self) -> int:
        """The id that was taken when it was closed: what is booked later has a higher one."""
        return int(self.figures["mark"])

    @property
    def is_sound(self) -> bool:
        """Whether the figures are still those of which the digest was made."""
        return digest(self.figures) == self.digest


def last_day(month: date) -> date:
    """The last day of a date's month."""
    return month.replace(day=monthrange(month.year, month.month)[1])


def title(month: date) -> str:
    """A month for people: March 2026."""
    return f"{month:%B %Y}"


def next_month(closed_through: date | None, first_booked: date | None) -> date | None:
    """The month that has to be closed next, whether or not it is over; None while nothing is booked."""
    if closed_through is not None:
        return closed_through + timedelta(days=1)
    return None if first_booked is None else first_booked.replace(day=1)


def check(month: date, today: date, closed_through: date | None, first_booked: date | None) -> date:
    """The first day of a month that may be closed now.

    Raises `Conflict` when it is closed already, `InvalidRequest` while it runs, where a month before it is open, and
    where nothing is booked.
    """
    first = month.replace(day=1)
    if closed_through is not None and first <= closed_through:
        raise Conflict(f"{title(first)} is closed already. Its figures stay as they are.")
    if last_day(first) >= today:
        raise InvalidRequest(f"{title(first)} is not over yet. Close it from {_day(last_day(first))} on.")
    due = next_month(closed_through, first_booked)
    if due is None:
        raise InvalidRequest("Nothing is booked yet, so there is nothing to close.")
    if first < due:
        raise InvalidRequest(f"Nothing is booked in {title(first)}. The first month to close is {title(due)}.")
    if first > due:
        raise InvalidRequest(f"Close {title(due)} first: months are closed one after the other.")
    return first


def _day(last: date) -> str:
    return f"{last + timedelta(days=1):%-d %B %Y}"


def booked_on(day: date, number: int, closed: Iterable[ClosedMonth]) -> date:
    """The date under which the books count what has no accounting date of its own: by its day and its id."""
    for one in sorted(closed, key=lambda one: one.month):
        if number > one.mark:
            day = accounted(day, one.last)
    return day


def digest(figures: dict[str, Any]) -> str:
    """The SHA-256 of figures in their one canonical form."""
    text = json.dumps(figures, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
