"""Tokens given: into a wallet that is there or a new one; large ones with a second administrator's word (rule 38)."""

from __future__ import annotations

from datetime import datetime, timedelta

from .context import Desk
from .debts import repay
from .errors import InvalidRequest, NeedsApproval, NotFound
from .granting import add_grant, open_wallet_row, wallet_for
from .journal import Transaction
from .limits import MOST_TOKENS, refuse_closed
from .operations import GrantTokens, OpenWallet, Operation
from .program import GrantClass
from .state import Account, Grant, Wallet


def grant_tokens(desk: Desk, account: Account, operation: GrantTokens) -> Transaction:
    """Give tokens; a frozen account receives them too. Debts that they could have paid are repaid at once.

    Raises `NeedsApproval` above the program's bound, unless a second administrator has approved it (rule 38).
    """
    if not 1 <= operation.tokens < MOST_TOKENS:
        raise InvalidRequest("Grant at least 1 token, and no more than anything ever used.")
    refuse_closed(account)
    if operation.kind == "grant":
        _approved(desk, operation.tokens, operation, operation.approved_by)
    if operation.expires_at is not None and operation.expires_at <= desk.now:
        raise InvalidRequest("The grant would already have expired. Choose an end in the future.")
    if operation.wallet_id is None:
        wallet = wallet_for(desk, account, operation.wallet, operation.features)
    else:
        wallet = _wallet(account, operation.wallet_id)
        if wallet.expires_at is not None and wallet.expires_at <= desk.now:
            raise InvalidRequest("That wallet has expired. Choose another one.")
    return give(
        desk,
        account,
        operation,
        wallet,
        operation.tokens,
        kind=operation.kind,
        grant_class=operation.grant_class,
        expires_at=operation.expires_at,
        label=operation.label,
        price_minor=operation.price_minor,
        currency=operation.currency,
        metadata=operation.metadata,
    )[0]


def _approved(desk: Desk, tokens: int, operation: Operation, approved_by: str) -> None:
    above = desk.book.program.approval_above
    if above is None or tokens <= above:
        return
    if not approved_by:
        raise NeedsApproval(above)
    if approved_by == operation.actor:
        raise InvalidRequest("Nobody approves a grant of her own. Ask another administrator.")


def give(
    desk: Desk,
    account: Account,
    operation: Operation,
    wallet: Wallet,
    tokens: int,
    *,
    kind: str,
    grant_class: GrantClass,
    expires_at: datetime | None,
    label: str,
    price_minor: int | None = None,
    tax_minor: int = 0,
    currency: str | None = None,
    metadata: dict[str, object] | None = None,
) -> tuple[Transaction, Grant]:
    """Write a grant with its transaction, and let it repay the debts that it could have paid."""
    txn = desk.transaction(account, kind, operation=operation)
    txn.description, txn.metadata = label, metadata
    grant = add_grant(
        desk,
        txn,
        account,
        wallet,
        tokens,
        source=kind,
        grant_class=grant_class,
        expires_at=expires_at,
        label=label,
        price_minor=price_minor,
        tax_minor=tax_minor,
        currency=currency,
    )
    desk.book_it(account, txn)
    repay(desk, account)
    return txn, grant


def lifetime(desk: Desk, days: int | None) -> datetime | None:
    """When something ends that lives so many days of 24 hours from now; None never ends."""
    return None if days is None else desk.now + timedelta(days=days)


def _wallet(account: Account, wallet_id: int) -> Wallet:
    wallet = account.wallets.get(wallet_id)
    if wallet is None:
        raise NotFound(f"This account has no wallet {wallet_id}.")
    return wallet


def open_wallet(desk: Desk, account: Account, operation: OpenWallet) -> tuple[Wallet, Transaction | None]:
    """Open a further wallet, with a grant in it when tokens are named."""
    if not 0 <= operation.tokens < MOST_TOKENS:
        raise InvalidRequest("A wallet begins with 0 tokens or more, and no more than anything ever used.")
    refuse_closed(account)
    _approved(desk, operation.tokens, operation, "")
    if operation.expires_at is not None and operation.expires_at <= desk.now:
        raise InvalidRequest("The wallet would already have expired. Choose an end in the future.")
    wallet = open_wallet_row(desk, account, operation.type, operation.label, operation.features, operation.expires_at)
    if operation.tokens == 0:
        return wallet, None
    gift = GrantTokens(
        account_id=account.account_id,
        key=operation.key,
        request_hash=operation.request_hash,
        actor=operation.actor,
        reason=operation.reason,
        tokens=operation.tokens,
        wallet_id=wallet.wallet_id,
        grant_class=operation.grant_class,
        label=operation.label,
    )
    return wallet, grant_tokens(desk, account, gift)
