"""One operation against one book: look up the key, settle what is due, check, choose, write (rule 5).

The store loads the book and appends the journal; everything between is here, on plain values.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from . import (
    accounts,
    correcting,
    debts,
    giving,
    granting,
    holding,
    planning,
    purchasing,
    redeeming,
    refunding,
    returning,
    rewarding,
    spending,
)
from .balance import available_tokens
from .context import Desk
from .costs import CorrectCost
from .errors import IdempotencyConflict, InvalidRequest, NotFound, Unavailable
from .journal import Journal, KeyRow, Transaction
from .operations import (
    Capture,
    Dispute,
    EndImport,
    Expire,
    GrantTokens,
    OpenAccount,
    OpenWallet,
    Operation,
    Refund,
    Reserve,
    Reset,
    Revoke,
    SetQuota,
    SetStatus,
    Settle,
    SetWalletActive,
    SetZone,
    Spend,
    Void,
    WriteOff,
)
from .results import Done, HoldReceipt, Line, Receipt, Result, decode, encode
from .sales import Purchase
from .selling import (
    CancelPlan,
    ChangePlan,
    DisputePurchase,
    FailPurchase,
    GiveReward,
    NamePurchase,
    OpenPurchase,
    PayPurchase,
    PayReferrer,
    Redeem,
    RefundPurchase,
)
from .settling import settle
from .state import Account, Book, Hold


def decide(
    book: Book, journal: Journal, operation: Operation, clock: datetime, keys: dict[tuple[str, str], KeyRow]
) -> Result:
    """Decide one operation. A refusal is raised as a `LedgerError`; what was due is settled in the journal even then.

    ``clock`` is the instant it is; the ledger never goes back behind the family's last one (rule 27). ``keys`` are
    those used before, by this batch's operations too; the new one joins them.
    """
    if operation.key and (used := keys.get((operation.name, operation.key))) is not None:
        if used.request_hash != operation.request_hash:
            raise IdempotencyConflict("This key was used for another request. Use a new key for a new request.")
        return decode(used.result)
    desk = _desk(book, journal, operation, clock)
    if operation.account_id not in book.accounts and not isinstance(operation, OpenAccount):
        raise NotFound("There is no such account here.")
    _settle(desk, operation)
    result = _act(desk, operation)
    keeper = book.accounts[_clock_keeper(desk, operation)]
    keeper.clock_at = desk.now
    journal.touched_accounts[keeper.account_id] = keeper
    if operation.key:
        row = KeyRow(operation.name, operation.key, operation.request_hash, encode(result))
        keys[operation.name, operation.key] = row
        journal.keys.append(row)
    return result


def _desk(book: Book, journal: Journal, operation: Operation, clock: datetime) -> Desk:
    """The place of work. A charging import's has its own accounts only, and its rows' own time (rule 27)."""
    if isinstance(operation, OpenAccount | EndImport):
        return Desk(book, journal, clock, operation.import_id)
    if isinstance(operation, Spend) and operation.import_id is not None and operation.decided_at is not None:
        return Desk(book, journal, operation.decided_at, operation.import_id)
    return Desk(book, journal, clock)


def _clock_keeper(desk: Desk, operation: Operation) -> int:
    """The account whose last instant binds: the family's root; for an import the one that it fills."""
    return desk.book.root_id if desk.import_id is None else operation.account_id


def _settle(desk: Desk, operation: Operation) -> None:
    """Settle up to now, which is the clock but never before the last instant decided, for the family or herself."""
    book = desk.book
    keeper = book.accounts.get(_clock_keeper(desk, operation))
    if keeper is None:
        return  # it is about to be opened
    now = desk.now if keeper.clock_at is None else max(desk.now, keeper.clock_at)
    account = book.accounts.get(operation.account_id)
    if account is not None and account.clock_at is not None and account.clock_at > now:
        now = account.clock_at
    if desk.import_id is None and book.quiet_until is not None and now < book.quiet_until:
        desk.now = now
    elif settle(desk, now):
        keeper.clock_at = now
        desk.journal.touched_accounts[keeper.account_id] = keeper
    # Only a spend opens no new boundary, so that the next operation of the batch need not look for one.
    book.quiet_until = (desk.next_due or book.quiet_until) if type(operation) is Spend and not desk.import_id else None


def _act(desk: Desk, operation: Operation) -> Result:
    mark, lines = len(desk.journal.transactions), len(desk.journal.entries)
    if isinstance(operation, OpenAccount):
        return _done(desk, accounts.open_account(desk, operation), "opened", mark)
    account = desk.book.accounts[operation.account_id]
    if desk.import_id is not None and account.import_id is None:
        raise InvalidRequest(
            "A charging import fills only accounts that it opened itself. Meter into this one instead."
        )
    if desk.leaves_alone(account):
        raise Unavailable("This account is being filled by an import. Try again when the import has ended.")
    act = _RECEIPTS.get(type(operation))
    if act is not None:
        return _receipt(desk, account, act(desk, account, operation), lines)
    if isinstance(operation, Reserve | Void):
        verb: Callable[..., Hold] = holding.reserve if isinstance(operation, Reserve) else holding.void
        return _hold_receipt(desk, account, verb(desk, account, operation))
    if (change := _PLANS.get(type(operation))) is not None:
        return planning.receipt(desk, account, change(desk, account, operation), mark)
    if (sale := _SALES.get(type(operation))) is not None:
        return purchasing.purchase_receipt(desk, account, sale(desk, account, operation), mark)
    wallet_id = None
    if isinstance(operation, OpenWallet):
        wallet_id = giving.open_wallet(desk, account, operation)[0].wallet_id
    else:
        _OTHERS[type(operation)](desk, account, operation)
    return _done(desk, account, operation.name, mark, wallet_id)


_RECEIPTS: dict[type[Operation], Callable[..., Transaction]] = {
    Spend: spending.spend,
    Capture: holding.capture,
    GrantTokens: giving.grant_tokens,
    Revoke: granting.revoke,
    Expire: granting.expire,
    Refund: refunding.refund,
    WriteOff: debts.write_off,
    Dispute: granting.dispute,
    Redeem: redeeming.redeem,
    GiveReward: rewarding.give_reward,
    PayReferrer: rewarding.pay_referrer,
}
_PLANS: dict[type[Operation], Callable[..., str]] = {
    ChangePlan: planning.change_plan,
    CancelPlan: planning.cancel_plan,
}
_SALES: dict[type[Operation], Callable[..., Purchase]] = {
    OpenPurchase: purchasing.open_purchase,
    NamePurchase: purchasing.name_purchase,
    PayPurchase: purchasing.pay_purchase,
    FailPurchase: purchasing.fail_purchase,
    RefundPurchase: returning.refund_purchase,
    DisputePurchase: returning.dispute_purchase,
}
_OTHERS: dict[type[Operation], Callable[..., object]] = {
    Reset: accounts.force_reset,
    SetStatus: accounts.set_status,
    SetZone: accounts.set_zone,
    EndImport: accounts.end_import,
    SetQuota: accounts.set_quota,
    SetWalletActive: accounts.set_wallet_active,
    CorrectCost: correcting.correct_cost,
    Settle: lambda desk, account, operation: None,
}


def _receipt(desk: Desk, account: Account, txn: Transaction, since: int) -> Receipt:
    lines = tuple(
        [
            Line(e.grant_id, _wallet_type(desk.book, e.account_id, e.grant_id), e.amount, e.remaining_after)
            for e in desk.journal.entries[since:]
            if e.txn_id == txn.txn_id
        ]
    )
    incurred = txn.charged + txn.tokens if txn.kind == "usage" else 0
    last = desk.journal.transactions[-1] is txn  # what else it set off counts for the caller too
    available = txn.available_after if last else available_tokens(desk.book, account, desk.now)
    return Receipt(
        txn.txn_id, account.name, txn.kind, txn.charged, txn.tokens, txn.metered, available, incurred,
        lines, txn.effective_at, txn.hold_id, txn.late_capture, txn.would_refuse,
    )  # fmt: skip


def _wallet_type(book: Book, account_id: int, grant_id: int) -> str:
    owner = book.accounts[account_id]
    return owner.wallets[owner.grants[grant_id].wallet_id].type.value


def _hold_receipt(desk: Desk, account: Account, hold: Hold) -> HoldReceipt:
    return HoldReceipt(
        hold_id=hold.hold_id,
        account=account.name,
        status=hold.status.value,
        estimate=hold.estimate,
        held=hold.held,
        captured=hold.captured,
        ends_at=hold.ends_at,
        available=available_tokens(desk.book, account, desk.now),
        metered=hold.metered,
    )


def _done(desk: Desk, account: Account, what: str, mark: int, wallet_id: int | None = None) -> Done:
    wrote = tuple(txn.txn_id for txn in desk.journal.transactions[mark:])
    return Done(account.name, what, wrote, wallet_id, available_tokens(desk.book, account, desk.now))
