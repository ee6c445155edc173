"""What an account has: posted, held, blocked, available and debt, and what it may draw from its pool (rule 11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from .state import Account, AccountStatus, Book, Grant, Wallet


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """One wallet's part of a balance, in whole tokens. ``allowance`` is what its period gave, 0 where it has none."""

    wallet_id: int
    type: str
    label: str
    features: frozenset[str] | None
    is_active: bool
    posted: int
    held: int
    blocked: int
    available: int
    allowance: int
    expires_at: datetime | None
    next_reset: datetime | None
    last_reset_at: datetime | None


@dataclass(frozen=True, slots=True)
class Balance:
    """All five figures of an account at an instant, in whole tokens.

    ``available`` and ``from_pool`` are None for "unlimited"; available includes ``from_pool``. ``pending`` tells that
    settlement is due and counted here but not yet written (rule 19). ``by_feature`` names every feature for which the
    spendable tokens differ from the total. ``next_reset`` is the soonest reset of any wallet.
    """

    account: str
    at: datetime
    zone: str
    plan: str
    status: str
    posted: int
    held: int
    blocked: int
    available: int | None
    debt: int
    from_pool: int | None
    wallets: tuple[WalletBalance, ...]
    next_reset: datetime | None
    pending: bool = False
    quota_left: int | None = None
    by_feature: dict[str, int | None] = field(default_factory=dict)


def spendable(grant: Grant, wallet: Wallet, at: datetime, feature: str | None = None) -> bool:
    """Whether a grant's free tokens may be spent at this instant; for a feature, where one is named."""
    return (
        wallet.is_active
        and not grant.disputed
        and grant.closed_reason is None
        and (grant.expires_at is None or grant.expires_at > at)
        and (feature is None or wallet.features is None or feature in wallet.features)
    )


def own_available(account: Account, at: datetime, feature: str | None = None) -> int:
    """Free spendable tokens of the account's own grants; of every feature together where none is named."""
    wallets = account.wallets
    total = 0
    for grant in account.grants.values():
        free = grant.remaining - grant.held
        if free and spendable(grant, wallets[grant.wallet_id], at, feature):
            total += free
    return total


def pool_period(pool: Account) -> date | None:
    """First date of the pool's running period, by which quotas are counted; None where it has none."""
    for wallet in pool.wallets.values():
        if wallet.every is not None:
            return wallet.period_first
    return None


def held_of_pool(book: Book, account: Account) -> int:
    """Tokens of the pool that the member's open holds reserve."""
    pool = book.pool_of(account)
    if pool is None:
        return 0
    return sum(n for hold in account.holds.values() for grant_id, n in hold.reserved.items() if grant_id in pool.grants)


def quota_left(book: Book, account: Account) -> int | None:
    """What the member may still take from the pool in its period, never below 0; None without a quota."""
    pool = book.pool_of(account)
    if pool is None or account.quota_tokens is None:
        return None
    used = account.quota_used.get(pool_period(pool), 0)
    return max(0, account.quota_tokens - used - held_of_pool(book, account))


def paying_pool(book: Book, account: Account) -> Account | None:
    """The pool that pays for this member now: a frozen or closed one pays nothing."""
    pool = book.pool_of(account)
    return pool if pool is not None and pool.status is AccountStatus.ACTIVE else None


def is_unlimited(book: Book, account: Account) -> bool:
    """Whether the account burns nothing: its own plan is unlimited, or its active pool's is (rule 9)."""
    own = book.own_plan(account)
    if own is not None and own.unlimited:
        return True
    pool = paying_pool(book, account)
    return pool is not None and book.plan_of(pool).unlimited


def from_pool(book: Book, account: Account, at: datetime, feature: str | None = None) -> int:
    """What the member may draw from the pool now: what is there, within what her quota leaves."""
    pool = paying_pool(book, account)
    if pool is None:
        return 0
    there = own_available(pool, at, feature)
    left = quota_left(book, account)
    return there if left is None else min(there, left)


def available_tokens(book: Book, account: Account, at: datetime, feature: str | None = None) -> int | None:
    """Available as people mean it; None when unlimited."""
    if is_unlimited(book, account):
        return None
    if account.pool_id is None:
        return own_available(account, at, feature)
    return own_available(account, at, feature) + from_pool(book, account, at, feature)


def balance_of(
    book: Book, account: Account, at: datetime, feature: str | None, *, pending: bool, shown: str
) -> Balance:
    """The balance of a settled account. ``shown`` is the account's name as people write it."""
    wallets = tuple(_wallet_balance(book, account, wallet, at) for wallet in account.wallets.values())
    resets = [w.next_reset for w in wallets if w.next_reset is not None]
    unlimited = is_unlimited(book, account)
    return Balance(
        account=shown,
        at=at,
        zone=account.zone,
        plan=book.plan_of(account).slug,
        status=str(account.status),
        posted=sum(w.posted for w in wallets),
        held=sum(w.held for w in wallets),
        blocked=sum(w.blocked for w in wallets),
        available=available_tokens(book, account, at, feature),
        debt=sum(debt.owed for debt in account.debts.values()),
        from_pool=None if unlimited else from_pool(book, account, at, feature),
        wallets=wallets,
        next_reset=min(resets, default=None),
        pending=pending,
        quota_left=quota_left(book, account),
        by_feature={} if unlimited else _by_feature(book, account, at),
    )


def _by_feature(book: Book, account: Account, at: datetime) -> dict[str, int | None]:
    """Spendable tokens per feature, where restricted wallets make them differ from the total."""
    pool = book.pool_of(account)
    wallets = [*account.wallets.values(), *(pool.wallets.values() if pool else ())]
    named: set[str] = set().union(*(wallet.features for wallet in wallets if wallet.features))
    return {feature: available_tokens(book, account, at, feature) for feature in sorted(named)}


def _resets(account: Account, wallet: Wallet) -> bool:
    """Whether the wallet lives on at the end of its period, in an account that does."""
    end = wallet.period_ends_at
    lives = end is not None and (wallet.expires_at is None or wallet.expires_at > end)
    return lives and wallet.is_active and account.status is not AccountStatus.CLOSED


def _wallet_balance(book: Book, account: Account, wallet: Wallet, at: datetime) -> WalletBalance:
    grants = [grant for grant in account.grants.values() if grant.wallet_id == wallet.wallet_id]
    posted, held = sum(g.remaining for g in grants), sum(g.held for g in grants)
    available = sum(g.free for g in grants if spendable(g, wallet, at))
    allowance = sum(
        g.amount
        for g in grants
        if g.source == "allowance" and g.period_first == wallet.period_first and not g.ended(at)
    )
    return WalletBalance(
        wallet_id=wallet.wallet_id,
        type=str(wallet.type),
        label=wallet.label,
        features=wallet.features,
        is_active=wallet.is_active,
        posted=posted,
        held=held,
        blocked=posted - held - available,
        available=available,
        allowance=allowance,
        expires_at=wallet.expires_at,
        next_reset=wallet.period_ends_at if _resets(account, wallet) else None,
        last_reset_at=wallet.last_reset_at,
    )
