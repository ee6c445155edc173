"""Time passing in a Book, boundary by boundary, each at its own instant (rules 18-26)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from model.books import Account, Book, Pay, Wallet
from model.days import boundary, local_date, next_date
from model.reading import burn_order, remember
from model.terms import term_due, turn, turn_terms, turning_now
from model.wallets import give, give_allowance, kill, release, resets, wallet_for

from creditbook.domain.program import Allowance


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
    for account in accounts:
        when = term_due(account)
        if when is not None:
            yield when


def live_through(book: Book, accounts: list[Account], instant: datetime) -> None:
    """One instant, in the order of rule 20."""
    for hold in book.holds:
        if hold.status == "open" and hold.account in accounts and hold.ends_at <= instant:
            hold.status = "timed_out"
            release(hold)
    turning = turning_now(book, accounts, instant)
    ended = [(w, w.allowance) for w in turning]
    terms = {account.name: account.term for account in accounts}
    fresh = turn_terms(book, accounts, turning, instant)
    for w in turning:
        if w.allowance is not None and w not in fresh:
            turn(book, w, instant)
            fresh.append(w)
    for w, rule in ended:
        roll_over(book, w, rule, instant)
    for g in book.grants:
        if g.account in accounts and g.dead is None and g.expires_at is not None and g.expires_at <= instant:
            kill(g, "ended")
    for w in sorted(fresh, key=lambda w: w.no if terms[w.account.name] is w.account.term else 0):
        give_allowance(book, w, instant)  # begun anew: in the order of the plan, else in that of the wallets
    for account in accounts:
        repay(book, account)
    book.grants = [g for g in book.grants if g.dead is None or g.remaining]
    remember(book, accounts, instant)


def roll_over(book: Book, wallet: Wallet, rule: Allowance | None, instant: datetime) -> None:
    """Rule 24, by the plan that ended: a share of what is unspent and unheld lives one period longer."""
    assert rule is not None
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
    ends = wallet.ends_at
    if wallet.allowance is None:  # the new plan has no such wallet: as long as its own next period would have been
        zone = book.zone_of(wallet.account)
        ends = boundary(next_date(rule.every, wallet.account.anchor, local_date(instant, zone)), zone, instant)
    into = wallet_for(book, wallet.account, "ROLLOVER", wallet.features)
    give(book, into, rolled, cls, instant, ends).rolled_from = wallet


def repay(book: Book, account: Account) -> int:
    """Rule 15: spendable tokens of the owing account pay its debts, oldest first."""
    if book.own_unlimited(account):
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
