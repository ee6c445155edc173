"""Holds: tokens reserved before the work, captured in parts, voided or timed out (rules 12–14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from .balance import is_unlimited, paying_pool, pool_period
from .burning import Take, allot, burnable
from .context import Desk
from .debts import incur
from .errors import AccountClosed, HoldAlreadyResolved, InsufficientTokens, InvalidRequest, LedgerError, NotFound
from .journal import Transaction
from .limits import admit, quota_reopens
from .operations import Capture, Reserve, Void
from .program import Action, Enforcement, Overrun, Pricing
from .settling import after_release, release
from .spending import charge_pool, check_work, price_of, take_from, usage
from .state import Account, AccountStatus, Hold, HoldStatus

LONGEST = 86_400


@dataclass(frozen=True, slots=True)
class Part:
    """How one captured part is paid: from what the hold reserved, from what is available beyond it, and as debt."""

    reserved: list[Take]
    beyond: list[Take]
    short: int


def reserve(desk: Desk, account: Account, operation: Reserve) -> Hold:
    """Reserve named grants for an action; counts as one request. Raises a `LedgerError` and holds nothing if refused."""
    program = desk.book.program
    shadow, off = program.enforcement is Enforcement.SHADOW, program.enforcement is Enforcement.OFF
    action = program.actions.get(operation.action)
    if not 1 <= operation.seconds <= LONGEST:
        raise InvalidRequest("A hold lives between 1 second and 24 hours.")
    refusal: LedgerError | None = None
    if action is None and not off:
        refusal = InvalidRequest(f"This program has no action “{operation.action}”. Name one of its actions.")
    estimate = 0 if action is None else _estimate(action, operation)
    feature = action.spends_for if action else operation.action
    refusal = refusal or (None if off else admit(desk, account, feature, None))
    if account.status is AccountStatus.CLOSED and off:
        refusal = AccountClosed("This account is closed for good.")
    if refusal is not None and not (shadow and account.status is not AccountStatus.CLOSED):
        raise refusal
    metered = off or is_unlimited(desk.book, account)
    takes: list[Take] = []
    if estimate and not metered:
        takes, short = allot(
            desk.book,
            account,
            estimate,
            desk.now,
            feature,
            wallet=operation.wallet,
            only=operation.only_wallet,
            retry_after=quota_reopens(desk, account) if account.quota_tokens is not None else None,
        )
        if short is not None and not shadow:
            raise short
    return _open(desk, account, operation, feature, estimate, metered, takes)


def _estimate(action: Action, operation: Reserve) -> int:
    """What to reserve: the caller's estimate, else the fixed price, else the action's typical run; nothing if it is free."""
    if action.pricing is Pricing.FIXED and action.tokens == 0:
        return 0
    estimate = operation.estimate
    if estimate is None:
        estimate = action.tokens if action.pricing is Pricing.FIXED else action.estimate
    if estimate < 1:
        raise InvalidRequest("Say how many tokens to hold: an estimate of at least 1.")
    return estimate


def _open(
    desk: Desk, account: Account, operation: Reserve, feature: str, estimate: int, metered: bool, takes: list[Take]
) -> Hold:
    hold = Hold(
        hold_id=desk.journal.new_id(),
        account_id=account.account_id,
        action=operation.action,
        feature=feature,
        estimate=estimate,
        seconds=operation.seconds,
        effective_at=desk.now,
        ends_at=desk.now + timedelta(seconds=operation.seconds),
        metered=metered,
        project=operation.project,
        metadata=operation.metadata,
    )
    account.holds[hold.hold_id] = hold
    desk.journal.holds.append(hold)
    for grant, part in takes:
        if grant.account_id != account.account_id:
            hold.pool_id = grant.account_id
        desk.journal.hold(hold, grant, part, desk.now, "reserved")
    pool = desk.book.pool_of(account)
    if hold.pool_id is not None and pool is not None:
        hold.quota_period = pool_period(pool)
    desk.journal.count_request(account, desk.today(account))
    return hold


def find_hold(desk: Desk, account: Account, hold_id: int) -> Hold:
    """The account's hold of this id, open or not; a closed account answers before the hold does."""
    hold = account.holds.get(hold_id) or desk.book.resolved.get(hold_id)
    if hold is None or hold.account_id != account.account_id:
        raise NotFound(f"This account has no hold {hold_id}.")
    if account.status is AccountStatus.CLOSED:
        raise AccountClosed("This account is closed for good; its holds were voided.")
    if hold.status in (HoldStatus.CAPTURED, HoldStatus.VOIDED):
        raise HoldAlreadyResolved(f"Hold {hold_id} was {hold.status} before.")
    return hold


def capture(desk: Desk, account: Account, operation: Capture) -> Transaction:
    """Take one part. A timed-out hold is charged afresh from what is available now, without limits, and finally."""
    hold = find_hold(desk, account, operation.hold_id)
    late = hold.status is HoldStatus.TIMED_OUT
    check_work(desk, operation.tokens, operation.work)
    name = operation.action or hold.action
    action = desk.book.program.actions.get(name)
    enforcement = desk.book.program.enforcement
    metered = (hold.metered and not late) or is_unlimited(desk.book, account) or enforcement is Enforcement.OFF
    if action is None and not metered and enforcement is not Enforcement.SHADOW:
        raise InvalidRequest(f"This program has no action “{name}”. Name one of its actions.")
    feature = action.spends_for if action else name
    price = 0 if metered or action is None else price_of(action, operation.tokens, operation.work)
    part = _plan_part(desk, account, hold, price, feature)
    refusal: LedgerError | None = None
    if part.short and desk.book.program.overrun is Overrun.REJECT:
        refusal = InsufficientTokens(required=price, available=price - part.short)
    shadow = enforcement is Enforcement.SHADOW
    if refusal is not None and not shadow:
        raise refusal
    txn = usage(desk, account, name, feature, operation.work, operation)
    txn.hold_id, txn.late_capture, txn.metered = hold.hold_id, late, price == 0
    txn.project = txn.project or hold.project
    txn.would_refuse = type(refusal).__name__ if refusal and shadow else None
    for grant, amount in part.reserved:
        desk.journal.hold(hold, grant, -amount, desk.now, "captured", txn)
    take_from(desk, account, txn, part.reserved + part.beyond)
    if part.short and not shadow:
        _owe(desk, account, txn, feature, part.short)
    _advance(desk, account, hold, txn, final=operation.final or late)
    desk.book_it(account, txn)
    after_release(desk, account)
    return txn


def _plan_part(desk: Desk, account: Account, hold: Hold, price: int, feature: str) -> Part:
    """Choose what pays without moving anything: the hold's own grants that this action may spend, then what is available."""
    left = price
    reserved: list[Take] = []
    for grant_id, held in hold.reserved.items():
        grant = desk.book.grant(grant_id)
        wallet = desk.book.wallet_of(grant)
        if left and (wallet.features is None or feature in wallet.features):
            part = min(held, left)
            reserved.append((grant, part))
            left -= part
    beyond: list[Take] = []
    for grant in burnable(desk.book, account, desk.now, feature) if left else ():
        part = min(grant.free, left)
        beyond.append((grant, part))
        left -= part
        if left == 0:
            break
    return Part(reserved, beyond, left)


def _owe(desk: Desk, account: Account, txn: Transaction, feature: str, short: int) -> None:
    """The shortfall is the pool's debt if she draws on one, and then part of her quota; else hers."""
    pool = paying_pool(desk.book, account)
    incur(desk, pool or account, txn, feature, short)
    txn.charged += short
    if pool is not None:
        charge_pool(desk, account, txn, short)


def _advance(desk: Desk, account: Account, hold: Hold, txn: Transaction, *, final: bool) -> None:
    """Close the hold and release the rest, or move its end to this part's instant plus its time, never earlier."""
    hold.captured += txn.charged
    desk.journal.touched_holds[hold.hold_id] = hold
    if final:
        release(desk, hold)
        desk.journal.close_hold(hold, HoldStatus.CAPTURED, desk.now)
    else:
        hold.ends_at = max(hold.ends_at, desk.now + timedelta(seconds=hold.seconds))


def void(desk: Desk, account: Account, operation: Void) -> Hold:
    """Close a hold and release the rest; a timed-out one is only closed."""
    hold = find_hold(desk, account, operation.hold_id)
    release(desk, hold)
    desk.journal.close_hold(hold, HoldStatus.VOIDED, desk.now)
    after_release(desk, account)
    return hold
