"""Where an account is going: its pace, when that empties it, how available went, and what used it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from creditbook.access.values import Principal
from creditbook.domain.calendar import start_of_day
from creditbook.store import reports_overview
from creditbook.store.engine import Store

from . import usage
from .usage import Dimension, Usage, UsageFilter, account_of

WEEK = 7
CLOSES = 14
FAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Trend:
    """The last days in figures. ``pace`` is charged tokens a day, refunds off, over the last seven local days.

    ``empty_at`` is when ``available`` would be used up at that pace: None without a pace, or a year away and more.
    ``closes`` are the local days' ends with what was available then; unlimited days and days before the first line
    are left out. ``week`` is by agent, or by feature (``named``) where no agent was told. ``ever_used`` is False for an
    account that has never done anything.
    """

    pace: float
    empty_at: datetime | None
    closes: tuple[tuple[date, int], ...]
    named: Dimension
    week: dict[str, Usage]
    total: Usage
    week_before: Usage
    ever_used: bool


def trend(store: Store, principal: Principal, available: int | None, now: datetime) -> Trend:
    """The principal's account of late; ``available`` is what it has now (None: unlimited)."""
    today = now.astimezone(ZoneInfo(principal.zone)).date()
    week = UsageFilter(today - timedelta(days=WEEK - 1), today)
    total = usage.total(store, principal, week)
    earlier = usage.total(store, principal, usage.before(week))
    by_agent = usage.by(store, principal, week, "agent")
    named: Dimension = "agent" if any(name for (name,) in by_agent) else "feature"
    found = by_agent if named == "agent" else usage.by(store, principal, week, "feature")
    begun = usage.days(store, principal)
    pace = _pace(total, now, start_of_day(max(week.first, begun[0]) if begun else week.first, principal.zone))
    return Trend(
        pace=pace,
        empty_at=_empty_at(available, pace, now),
        closes=_closes(store, principal, today),
        named=named,
        week={name: figures for (name,), figures in found.items()},
        total=total,
        week_before=earlier,
        ever_used=begun is not None,
    )


def _pace(used: Usage, now: datetime, since: datetime) -> float:
    """Tokens a day since the week's start, or since the first use where that is later; at least one day counts."""
    days = max(1.0, (now - since) / timedelta(days=1))
    return max(0, used.net_charged) / days


def _empty_at(available: int | None, pace: float, now: datetime) -> datetime | None:
    if available is None or pace <= 0 or available / pace > FAR.days:
        return None
    return now + timedelta(days=available / pace)


def _closes(store: Store, principal: Principal, today: date) -> tuple[tuple[date, int], ...]:
    ends = {
        start_of_day(today - timedelta(days=n - 1), principal.zone): today - timedelta(days=n)
        for n in range(1, CLOSES + 1)
    }
    with store.read(principal.org_id) as connection:
        rows = reports_overview.last_before(connection, principal.org_id, account_of(principal), sorted(ends))
    return tuple((ends[row.instant], row.available_after) for row in rows if row.available_after is not None)
