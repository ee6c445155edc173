"""A spend: check, choose grants, write one entry per grant touched (rules 5–11)."""

from __future__ import annotations

from datetime import timedelta
from types import EllipsisType

from . import formula, rewarding
from .balance import available_tokens, is_unlimited, paying_pool, pool_period
from .burning import Take, allot, burnable
from .context import Desk
from .debts import incur
from .errors import AccountClosed, InsufficientTokens, InvalidRequest, LedgerError
from .journal import Transaction
from .limits import CLOSED, MOST_TOKENS, admit, may_start, refuse_closed, unknown
from .operations import Operation, Spend, Work
from .program import Action, Enforcement, Overrun, Pricing
from .state import Account, AccountStatus

CLOCK_SKEW = timedelta(minutes=5)


def price_of(action: Action, tokens: int | None, work: Work) -> int:
    """What an action costs in tokens (rule 6).

    Raises `InvalidRequest` when the tokens contradict a fixed price or a formula lacks a figure it asks for.
    """
    if action.pricing is Pricing.FIXED:
        if tokens is not None and tokens != action.tokens:
            raise InvalidRequest(f"{action.name} has the fixed price of {action.tokens} tokens; {tokens} were sent.")
        return action.tokens
    if action.pricing is Pricing.FORMULA:
        return formula.price(action.formula, tokens, work)
    return work.model_tokens if tokens is None else tokens


def check_work(desk: Desk, tokens: int | None, work: Work) -> None:
    """Refuse figures that no work can have."""
    figures = (tokens or 0, work.input_tokens, work.output_tokens, work.cached_tokens, work.reasoning_tokens)
    if min(figures) < 0:
        raise InvalidRequest("Token counts are 0 or more.")
    if max(figures) >= MOST_TOKENS:
        raise InvalidRequest("That is more tokens than anything has ever used; check the unit.")
    if work.event_at is not None and work.event_at > desk.now + CLOCK_SKEW:
        raise InvalidRequest("The event lies in the future. Send the time at which it happened.")


def spend(desk: Desk, account: Account, operation: Spend) -> Transaction:
    """Decide one spend and write it: check, choose grants, one entry per grant touched, the request counted.

    Raises a `LedgerError` and writes nothing when it is refused. Shadow enforcement refuses nothing: it charges what is
    there and marks what it would have refused (rule 10).
    """
    check_work(desk, operation.tokens, operation.work)
    if operation.done and not operation.meter and desk.import_id is None:
        return _spend_done(desk, account, operation)
    shadow = desk.book.program.enforcement is Enforcement.SHADOW
    feature, price, refusal = _judge(desk, account, operation)
    if refusal is not None and not shadow:
        raise refusal
    available = available_tokens(desk.book, account, desk.now)  # None: unlimited
    takes: list[Take] = []
    if price and available is not None:
        takes, short = allot(desk, account, price, feature, operation.wallet, only=operation.only_wallet)
        if short is not None and not shadow:
            raise short
        refusal = refusal or short
    txn = usage(desk, account, operation.action, feature, operation.work, operation, available=available)
    take_from(desk, account, txn, takes)
    txn.metered = txn.charged == 0
    txn.would_refuse = type(refusal).__name__ if refusal else None
    if _is_live(desk, operation):
        desk.journal.count_request(account, desk.today(account))
    desk.book_it(account, txn, available=None if available is None else available - txn.charged)
    if account.referral_waits:
        rewarding.after_work(desk, account, txn, operation)
    return txn


def _judge(desk: Desk, account: Account, operation: Spend) -> tuple[str, int, LedgerError | None]:
    """The feature that is spent for, what it costs, and the first reason against it, in the order of rule 5.

    Metering, and a program that is switched off, ask for no more than an account that is not closed.
    """
    action = desk.book.program.actions.get(operation.action)
    if operation.meter or desk.book.program.enforcement is Enforcement.OFF:
        refuse_closed(account)
        return feature_of(action, operation.action), 0, None
    if action is None:
        return operation.action, 0, unknown(operation.action)
    feature = action.spends_for
    try:
        price = price_of(action, operation.tokens, operation.work)
    except InvalidRequest as contradiction:
        return feature, action.tokens, contradiction
    if _is_live(desk, operation):
        return feature, price, admit(desk, account, feature, _size(action, operation))
    return feature, price, may_start(desk, account, feature)


def _spend_done(desk: Desk, account: Account, operation: Spend) -> Transaction:
    """Charge work that is done, as a part of a hold that timed out (rules 12, 13): limits and features aren't asked.

    What the account and its pool have pays, past a quota; the shortfall becomes debt, or `overrun` refuses it.
    """
    program = desk.book.program
    shadow = program.enforcement is Enforcement.SHADOW
    action = program.actions.get(operation.action)
    feature = feature_of(action, operation.action)
    price, refusal = _price_done(desk, account, operation, action)
    takes, short = take_what_is_there(desk, account, price, feature)
    if short and program.overrun is Overrun.REJECT:
        refusal = refusal or InsufficientTokens(price, price - short, program.packages_url)
    if refusal is not None and not shadow:
        raise refusal
    txn = usage(desk, account, operation.action, feature, operation.work, operation)
    txn.would_refuse = type(refusal).__name__ if refusal else None
    take_from(desk, account, txn, takes)
    if short and not shadow:
        owe(desk, account, txn, feature, short)
    txn.metered = txn.charged == 0
    desk.book_it(account, txn)
    if account.referral_waits:
        rewarding.after_work(desk, account, txn, operation)
    return txn


def _price_done(
    desk: Desk, account: Account, operation: Spend, action: Action | None
) -> tuple[int, LedgerError | None]:
    """What work that is done costs, and why it can't be charged: it is no valid one, or the account is closed."""
    enforcement = desk.book.program.enforcement
    metered = enforcement is Enforcement.OFF or is_unlimited(desk.book, account)
    price, refusal = 0, None if action or metered else unknown(operation.action)
    if action is not None and enforcement is not Enforcement.OFF:
        try:
            price = price_of(action, operation.tokens, operation.work)
        except InvalidRequest as contradiction:
            price, refusal = action.tokens, contradiction
    if account.status is AccountStatus.CLOSED:
        return 0, refusal or AccountClosed(CLOSED)
    return 0 if metered else price, refusal


def _is_live(desk: Desk, operation: Spend) -> bool:
    """Limits bind live requests only (rule 33): no telemetry and no import."""
    return not (operation.meter or operation.done) and desk.import_id is None


def feature_of(action: Action | None, name: str) -> str:
    """What an action spends for; one that the program does not know, for itself."""
    return action.spends_for if action is not None else name


def _size(action: Action, operation: Spend) -> int:
    """Tokens of the request (rule 33): input + output; its `tokens` where those are absent and the price is actual."""
    if operation.work.model_tokens or action.pricing is not Pricing.ACTUAL:
        return operation.work.model_tokens
    return operation.tokens or 0


def usage(
    desk: Desk,
    account: Account,
    action: str,
    feature: str,
    work: Work,
    operation: Operation,
    *,
    available: int | EllipsisType | None = ...,
) -> Transaction:
    """Open a usage transaction that carries what was done and what it cost."""
    txn = desk.transaction(account, "usage", event_at=work.event_at, operation=operation, available=available)
    txn.action, txn.feature, txn.requests = action, feature, 1
    txn.agent, txn.model, txn.project, txn.description = work.agent, work.model, work.project, work.description
    txn.input_tokens, txn.output_tokens = work.input_tokens, work.output_tokens
    txn.cached_tokens, txn.reasoning_tokens = work.cached_tokens, work.reasoning_tokens
    cost = work.cost
    txn.cost_usd_nanos, txn.cost_inr_nanos, txn.cost_parts = cost.usd_nanos, cost.inr_nanos, cost.parts
    txn.unpriced, txn.price_version, txn.fx_rate_id = cost.unpriced, cost.price_version, cost.fx_rate_id
    txn.metadata = work.metadata
    return txn


def take_from(desk: Desk, account: Account, txn: Transaction, takes: list[Take]) -> None:
    """Move the chosen grants and count what the pool paid against the member's quota."""
    of_pool = 0
    for grant, part in takes:
        desk.journal.move(txn, grant, -part)
        txn.charged += part
        if grant.account_id != account.account_id:
            of_pool += part
    if of_pool:
        charge_pool(desk, account, txn, of_pool)


def charge_pool(desk: Desk, account: Account, txn: Transaction, amount: int) -> None:
    """Name the pool on the transaction and count the amount as part of the member's quota."""
    pool = desk.book.pool_of(account)
    assert pool is not None
    txn.pool_id = pool.account_id
    txn.quota_period = pool_period(pool)
    txn.quota_charged += amount
    desk.journal.count_quota(account, pool.account_id, txn.quota_period, amount)


def take_what_is_there(desk: Desk, account: Account, need: int, feature: str) -> tuple[list[Take], int]:
    """What pays for work that is done, past a quota, without moving it; and how much is short."""
    takes: list[Take] = []
    for grant in burnable(desk.book, account, desk.now, feature) if need else ():
        part = min(grant.free, need)
        takes.append((grant, part))
        need -= part
        if need == 0:
            break
    return takes, need


def owe(desk: Desk, account: Account, txn: Transaction, feature: str, short: int) -> None:
    """The shortfall is the pool's debt if she draws on one, and then part of her quota; else hers."""
    pool = paying_pool(desk.book, account)
    incur(desk, pool or account, txn, feature, short)
    txn.charged += short
    if pool is not None:
        charge_pool(desk, account, txn, short)
