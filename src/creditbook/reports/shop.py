"""What somebody can buy or change: every plan and package as it would be for her, and what she has bought.

A member without a plan of her own lives on her team's (rule 11): what is sold to her then goes to the team's pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from creditbook.access.values import Principal
from creditbook.domain import planning
from creditbook.domain.balance import Balance, balance_of
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.plans import Term
from creditbook.domain.program import Package, Plan, Program
from creditbook.domain.purchasing import with_tax
from creditbook.domain.sales import Purchase, PurchaseStatus
from creditbook.domain.state import Account, Book
from creditbook.domain.terms import paid_until
from creditbook.store import purchases
from creditbook.store.batch import BatchStore
from creditbook.store.engine import Store

from .settled import settled
from .standing import own_account

RECENT = 12


class Way(StrEnum):
    """How an account comes to a plan (rule 31)."""

    RUNNING = "running"
    WAITS = "waits"
    BUY = "buy"
    NOW = "now"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A plan, what a term of it costs with its tax, and how the account comes to it."""

    plan: Plan
    price_minor: int
    tax_minor: int
    way: Way


@dataclass(frozen=True, slots=True)
class PackOffer:
    """A package and what it costs with its tax."""

    package: Package
    price_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that can be bought or changed for one account, and how its plan stands.

    ``account`` is written as the ledger's verbs write it; ``of_team`` tells that it is the pool of the visitor's team.
    ``renewal`` is what a renewal pays now, None on a free plan; ``next_plan`` what waits for ``paid_until``, the end of
    the time paid for.
    """

    account: str
    of_team: bool
    program: Program
    plan: Plan
    next_plan: Plan | None
    term: Term
    paid_until: datetime | None
    balance: Balance
    plans: tuple[PlanOffer, ...]
    packages: tuple[PackOffer, ...]
    renewal: PlanOffer | None
    bought: tuple[Purchase, ...]

    def waiting(self, kind: str, item: str) -> Purchase | None:
        """A purchase of the same thing that still waits for its payment."""
        same = (one for one in self.bought if (one.kind, one.item, one.status) == (kind, item, PurchaseStatus.PENDING))
        return next(same, None)


def shop(store: Store, batches: BatchStore, who: Principal, now: datetime) -> Shop:
    """The shop as this person finds it now. Raises `NotFound` for people without an account."""
    found = settled(batches, own_account(store, who), now)
    book = found.book
    owner = found.account if found.account.plan else book.pool_of(found.account) or found.account
    of_team = owner is not found.account
    shown = who.org_slug if of_team else who.account or ""
    plan = book.plan_of(owner)
    return Shop(
        account=shown,
        of_team=of_team,
        program=book.program,
        plan=plan,
        next_plan=book.plan(owner.term.next_plan) if owner.term.next_plan else None,
        term=owner.term,
        paid_until=paid_until(book, owner),
        balance=balance_of(book, owner, found.at, None, pending=found.balance.pending, shown=shown),
        plans=tuple(
            _offer(book, one, _way(plan, one, owner.term))
            for one in sorted(book.program.plans.values(), key=lambda one: one.rank)
        ),
        packages=tuple(
            PackOffer(one, *with_tax(one.price_minor, book.program.tax))
            for one in sorted(book.program.packages.values(), key=lambda one: one.price_minor)
        ),
        renewal=_renewal(book, owner),
        bought=tuple(purchases.of_account(store, who.org_id, owner.account_id, most=RECENT)),
    )


def _offer(book: Book, plan: Plan, way: Way) -> PlanOffer:
    return PlanOffer(plan, *with_tax(plan.price_minor, book.program.tax), way)


def _way(running: Plan, plan: Plan, term: Term) -> Way:
    """As `planning.change_plan` and `planning.plan_to_buy` decide it."""
    if plan.slug == running.slug:
        return Way.RUNNING
    if plan.slug == term.next_plan:
        return Way.WAITS
    if plan.is_paid and (plan.rank > running.rank or not running.is_paid):
        return Way.BUY
    return Way.NOW if plan.rank > running.rank or term.ends_at is None else Way.LATER


def _renewal(book: Book, owner: Account) -> PlanOffer | None:
    try:
        return _offer(book, planning.plan_to_renew(book, owner), Way.RUNNING)
    except InvalidRequest:
        return None  # a free plan costs nothing, so there is nothing to renew
