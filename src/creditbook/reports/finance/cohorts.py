"""Accounts by the month in which they joined: who paid, who went up or left, how many still pay. Pure arithmetic.

Everything is counted from `subscriptions.lives`, as of the last day asked for; so every column adds up, and of every
cohort joined = free + paying + left, where *left* were on a paid plan and are no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .periods import months
from .subscriptions import DOWN, LOST, UP, Life

Share = tuple[int, int]
"""So many of so many."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The accounts that joined in one month. ``bought`` paid for anything, ``subscribed`` was ever on a paid plan.

    ``upgrades``, ``downgrades`` and ``churned`` count what happened, so an account may stand in them twice; ``paying``,
    ``left`` and ``free`` count accounts and add up to ``joined``.
    """

    month: date
    joined: int = 0
    bought: int = 0
    subscribed: int = 0
    upgrades: int = 0
    downgrades: int = 0
    churned: int = 0
    paying: int = 0
    left: int = 0
    free: int = 0


@dataclass(frozen=True, slots=True)
class Mix:
    """How many open accounts are on a free and on a paid plan at the end of a day."""

    day: date
    free: int
    paid: int


def cohorts(lives: Iterable[Life]) -> list[Cohort]:
    """The accounts of each month together, oldest first."""
    by_month: dict[date, list[Life]] = defaultdict(list)
    for life in lives:
        by_month[life.joined.replace(day=1)].append(life)
    return [_cohort(month, by_month[month]) for month in sorted(by_month)]


def _cohort(month: date, lives: Sequence[Life]) -> Cohort:
    happened = [move.what for life in lives for move in life.moves]
    subscribed = [life for life in lives if life.subscribed is not None]
    paying = sum(life.is_paying for life in lives)
    return Cohort(
        month=month,
        joined=len(lives),
        bought=sum(life.converted is not None for life in lives),
        subscribed=len(subscribed),
        upgrades=happened.count(UP),
        downgrades=happened.count(DOWN),
        churned=happened.count(LOST),
        paying=paying,
        left=len(subscribed) - paying,
        free=len(lives) - len(subscribed),
    )


def total(found: Sequence[Cohort]) -> Cohort:
    """Every column added up; its month is the first one's."""
    figures = [name for name in Cohort.__dataclass_fields__ if name != "month"]
    return Cohort(found[0].month, **{name: sum(getattr(one, name) for one in found) for name in figures})


def converted(lives: Iterable[Life], last: date) -> dict[date, list[Share]]:
    """Of those who joined in a month, how many had paid by the end of that month, of the next one, and so on."""
    return _by_age(lives, last, lambda life: life.joined, lambda life, day: _is_past(life.converted, day))


def kept(lives: Iterable[Life], last: date) -> dict[date, list[Share]]:
    """Of those whose first paid plan began in a month, how many paid at that month's end, at the next one's …"""
    subscribed = [life for life in lives if life.subscribed is not None]
    return _by_age(subscribed, last, lambda life: life.subscribed or last, pays_on)


def _by_age(
    lives: Iterable[Life], last: date, begins: Callable[[Life], date], counts: Callable[[Life, date], bool]
) -> dict[date, list[Share]]:
    by_month: dict[date, list[Life]] = defaultdict(list)
    for life in lives:
        by_month[begins(life).replace(day=1)].append(life)
    return {
        month: [(sum(counts(life, end) for life in by_month[month]), len(by_month[month])) for end in ends(month, last)]
        for month in sorted(by_month)
    }


def ends(first: date, last: date) -> list[date]:
    """The last days of the months from one day to another; of the last month, the last day asked for."""
    following = [month - timedelta(days=1) for month in months(first, last)][1:]
    return [*following, last]


def _is_past(day: date | None, end: date) -> bool:
    return day is not None and day <= end


def pays_on(life: Life, day: date) -> bool:
    """Whether the account was on a paid plan at the end of a day."""
    return sum(move.accounts for move in life.moves if move.day <= day) > 0


def mix(lives: Sequence[Life], days: Iterable[date]) -> list[Mix]:
    """Free and paid plans at the end of each of these days; accounts that are closed by then are neither."""
    found = []
    for day in days:
        there = [life for life in lives if life.joined <= day and not _is_past(life.closed, day)]
        paid = sum(pays_on(life, day) for life in there)
        found.append(Mix(day, len(there) - paid, paid))
    return found
