"""Undoing in the model: refunds, revocations, early expiry, disputes, write-offs (rules 15, 28-30)."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from model.books import Account, Book, Grant, Pay, Result, Use
from model.passing import repay
from model.wallets import give, kill, wallet_for

from creditbook.domain.errors import AccountClosed, InvalidRequest


def open_account_only(account: Account) -> None:
    if account.status == "closed":
        raise AccountClosed


def something_left(grant: Grant) -> None:
    if grant.dead is not None or grant.remaining == 0:
        raise InvalidRequest("nothing left of it")


def left_out(pay: Pay) -> bool:
    return pay.grant.account.status == "closed" or pay.grant.refunded


def refundable(use: Use) -> int:
    """What is left to refund: charged, less refunds, written-off debt, what closed accounts and refunded packs paid."""
    out = sum(p.amount - p.returned for p in use.pays if left_out(p))
    if use.debt is not None:
        out += use.debt.written_off
    return use.charged - use.refunded - out


def refund(book: Book, account: Account, now: datetime, *, use: Use, tokens: int | None = None) -> Result:
    if tokens is not None and tokens < 1:
        raise InvalidRequest("refund at least 1")
    open_account_only(account)
    most = refundable(use)
    wanted = most if tokens is None else tokens
    if wanted > most or wanted < 1:
        raise InvalidRequest("more than what was charged")
    use.refunded += wanted
    pool = book.pool_of(account)
    result = Result("refund", tokens=wanted)
    left = wanted
    if use.debt is not None:
        cancelled = min(left, use.debt.owed)
        use.debt.owed -= cancelled
        use.debt.cancelled += cancelled
        left -= cancelled
        use.quota_back += cancelled if use.debt.owner is pool else 0
    for pay in reversed(use.pays):
        n = min(left, pay.amount - pay.returned)
        if n == 0 or left_out(pay):
            continue
        pay.returned += n
        left -= n
        use.quota_back += n if pay.grant.account is pool else 0
        give_back(book, pay, n, now, result)
    assert left == 0
    for each in book.cluster(account):
        repay(book, each)
    return result


def give_back(book: Book, pay: Pay, n: int, now: datetime, result: Result) -> None:
    """To the grant itself while it lives, else to a new one of its class for 7 or 30 days."""
    grant = pay.grant
    if grant.dead is None:
        grant.remaining += n
        result.lines.append((grant, n))
        return
    wallet = grant.wallet
    if wallet.expires_at is not None and wallet.expires_at <= now:
        wallet = wallet_for(book, grant.account, wallet.type, wallet.features)
    days = 30 if grant.cls == "purchased" else 7
    fresh = give(book, wallet, n, grant.cls, now, now + timedelta(days=days))
    fresh.net = round(Fraction(grant.net * n, grant.amount))  # what these tokens had earned is owed again
    result.lines.append((fresh, n))
    result.grants.append(fresh)


def revoke(book: Book, account: Account, _now: datetime, *, grant: Grant, tokens: int | None = None) -> Result:
    if tokens is not None and tokens < 1:
        raise InvalidRequest("revoke at least 1")
    open_account_only(account)
    something_left(grant)
    if tokens is None:
        taken = kill(grant, "revoked")
    elif tokens > grant.free:
        raise InvalidRequest("more than is free")
    else:
        taken = tokens
        grant.remaining -= tokens
    repay(book, account)
    return Result("revocation", tokens=taken, lines=[(grant, taken)])


def expire(book: Book, account: Account, _now: datetime, *, grant: Grant) -> Result:
    open_account_only(account)
    something_left(grant)
    taken = kill(grant, "ended")
    return Result("expiry", tokens=taken, lines=[(grant, taken)])


def dispute(book: Book, account: Account, _now: datetime, *, grant: Grant, disputed: bool) -> Result:
    open_account_only(account)
    something_left(grant)
    if grant.disputed == disputed:
        raise InvalidRequest("it is so already")
    grant.disputed = disputed
    repay(book, account)
    return Result("adjustment")


def write_off(book: Book, account: Account, _now: datetime, *, tokens: int | None = None) -> Result:
    if tokens is not None and tokens < 1:
        raise InvalidRequest("write off at least 1")
    open_account_only(account)
    owed = [d for d in book.debts if d.owner is account and d.owed]
    total = sum(d.owed for d in owed)
    wanted = total if tokens is None else tokens
    if wanted > total or wanted < 1:
        raise InvalidRequest("more than is owed")
    left = wanted
    for debt in owed:
        n = min(left, debt.owed)
        debt.owed -= n
        debt.written_off += n
        left -= n
    return Result("adjustment", tokens=wanted)
