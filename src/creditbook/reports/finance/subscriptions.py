"""Who is on which plan, what that is worth a month, and how it moved: rebuilt from `plan_event`, to any day.

Monthly recurring revenue (MRR) is the price of a running plan without its tax, as long as the plan runs: one that is
past due counts until it lapses, a cancelled one until its term ends. A term of thirty days is worth 365 ÷ (12 × 30) of
itself a month, a day's 365 ÷ 12; a plan that is paid once is worth nothing a month.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from creditbook.access.values import Principal
from creditbook.domain.calendar import local_date, start_of_day
from creditbook.domain.money import half_even
from creditbook.domain.program import Every, Plan, Program
from creditbook.domain.purchasing import with_tax
from creditbook.programs.document import program_from_document, program_from_text
from creditbook.store.engine import Store
from creditbook.store.finance import sales as sold_rows
from creditbook.store.finance import subscriptions as rows

from .sales import zone_of

NEW, BACK, UP, DOWN, LOST = "new", "back", "up", "down", "lost"
MOVES = (NEW, BACK, UP, DOWN, LOST)

_BEGINS = frozenset({"started", "upgraded", "downgraded", "term", "past_due", "lapsed", "ended"})
_A_MONTH = {
    Every.CALENDAR_MONTH: (1, 1),
    Every.ANNIVERSARY_MONTH: (1, 1),
    Every.DAYS_30: (365, 360),
    Every.DAY: (365, 12),
}


@dataclass(frozen=True, slots=True)
class Worth:
    """What a plan is worth a month, net of tax, in minor units of its currency; a free one is worth 0."""

    title: str
    mrr_minor: int
    currency: str
    is_paid: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The plan that an account is on since a day. ``past_due`` and ``cancelling`` as they are on the day asked for."""

    account_id: int
    account: str
    plan: str
    since: date
    worth: Worth
    past_due: bool = False
    cancelling: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A plan changed what an account is worth a month, or began or ended to be paid for: one of `MOVES`."""

    account_id: int
    account: str
    day: date
    what: str
    plan_before: str
    plan_after: str
    change_minor: int
    currency: str
    accounts: int
    """+1 for an account that begins to pay, −1 for one that ends, 0 for a change of plan or price."""


@dataclass(frozen=True, slots=True)
class Life:
    """One account's plans, from its first day: every move, how it stood since when, when it first paid and closed."""

    account_id: int
    account: str
    joined: date
    moves: tuple[Move, ...]
    stood: tuple[tuple[date, Standing | None], ...]
    first_paid: date | None
    closed: date | None = None

    @property
    def standing(self) -> Standing | None:
        """The plan it is on at the end; None once it is closed."""
        return self.stood[-1][1]

    def standing_on(self, day: date) -> Standing | None:
        """The plan it was on at the end of a day; None before it joined and once it was closed."""
        return next((standing for since, standing in reversed(self.stood) if since <= day), None)

    @property
    def subscribed(self) -> date | None:
        """When it first was on a paid plan."""
        return next((move.day for move in self.moves if move.what == NEW), None)

    @property
    def converted(self) -> date | None:
        """When it first paid for anything: a purchase, or a paid plan."""
        return min((day for day in (self.first_paid, self.subscribed) if day is not None), default=None)

    @property
    def is_paying(self) -> bool:
        """Whether it is on a paid plan at the end."""
        return self.standing is not None and self.standing.worth.is_paid


def lives(store: Store, who: Principal, last: date) -> list[Life]:
    """Every account that has a plan of its own, as of the end of a day; members who live on a pool's have none."""
    zone = zone_of(who)
    until = start_of_day(last + timedelta(days=1), zone)
    with store.read(who.org_id) as connection:
        events = rows.events(connection, who.org_id, until)
        closed = rows.closings(connection, who.org_id, until)
        names = {row.account_id: row.name for row in rows.accounts(connection, who.org_id)}
        first_paid = sold_rows.first_paid(connection, who.org_id, until)
        tariff = Tariff(rows.programs(connection, who.org_id))
    found = []
    for account_id, own in groupby(events, key=lambda row: row.account_id):
        paid = first_paid.get(account_id)
        story = _Story(account_id, names[account_id], zone, tariff)
        found.append(story.told(list(own), closed.get(account_id), None if paid is None else local_date(paid, zone)))
    return found


class Tariff:
    """What every plan is and was worth a month, by the version of the program that a term follows."""

    def __init__(self, versions: Sequence[Any]) -> None:
        self._versions = [(row.program_id, row.created_at, _program(row.document)) for row in versions]
        self._known: dict[tuple[int, str], Worth] = {}

    def of(self, program_id: int, slug: str, at: datetime) -> Worth:
        """A plan's worth in a version; 0 is the version that was in force then."""
        if not program_id:
            program_id = next((known for known, since, _ in reversed(self._versions) if since <= at), 0)
        found = self._known.get((program_id, slug))
        if found is None:
            found = self._known[program_id, slug] = self._worth(program_id, slug)
        return found

    def _worth(self, program_id: int, slug: str) -> Worth:
        newest = [program for _, _, program in reversed(self._versions)]
        own = [program for known, _, program in self._versions if known == program_id]
        for program in (*own, *newest):
            if slug in program.plans:
                return worth(program, program.plans[slug])
        return Worth(slug, 0, "", False)


def _program(document: Any) -> Program:
    return program_from_text(document) if isinstance(document, str) else program_from_document(document)


def worth(program: Program, plan: Plan) -> Worth:
    """What a plan is worth a month by a version of the program."""
    price, tax = with_tax(plan.price_minor, program.tax)
    up, of = _A_MONTH.get(plan.term, (0, 1)) if plan.term is not None else (0, 1)
    return Worth(plan.title, half_even((price - tax) * up, of), program.currency, plan.is_paid)


class _Story:
    """One account's events read in their order."""

    def __init__(self, account_id: int, account: str, zone: str, tariff: Tariff) -> None:
        self.account_id, self.account, self.zone, self.tariff = account_id, account, zone, tariff
        self.moves: list[Move] = []
        self.now: Standing | None = None
        self.paid_before = False

    def told(self, events: Sequence[Any], closed: datetime | None, first_paid: date | None) -> Life:
        stood = []
        for event in events:
            self._hear(event)
            stood.append((local_date(event.at, self.zone), self.now))
        ended = None if closed is None else local_date(closed, self.zone)
        if ended is not None and self.now is not None:
            self._go(None, "", ended)
            stood.append((ended, None))
        joined = local_date(events[0].at, self.zone)
        return Life(self.account_id, self.account, joined, tuple(self.moves), tuple(stood), first_paid, ended)

    def _hear(self, event: Any) -> None:
        day = local_date(event.at, self.zone)
        if event.what not in _BEGINS:
            self._mark(event.what)
        elif event.what == "ended" and event.plan_before == event.plan_after:
            self._go(None, "", day)  # its account was closed
        else:
            after = self.tariff.of(event.program_id, event.plan_after, event.at)
            self._go(after, event.plan_after, day, past_due=event.what == "past_due")

    def _mark(self, what: str) -> None:
        if self.now is None:
            return
        past_due, cancelling = self.now.past_due, self.now.cancelling
        if what == "renewed":
            past_due = False
        elif what in ("cancelling", "resumed"):
            cancelling = what == "cancelling"
        self.now = _replaced(self.now, past_due, cancelling)

    def _go(self, after: Worth | None, plan: str, day: date, *, past_due: bool = False) -> None:
        before = self.now
        was = before.worth if before is not None else None
        self.moves.extend(self._moved(was, after, before.plan if before else "", plan, day))
        self.paid_before = self.paid_before or bool(after and after.is_paid)
        if after is None:
            self.now = None
            return
        same = before is not None and before.plan == plan
        since = before.since if before is not None and same else day
        cancelling = before is not None and same and before.cancelling  # a term paid ahead begins all the same
        self.now = Standing(self.account_id, self.account, plan, since, after, past_due, cancelling)

    def _moved(self, was: Worth | None, now: Worth | None, before: str, after: str, day: date) -> Iterator[Move]:
        paid, pays = bool(was and was.is_paid), bool(now and now.is_paid)
        gone = was is not None and now is not None and paid and pays and was.currency != now.currency
        if was is not None and paid and (not pays or gone):
            yield self._move(day, LOST, before, after, -was.mrr_minor, was.currency, -1)
        if now is not None and pays and (not paid or gone):
            what = BACK if self.paid_before else NEW
            yield self._move(day, what, before, after, now.mrr_minor, now.currency, 1)
        if was is not None and now is not None and paid and pays and not gone:
            change = now.mrr_minor - was.mrr_minor
            if change:
                yield self._move(day, UP if change > 0 else DOWN, before, after, change, now.currency, 0)

    def _move(self, day: date, what: str, before: str, after: str, change: int, currency: str, accounts: int) -> Move:
        return Move(self.account_id, self.account, day, what, before, after, change, currency, accounts)


def _replaced(now: Standing, past_due: bool, cancelling: bool) -> Standing:
    return Standing(now.account_id, now.account, now.plan, now.since, now.worth, past_due, cancelling)


def moves(found: Iterable[Life], first: date, last: date) -> list[Move]:
    """Every move on these days, oldest first."""
    inside = [move for life in found for move in life.moves if first <= move.day <= last]
    return sorted(inside, key=lambda move: (move.day, move.account_id))


def worth_a_month(found: Iterable[Life], day: date) -> dict[str, tuple[int, int]]:
    """MRR and paying accounts at the end of a day, per currency, in minor units."""
    sums: dict[str, tuple[int, int]] = {}
    for life in found:
        for move in life.moves:
            if move.day <= day:
                minor, accounts = sums.get(move.currency, (0, 0))
                sums[move.currency] = (minor + move.change_minor, accounts + move.accounts)
    return sums
