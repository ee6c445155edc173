"""What a team does with its pool: what is left for each feature, who used how much, when it will run out.

Days and months are those of the pool's zone. Usage is charged tokens with refunds off, whatever paid for it; what a
member *drew* is the pool's part alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from creditbook.access.values import Principal
from creditbook.domain.balance import Balance, balance_of, pool_period, spendable
from creditbook.domain.calendar import local_date, start_of_day
from creditbook.domain.errors import NotFound
from creditbook.domain.plans import Term
from creditbook.domain.program import Plan, Program
from creditbook.domain.state import Account
from creditbook.store import reports_activity
from creditbook.store.batch import BatchStore
from creditbook.store.directory import AccountRef
from creditbook.store.engine import Store

from .settled import Settled, settled
from .standing import own_account

WEEK, MONTHS = 7, 12
FAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Bar:
    """What the pool has for one feature; ``feature`` '' is what may be spent on anything. Whole tokens.

    ``of`` is what the running period gave and what was bought beside it. ``pace`` is what a day of the last seven took;
    ``empty_at`` when that uses it up, None where nothing tells, it refills before, or it is a year away.
    """

    feature: str
    left: int
    of: int
    refills_at: datetime | None
    pace: float
    empty_at: datetime | None


@dataclass(frozen=True, slots=True)
class Member:
    """A member and what she used: today, this month, and of the pool in its running period."""

    account_id: int
    name: str
    person: str
    status: str
    quota: int | None
    today: int
    month: int
    drawn: int

    @property
    def shown(self) -> str:
        """The person's name, else the account's."""
        return self.person or self.name


@dataclass(frozen=True, slots=True)
class Activity:
    """A pool and its members. ``today`` is (feature, requests, tokens), most first; ``months`` (first day, tokens):
    the last twelve, those without use too, from the first one that has any (at least six).
    """

    balance: Balance
    program: Program
    plan: Plan
    term: Term
    bars: tuple[Bar, ...]
    today: tuple[tuple[str, int, int], ...]
    members: tuple[Member, ...]
    months: tuple[tuple[date, int], ...]
    pace: float
    empty_at: datetime | None

    @property
    def missing(self) -> tuple[str, ...]:
        """Features of the program that the plan does not have."""
        features = dict.fromkeys(action.spends_for for action in self.program.actions.values())
        return tuple(feature for feature in features if not self.plan.allows(feature))


def activity(store: Store, batches: BatchStore, who: Principal, now: datetime) -> Activity:
    """The pool that this person's account draws on. Raises `NotFound` where it draws on none."""
    return of_account(store, batches, own_account(store, who), who.org_slug, now)


def of_account(store: Store, batches: BatchStore, ref: AccountRef, org_slug: str, now: datetime) -> Activity:
    """The pool that an account draws on, or is. Raises `NotFound` where it draws on none."""
    found, org_id = settled(batches, ref, now), ref.org_id
    pool = found.account if found.account.kind == "pool" else found.book.pool_of(found.account)
    if pool is None:
        raise NotFound("This account draws on no pool.")
    today = local_date(found.at, pool.zone)
    month, week = today.replace(day=1), today - timedelta(days=WEEK - 1)
    with store.read(org_id) as connection:
        rows = reports_activity.members(connection, org_id, pool.account_id)
        of_day = reports_activity.used(connection, org_id, pool.account_id, today, today)
        of_month = reports_activity.used(connection, org_id, pool.account_id, month, today)
        of_week = reports_activity.used(connection, org_id, pool.account_id, week, today)
        drawn = reports_activity.drawn(connection, org_id, pool.account_id, pool_period(pool))
        months = reports_activity.months(connection, org_id, pool.account_id, _months_ago(month))
    days = _days(found, pool, week)
    balance = balance_of(found.book, pool, found.at, None, pending=found.balance.pending, shown=org_slug)
    paces = {feature: max(0, net) / days for feature, net in _by(of_week, 1).items()}
    pace = max(0.0, sum(net for *_, net in of_week) / days)
    return Activity(
        balance=balance,
        program=found.program,
        plan=found.book.plan_of(pool),
        term=pool.term,
        bars=_bars(found, pool, paces),
        today=_today(of_day),
        members=tuple(
            Member(id_, name, person, status, quota, _by(of_day, 0)[id_], _by(of_month, 0)[id_], drawn.get(id_, 0))
            for id_, name, person, status, quota in rows
        ),
        months=_filled({row.month: row[2] for row in months}, month),
        pace=pace,
        empty_at=_empty_at(balance.available, pace, found.at, balance.next_reset),
    )


def _by(rows: list[tuple[int, str, int, int]], column: int) -> Counter[object]:
    """Net tokens added up by account (0) or by feature (1)."""
    found: Counter[object] = Counter()
    for row in rows:
        found[row[column]] += row[3]
    return found


def _today(rows: list[tuple[int, str, int, int]]) -> tuple[tuple[str, int, int], ...]:
    tokens, requests = _by(rows, 1), Counter[str]()
    for row in rows:
        requests[row[1]] += row[2]
    named = ((name, requests[name], tokens[name]) for name in requests)
    return tuple(sorted(named, key=lambda one: (-one[2], -one[1], one[0])))


def _months_ago(month: date, ago: int = MONTHS - 1) -> date:
    """The first day of the month so many months before this one."""
    year, before = divmod(month.year * 12 + month.month - 1 - ago, 12)
    return date(year, before + 1, 1)


def _filled(found: dict[date, int], month: date) -> tuple[tuple[date, int], ...]:
    """Every month in its place; nothing at all where there never was any use."""
    if not found:
        return ()
    listed = [_months_ago(month, ago) for ago in reversed(range(MONTHS))]
    begins = min(*found, _months_ago(month, 5))
    return tuple((one, found.get(one, 0)) for one in listed if one >= begins)


def _days(found: Settled, pool: Account, week: date) -> float:
    """How long the last seven local days have lasted up to now, or the pool's plan where that is younger."""
    begun = start_of_day(week, pool.zone)
    if pool.term.started_at is not None:
        begun = max(begun, pool.term.started_at)
    return max(1.0, (found.at - begun) / timedelta(days=1))


def _bars(found: Settled, pool: Account, paces: dict[object, float]) -> tuple[Bar, ...]:
    """One bar for each feature that has wallets of its own, in the program's order; what fits anything comes last."""
    features = dict.fromkeys(action.spends_for for action in found.program.actions.values())
    for wallet in pool.wallets.values():
        features.update(dict.fromkeys(sorted(wallet.features or ())))
    own = [bar for feature in features if (bar := _bar(found, pool, feature, paces.get(feature, 0.0))) is not None]
    rest = sum(pace for feature, pace in paces.items() if feature not in {bar.feature for bar in own})
    general = _bar(found, pool, "", rest)
    return (*own, general) if general is not None else tuple(own)


def _bar(found: Settled, pool: Account, feature: str, pace: float) -> Bar | None:
    wallets = [one for one in pool.wallets.values() if (feature in one.features if one.features else not feature)]
    grants = [one for one in pool.grants.values() if any(one.wallet_id == w.wallet_id for w in wallets)]
    live = [one for one in grants if spendable(one, pool.wallets[one.wallet_id], found.at)]
    if not live:
        return None
    left, of = sum(one.free for one in live), sum(one.amount for one in live)
    refills = min((one.period_ends_at for one in wallets if one.period_ends_at is not None), default=None)
    return Bar(feature, left, of, refills, pace, _empty_at(left, pace, found.at, refills))


def _empty_at(left: int | None, pace: float, now: datetime, refills_at: datetime | None) -> datetime | None:
    if left is None or pace <= 0 or left / pace > FAR.days:
        return None
    empty = now + timedelta(days=left / pace)
    return None if refills_at is not None and refills_at <= empty else empty
