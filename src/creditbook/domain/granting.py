"""Grants: opened, revoked, ended early, disputed; and what lapses of dead ones (rules 25, 26, 28, 30)."""

from __future__ import annotations

from datetime import datetime

from .balance import available_tokens
from .context import Desk
from .debts import repay
from .errors import InvalidRequest, NotFound
from .journal import Transaction
from .limits import refuse_closed
from .operations import Dispute, Expire, Operation, Revoke
from .program import GrantClass, WalletType
from .state import Account, Grant, Wallet

LAPSE_KIND = {
    "revoked": "revocation",
    "closed": "revocation",
    "plan_change": "plan_change",
    "refunded": "purchase_refund",
}
LAPSE_TITLE = {
    "expiry": "Expired",
    "revocation": "Taken back",
    "plan_change": "Allowance closed: the plan changed",
    "purchase_refund": "Taken back: the purchase was refunded",
}


def open_wallet_row(
    desk: Desk,
    account: Account,
    type_: WalletType,
    label: str,
    features: frozenset[str] | None,
    expires_at: datetime | None,
) -> Wallet:
    """A new, empty wallet."""
    wallet = Wallet(
        wallet_id=desk.journal.new_id(),
        account_id=account.account_id,
        type=type_,
        label=label,
        features=features,
        expires_at=expires_at,
        created_at=desk.now,
    )
    account.wallets[wallet.wallet_id] = wallet
    desk.journal.wallets.append(wallet)
    return wallet


def wallet_for(desk: Desk, account: Account, type_: WalletType, features: frozenset[str] | None = None) -> Wallet:
    """The account's wallet of this type and features that tokens can go into: active before inactive, the first opened
    first; a new one where there is none. Wallets with an end of their own receive only what names them."""
    fitting = [
        wallet
        for wallet in account.wallets.values()
        if wallet.type is type_ and wallet.features == features and wallet.expires_at is None
    ]
    fitting.sort(key=lambda wallet: (not wallet.is_active, wallet.wallet_id))
    return fitting[0] if fitting else open_wallet_row(desk, account, type_, "", features, None)


def spendable_wallet(desk: Desk, account: Account, type_: WalletType, features: frozenset[str] | None = None) -> Wallet:
    """`wallet_for`, but never one that is switched off: what somebody has paid for must not arrive blocked."""
    wallet = wallet_for(desk, account, type_, features)
    return wallet if wallet.is_active else open_wallet_row(desk, account, type_, "", features, None)


def add_grant(
    desk: Desk,
    txn: Transaction,
    account: Account,
    wallet: Wallet,
    amount: int,
    *,
    source: str,
    grant_class: GrantClass,
    expires_at: datetime | None,
    label: str = "",
    price_minor: int | None = None,
    tax_minor: int = 0,
    currency: str | None = None,
    returns: tuple[int, int] | None = None,
) -> Grant:
    """Open a grant and write its first entry on ``txn``."""
    if wallet.expires_at is not None:
        expires_at = wallet.expires_at if expires_at is None else min(expires_at, wallet.expires_at)
    grant = Grant(
        grant_id=desk.journal.new_id(),
        account_id=account.account_id,
        wallet_id=wallet.wallet_id,
        txn_id=txn.txn_id,
        source=source,
        grant_class=grant_class,
        amount=amount,
        effective_at=desk.now,
        expires_at=expires_at,
        remaining=0,
        label=label,
        price_minor=price_minor,
        tax_minor=tax_minor,
        currency=currency,
    )
    account.grants[grant.grant_id] = grant
    desk.journal.grants.append(grant)
    desk.journal.move(txn, grant, amount, blocked=not wallet.is_active, returns=returns)
    return grant


def lapse(desk: Desk, account: Account, operation: Operation | None = None) -> None:
    """Take what is free of dead grants out of the books: one transaction per kind of death (rule 25)."""
    dead: dict[str, list[Grant]] = {}
    for grant in account.grants.values():
        if grant.remaining > grant.held and grant.ended(desk.now):
            dead.setdefault(LAPSE_KIND.get(grant.closed_reason or "", "expiry"), []).append(grant)
    for kind in sorted(dead):
        txn = desk.transaction(account, kind, operation=operation)
        txn.description = LAPSE_TITLE[kind]
        before = ending_now(desk, account)
        for grant in sorted(dead[kind], key=lambda grant: grant.grant_id):
            desk.journal.move(txn, grant, -grant.free)
            grant.live = grant.remaining > 0
        book_at_an_end(desk, account, txn, before)


def ending_now(desk: Desk, account: Account) -> int:
    """Tokens that were available until this very instant and are still in the books: what an end takes away."""
    return sum(
        grant.free
        for grant in account.grants.values()
        if desk.now in (grant.expires_at, grant.closed_at)
        and not grant.disputed
        and account.wallets[grant.wallet_id].is_active
    )


def book_at_an_end(desk: Desk, account: Account, txn: Transaction, before: int) -> None:
    """Book a transaction at the end of grants so that people see what was there until then go, and not be gone."""
    desk.book_it(account, txn)
    if txn.available_before is not None and txn.available_after is not None:
        txn.available_before += before
        txn.available_after += ending_now(desk, account)


def _grant(account: Account, grant_id: int) -> Grant:
    refuse_closed(account)
    grant = account.grants.get(grant_id)
    if grant is None or grant.remaining == 0:
        raise NotFound(f"This account has no grant {grant_id} with tokens left in it.")
    return grant


def _end(desk: Desk, account: Account, grant: Grant, reason: str) -> None:
    if grant.ended(desk.now):
        raise InvalidRequest("That grant has ended already; what is held of it lapses when it is released.")
    grant.closed_reason, grant.closed_at = reason, desk.now
    grant.live = grant.remaining > 0
    desk.journal.touched_grants[grant.grant_id] = grant


def revoke(desk: Desk, account: Account, operation: Revoke) -> Transaction:
    """Take tokens of a grant back. Without a number: all of it, held tokens when they are released."""
    grant = _grant(account, operation.grant_id)
    amount = grant.free if operation.tokens is None else operation.tokens
    if operation.tokens is not None and not 0 < amount <= grant.free:
        raise InvalidRequest(f"Only {grant.free} tokens of this grant are free to be taken back.")
    before = available_tokens(desk.book, account, desk.now)
    if operation.tokens is None:
        _end(desk, account, grant, "revoked")
    elif grant.ended(desk.now):
        raise InvalidRequest("That grant has ended already.")
    txn = desk.transaction(account, "revocation", operation=operation)
    txn.reverses_txn_id = grant.txn_id
    txn.available_before = before
    txn.description = "Taken back"
    if amount:
        desk.journal.move(txn, grant, -amount)
        if operation.tokens is None:
            grant.live = grant.remaining > 0
    return desk.book_it(account, txn)


def expire(desk: Desk, account: Account, operation: Expire) -> Transaction:
    """End a grant now, as breakage; what is held of it lapses when it is released."""
    grant = _grant(account, operation.grant_id)
    _end(desk, account, grant, "expired")
    if grant.free:
        lapse(desk, account, operation)
        return desk.journal.transactions[-1]
    txn = desk.transaction(account, "expiry", operation=operation)
    txn.description = "Expired: all of it is held by open work"
    return desk.book_it(account, txn)


def mark_blocked(
    desk: Desk, account: Account, grants: list[Grant], blocked: bool, operation: Operation, what: str
) -> Transaction:
    """Book that grants are blocked or free from now on: an adjustment of no tokens, so that the past can be asked."""
    txn = desk.transaction(account, "adjustment", operation=operation)
    txn.description = what
    for grant in grants:
        desk.journal.move(txn, grant, 0, blocked=blocked)
    return desk.book_it(account, txn)


def dispute(desk: Desk, account: Account, operation: Dispute) -> Transaction:
    """Freeze or thaw one grant (rule 30); thawed tokens repay debts."""
    grant = _grant(account, operation.grant_id)
    if grant.disputed is operation.disputed:
        raise InvalidRequest("That grant is already so.")
    grant.disputed = operation.disputed
    wallet = account.wallets[grant.wallet_id]
    what = "Grant frozen by a dispute" if operation.disputed else "Dispute ended: grant free again"
    txn = mark_blocked(desk, account, [grant], operation.disputed or not wallet.is_active, operation, what)
    repay(desk, account)
    return txn
