"""What an admin does in the model: accounts, wallets, grants, zones, forced resets (rules 21-26)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from model.books import Account, Book, Grant, Result, Term, Wallet
from model.corrections import open_account_only
from model.days import boundary, day_start, local_date, next_date, walk
from model.passing import repay
from model.terms import begin
from model.wallets import (
    allowance_for,
    give,
    give_allowance,
    in_step,
    kill,
    open_wallet,
    release,
    resets,
    set_period,
    wallet_for,
)

from creditbook.domain.errors import InvalidRequest, NeedsApproval


def open_account(
    book: Book,
    name: str,
    now: datetime,
    *,
    plan: str | None,
    zone: str | None = None,
    draws: bool = False,
    quota: int | None = None,
) -> Account:
    """Opens what the plan opens at sign-up; ``plan`` None is a member under her pool's plan."""
    account = Account(name, zone, None, local_date(now, zone or book.zone), draws, quota)
    book.accounts[name] = account
    if plan is not None:
        for w in begin(book, account, plan, book.version_at(now), now, status="active"):
            give_allowance(book, w, now)
    return account


def end_of(book: Book, account: Account, typed: datetime | date | None) -> datetime | None:
    """A date that a person typed includes that local day (rule 25)."""
    if typed is None or isinstance(typed, datetime):
        return typed
    return day_start(typed + timedelta(days=1), book.zone_of(account))


def needs_no_second(book: Book, tokens: int, approved_by: str = "") -> None:
    """Grants above the program's bound wait for a second administrator (rule 38)."""
    above = book.program.approval_above
    if above is not None and tokens > above and not approved_by:
        raise NeedsApproval(above)


def grant(
    book: Book,
    account: Account,
    now: datetime,
    *,
    tokens: int,
    wallet: str = "BONUS",
    grant_class: str = "promotional",
    expires_at: datetime | date | None = None,
    features: frozenset[str] | None = None,
    approved_by: str = "",
) -> Result:
    if tokens < 1:
        raise InvalidRequest("grant at least 1")
    open_account_only(account)
    needs_no_second(book, tokens, approved_by)
    ends = end_of(book, account, expires_at)
    if ends is not None and ends <= now:
        raise InvalidRequest("ends before it begins")
    given = give(book, wallet_for(book, account, wallet, features), tokens, grant_class, now, ends)
    for each in book.cluster(account):
        repay(book, each)
    return Result("grant", tokens=tokens, grants=[given])


def add_wallet(
    book: Book,
    account: Account,
    now: datetime,
    *,
    type: str,  # noqa: A002 - the ledger's own name for it
    tokens: int = 0,
    expires_at: datetime | date | None = None,
    features: frozenset[str] | None = None,
) -> tuple[Wallet, Grant | None]:
    open_account_only(account)
    ends = end_of(book, account, expires_at)
    if tokens < 0 or (ends is not None and ends <= now):
        raise InvalidRequest("ends before it begins")
    needs_no_second(book, tokens)
    wallet = open_wallet(book, account, type, features, ends)
    first = give(book, wallet, tokens, "promotional", now, ends) if tokens else None
    repay(book, account)
    return wallet, first


def set_wallet_active(book: Book, account: Account, now: datetime, *, wallet: Wallet, active: bool) -> Result:
    open_account_only(account)
    if wallet.active == active:
        raise InvalidRequest("it is so already")
    wallet.active = active
    if active and wallet.allowance is not None and wallet.ends_at is not None:
        resume(book, wallet, now)
    repay(book, account)
    return Result("adjustment")


def resume(book: Book, wallet: Wallet, now: datetime) -> None:
    """Opens what it missed while it was off: the period that is running now, its end where it would have been."""
    assert wallet.ends_at is not None
    if wallet.ends_at > now:
        if wallet.missing:
            give_allowance(book, wallet, now)
        return
    wallet.allowance = allowance_for(book, wallet) or wallet.allowance
    assert wallet.allowance is not None
    assert wallet.next is not None
    zone = book.zone_of(wallet.account)
    today = local_date(now, zone)
    if wallet.next > today:  # a zone change brought back a date that was granted: it waits for the next
        wallet.ends_at = boundary(wallet.next, zone, now)
        return
    if in_step(book, wallet):
        set_period(book, wallet, now, anew=False)
    else:
        while wallet.next <= today:
            wallet.next = next_date(wallet.allowance.every, wallet.account.anchor, wallet.next)
        wallet.first, wallet.ends_at = today, boundary(wallet.next, zone, now)
    give_allowance(book, wallet, now)


def reset(book: Book, account: Account, now: datetime, *, wallet: Wallet | None = None) -> Result:
    """Forces a reset within the period: the allowance expires, a whole new one opens until the same end."""
    open_account_only(account)
    wallets = [w for w in book.wallets_of(account) if resets(w)] if wallet is None else [wallet]
    if not wallets or not all(resets(w) for w in wallets):
        raise InvalidRequest("nothing here resets")
    result = Result("reset")
    for w in wallets:
        for g in book.grants_of(account):
            if g.wallet is w and g.allowance and g.dead is None:
                result.tokens += kill(g, "ended")
        fresh = give_allowance(book, w, now)
        result.grants += [fresh] if fresh else []
    repay(book, account)
    return result


def set_zone(book: Book, account: Account, now: datetime, *, zone: str) -> Result:
    """Rule 22: the running allowance, and what rolled into its period, ends by the new zone's dates."""
    open_account_only(account)
    account.zone = zone
    for w in book.wallets_of(account):
        if w.allowance is None or w.ends_at is None or w.next is None or w.ends_at <= now:
            continue
        ends = walk(w.next, zone, w.ends_at)
        for g in book.grants_of(account):
            runs = (g.wallet is w and g.allowance) or (g.rolled_from is w and g.expires_at == w.ends_at)
            if runs and g.dead is None:
                g.expires_at = ends
        w.ends_at = ends
    term = account.term
    if term.ends_at is not None and term.next is not None:
        term.ends_at = walk(term.next, zone, term.ends_at)
    return Result("adjustment")


def set_status(account: Account, status: str) -> Result:
    open_account_only(account)
    account.status = status
    return Result("status")


def close_account(book: Book, account: Account) -> Result:
    """Voids the holds, pays debt from what that frees, revokes the rest."""
    open_account_only(account)
    for hold in book.holds:
        if hold.account is account and hold.status in {"open", "timed_out"}:
            release(hold)
            hold.status = "voided"
    for each in book.cluster(account):
        repay(book, each)
    for g in book.grants_of(account):
        if g.dead is None:
            kill(g, "revoked")
    account.status = "closed"
    account.term = Term()  # nothing runs any more
    return Result("status")
