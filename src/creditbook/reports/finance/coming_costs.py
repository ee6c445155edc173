"""What this month and the next will cost: the organization's cost by day, looked ahead as accounts' tokens are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from creditbook.access.values import Principal
from creditbook.domain.money import half_even
from creditbook.store.engine import Store

from . import periods, usage
from .backtesting import Error, backtest
from .foreseeing import outlooks
from .wanted import Wanted

HISTORY = 182
"""Days of cost that are looked at: half a year."""
_RATE_DAYS = 28

Three = tuple[int, int, int]
"""Light, expected, heavy."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost in whole nano-dollars: by day until yesterday, and by day from today on, light, expected and heavy.

    ``first`` is the first day of ``past``. ``so_far`` is what this month cost until now, today among it.
    """

    today: date
    first: date
    past: tuple[int, ...]
    so_far: int
    spent_today: int
    light: tuple[int, ...]
    expected: tuple[int, ...]
    heavy: tuple[int, ...]
    error: Error | None
    rupees_per_dollar: tuple[int, int]
    has_history: bool

    @property
    def this_month(self) -> Three:
        """What has been spent of it, and what its days from now on are expected to cost."""
        left = (_next_month(self.today) - self.today).days
        today = [max(self.spent_today, path[0]) for path in (self.light, self.expected, self.heavy)]
        until_yesterday = self.so_far - self.spent_today
        light, expected, heavy = (
            until_yesterday + now + sum(path[1:left])
            for now, path in zip(today, (self.light, self.expected, self.heavy), strict=True)
        )
        return light, expected, heavy

    @property
    def next_month(self) -> Three:
        """The whole calendar month after this one."""
        first = _next_month(self.today)
        since, until = (first - self.today).days, (_next_month(first) - self.today).days
        light, expected, heavy = (sum(path[since:until]) for path in (self.light, self.expected, self.heavy))
        return light, expected, heavy

    def in_rupees(self, usd_nanos: int) -> int:
        """Nano-rupees at the rate at which the last four weeks were booked; 0 where none were."""
        inr, usd = self.rupees_per_dollar
        return half_even(usd_nanos * inr, usd) if usd else 0


def costs(store: Store, who: Principal, now: datetime) -> Costs | None:
    """The organization's cost ahead, up to the end of next month; None where nothing was used in half a year."""
    today = periods.today(who, now)
    first = today - timedelta(days=HISTORY)
    found = usage.by(store, who, Wanted(first, today), "org_date")
    if not any(one.requests for one in found.values()):
        return None
    by_day = [one.cost_usd_nanos for _, one in usage.series(found, Wanted(first, today))]
    past = [max(0, cost) for cost in by_day[:-1]]
    following = _next_month(today)
    (ahead,) = outlooks([past], (_next_month(following) - today).days)
    (error,) = backtest([past])
    recent = [one for (day,), one in found.items() if (today - day).days < _RATE_DAYS]
    month = [one.cost_usd_nanos for (day,), one in found.items() if day >= today.replace(day=1)]
    return Costs(
        today=today,
        first=first,
        past=tuple(past),
        so_far=sum(month),
        spent_today=by_day[-1],
        light=ahead.light,
        expected=ahead.expected,
        heavy=ahead.heavy,
        error=error,
        rupees_per_dollar=(sum(one.cost_inr_nanos for one in recent), sum(one.cost_usd_nanos for one in recent)),
        has_history=ahead.has_history,
    )


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
