"""What arrived by itself, from where, and what of it could not be booked: the figures of the page *Sources*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from creditbook.access.values import Principal
from creditbook.store import sources as rows
from creditbook.store.engine import Store

from .values import State

MOST_CHOSEN = 20_000
COUNTS = ("received", "booked", "replayed", "waiting", "rejected", "dismissed", "empty")


@dataclass(frozen=True, slots=True)
class Figures:
    """Events that arrived, and where they are now: the others add up to ``received``."""

    received: int = 0
    booked: int = 0
    replayed: int = 0
    waiting: int = 0
    rejected: int = 0
    dismissed: int = 0
    empty: int = 0

    def __add__(self, other: Figures) -> Figures:
        """Both together."""
        return Figures(*(getattr(self, name) + getattr(other, name) for name in COUNTS))


NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class Standing:
    """One source in a period. ``waiting`` and ``rejected`` are all that is open, whenever it came."""

    total: Figures = NOTHING
    days: Mapping[date, Figures] | None = None
    waiting: int = 0
    rejected: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Open events of one reason that name one account ('' names nobody)."""

    state: State
    reason: str
    account: str
    events: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that could not be booked when it came."""

    arrival_id: int
    event_id: str
    received_at: datetime
    event_at: datetime | None
    state: State
    reason: str
    account: str
    fields: Mapping[str, Any]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the open events; ``more`` tells whether others follow."""

    arrivals: tuple[Arrival, ...]
    more: bool


def standings(store: Store, who: Principal, first: date, last: date) -> dict[int, Standing]:
    """Every source of which anything ever came, by its id; the days are the organization's, both included."""
    with store.read(who.org_id) as connection:
        days = rows.days(connection, who.org_id, first, last)
        totals = rows.totals(connection, who.org_id)
    by_day: dict[int, dict[date, Figures]] = {}
    for row in days:
        by_day.setdefault(row.source_id, {})[row.org_date] = Figures(*(getattr(row, name) for name in COUNTS))
    return {
        source_id: Standing(
            total=sum(by_day.get(source_id, {}).values(), NOTHING),
            days=by_day.get(source_id, {}),
            waiting=ever.waiting,
            rejected=ever.rejected,
            last_at=ever.last_at,
        )
        for source_id, ever in totals.items()
    }


def groups(store: Store, who: Principal, source_id: int) -> tuple[Group, ...]:
    """A source's open events by reason and whom they name, the most frequent first."""
    with store.read(who.org_id) as connection:
        found = rows.reasons(connection, who.org_id, source_id)
    return tuple(Group(row.state, row.reason, row.account, row.events, row.first_at, row.last_at) for row in found)


def open_events(
    store: Store, who: Principal, source_id: int, group: Group | None = None, *, after: int = 0, size: int = 20
) -> Page:
    """A page of a source's open events, or of one group of them, in the order in which they came."""
    with store.read(who.org_id) as connection:
        found = rows.open_events(
            connection, who.org_id, source_id, after=after, limit=size + 1,
            reason=None if group is None else group.reason, account=None if group is None else group.account,
        )  # fmt: skip
    shown = tuple(
        Arrival(row.arrival_id, row.event_id, row.received_at, row.event_at, row.state, row.reason, row.account,
                row.fields, row.attributes)
        for row in found[:size]
    )  # fmt: skip
    return Page(shown, len(found) > size)


def arrivals_of(store: Store, who: Principal, source_id: int, groups: Sequence[Group]) -> list[int]:
    """The open events of these groups, in the order in which they came; at most `MOST_CHOSEN`."""
    found: list[int] = []
    with store.read(who.org_id) as connection:
        for group in groups:
            left = MOST_CHOSEN - len(found)
            rows_of = rows.open_events(
                connection, who.org_id, source_id, limit=left, states=(group.state,), reason=group.reason,
                account=group.account,
            )  # fmt: skip
            found += [row.arrival_id for row in rows_of]
    return sorted(found)
