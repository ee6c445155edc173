"""Terms of plans: begun, paid, past due, lapsed, and what waits for their end; all as time passes (rule 31).

`settling` calls `turn` at every boundary; what people decide about their plan is in `planning`. The version of the
program that a plan follows moves only where its term begins anew, so that editing a plan changes no running period.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .allowances import close_allowances, following
from .calendar import first_period, start_of_day
from .context import Desk
from .operations import Operation
from .plans import PlanEvent, PlanStatus, Term
from .program import Program
from .sales import Purchase
from .state import Account, AccountStatus, Book


@dataclass(frozen=True, slots=True)
class Turn:
    """A term of the plan began anew at this instant. ``afresh``: its periods are counted from now on.

    ``kind`` is that of the transactions in which its allowances open.
    """

    afresh: bool
    kind: str = "reset"


def soonest(book: Book, account: Account) -> datetime | None:
    """When time next does something to the account's plan: its term ends, or the grace of an unpaid one."""
    term = account.term
    if account.status is AccountStatus.CLOSED:
        return None
    if term.ends_at is None:
        return _next_version(book, account)
    return term.ends_at if term.grace_ends_at is None else min(term.ends_at, term.grace_ends_at)


def _next_version(book: Book, account: Account) -> datetime | None:
    """When an edit reaches a plan that never begins anew: there is no running period to protect, so it is at once."""
    if not account.plan or not book.versions or account.program_id == book.versions[-1].program_id:
        return None
    known = [one.program_id for one in book.versions]
    if account.program_id not in known or book.plan(account.plan, account.program_id).term is not None:
        return None
    newer = book.versions[known.index(account.program_id) + 1 :]
    since = next((one.since for one in newer if account.plan in one.program.plans), None)
    return since and max(since, book.root.clock_at or since)


def fallback(book: Book, account: Account, at: datetime) -> str:
    """The free plan that an account falls to which does not go on paying."""
    program = program_at(book, at)
    return (program.pool_plan if account.kind == "pool" else None) or program.default_plan


def program_at(book: Book, at: datetime) -> Program:
    """The program as it was in force at an instant."""
    version = book.version_at(at)
    return version.program if version else book.program


def is_ending(book: Book, account: Account) -> bool:
    """Whether the subscription has been cancelled and ends where the time paid for does, or with the grace."""
    term = account.term
    waits = bool(term.next_plan) and not book.plan(term.next_plan).is_paid
    return term.status is PlanStatus.CANCELLING or waits


def paid_until(book: Book, account: Account) -> datetime | None:
    """The end of the time paid for on the running plan, terms paid ahead among it, as the calendar is now: what waits
    acts then. For an unpaid term it is the grace's end; None on a free plan."""
    term, plan = account.term, book.own_plan(account)
    if term.unpaid:
        return term.grace_ends_at
    end = term.ends_at
    for _ in range(term.paid_ahead):
        if end is not None and plan is not None and plan.term is not None:
            _, _, end = following(account.zone, plan.term, account.plan_anchor, end, boundary=True)
    return end


def put_on(
    desk: Desk, account: Account, plan: str, status: PlanStatus = PlanStatus.ACTIVE, program_id: int | None = None
) -> None:
    """Put the account on a plan from now on: its first term is counted from this day, and taken as paid.

    It follows the version of the program that is in force now, unless another one is named.
    """
    account.plan = plan
    if program_id is None:
        follow(desk, account)
    else:
        account.program_id = program_id
    account.plan_anchor = desk.today(account)
    account.term = Term(status=status, started_at=desk.now)
    _first_term(desk, account)
    desk.journal.touched_accounts[account.account_id] = account


def follow(desk: Desk, account: Account) -> None:
    """Let the plan follow the version of the program in force now, unless that has this plan no more."""
    version = desk.book.version_at(desk.now)
    if version is not None and account.plan in version.program.plans:
        account.program_id = version.program_id
        desk.journal.touched_accounts[account.account_id] = account


def _first_term(desk: Desk, account: Account) -> None:
    plan, term = desk.book.own_plan(account), account.term
    if plan is not None and plan.is_paid and plan.term is not None:
        _, term.first, term.next = first_period(plan.term, desk.now, account.zone)
        term.ends_at = start_of_day(term.next, account.zone)


def turn(desk: Desk, account: Account, *, began: bool) -> Turn | None:
    """Do what this instant does to the account's plan; None where no term of it begins.

    ``began``: an allowance that runs as long as the plan's term begins anew, the only sign that a free plan gives.
    """
    term = account.term
    if account.status is AccountStatus.CLOSED or not account.plan:
        return None
    if term.grace_ends_at is not None and term.grace_ends_at <= desk.now:
        return _fall(desk, account, "lapsed", PlanStatus.LAPSED)
    if term.ends_at is not None and term.ends_at <= desk.now:
        return _next_term(desk, account)
    edited = None if began or term.ends_at is not None else _next_version(desk.book, account)
    if term.ends_at is None and (began or (edited is not None and edited <= desk.now)):
        follow(desk, account)
        return _begin_to_cost(desk, account) or Turn(afresh=False)
    return None


def _next_term(desk: Desk, account: Account) -> Turn:
    """At a term's end: what waits acts, and the next term opens: paid ahead, or as if paid."""
    book, term, before = desk.book, account.term, account.plan
    ran = book.plan(before, account.program_id).term
    moves = bool(term.next_plan) and not term.unpaid and term.paid_ahead == 0
    if moves and not book.plan(term.next_plan).is_paid:
        return _fall(desk, account, "ended", PlanStatus.ACTIVE, term.next_plan)
    paid = (term.next_paid if moves else term.paid_ahead) > 0 or (desk.projects and not term.unpaid)
    if not paid and not term.unpaid and program_at(book, desk.now).grace_days == 0:
        return _fall(desk, account, "lapsed", PlanStatus.LAPSED)
    if moves:
        _step_down(desk, account)
    elif term.paid_ahead:
        term.paid_ahead -= 1
    follow(desk, account)
    plan = book.plan(account.plan, account.program_id)
    afresh = plan.term is not ran
    if not plan.is_paid:
        account.term = Term(started_at=term.started_at)
    elif afresh:
        account.plan_anchor = desk.today(account)
        _first_term(desk, account)
    elif plan.term is not None:
        dates = following(account.zone, plan.term, account.plan_anchor, desk.now, boundary=True)
        term.first, term.next, term.ends_at = dates
    desk.journal.touched_accounts[account.account_id] = account
    if moves:
        note(desk, account, "downgraded", before)
    if plan.is_paid and not paid:
        _fall_due(desk, account)
    elif not moves:
        note(desk, account, "term", before)
    return Turn(afresh)


def _step_down(desk: Desk, account: Account) -> None:
    """The lower plan that waited begins, with the terms of it that are paid already."""
    term = account.term
    account.plan = term.next_plan
    term.paid_ahead, term.next_paid = max(0, term.next_paid - 1), 0
    term.next_plan = fallback(desk.book, account, desk.now) if term.status is PlanStatus.CANCELLING else ""
    term.started_at = desk.now


def _begin_to_cost(desk: Desk, account: Account) -> Turn | None:
    """A free plan that an edit has put a price on is unpaid from its next period on."""
    plan = desk.book.own_plan(account)
    if plan is None or not plan.is_paid:
        return None
    if not desk.projects and program_at(desk.book, desk.now).grace_days == 0:
        return _fall(desk, account, "lapsed", PlanStatus.LAPSED)
    put_on(desk, account, account.plan, program_id=account.program_id)
    if not desk.projects:
        _fall_due(desk, account)
    return Turn(afresh=True)


def _fall_due(desk: Desk, account: Account) -> None:
    """The term that opens is unpaid. How long its grace lasts is fixed here, once."""
    term = account.term
    if not term.unpaid:
        days = timedelta(days=program_at(desk.book, desk.now).grace_days)
        term.status, term.unpaid = PlanStatus.PAST_DUE, True
        term.grace_ends_at = start_of_day(desk.today(account) + days, account.zone)
    note(desk, account, "past_due", account.plan)


def _fall(desk: Desk, account: Account, what: str, status: PlanStatus, plan: str = "") -> Turn:
    """The account falls to the free plan, anchored on this day; what is left of the term closes (rule 31)."""
    before, ends_at = account.plan, account.term.ends_at
    if plan not in program_at(desk.book, desk.now).plans:
        plan = fallback(desk.book, account, desk.now)
    close_allowances(desk, account)
    put_on(desk, account, plan, status)
    note(desk, account, what, before)
    return Turn(afresh=True, kind="reset" if ends_at is not None and ends_at <= desk.now else "plan_change")


def move_end(account: Account) -> None:
    """After a zone change: the term ends where its local date does, and never earlier than it would have (rule 22)."""
    term = account.term
    if term.next is not None and term.ends_at is not None:
        term.ends_at = max(term.ends_at, start_of_day(term.next, account.zone))


def stop(desk: Desk, account: Account, operation: Operation) -> None:
    """A closed account has no terms any more."""
    plan = desk.book.own_plan(account)
    if plan is not None and plan.is_paid:
        note(desk, account, "ended", account.plan, operation)
    account.term = Term(started_at=account.term.started_at)
    desk.journal.touched_accounts[account.account_id] = account


def take_as_paid(book: Book) -> None:
    """Before a look into the future: past-due subscriptions are taken as paid unless they are cancelled (rule 27)."""
    for account in book.accounts.values():
        term = account.term
        if term.unpaid and not is_ending(book, account):
            term.status, term.unpaid, term.grace_ends_at = PlanStatus.ACTIVE, False, None


def note(
    desk: Desk,
    account: Account,
    what: str,
    before: str,
    operation: Operation | None = None,
    purchase: Purchase | None = None,
    after: str | None = None,
) -> None:
    """Write down what happened to the account's plan (`plans.PlanEvent`); ``after`` is a plan that only waits."""
    slug = account.plan if after is None else after
    plan = desk.book.plan(slug, account.program_id if after is None else 0)
    desk.journal.plan_events.append(
        PlanEvent(
            event_id=desk.journal.new_id(),
            account_id=account.account_id,
            at=desk.now,
            what=what,
            plan_before=before,
            plan_after=slug,
            price_minor=purchase.price_minor if purchase else plan.price_minor,
            currency=purchase.currency if purchase else desk.book.program.currency,
            term_first=account.term.first,
            term_ends_at=account.term.ends_at,
            program_id=account.program_id,
            purchase_id=purchase.purchase_id if purchase else None,
            actor=operation.actor if operation else "system",
            reason=operation.reason if operation else "",
        )
    )
