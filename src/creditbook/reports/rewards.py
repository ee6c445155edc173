"""What somebody can get beside buying: a code, a friend, an activity; and what she has had of these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from creditbook.access.values import Principal
from creditbook.domain.calendar import local_date
from creditbook.domain.program import Once, Program, Reward
from creditbook.store import reports_rewards
from creditbook.store.batch import BatchStore
from creditbook.store.engine import Store

from .settled import settled
from .standing import own_account

RECENT = 20


@dataclass(frozen=True, slots=True)
class Gift:
    """A grant that was got for something: ``source`` is `promo`, `referral` or `reward`. Whole tokens."""

    grant_id: int
    source: str
    label: str
    tokens: int
    remaining: int
    at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Chance:
    """A reward, and whether it has been had for as long as it can be."""

    reward: Reward
    had: bool


@dataclass(frozen=True, slots=True)
class Chances:
    """Everything there is to get. ``friend_waits``: she came through a friend, and her first work pays both."""

    program: Program
    available: int | None
    rewards: tuple[Chance, ...]
    friends: int
    friend_waits: bool
    gifts: tuple[Gift, ...]


def chances(store: Store, batches: BatchStore, who: Principal, now: datetime) -> Chances:
    """What this person can get, and what she got of late. Raises `NotFound` for people without an account."""
    found = settled(batches, own_account(store, who), now)
    account, program = found.account, found.program
    today = local_date(found.at, account.zone)
    periods = {Once.EVER: date.min, Once.DAY: today, Once.MONTH: today.replace(day=1)}
    with store.read(who.org_id) as connection:
        had = reports_rewards.awarded(connection, who.org_id, account.account_id, periods.values())
        friends = reports_rewards.friends(connection, who.org_id, account.account_id)
        rows = reports_rewards.gifts(connection, who.org_id, account.account_id, RECENT)
    return Chances(
        program=program,
        available=found.balance.available,
        rewards=tuple(
            Chance(one, (f"reward:{one.slug}", periods[one.once]) in had) for one in program.rewards.values()
        ),
        friends=friends,
        friend_waits=account.referral_waits,
        gifts=tuple(Gift(*row) for row in rows),
    )


def gift(store: Store, who: Principal, grant_id: int) -> Gift | None:
    """One grant of this person's own account."""
    with store.read(who.org_id) as connection:
        row = reports_rewards.gift(connection, who.org_id, who.account_id or 0, grant_id)
    return None if row is None else Gift(*row)
