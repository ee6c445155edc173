"""Debt: what captured work took beyond what was there, until it is repaid, cancelled or written off (rules 12, 15)."""

from __future__ import annotations

from .burning import burnable
from .context import Desk
from .errors import InvalidRequest
from .journal import Transaction
from .limits import refuse_closed
from .operations import WriteOff
from .state import Account, AccountStatus, Debt, PastLine


def incur(desk: Desk, owner: Account, txn: Transaction, feature: str, amount: int) -> Debt:
    """Write the shortfall of a part as a debt of ``owner``."""
    debt = Debt(
        debt_id=desk.journal.new_id(),
        account_id=owner.account_id,
        txn_id=txn.txn_id,
        feature=feature,
        incurred=amount,
        owed=0,
        effective_at=desk.now,
    )
    owner.debts[debt.debt_id] = debt
    desk.journal.debts.append(debt)
    desk.journal.owe(txn, debt, amount, "incurred")
    return debt


def repay(desk: Desk, account: Account) -> None:
    """Let the account's own spendable tokens repay its debts, oldest first, each by tokens that could have paid it.

    Nothing is repaid while the account's own plan is unlimited (rule 9) or when it is closed.
    """
    plan = desk.book.own_plan(account)
    if not account.debts or account.status is AccountStatus.CLOSED or (plan is not None and plan.unlimited):
        return
    for debt in sorted(account.debts.values(), key=lambda debt: debt.debt_id):
        if debt.owed:
            _repay_one(desk, account, debt)


def _repay_one(desk: Desk, account: Account, debt: Debt) -> None:
    grants = burnable(desk.book, account, desk.now, debt.feature, pool=False)
    if not grants:
        return
    txn = desk.transaction(account, "debt_repayment")
    txn.feature = debt.feature
    txn.metadata = {"debt_of": debt.txn_id}
    paid = 0
    past = desk.book.pasts.get(debt.txn_id)
    for grant in grants:
        part = min(grant.free, debt.owed - paid)
        desk.journal.move(txn, grant, -part)
        if past is not None:  # a refund in this batch gives this back too
            past.lines.append(PastLine(txn.txn_id, txn.lines, grant.grant_id, grant.account_id, -part))
        paid += part
        if paid == debt.owed:
            break
    desk.journal.owe(txn, debt, -paid, "repaid")
    desk.book_it(account, txn)


def write_off(desk: Desk, account: Account, operation: WriteOff) -> Transaction:
    """Forgive debt, oldest first. Raises `InvalidRequest` when more is to be forgiven than is owed."""
    refuse_closed(account)
    owed = sum(debt.owed for debt in account.debts.values())
    amount = owed if operation.tokens is None else operation.tokens
    if owed == 0:
        raise InvalidRequest("This account owes nothing.")
    if not 0 < amount <= owed:
        raise InvalidRequest(f"Between 1 and {owed} tokens can be written off.")
    txn = desk.transaction(account, "adjustment", operation=operation)
    left = amount
    for debt in sorted(account.debts.values(), key=lambda debt: debt.debt_id):
        part = min(left, debt.owed)
        if part:
            desk.journal.owe(txn, debt, -part, "written_off")
            left -= part
    txn.description = f"{amount} tokens of debt written off"
    return desk.book_it(account, txn)
