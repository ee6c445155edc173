"""Grants and wallets in a Book: opened, filled for a period, ended (rules 21-26)."""

from __future__ import annotations

from datetime import datetime

from model.books import Account, Book, Grant, Hold, Wallet
from model.days import boundary, first_next_date, local_date, next_date

from creditbook.domain.program import Allowance


def resets(wallet: Wallet) -> bool:
    return wallet.allowance is not None and wallet.active and wallet.account.status != "closed"


def release(hold: Hold) -> None:
    """Gives back what is still held; what goes back to a dead grant is gone with it."""
    for line in hold.lines:
        line.grant.held -= line.amount
        if line.grant.dead is not None:
            line.grant.remaining -= line.amount
        line.amount = 0


def kill(grant: Grant, reason: str) -> int:
    """Ends a grant; what is held of it stays until its hold is resolved. Returns what lapsed."""
    lapsed = grant.free
    grant.dead = reason
    grant.remaining = grant.held
    return lapsed


def wallet_for(book: Book, account: Account, kind: str, features: frozenset[str] | None) -> Wallet:
    """The account's oldest endless wallet of this type and features, an active one first; opened when there is none."""
    fitting = [
        w for w in book.wallets_of(account) if w.type == kind and w.features == features and w.expires_at is None
    ]
    fitting.sort(key=lambda w: not w.active)
    return fitting[0] if fitting else open_wallet(book, account, kind, features)


def open_wallet(
    book: Book, account: Account, kind: str, features: frozenset[str] | None, expires_at: datetime | None = None
) -> Wallet:
    wallet = Wallet(len(book.wallets), account, kind, "", features, expires_at)
    book.wallets.append(wallet)
    return wallet


def give(book: Book, wallet: Wallet, amount: int, cls: str, at: datetime, expires_at: datetime | None) -> Grant:
    """A new grant; its wallet's own expiry bounds it (rule 26)."""
    ends = [e for e in (expires_at, wallet.expires_at) if e is not None]
    book.granted += 1
    grant = Grant(book.granted, wallet.account, wallet, cls, amount, at, min(ends, default=None), amount)
    book.grants.append(grant)
    book.made.append(grant)
    return grant


def give_allowance(book: Book, wallet: Wallet, at: datetime) -> Grant | None:
    """The whole allowance until the running period's end; it alone is the base of a rollover then."""
    assert wallet.allowance is not None
    wallet.missing = False
    for g in book.grants:
        if g.wallet is wallet and g.allowance:
            g.allowance = False
    return give_beside(book, wallet, wallet.allowance.tokens, at)


def give_beside(book: Book, wallet: Wallet, tokens: int, at: datetime) -> Grant | None:
    """So many tokens of the running period's allowance, beside what is there of it."""
    if tokens <= 0:
        return None
    cls = book.plan_of(wallet.account).grant_class.value
    grant = give(book, wallet, tokens, cls, at, wallet.ends_at)
    grant.allowance = True
    return grant


def in_step(book: Book, wallet: Wallet) -> bool:
    """Whether this wallet's periods are the terms of its account's paid plan."""
    account, rule = wallet.account, wallet.allowance
    return account.term.first is not None and rule is not None and rule.every is book.plan_of(account).term


def set_period(book: Book, wallet: Wallet, at: datetime, *, anew: bool) -> None:
    """The period that begins now: its first date, the next one's, and the instant of that."""
    rule, account = wallet.allowance, wallet.account
    assert rule is not None
    zone = book.zone_of(account)
    wallet.first = local_date(at, zone)
    if in_step(book, wallet):
        wallet.next, wallet.ends_at = account.term.next, account.term.ends_at
        return
    wallet.next = first_next_date(rule.every, at, zone) if anew else next_date(rule.every, account.anchor, wallet.first)
    wallet.ends_at = boundary(wallet.next, zone, at)


def same_pocket(wallet: Wallet, allowance: Allowance) -> bool:
    return wallet.type == allowance.wallet.value and wallet.features == allowance.features


def pocket_of(book: Book, account: Account, allowance: Allowance) -> Wallet:
    """Where a plan's allowance goes: the wallet like it that resets already, else as any grant."""
    for w in book.wallets_of(account):
        if w.allowance is not None and same_pocket(w, allowance):
            return w
    return wallet_for(book, account, allowance.wallet.value, allowance.features)


def allowance_for(book: Book, wallet: Wallet) -> Allowance | None:
    """What the account's plan, in the account's version of it, gives into this wallet."""
    if wallet.account.plan is None:
        return None
    return next((a for a in book.plan_of(wallet.account).allowances if same_pocket(wallet, a)), None)
