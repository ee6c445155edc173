"""Time passing in a Book, boundary by boundary, each at its own instant (rules 18-26)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from model.books import Account, Book, Grant, Hold, Pay, Wallet
from model.days import boundary, first_next_date, local_date, next_date
from model.reading import burn_order, remember


def settle(book: Book, account: Account, now: datetime) -> datetime:
    """Lives through everything due up to the account's clock and returns that clock."""
    upto = book.clock_of(account, now)
    accounts = book.cluster(account)
    while (instant := min(due(book, accounts), default=None)) is not None and instant <= upto:
        live_through(book, accounts, instant)
    account.clock = upto
    pool = book.pool_of(account)
    if pool is not None:
        pool.clock = upto
    return upto


def anything_due(book: Book, account: Account, now: datetime) -> bool:
    upto = book.clock_of(account, now)
    return any(instant <= upto for instant in due(book, book.cluster(account)))


def due(book: Book, accounts: list[Account]) -> Iterator[datetime]:
    for hold in book.holds:
        if hold.status == "open" and hold.account in accounts:
            yield hold.ends_at
    for g in book.grants:
        if g.dead is None and g.expires_at is not None and g.account in accounts:
            yield g.expires_at
    for w in book.wallets:
        if resets(w) and w.ends_at is not None and w.account in accounts:
            yield w.ends_at


def resets(wallet: Wallet) -> bool:
    return wallet.allowance is not None and wallet.active and wallet.account.status != "closed"


def live_through(book: Book, accounts: list[Account], instant: datetime) -> None:
    """One instant, in the order of rule 20."""
    for hold in book.holds:
        if hold.status == "open" and hold.account in accounts and hold.ends_at <= instant:
            hold.status = "timed_out"
            release(hold)
    turning = [w for w in book.wallets if w.account in accounts and resets(w) and w.ends_at and w.ends_at <= instant]
    for w in turning:
        roll_over(book, w, instant)
    for g in book.grants:
        if g.account in accounts and g.dead is None and g.expires_at is not None and g.expires_at <= instant:
            kill(g, "ended")
    for w in turning:
        assert w.allowance is not None
        w.first = local_date(instant, book.zone_of(w.account))
        w.next = next_date(w.allowance.every, w.account.anchor, w.first)
        open_period(book, w, instant)
    for account in accounts:
        repay(book, account)
    book.grants = [g for g in book.grants if g.dead is None or g.remaining]
    remember(book, accounts, instant)


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


def roll_over(book: Book, wallet: Wallet, instant: datetime) -> None:
    """Rule 24: a share of what is unspent and unheld of the period just ended lives one period longer."""
    assert wallet.allowance is not None
    rule = wallet.allowance
    base = [g for g in book.grants if g.wallet is wallet and g.allowance and g.dead is None]
    unspent = sum(g.free for g in base)
    rolled = unspent * rule.rollover.numerator // rule.rollover.denominator
    if rule.rollover_cap is not None:
        rolled = min(rolled, rule.rollover_cap)
    if rolled <= 0:
        return
    cls = base[-1].cls
    left = rolled
    for g in base:
        taken = min(left, g.free)
        g.remaining -= taken
        left -= taken
    zone = book.zone_of(wallet.account)
    first = local_date(instant, zone)
    ends = boundary(next_date(rule.every, wallet.account.anchor, first), zone, instant)
    into = wallet_for(book, wallet.account, "ROLLOVER", wallet.features)
    give(book, into, rolled, cls, instant, ends).rolled_from = wallet


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


def open_period(book: Book, wallet: Wallet, at: datetime) -> Grant | None:
    """The whole allowance, until the first instant of the next period's first date."""
    assert wallet.next is not None
    wallet.ends_at = boundary(wallet.next, book.zone_of(wallet.account), at)
    return give_allowance(book, wallet, at)


def give_allowance(book: Book, wallet: Wallet, at: datetime) -> Grant | None:
    """The whole allowance until the running period's end; it alone is the base of a rollover then."""
    assert wallet.allowance is not None
    for g in book.grants:
        if g.wallet is wallet and g.allowance:
            g.allowance = False
    if wallet.allowance.tokens == 0:
        return None
    grant = give(book, wallet, wallet.allowance.tokens, plan_class(book, wallet.account), at, wallet.ends_at)
    grant.allowance = True
    return grant


def plan_class(book: Book, account: Account) -> str:
    return book.plan_of(account).grant_class.value


def open_first_period(book: Book, wallet: Wallet, at: datetime) -> None:
    assert wallet.allowance is not None
    zone = book.zone_of(wallet.account)
    wallet.first = local_date(at, zone)
    wallet.next = first_next_date(wallet.allowance.every, at, zone)
    open_period(book, wallet, at)


def repay(book: Book, account: Account) -> int:
    """Rule 15: spendable tokens of the owing account pay its debts, oldest first."""
    if account.plan is not None and book.program.plans[account.plan].unlimited:
        return 0
    total = 0
    for debt in book.debts:
        if debt.owner is not account or debt.owed == 0:
            continue
        for g in burn_order(book, account, debt.feature, pool=False):
            taken = min(debt.owed, g.free)
            if taken:
                g.remaining -= taken
                debt.owed -= taken
                debt.use.pays.append(Pay(g, taken, repaid=True))
                total += taken
    return total
