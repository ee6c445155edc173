"""Plans changed, bought, renewed and cancelled in the model (rule 31)."""

from __future__ import annotations

from datetime import datetime

from model.books import Account, Book, Result, Term
from model.corrections import open_account_only
from model.passing import repay
from model.terms import begin
from model.wallets import give_allowance, give_beside, pocket_of, set_period

from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.program import Plan, Program


def standing(account: Account, what: str) -> Result:
    """What a change of plan answers."""
    return Result("plan", account=account, what=what)


def status_of(book: Book, account: Account) -> str:
    if account.term.unpaid:
        return "past_due"
    return "cancelling" if book.is_ending(account) else "active"


def change_plan(book: Book, account: Account, now: datetime, *, plan: str, at_once: bool = False) -> Result:
    """Another plan that need not be paid now: a lower one later, the running one again, a higher free one now."""
    open_account_only(account)
    if plan not in book.program.plans or account.plan is None:
        raise InvalidRequest("no such plan")
    running, wanted, term = book.plan_of(account), book.program.plans[plan], account.term
    acts_now = wanted.rank > running.rank or (at_once and plan != account.plan)
    if lower_ahead(account) and not acts_now and wanted.is_paid:
        raise InvalidRequest("terms of the plan that waits are paid already")
    if plan == account.plan:
        if not term.waits:
            raise InvalidRequest("it is the running plan")
        term.waits = ""
        term.status = status_of(book, account)
        return standing(account, "resumed")
    if wanted.rank > running.rank:
        if wanted.is_paid:
            raise InvalidRequest("a higher paid plan is bought")
        start_now(book, account, plan, now)
        return standing(account, "upgraded")
    if at_once or term.first is None:
        start_now(book, account, plan, now)
        return standing(account, "downgraded")
    if term.waits == plan:
        raise InvalidRequest("it waits already")
    term.waits = plan
    term.status = status_of(book, account)
    return standing(account, "cancelling" if book.is_ending(account) else "scheduled")


def cancel_plan(book: Book, account: Account, _now: datetime) -> Result:
    open_account_only(account)
    term = account.term
    if account.plan is None or term.first is None or book.is_ending(account):
        raise InvalidRequest("nothing to cancel")
    term.waits = book.fallback(account)
    term.status = status_of(book, account)
    return standing(account, "cancelling")


def lower_ahead(account: Account) -> list[str]:
    """Paid terms of the plan that waits."""
    return [slug for slug in account.term.ahead if slug != account.plan]


def next_plan(account: Account) -> str:
    """What a page shows as waiting."""
    lower = lower_ahead(account)
    return lower[0] if lower else account.term.waits


def start_now(book: Book, account: Account, plan: str, now: datetime, version: Program | None = None) -> None:
    """A full new term from now on, the running allowance closed."""
    for wallet in begin(book, account, plan, version or book.program, now, status="active"):
        give_allowance(book, wallet, now)
    for each in book.cluster(account):
        repay(book, each)


def buyable(book: Book, account: Account, plan: str, version: Program) -> LedgerError | None:
    """Why this plan can't be bought now: it is none, is not paid, or is no upgrade."""
    wanted = version.plans.get(plan)
    if wanted is None or not wanted.is_paid or account.plan is None:
        return InvalidRequest("no plan that can be bought")
    if wanted.rank <= book.plan_of(account).rank:
        return InvalidRequest("not higher than the running plan")
    return None


def buy_plan(book: Book, account: Account, plan: str, version: Program, now: datetime) -> None:
    """The upgrade is paid: within a kind the allowance grows now, else a full new term starts now."""
    running, wanted = book.plan_of(account), version.plans[plan]
    if account.term.first is not None and running.term is wanted.term:
        grow(book, account, wanted, version, now)
    else:
        start_now(book, account, plan, now, version)


def grow(book: Book, account: Account, wanted: Plan, version: Program, now: datetime) -> None:
    """Anchor and end stay; wallet by wallet what the new plan gives more is granted beside what is there."""
    old = account.term
    account.plan, account.version = wanted.slug, version
    account.term = Term("active", old.first, old.next, old.ends_at)
    wanted_in = [(pocket_of(book, account, a), a) for a in wanted.allowances]
    for wallet in book.wallets_of(account):
        if all(wallet is not w for w, _ in wanted_in):
            wallet.allowance = None
    for wallet, allowance in wanted_in:
        had = wallet.allowance
        missed = wallet.missing or (not wallet.active and wallet.ends_at is not None and wallet.ends_at <= now)
        wallet.allowance = allowance
        if had is None:
            set_period(book, wallet, now, anew=True)
        if missed or (had is None and not wallet.active):
            wallet.missing = True
        elif had is None:
            give_allowance(book, wallet, now)
        else:
            give_beside(book, wallet, allowance.tokens - had.tokens, now)
    for each in book.cluster(account):
        repay(book, each)


def renewed_plan(book: Book, account: Account) -> str:
    """Which plan a renewal pays a term of: the lower one where a downgrade waits for the end of the time paid for."""
    term, lower = account.term, lower_ahead(account)
    if lower:
        return lower[-1]
    if term.unpaid or not term.waits or book.is_ending(account):
        return account.plan or ""
    return term.waits


def renewable(book: Book, account: Account, item: str) -> LedgerError | None:
    """Why no term of this plan can be paid now."""
    term = account.term
    if term.first is None:
        return InvalidRequest("no paid plan runs")
    if item == account.plan or (not term.unpaid and item == renewed_plan(book, account)):
        return None
    return InvalidRequest("neither the running plan nor the one that waits")


def renew(book: Book, account: Account, item: str) -> None:
    """Pays the running term where that is unpaid, else one further; that resumes a cancelled subscription."""
    term = account.term
    if term.unpaid:
        term.unpaid, term.grace_ends_at = False, None
    else:
        place = term.ahead.count(account.plan or "") if item == account.plan else len(term.ahead)
        term.ahead.insert(place, item)
        if book.is_ending(account):
            term.waits = ""
    term.status = status_of(book, account)
