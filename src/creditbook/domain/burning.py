"""Which grants burn first (rule 7): what lasts longest is spent last, and the same history burns the same grants."""

from __future__ import annotations

from datetime import UTC, datetime

from .balance import paying_pool, quota_left, spendable
from .context import Desk
from .errors import InsufficientTokens, LedgerError, LimitExceeded
from .limits import quota_reopens
from .program import WALLET_RANK, GrantClass, WalletType
from .state import Account, Book, Grant, Wallet

NEVER = datetime.max.replace(tzinfo=UTC)
PAID = frozenset({GrantClass.PLAN, GrantClass.PURCHASED})

Take = tuple[Grant, int]


def burn_key(grant: Grant, wallet: Wallet, own: bool, preferred: WalletType | None = None) -> tuple[object, ...]:
    """The sort key of rule 7, one line a clause; False sorts before True."""
    return (
        preferred is not None and wallet.type is not preferred,  # the caller's preferred wallet first
        not own,  # her own before the pool's
        wallet.features is None,  # feature-restricted before general
        grant.expires_at or NEVER,  # soonest end first, never-ending last
        WALLET_RANK[wallet.type],  # STANDARD, ROLLOVER, MONTHLY, BONUS, PREMIUM
        grant.grant_class in PAID,  # free and promotional before plan and purchased
        grant.effective_at,  # oldest first
        grant.grant_id,  # order of creation
    )


def burnable(
    book: Book,
    account: Account,
    at: datetime,
    feature: str,
    *,
    wallet: WalletType | None = None,
    only: bool = False,
    pool: bool = True,
) -> list[Grant]:
    """Grants with free tokens that may be spent on a feature now, in burn-down order, the active pool's among them."""
    payers = [account]
    if pool and (shared := paying_pool(book, account)) is not None:
        payers.append(shared)
    found = [
        (burn_key(grant, pocket, payer is account, wallet), grant)
        for payer in payers
        for grant in payer.grants.values()
        if grant.remaining > grant.held
        and spendable(grant, pocket := payer.wallets[grant.wallet_id], at, feature)
        and not (only and wallet is not None and pocket.type is not wallet)
    ]
    if len(found) > 1:
        found.sort(key=lambda pair: pair[0])
    return [grant for _, grant in found]


def allot(
    desk: Desk, account: Account, need: int, feature: str, wallet: WalletType | None = None, *, only: bool = False
) -> tuple[list[Take], LedgerError | None]:
    """Choose what pays for ``need`` tokens, within the member's quota of the pool, without moving anything.

    Returns what can be taken (all of it, or what is there) and the refusal if that is not enough: a quota refuses only
    what would pass without it (rule 5). A pool pays nothing of an import (rule 27).
    """
    of_pool = desk.import_id is None
    quota = quota_left(desk.book, account)
    left, there = need, 0
    takes: list[Take] = []
    for grant in burnable(desk.book, account, desk.now, feature, wallet=wallet, only=only, pool=of_pool):
        free = grant.remaining - grant.held
        there += free
        part = min(free, left)
        if quota is not None and grant.account_id != account.account_id:
            part = min(part, quota)
            quota -= part
        if part:
            takes.append((grant, part))
            left -= part
            if left == 0:
                return takes, None
    if there >= need:
        message = f"Your share of the team's tokens is used up: {need - left} of the {need} needed are left."
        return takes, LimitExceeded(message, "quota", quota_reopens(desk, account))
    return takes, InsufficientTokens(need, need - left, desk.book.program.packages_url)
