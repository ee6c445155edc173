"""Money that goes back: purchases refunded and disputed, and what that does to what they bought (rule 30).

A refund takes tokens of the pack that was bought. What a plan's or a renewal's purchase bought is time, not tokens: a
renewal refunded whole takes back a term paid ahead; a plan that runs goes on, and a person decides in the inbox.
"""

from __future__ import annotations

from .context import Desk
from .debts import repay
from .errors import InvalidRequest
from .granting import mark_blocked
from .journal import Transaction
from .operations import Operation
from .plans import PlanStatus
from .purchasing import UNPAID, find_purchase
from .sales import Purchase, PurchaseKind, PurchaseStatus
from .selling import Dispute, DisputePurchase, RefundPurchase
from .state import Account, AccountStatus, Grant
from .terms import fallback


def refund_purchase(desk: Desk, account: Account, operation: RefundPurchase) -> Purchase:
    """Book money that went back. All of it at once takes all that is left of the pack, what is held when released.

    A part of it takes as large a part of the pack, rounded down over all refunds together, at most what is free: what
    it misses is counted and not made up for. Closed accounts too: money goes back to whoever paid.
    """
    purchase = find_purchase(desk, account, operation.purchase_id)
    if purchase.status in UNPAID:
        raise InvalidRequest("That purchase has not been paid, so there is nothing to give back.")
    if purchase.status is PurchaseStatus.REFUNDED:
        raise InvalidRequest("All of that purchase was given back before.")
    left = purchase.price_minor - purchase.refunded_minor
    amount = left if operation.amount_minor is None else operation.amount_minor
    if operation.amount_minor is not None and not 1 <= amount <= left:
        raise InvalidRequest(f"Between 1 and {left} of that purchase can be given back (minor units).")
    _pay_back(desk, account, purchase, amount, operation)
    return purchase


def _pay_back(desk: Desk, account: Account, purchase: Purchase, amount: int, operation: Operation) -> None:
    """Book an amount as paid back, with the tokens that go for it."""
    txn = desk.transaction(account, "purchase_refund", operation=operation)
    txn.reverses_txn_id = purchase.txn_id
    txn.description = f"Refund of {purchase.title}"
    txn.metadata = {"purchase_id": purchase.purchase_id, "amount_minor": amount, "currency": purchase.currency}
    at_once = purchase.refunded_minor == 0 and amount == purchase.price_minor
    due = purchase.tokens if at_once else _due(purchase, amount)
    grant = account.grants.get(purchase.grant_id) if purchase.grant_id is not None else None
    if purchase.grant_id is not None:
        taken = _take(desk, txn, account, grant, due, at_once)
        waits = grant.held if grant is not None and at_once else 0
        purchase.refunded_tokens += taken
        purchase.missed_tokens += due - taken - waits
    purchase.refunded_minor += amount
    if purchase.refunded_minor == purchase.price_minor:
        purchase.status, purchase.closed_at = PurchaseStatus.REFUNDED, desk.now
        purchase.dispute_open, purchase.trouble = False, ""
        if purchase.kind is not PurchaseKind.PACKAGE and purchase.granted_at is not None:
            purchase.trouble = _take_back_time(desk, account, purchase)
    desk.journal.touched_purchases[purchase.purchase_id] = purchase
    desk.book_it(account, txn)


def _due(purchase: Purchase, amount: int) -> int:
    """What a part of the money takes of the pack: its share, rounded down over all refunds together."""
    before, after = purchase.refunded_minor, purchase.refunded_minor + amount
    return purchase.tokens * after // purchase.price_minor - purchase.tokens * before // purchase.price_minor


def _take(desk: Desk, txn: Transaction, account: Account, grant: Grant | None, due: int, at_once: bool) -> int:
    """Take what is due and free; at once, all that is free, and the pack ends: what is held goes when released.

    A used-up pack is marked as refunded too: what it paid can't be given back any more (rule 29).
    """
    if grant is None:
        return 0
    taken = min(due, grant.free)
    if at_once:
        grant.closed_reason, grant.closed_at = "refunded", grant.closed_at or desk.now
        desk.journal.touched_grants[grant.grant_id] = grant
    if taken:
        off = not account.wallets[grant.wallet_id].is_active
        desk.journal.move(txn, grant, -taken, blocked=grant.disputed or off)
    return taken


def _take_back_time(desk: Desk, account: Account, purchase: Purchase) -> str:
    """A renewal's term is paid ahead no more; tells what a person has to look at where the plan itself goes on."""
    term = account.term
    if purchase.kind is PurchaseKind.RENEWAL:
        if purchase.item == account.plan and term.paid_ahead:
            term.paid_ahead -= 1
            desk.journal.touched_accounts[account.account_id] = account
            return ""
        if purchase.item == term.next_plan and term.next_paid:
            term.next_paid -= 1
            if term.status is PlanStatus.CANCELLING and not term.next_paid:
                term.next_plan = fallback(desk.book, account, desk.now)
            desk.journal.touched_accounts[account.account_id] = account
            return ""
    runs = purchase.item == account.plan and account.status is not AccountStatus.CLOSED
    return "Its money went back and the plan goes on. Change or cancel the plan if it should end." if runs else ""


def dispute_purchase(desk: Desk, account: Account, operation: DisputePurchase) -> Purchase:
    """A dispute freezes the pack; won, it thaws; lost, it is a refund of all that is left. Told twice, nothing more."""
    purchase = find_purchase(desk, account, operation.purchase_id)
    if purchase.status in UNPAID:
        raise InvalidRequest("That purchase has not been paid, so nobody can dispute it.")
    if purchase.status is PurchaseStatus.REFUNDED:
        if operation.what is Dispute.OPENED:
            purchase.trouble = "Disputed although all of its money went back. Answer the dispute."
            desk.journal.touched_purchases[purchase.purchase_id] = purchase
        return purchase
    match operation.what:
        case Dispute.OPENED:
            _freeze(desk, account, purchase, operation)
        case Dispute.WON:
            _thaw(desk, account, purchase, operation)
        case Dispute.LOST:
            _thaw(desk, account, purchase, operation)
            _pay_back(desk, account, purchase, purchase.price_minor - purchase.refunded_minor, operation)
    repay(desk, account)
    return purchase


def _freeze(desk: Desk, account: Account, purchase: Purchase, operation: DisputePurchase) -> None:
    if purchase.dispute_open:
        return
    purchase.status, purchase.dispute_open = PurchaseStatus.DISPUTED, True
    desk.journal.touched_purchases[purchase.purchase_id] = purchase
    _block(desk, account, purchase, True, operation, f"{purchase.title} frozen: its payment is disputed")


def _thaw(desk: Desk, account: Account, purchase: Purchase, operation: DisputePurchase) -> None:
    if not purchase.dispute_open:
        return
    purchase.status = PurchaseStatus.GRANTED if purchase.granted_at is not None else PurchaseStatus.PAID
    purchase.dispute_open = False
    desk.journal.touched_purchases[purchase.purchase_id] = purchase
    _block(desk, account, purchase, False, operation, f"{purchase.title} free again: the dispute is over")


def _block(desk: Desk, account: Account, purchase: Purchase, blocked: bool, operation: Operation, what: str) -> None:
    """Freeze or free what lives of the pack, an empty one too: what a refund of usage returns to it is blocked then."""
    grant = account.grants.get(purchase.grant_id) if purchase.grant_id is not None else None
    if grant is None or grant.ended(desk.now) or grant.disputed is blocked:
        return
    grant.disputed = blocked
    off = not account.wallets[grant.wallet_id].is_active
    mark_blocked(desk, account, [grant], blocked or off, operation, what)
