"""What can be read off a Book at one instant at which it is settled: burn-down order, available, balances."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from model.books import Account, Book, Grant
from model.days import local_date

from creditbook.domain.program import Enforcement

Past = tuple[int, int, int, int]
NEVER = datetime.max.replace(tzinfo=UTC)
TYPE_ORDER = ["STANDARD", "ROLLOVER", "MONTHLY", "BONUS", "PREMIUM"]


def burn_order(
    book: Book,
    account: Account,
    feature: str | None,
    *,
    wallet: str | None = None,
    only: bool = False,
    pool: bool = True,
) -> list[Grant]:
    """Rule 7, word by word. ``pool`` False leaves out what the pool would pay."""
    payers = [account]
    paying = book.paying_pool(account)
    if pool and paying is not None:
        payers.append(paying)
    fitting = [
        g
        for g in book.grants
        if g.account in payers
        and g.live
        and g.free > 0
        and g.wallet.fits(feature)
        and not (only and wallet is not None and g.wallet.type != wallet)
    ]

    def key(g: Grant) -> tuple[Any, ...]:
        return (
            0 if wallet is not None and g.wallet.type == wallet else 1,
            0 if g.account is account else 1,
            0 if g.wallet.features is not None else 1,
            g.expires_at or NEVER,
            TYPE_ORDER.index(g.wallet.type),
            0 if g.cls in ("free", "promotional") else 1,
            g.effective_at,
            g.no,
        )

    return sorted(fitting, key=key)


def own(book: Book, account: Account, feature: str | None, wallet: str | None = None, only: bool = False) -> int:
    return sum(g.free for g in burn_order(book, account, feature, wallet=wallet, only=only, pool=False))


def pool_has(book: Book, account: Account, feature: str | None, wallet: str | None = None, only: bool = False) -> int:
    pool = book.paying_pool(account)
    return 0 if pool is None else own(book, pool, feature, wallet, only)


def quota_period(book: Book) -> tuple[date | None, datetime | None]:
    """The pool's running period: its first date and its end."""
    pool = book.pool
    assert pool is not None
    for w in book.wallets_of(pool):
        if w.allowance is not None:
            return w.first, w.ends_at
    return None, None


def quota_used(book: Book, account: Account) -> int:
    """Charged and held of the pool by this member in the pool's running period (rule 33)."""
    first, _ = quota_period(book)
    pool = book.pool
    charged = 0
    for use in book.uses:
        if use.account is not account or use.quota_period != first:
            continue
        charged += sum(p.amount for p in use.pays if p.grant.account is pool and not p.repaid)
        if use.debt is not None and use.debt.owner is pool:
            charged += use.debt.incurred
        charged -= use.quota_back
    held = sum(
        line.amount
        for hold in book.holds
        if hold.account is account and hold.status == "open"
        for line in hold.lines
        if line.grant.account is pool
    )
    return charged + held


def quota_left(book: Book, account: Account) -> int | None:
    if account.quota is None or book.pool_of(account) is None:
        return None
    return max(0, account.quota - quota_used(book, account))


def from_pool(book: Book, account: Account, feature: str | None, wallet: str | None = None, only: bool = False) -> int:
    left = quota_left(book, account)
    has = pool_has(book, account, feature, wallet, only)
    return has if left is None else min(has, left)


def available(book: Book, account: Account, feature: str | None, wallet: str | None = None, only: bool = False) -> int:
    """What this account could spend now, for the feature if one is named."""
    return own(book, account, feature, wallet, only) + from_pool(book, account, feature, wallet, only)


def metering(book: Book, account: Account) -> bool:
    return book.program.enforcement is Enforcement.OFF or book.unlimited(account)


def balance(book: Book, account: Account, now: datetime, feature: str | None = None) -> dict[str, Any]:
    """The five figures and what stands beside them."""
    grants = book.grants_of(account)
    wallets = book.wallets_of(account)
    resets = [w.ends_at for w in wallets if w.allowance and w.active and w.ends_at and account.status != "closed"]
    return {
        "posted": sum(g.remaining for g in grants),
        "held": sum(g.held for g in grants),
        "blocked": sum(g.free for g in grants if not g.live),
        "available": None if book.unlimited(account) else available(book, account, feature),
        "from_pool": None if book.unlimited(account) else from_pool(book, account, feature),
        "debt": sum(d.owed for d in book.debts if d.owner is account),
        "wallets": [
            (
                w.type,
                tuple(sorted(w.features)) if w.features is not None else None,
                w.active,
                sum(g.remaining for g in grants if g.wallet is w),
                sum(g.held for g in grants if g.wallet is w),
            )
            for w in wallets
        ],
        "requests_today": book.requests.get((account.name, local_date(now, book.zone_of(account))), 0),
        "next_reset": min(resets, default=None),
        "quota_left": quota_left(book, account),
    }


def snapshot(book: Book, account: Account) -> Past:
    """What an as-of balance is compared by: posted, held, blocked, debt."""
    grants = book.grants_of(account)
    return (
        sum(g.remaining for g in grants),
        sum(g.held for g in grants),
        sum(g.free for g in grants if not g.live),
        sum(d.owed for d in book.debts if d.owner is account),
    )


def remember(book: Book, accounts: list[Account], at: datetime) -> None:
    """Writes down how these accounts stand as of this instant, over what was written for the same instant."""
    for account in accounts:
        past = book.history.setdefault(account.name, [])
        while past and past[-1][0] >= at:
            past.pop()
        past.append((at, snapshot(book, account)))


def as_of(book: Book, account: Account, at: datetime) -> Past:
    """How the account stood at an instant of its past, all that happened at that instant included."""
    found = (0, 0, 0, 0)
    for instant, figures in book.history.get(account.name, []):
        if instant <= at:
            found = figures
    return found
