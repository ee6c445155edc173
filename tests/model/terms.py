"""Terms of plans in the model: they end, go on unpaid, lapse, and take the program's newest version (rules 20, 31)."""

from __future__ import annotations

from datetime import datetime, timedelta

from model.books import Account, Book, Term, Wallet
from model.days import boundary, first_next_date, local_date, next_date
from model.wallets import allowance_for, kill, pocket_of, resets, set_period

from creditbook.domain.program import Program

Turning = list[Wallet]


def term_due(account: Account) -> datetime | None:
    """When the account's term ends or its grace does, whichever comes first."""
    if account.status == "closed":
        return None
    return min((t for t in (account.term.ends_at, account.term.grace_ends_at) if t is not None), default=None)


def version_for(book: Book, account: Account, plan: str, at: datetime) -> Program:
    """The version in force at this instant; the account's own where the plan has gone from that."""
    newest = book.version_at(at)
    if plan in newest.plans or account.version is None:
        return newest
    return account.version


def turn_terms(book: Book, accounts: list[Account], turning: Turning, at: datetime) -> Turning:
    """Scheduled plan changes of one instant. Answers the wallets to be filled, beside those that turn anyway."""
    fresh: Turning = []
    for account in accounts:
        when = term_due(account)
        if when is not None and when <= at:
            fresh += (
                end_of_grace(book, account, at) if account.term.grace_ends_at == when else end_term(book, account, at)
            )
        elif account.plan is not None and account.term.first is None:
            fresh += renew_free(book, account, [w for w in turning if w.account is account], at)
    return fresh


def renew_free(book: Book, account: Account, turning: Turning, at: datetime) -> Turning:
    """A free plan's period begins anew: by the version in force now."""
    assert account.plan is not None
    every = book.plan_of(account).term
    if not any(w.allowance is not None and w.allowance.every is every for w in turning):
        return []
    account.version = version_for(book, account, account.plan, at)
    return refit(book, account, at, anew=False)


def end_term(book: Book, account: Account, at: datetime) -> Turning:
    """The time of one term is over: the next one is paid, or opens as if it were, or another plan begins."""
    term = account.term
    assert account.plan is not None
    paid, following = bool(term.ahead), account.plan
    if term.ahead:
        following = term.ahead.pop(0)
        if following == term.waits:
            term.waits = ""
    elif term.waits:
        following, term.waits = term.waits, ""
    version = version_for(book, account, following, at)
    target = version.plans[following]
    if not target.is_paid:
        return begin(book, account, following, version, at, status="active")
    taken_as_paid = paid or book.projected(at)
    if not taken_as_paid and not term.unpaid and version.grace_days == 0:
        return fall(book, account, at)
    same_kind = target.term is book.plan_of(account).term
    account.plan, account.version = following, version
    zone = book.zone_of(account)
    term.first = local_date(at, zone)
    if not same_kind:
        account.anchor = term.first
        term.next = first_next_date(target.term, at, zone)  # type: ignore[arg-type]
    else:
        term.next = next_date(target.term, account.anchor, term.first)  # type: ignore[arg-type]
    term.ends_at = boundary(term.next, zone, at)
    if not taken_as_paid and not term.unpaid:
        term.unpaid, term.status = True, "past_due"
        term.grace_ends_at = boundary(term.first + timedelta(days=version.grace_days), zone, at)
    return refit(book, account, at, anew=not same_kind)


def end_of_grace(book: Book, account: Account, at: datetime) -> Turning:
    """Still unpaid: what is left of the term closes and the free plan begins on this day."""
    if book.projected(at) and not book.is_ending(account):
        account.term.unpaid, account.term.grace_ends_at, account.term.status = False, None, "active"
        return []
    return fall(book, account, at)


def fall(book: Book, account: Account, at: datetime) -> Turning:
    return begin(book, account, book.fallback(account), book.version_at(at), at, status="lapsed")


def begin(book: Book, account: Account, plan: str, version: Program, at: datetime, *, status: str) -> Turning:
    """A plan begins afresh on this day, the running allowances closed. Answers the wallets to be filled."""
    close_running(book, account, at)
    zone = book.zone_of(account)
    account.plan, account.version, account.anchor = plan, version, local_date(at, zone)
    account.term = Term(status)
    target = version.plans[plan]
    if target.is_paid and target.term is not None:
        account.term.first = account.anchor
        account.term.next = first_next_date(target.term, at, zone)
        account.term.ends_at = boundary(account.term.next, zone, at)
    return refit(book, account, at, anew=True)


def close_running(book: Book, account: Account, at: datetime) -> None:
    """What runs beyond this instant closes; what ends at it has ended (and may roll over)."""
    for g in book.grants:
        if g.account is account and g.allowance and g.dead is None and (g.expires_at is None or g.expires_at > at):
            kill(g, "plan change")


def refit(book: Book, account: Account, at: datetime, *, anew: bool) -> Turning:
    """Hands the wallets their plan's allowances; those whose period begins now are dated and answered."""
    assert account.plan is not None
    wanted = [(pocket_of(book, account, a), a) for a in book.plan_of(account).allowances]
    known = [w for w, _ in wanted]
    for w in book.wallets_of(account):
        if w not in known:
            w.allowance = None
    fresh = []
    for w, allowance in wanted:
        runs = w.allowance is not None and w.ends_at is not None and w.ends_at > at
        if runs and not anew:
            continue  # a running period is nobody's to change
        began_before = w.allowance is not None
        w.allowance = allowance
        if not w.active:
            miss(book, w, at, dated=anew or not began_before)
            continue
        set_period(book, w, at, anew=anew or not began_before)
        fresh.append(w)
    return fresh


def miss(book: Book, wallet: Wallet, at: datetime, *, dated: bool) -> None:
    """A deactivated wallet gets nothing now, and what it missed when it comes back (rule 26)."""
    wallet.missing = True
    if dated:
        set_period(book, wallet, at, anew=True)


def turn(book: Book, wallet: Wallet, at: datetime) -> None:
    """A period of the running plan ended: its next one, by what the account's version says now."""
    wallet.allowance = allowance_for(book, wallet) or wallet.allowance
    set_period(book, wallet, at, anew=False)


def turning_now(book: Book, accounts: list[Account], at: datetime) -> Turning:
    return [w for w in book.wallets if w.account in accounts and resets(w) and w.ends_at and w.ends_at <= at]
