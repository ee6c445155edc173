"""Subscriptions as people keep them: bought, paid term by term, forgotten, cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from creditbook.domain.calendar import add_months, first_period, start_of_day
from creditbook.domain.program import Every

from .acts import Buy

BEFOREHAND = timedelta(hours=20)
"""How long before a term ends the next one is paid."""
DAYS = 30


def term_ends(every: Every, began: datetime, zone: str, until: datetime) -> Iterator[datetime]:
    """The ends of the terms of a plan that began then, as far as they lie before ``until``."""
    anchor, _, following = first_period(every, began, zone)
    for number in range(1, 10_000):
        end = start_of_day(following, zone)
        if end >= until:
            return
        yield end
        months = every is Every.ANNIVERSARY_MONTH
        following = add_months(anchor, number + 1) if months else following + timedelta(days=DAYS)


def subscribed(
    account: str,
    plan: str,
    every: Every,
    began: datetime,
    zone: str,
    until: datetime,
    *,
    actor: str,
    renewals: int | None = None,
) -> Iterator[Buy]:
    """A plan that is bought and then paid ahead, term by term, ``renewals`` times at most."""
    key = f"{account or 'pool'}/{plan}"
    paid = f"{plan.title()} plan, paid by card"
    yield Buy(at=began, account=account, key=key, item=plan, kind="plan", reason=paid, actor=actor)
    for number, end in enumerate(term_ends(every, began, zone, until + BEFOREHAND), start=1):
        if renewals is not None and number > renewals:
            return
        yield Buy(at=end - BEFOREHAND, account=account, key=f"{key}/{number}", item=plan, kind="renewal",
                  reason=f"{plan.title()} plan, next term", actor=actor)  # fmt: skip


def began(every: Every, zone: str, since: datetime, now: datetime, *, ends_in: int) -> datetime:
    """When a plan began, as soon as may be after ``since``, whose running term ends so many local days from now.

    A negative ``ends_in``: the term that ended so many days ago was its last.
    """
    info = ZoneInfo(zone)
    last = now.astimezone(info).date() + timedelta(days=ends_in)
    found = since
    for terms in range(1, 10_000):
        # The first thirty days are counted from the day after that on which they begin.
        first = (
            add_months(last, -terms) if every is Every.ANNIVERSARY_MONTH else last - timedelta(days=DAYS * terms + 1)
        )
        at = datetime.combine(first, time(10, 30), info).astimezone(UTC)
        if at < since:
            break
        found = at
    return found
