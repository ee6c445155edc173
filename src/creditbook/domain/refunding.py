"""Refunds of usage (rule 29): a usage's own lines are unwound, newest first, and never beyond what was charged."""

from __future__ import annotations

from datetime import timedelta

from .context import Desk
from .debts import repay
from .errors import InvalidRequest, NotFound
from .granting import add_grant, wallet_for
from .journal import Transaction
from .limits import refuse_closed
from .money import half_even
from .operations import Refund
from .program import GrantClass
from .state import Account, AccountStatus, Debt, Grant, PastLine, PastUsage

PURCHASED_LIFE, OTHER_LIFE = timedelta(days=30), timedelta(days=7)


def refund(desk: Desk, account: Account, operation: Refund) -> Transaction:
    """Give back what a usage charged, all that is left of it or the tokens named. The LLM's cost stays."""
    past = desk.book.pasts.get(operation.txn_id)
    if past is None or past.account_id != account.account_id:
        raise NotFound(f"This account has no usage {operation.txn_id}.")
    refuse_closed(account)
    if past.charged == 0:
        raise InvalidRequest("That usage charged nothing, so there is nothing to give back.")
    debt = _debt(desk, past)
    lines = [line for line in reversed(past.lines) if _returnable(desk, past, line)]
    most = (debt.owed if debt else 0) + sum(_left(line) for line in lines)
    amount = most if operation.tokens is None else operation.tokens
    if most == 0:
        raise InvalidRequest("All of that usage was given back before.")
    if not 0 < amount <= most:
        raise InvalidRequest(f"Between 1 and {most} tokens of that usage can be given back.")
    txn = _transaction(desk, account, past, amount, operation)
    of_pool = _unwind(desk, txn, past, debt, lines, amount)
    if of_pool and past.pool_id is not None:
        txn.quota_charged = -of_pool
        desk.journal.count_quota(account, past.pool_id, past.quota_period, -of_pool)
    past.refunded += amount
    desk.book_it(account, txn)
    for owner in (account, desk.book.pool_of(account)):
        if owner is not None:
            repay(desk, owner)
    return txn


def _debt(desk: Desk, past: PastUsage) -> Debt | None:
    """The usage's debt as it is now, in the book where it is still open."""
    if past.debt is None:
        return None
    return desk.book.accounts[past.debt.account_id].debts.get(past.debt.debt_id, past.debt)


def _left(line: PastLine) -> int:
    return -line.amount - line.returned


def _returnable(desk: Desk, past: PastUsage, line: PastLine) -> bool:
    """What a refunded pack paid and what a closed pool paid are left out."""
    owner = desk.book.accounts[line.account_id]
    return (
        _left(line) > 0
        and owner.status is not AccountStatus.CLOSED
        and _paid(desk, past, line).closed_reason != "refunded"
    )


def _paid(desk: Desk, past: PastUsage, line: PastLine) -> Grant:
    """The grant that paid a line: as the book carries it, else as it was loaded with the usage."""
    return desk.book.accounts[line.account_id].grants.get(line.grant_id) or past.grants[line.grant_id]


def _transaction(desk: Desk, account: Account, past: PastUsage, amount: int, operation: Refund) -> Transaction:
    txn = desk.transaction(account, "refund", operation=operation)
    txn.reverses_txn_id, txn.charged, txn.pool_id = past.txn_id, amount, past.pool_id
    txn.action, txn.feature, txn.agent, txn.model = past.action, past.feature, past.agent, past.model
    txn.project, txn.plan, txn.quota_period = past.project, past.plan, past.quota_period
    txn.description = "Given back"
    return txn


def _unwind(
    desk: Desk, txn: Transaction, past: PastUsage, debt: Debt | None, lines: list[PastLine], amount: int
) -> int:
    """Cancel unpaid debt, then return tokens line by line; tells how much of it had been the pool's."""
    left, of_pool = amount, 0
    if debt is not None and debt.owed:
        part = min(left, debt.owed)
        desk.journal.owe(txn, debt, -part, "cancelled")
        left -= part
        of_pool += part if debt.account_id == past.pool_id else 0
    for line in lines:
        if left == 0:
            break
        part = min(left, _left(line))
        _give_back(desk, txn, _paid(desk, past, line), line, part)
        line.returned += part
        left -= part
        of_pool += part if line.account_id == past.pool_id else 0
    return of_pool


def _give_back(desk: Desk, txn: Transaction, grant: Grant, line: PastLine, amount: int) -> None:
    """A live grant takes its tokens back with its old end; for a dead one a new grant of the same class opens, which
    carries their part of the price: what they had earned is owed again (rule 35)."""
    owner = desk.book.accounts[line.account_id]
    wallet = owner.wallets[grant.wallet_id]
    where = (line.txn_id, line.seq)
    expired_wallet = wallet.expires_at is not None and wallet.expires_at <= desk.now
    if not grant.ended(desk.now) and not expired_wallet:
        owner.grants[grant.grant_id] = grant
        desk.journal.move(txn, grant, amount, blocked=grant.disputed or not wallet.is_active, returns=where)
        return
    bought = grant.grant_class is GrantClass.PURCHASED
    target = wallet_for(desk, owner, wallet.type, wallet.features) if expired_wallet else wallet
    carried = half_even(grant.net_minor * amount, grant.amount) if grant.price_minor else 0
    add_grant(
        desk,
        txn,
        owner,
        target,
        amount,
        source="refund",
        grant_class=grant.grant_class,
        expires_at=desk.now + (PURCHASED_LIFE if bought else OTHER_LIFE),
        label="Given back",
        price_minor=carried or None,
        currency=grant.currency if carried else None,
        returns=where,
    )
