"""Holds: tokens reserved before the work, captured in parts, voided or timed out (rules 12–14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from . import formula, rewarding
from .balance import is_unlimited, pool_period
from .burning import Take, allot
from .context import Desk
from .errors import AccountClosed, HoldAlreadyResolved, InsufficientTokens, InvalidRequest, LedgerError, NotFound
from .journal import Transaction
from .limits import CLOSED, MOST_TOKENS, admit, refuse_closed, unknown
from .operations import Capture, Reserve, Void
from .program import Action, Enforcement, Overrun, Pricing
from .settling import after_release, release
from .spending import check_work, feature_of, owe, price_of, take_from, take_what_is_there, usage
from .state import Account, AccountStatus, Hold, HoldStatus

LONGEST = 86_400
RESOLVED = frozenset({HoldStatus.CAPTURED, HoldStatus.VOIDED})


@dataclass(frozen=True, slots=True)
class Part:
    """How one captured part is paid: from what the hold reserved, from what is available beyond it, and as debt."""

    reserved: list[Take]
    beyond: list[Take]
    short: int


def reserve(desk: Desk, account: Account, operation: Reserve) -> Hold:
    """Reserve named grants for an action; it counts as one request. Raises a `LedgerError` and then holds nothing."""
    if not 1 <= operation.seconds <= LONGEST:
        raise InvalidRequest("A hold lives between 1 second and 24 hours.")
    enforcement = desk.book.program.enforcement
    action = desk.book.program.actions.get(operation.action)
    feature = feature_of(action, operation.action)
    estimate = _estimate(action, operation)
    refusal: LedgerError | None = None
    if enforcement is Enforcement.OFF:
        refuse_closed(account)
    elif action is None:
        refusal = unknown(operation.action)
    else:
        refusal = admit(desk, account, feature, 0)
    if refusal is not None and enforcement is not Enforcement.SHADOW:
        raise refusal
    metered = enforcement is Enforcement.OFF or is_unlimited(desk.book, account)
    takes: list[Take] = []
    if estimate and not metered:
        takes, short = allot(desk, account, estimate, feature, operation.wallet, only=operation.only_wallet)
        if short is not None and enforcement is not Enforcement.SHADOW:
            raise short
    return _open(desk, account, operation, feature, estimate, metered, takes)


def _estimate(action: Action | None, operation: Reserve) -> int:
    """What to reserve: the caller's estimate, else the price where it is known before the work, else a typical run.

    A formula's is known when all that it asks for stands in the hold's metadata. A free action holds nothing.
    """
    estimate = operation.estimate
    if estimate is not None and not 0 <= estimate < MOST_TOKENS:
        raise InvalidRequest("An estimate is a number of tokens: 0 or more, and no more than anything ever used.")
    if action is None or (action.pricing is Pricing.FIXED and action.tokens == 0):
        return 0
    if estimate is None and action.pricing is Pricing.FORMULA:
        estimate = formula.price_beforehand(action.formula, operation.metadata)
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
    """The account's hold of this id, whatever became of it. Raises `NotFound`."""
    hold = account.holds.get(hold_id) or desk.book.resolved.get(hold_id)
    if hold is None or hold.account_id != account.account_id:
        raise NotFound(f"This account has no hold {hold_id}.")
    return hold


def refuse_resolved(hold: Hold) -> None:
    """Raise `HoldAlreadyResolved` for a hold that was captured to its end or voided; a timed-out one is not."""
    if hold.status in RESOLVED:
        raise HoldAlreadyResolved(f"Hold {hold.hold_id} was {hold.status} before.")


def capture(desk: Desk, account: Account, operation: Capture) -> Transaction:
    """Take one part: from the hold, then from what is available; what is short, by the program's `overrun` (rule 12).

    A timed-out hold is charged afresh from what is available now, without limits, and finally (rule 13).
    """
    check_work(desk, operation.tokens, operation.work)
    hold = find_hold(desk, account, operation.hold_id)
    late = hold.status is HoldStatus.TIMED_OUT
    name = operation.action or hold.action
    action = desk.book.program.actions.get(name)
    feature = feature_of(action, name)
    shadow = desk.book.program.enforcement is Enforcement.SHADOW
    price, refusal = _judge(desk, account, hold, operation, action, name)
    part = _plan_part(desk, account, hold, price, feature)
    if part.short and desk.book.program.overrun is Overrun.REJECT:
        url = desk.book.program.packages_url
        refusal = refusal or InsufficientTokens(price, price - part.short, url)
    if refusal is not None and not shadow:
        raise refusal
    txn = usage(desk, account, name, feature, operation.work, operation)
    txn.hold_id, txn.late_capture = hold.hold_id, late
    txn.project = txn.project or hold.project
    txn.would_refuse = type(refusal).__name__ if refusal else None
    for grant, amount in part.reserved:
        desk.journal.hold(hold, grant, -amount, desk.now, "captured", txn)
    take_from(desk, account, txn, _one_a_grant(part.reserved + part.beyond))
    if part.short and not shadow:
        owe(desk, account, txn, feature, part.short)
    txn.metered = txn.charged == 0
    _advance(desk, account, hold, txn, final=operation.final or late)
    desk.book_it(account, txn)
    after_release(desk, account)
    if account.referral_waits:
        rewarding.after_work(desk, account, txn, operation)
    return txn


def _judge(
    desk: Desk, account: Account, hold: Hold, operation: Capture, action: Action | None, name: str
) -> tuple[int, LedgerError | None]:
    """What a part costs, and what shadow lets pass; others are refused in rule 5's order: validity, status, the hold.

    Shadow lets a closed account's part pass, marked and charged nothing, as it let the hold be made.
    """
    shadow = desk.book.program.enforcement is Enforcement.SHADOW
    metered = hold.metered and hold.status is not HoldStatus.TIMED_OUT
    price, refusal = _price(desk, account, operation, action, name, metered=metered)
    if refusal is not None and not shadow:
        raise refusal
    if account.status is not AccountStatus.CLOSED:
        refuse_resolved(hold)
        return price, refusal
    if not shadow:
        raise AccountClosed(CLOSED)
    return 0, refusal or AccountClosed(CLOSED)


def _price(
    desk: Desk, account: Account, operation: Capture, action: Action | None, name: str, *, metered: bool
) -> tuple[int, LedgerError | None]:
    """What a part costs, and why it is no valid one. Metered are holds made so, the unlimited, and all when off."""
    enforcement = desk.book.program.enforcement
    metered = metered or enforcement is Enforcement.OFF or is_unlimited(desk.book, account)
    if action is None:
        return 0, None if metered else unknown(name)
    try:
        price = price_of(action, operation.tokens, operation.work)
    except InvalidRequest as contradiction:
        return 0 if metered else action.tokens, contradiction
    return 0 if metered else price, None


def _one_a_grant(takes: list[Take]) -> list[Take]:
    """A grant that pays from the hold and beyond it gets one entry (rule 5)."""
    together: dict[int, Take] = {}
    for grant, amount in takes:
        before = together[grant.grant_id][1] if grant.grant_id in together else 0
        together[grant.grant_id] = (grant, before + amount)
    return list(together.values())


def _plan_part(desk: Desk, account: Account, hold: Hold, price: int, feature: str) -> Part:
    """Choose what pays without moving it: the hold's grants that this action may spend, then what is available."""
    left = price
    reserved: list[Take] = []
    for grant_id, held in hold.reserved.items():
        grant = desk.book.grant(grant_id)
        wallet = desk.book.wallet_of(grant)
        if left and (wallet.features is None or feature in wallet.features):
            part = min(held, left)
            reserved.append((grant, part))
            left -= part
    beyond, left = take_what_is_there(desk, account, left, feature)
    return Part(reserved, beyond, left)


def _advance(desk: Desk, account: Account, hold: Hold, txn: Transaction, *, final: bool) -> None:
    """Close the hold and release the rest, or move its end to this part's instant plus its time, never earlier."""
    hold.captured += txn.charged
    desk.journal.touched_holds[hold.hold_id] = hold
    if hold.status in RESOLVED:
        return  # shadow lets a part pass of a hold that the account's closing voided
    if final:
        release(desk, hold)
        desk.journal.close_hold(hold, HoldStatus.CAPTURED, desk.now)
    else:
        hold.ends_at = max(hold.ends_at, desk.now + timedelta(seconds=hold.seconds))


def void(desk: Desk, account: Account, operation: Void) -> Hold:
    """Close a hold and release the rest; a timed-out one is only closed."""
    hold = find_hold(desk, account, operation.hold_id)
    shadow = desk.book.program.enforcement is Enforcement.SHADOW
    if shadow and account.status is AccountStatus.CLOSED:
        if hold.status in RESOLVED:
            return hold  # the closing has released it, and an application in shadow is refused nothing
    else:
        refuse_closed(account)
        refuse_resolved(hold)
    release(desk, hold)
    desk.journal.close_hold(hold, HoldStatus.VOIDED, desk.now)
    after_release(desk, account)
    return hold
