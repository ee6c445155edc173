"""What always holds of plans and their terms (rule 31), asked of plain values; a part of `invariants.broken`."""

from __future__ import annotations

from collections.abc import Iterator

from .journal import Journal
from .plans import PlanStatus, Term
from .program import Plan
from .state import Account, AccountStatus, Book

MOVES = frozenset({"started", "upgraded", "downgraded", "lapsed", "ended"})


def terms(book: Book, journal: Journal) -> Iterator[str]:
    """Every account's term fits its plan, and its history leads from plan to plan to the one that runs."""
    for account in book.accounts.values():
        plan = book.own_plan(account)
        if account.status is AccountStatus.CLOSED or plan is None:
            if account.term.ends_at is not None:
                yield f"{account.name} has a term that nothing pays for"
            continue
        yield from _term(plan, account.term, account.name)
        yield from _running(book, account, plan)
    yield from _history(book, journal)


def _term(plan: Plan, term: Term, name: str) -> Iterator[str]:
    if plan.is_paid is (term.ends_at is None) and plan.term is not None:
        yield f"{name} is on {plan.slug}, and its term ends {term.ends_at}"
    if (term.ends_at is None) is not (term.first is None) or (term.first is None) is not (term.next is None):
        yield f"{name} has a term with one end"
    if term.first is not None and term.next is not None and term.first >= term.next:
        yield f"{name} has a term from {term.first} to {term.next}"
    if min(term.paid_ahead, term.next_paid) < 0:
        yield f"{name} has paid {term.paid_ahead} and {term.next_paid} terms ahead"
    if term.unpaid is not (term.grace_ends_at is not None) or term.unpaid is not (term.status is PlanStatus.PAST_DUE):
        yield f"{name} is {term.status}, unpaid {term.unpaid}, with a grace until {term.grace_ends_at}"
    if term.unpaid and (term.paid_ahead or term.next_paid):
        yield f"{name} has paid ahead of a term that it has not paid"
    if term.ends_at is None and (term.paid_ahead or term.next_paid or term.next_plan or term.unpaid):
        yield f"{name} has something waiting for the end of no term"
    if term.next_paid and not term.next_plan:
        yield f"{name} has paid for a plan that does not wait"
    if term.status is PlanStatus.CANCELLING and not term.next_plan:
        yield f"{name} is cancelling towards nothing"
    if term.status is PlanStatus.LAPSED and plan.is_paid:
        yield f"{name} has lapsed and is on a paid plan"


def _running(book: Book, account: Account, plan: Plan) -> Iterator[str]:
    """Nothing of it is overdue, and the wallets that the plan fills end with its term."""
    now, term = book.root.clock_at, account.term
    if account.import_id is not None or now is None:
        return
    for end in (term.ends_at, term.grace_ends_at):
        if end is not None and end <= now:
            yield f"{account.name}: {end} has passed and did nothing"
    for wallet in account.wallets.values():
        if term.ends_at is None or wallet.every is not plan.term or wallet.period_ends_at is None:
            continue
        if wallet.is_active and wallet.expires_at is None and wallet.period_ends_at != term.ends_at:
            yield f"wallet {wallet.wallet_id} ends {wallet.period_ends_at}, its plan's term {term.ends_at}"


def _history(book: Book, journal: Journal) -> Iterator[str]:
    on: dict[int, str] = {}
    for event in journal.plan_events:
        if event.plan_before != on.get(event.account_id, ""):
            yield f"plan event {event.event_id} leaves {event.plan_before}, not {on.get(event.account_id)}"
        if event.what in MOVES:
            on[event.account_id] = event.plan_after
    for account in book.accounts.values():
        if on.get(account.account_id, "") != account.plan:
            yield f"{account.name} is on {account.plan}, its history says {on.get(account.account_id)}"
