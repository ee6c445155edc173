"""Plans as their owners see them: changed, cancelled, and how they stand (rule 31). Buying one is in `purchasing`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from creditbook.domain.planning import plan_to_renew
from creditbook.domain.plans import PlanStatus
from creditbook.domain.program import Plan
from creditbook.domain.results import PlanReceipt
from creditbook.domain.selling import CancelPlan, ChangePlan
from creditbook.domain.state import Account, Book
from creditbook.domain.terms import paid_until

from .core import Core, Prepared, prepare
from .reading import settled_now


@dataclass(frozen=True, slots=True)
class Subscription:
    """An account's plan as it stands, settled up to now. Money is in minor units of ``currency``.

    ``plan`` is the one it is under; ``of_pool`` tells that this is its pool's. ``term_first`` and ``term_ends_at`` are
    None on a free plan. ``paid_ahead`` terms after it are paid already; ``next_plan`` waits ('' for nothing) for
    ``paid_until``, the end of those, and ``next_paid`` terms of it are paid. ``grace_ends_at`` is when a past-due term
    lapses. ``renewal_plan`` is the plan whose term a renewal pays now, at ``renewal_minor`` before tax; '' where there
    is nothing to renew.
    """

    account: str
    plan: str
    title: str
    of_pool: bool
    is_paid: bool
    is_unlimited: bool
    status: str
    price_minor: int
    currency: str
    started_at: datetime | None
    term_first: date | None
    term_ends_at: datetime | None
    paid_ahead: int
    next_plan: str
    next_paid: int
    paid_until: datetime | None
    grace_ends_at: datetime | None
    renewal_plan: str
    renewal_minor: int

    @property
    def ends(self) -> bool:
        """Whether the subscription ends with the time paid for, or has lapsed."""
        return self.status in (PlanStatus.CANCELLING, PlanStatus.LAPSED)


def change_plan(
    core: Core,
    account: str,
    plan: str,
    *,
    at_once: bool = False,
    reason: str = "",
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[PlanReceipt]:
    """Move to another plan that need not be paid now: a lower one, when the time paid for ends; a free one; the running
    one, which cancels what waits.

    ``at_once``, an administrator's, starts a full new term of a lower plan now and needs a reason; with a reason the
    change stands in the audit log. Raises `InvalidRequest` for a plan that has to be bought, or `AccountClosed`.
    """
    sent = {"plan": plan, "at_once": at_once or None, "reason": reason}
    return prepare(
        core, account, ChangePlan, sent, idempotency_key=idempotency_key, actor=actor, reason=reason,
        audit="change_plan" if at_once or reason.strip() else "", plan=plan, at_once=at_once,
    )  # fmt: skip


def cancel_plan(
    core: Core, account: str, *, reason: str = "", actor: str = "", idempotency_key: str | None = None
) -> Prepared[PlanReceipt]:
    """End a paid plan at the end of the time paid for; with a reason it stands in the audit log.

    Raises `InvalidRequest` where there is nothing to cancel, or `AccountClosed`.
    """
    return prepare(
        core, account, CancelPlan, {"reason": reason}, idempotency_key=idempotency_key, actor=actor, reason=reason,
        audit="cancel_plan" if reason.strip() else "",
    )  # fmt: skip


def subscription(core: Core, account: str) -> Subscription:
    """How an account's plan stands now; what is due counts already and is not written. Raises `NotFound`."""
    book, account_id = settled_now(core, account)
    return subscription_of(book, book.accounts[account_id], account)


def subscription_of(book: Book, account: Account, shown: str) -> Subscription:
    """The same of an account that is settled already; ``shown`` is its name as people write it."""
    pool = None if account.plan else book.pool_of(account)
    owner = pool or account
    plan, term = book.plan_of(account), owner.term
    renewal = _renewal(book, owner)
    return Subscription(
        account=shown,
        plan=plan.slug,
        title=plan.title,
        of_pool=pool is not None,
        is_paid=plan.is_paid,
        is_unlimited=plan.unlimited,
        status=term.status.value,
        price_minor=plan.price_minor,
        currency=book.program.currency,
        started_at=term.started_at,
        term_first=term.first,
        term_ends_at=term.ends_at,
        paid_ahead=term.paid_ahead,
        next_plan=term.next_plan,
        next_paid=term.next_paid,
        paid_until=paid_until(book, owner),
        grace_ends_at=term.grace_ends_at,
        renewal_plan=renewal.slug if renewal else "",
        renewal_minor=renewal.price_minor if renewal else 0,
    )


def _renewal(book: Book, owner: Account) -> Plan | None:
    plan = book.own_plan(owner)
    return plan_to_renew(book, owner) if plan is not None and plan.is_paid else None
