"""Usage in windows of any zone, as those who meter ask for it: by account, model, agent, feature; minutes to months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from creditbook.domain.calendar import add_months, local_date, start_of_day, zone_info
from creditbook.domain.errors import InvalidRequest
from creditbook.store import meters as rows
from creditbook.store.engine import Store

MOST_STEPS, MOST_WINDOWS = 200_000, 20_000
"""Read at most so many steps of so many groups, and answer at most so many windows."""


class Window(StrEnum):
    """How long a window is."""

    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a meter. ``subjects`` None asks for every account; ``by_account`` tells them apart.

    ``equal`` keeps what has one of these values; ``until`` is exclusive.
    """

    meter: str
    until: datetime
    since: datetime | None = None
    window: Window | None = None
    zone: str = "UTC"
    by: tuple[str, ...] = ()
    by_account: bool = False
    subjects: frozenset[str] | None = None
    equal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metered:
    """One window of one group; ``account`` None where accounts aren't told apart. Costs are in nano-dollars."""

    starts: datetime
    ends: datetime
    account: str | None
    groups: Mapping[str, str]
    value: int


def metered(store: Store, org_id: int, asked: Question) -> list[Metered]:
    """The windows in which there was any usage, in order. Raises InvalidRequest where there would be too many."""
    step = None if asked.window is None else rows.MINUTE if asked.window is Window.MINUTE else rows.QUARTER
    with store.read(org_id) as connection:
        accounts = None
        if asked.subjects is not None:
            accounts = rows.ids(connection, org_id, asked.subjects).values()
            if not accounts:
                return []
        found = rows.usage(
            connection, org_id, asked.meter, since=asked.since, until=asked.until, step=step, by=asked.by,
            by_account=asked.by_account, accounts=accounts, equal=asked.equal, limit=MOST_STEPS + 1,
        )  # fmt: skip
    if len(found) > MOST_STEPS:
        raise _too_many()
    whole: dict[tuple[datetime, str | None, tuple[str, ...]], int] = {}
    edges: dict[datetime, datetime] = {}
    for number, account, *groups, value, first in found:
        starts, ends = _window(asked, number, step, first)
        edges[starts] = ends
        where = (starts, account, tuple(groups))
        whole[where] = whole.get(where, 0) + value
    if len(whole) > MOST_WINDOWS:
        raise _too_many()
    order = sorted(whole, key=lambda where: (where[0], where[1] or "", where[2]))
    return [Metered(at, edges[at], account, dict(zip(asked.by, groups, strict=True)), whole[at, account, groups])
            for at, account, groups in order]  # fmt: skip


def _too_many() -> InvalidRequest:
    return InvalidRequest("That is too much for one answer. Ask for a shorter time, longer windows or fewer groups.")


def _window(asked: Question, number: int | None, step: int | None, first: datetime) -> tuple[datetime, datetime]:
    if number is None or step is None or asked.window is None:
        return asked.since or first, asked.until
    at = rows.at_step(number, step)
    if asked.window is Window.MINUTE:
        return at, at + timedelta(minutes=1)
    if asked.window is Window.HOUR:
        past = at.astimezone(zone_info(asked.zone)).minute  # an hour of the wall clock, wherever its offset is a half
        starts = at - timedelta(minutes=past)
        return starts, starts + timedelta(hours=1)
    day = local_date(at, asked.zone)
    if asked.window is Window.DAY:
        return _utc(start_of_day(day, asked.zone)), _utc(start_of_day(day + timedelta(days=1), asked.zone))
    month = day.replace(day=1)
    return _utc(start_of_day(month, asked.zone)), _utc(start_of_day(add_months(month, 1), asked.zone))


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
