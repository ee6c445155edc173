"""A spend in the model: rule 5's checks in rule 5's order, then rule 7's grants."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from model.books import Account, Book, Grant, Pay, Result, Use
from model.days import boundary, local_date
from model.passing import repay
from model.programs import FORMULAS
from model.reading import available, burn_order, own, pool_has, quota_left, quota_period

from creditbook.domain.errors import (
    AccountClosed,
    AccountFrozen,
    FeatureNotInPlan,
    InsufficientTokens,
    InvalidRequest,
    LedgerError,
    LimitExceeded,
    RequestTooLarge,
)
from creditbook.domain.program import Enforcement, Pricing


def price(book: Book, action: str, tokens: int | None, inp: int, out: int) -> tuple[int, str | None]:
    """What the action costs (rule 6), and what shadow lets pass of it."""
    terms = book.program.actions[action]
    if terms.pricing is Pricing.ACTUAL:
        return (inp + out if tokens is None else tokens), None
    if terms.pricing is Pricing.FORMULA:  # the caller's tokens are one more thing that it reports
        return ceil(FORMULAS[terms.formula](inp, out)), None
    if tokens is None or tokens == terms.tokens:
        return terms.tokens, None
    if book.program.enforcement is Enforcement.SHADOW:
        return terms.tokens, "InvalidRequest"
    raise InvalidRequest("contradicts the fixed price")


def feature_of(book: Book, action: str) -> str:
    return book.program.actions[action].spends_for if action in book.program.actions else action


def valid(action: str, tokens: int | None, inp: int, out: int) -> None:
    if not action or (tokens is not None and tokens < 0) or inp < 0 or out < 0:
        raise InvalidRequest("malformed")


def seconds(delta: timedelta) -> int:
    return -(-delta // timedelta(seconds=1))


def status_refusal(account: Account) -> LedgerError | None:
    if account.status == "closed":
        return AccountClosed()
    return AccountFrozen() if account.status == "frozen" else None


def live_refusal(book: Book, account: Account, now: datetime, feature: str, size: int | None) -> LedgerError | None:
    """Status, feature, size and requests a day: what is asked before tokens are."""
    refusal = status_refusal(account)
    if refusal is not None:
        return refusal
    plan = book.plan_of(account)
    if not plan.allows(feature):
        return FeatureNotInPlan()
    if size is not None and plan.max_request_tokens is not None and size > plan.max_request_tokens:
        return RequestTooLarge()
    zone = book.zone_of(account)
    today = local_date(now, zone)
    if plan.requests_per_day is not None and book.requests.get((account.name, today), 0) >= plan.requests_per_day:
        ends = boundary(today + timedelta(days=1), zone, now)
        return LimitExceeded("", "requests_per_day", seconds(ends - now))
    return None


def token_refusal(book: Book, account: Account, now: datetime, need: int, fit: tuple[Any, ...]) -> LedgerError | None:
    """Tokens, then the quota, which refuses only what would pass without it."""
    if own(book, account, *fit) + pool_has(book, account, *fit) < need:
        return InsufficientTokens(need, available(book, account, *fit))
    if available(book, account, *fit) < need:
        _, ends = quota_period(book)
        return LimitExceeded("", "quota", None if ends is None else max(1, seconds(ends - now)))
    return None


def choose(book: Book, account: Account, need: int, fit: tuple[Any, ...], bounded: bool) -> list[tuple[Grant, int]]:
    """Grants in burn-down order up to ``need``; ``bounded`` keeps the pool's part within the quota."""
    feature, wallet, only = fit
    room = quota_left(book, account) if bounded else None
    chosen = []
    for g in burn_order(book, account, feature, wallet=wallet, only=only):
        taken = min(need, g.free)
        if g.account is not account and room is not None:
            taken = min(taken, room)
            room -= taken
        if taken:
            chosen.append((g, taken))
            need -= taken
    return chosen


def new_use(book: Book, account: Account, charged: int) -> Use:
    period = quota_period(book)[0] if book.pool_of(account) is not None else None
    use = Use(len(book.uses), account, charged, quota_period=period)
    book.uses.append(use)
    return use


def spend(
    book: Book,
    account: Account,
    now: datetime,
    *,
    action: str,
    tokens: int | None = None,
    input_tokens: int = 0,
    output_tokens: int = 0,
    wallet: str | None = None,
    only_wallet: bool = False,
    meter: bool = False,
    event_at: datetime | None = None,
) -> Result:
    valid(action, tokens, input_tokens, output_tokens)
    program = book.program
    if meter or program.enforcement is Enforcement.OFF:
        if account.status == "closed":
            raise AccountClosed
        if not meter:
            count_request(book, account, now)
        return Result("usage", metered=True, use=new_use(book, account, 0))
    if action not in program.actions:
        if program.enforcement is not Enforcement.SHADOW:
            raise InvalidRequest("unknown action")
        count_request(book, account, now)
        return Result("usage", metered=True, use=new_use(book, account, 0), refused="InvalidRequest")
    terms = program.actions[action]
    need, odd = price(book, action, tokens, input_tokens, output_tokens)
    size = input_tokens + output_tokens
    if size == 0 and terms.pricing is Pricing.ACTUAL:
        size = tokens or 0
    fit = (terms.spends_for, wallet, only_wallet)
    refusal = live_refusal(book, account, now, terms.spends_for, size)
    metered = need == 0 or book.unlimited(account)
    if refusal is None and not metered:
        refusal = token_refusal(book, account, now, need, fit)
    if refusal is not None and program.enforcement is not Enforcement.SHADOW:
        raise refusal
    count_request(book, account, now)
    chosen = [] if metered else choose(book, account, need, fit, bounded=True)
    for g, taken in chosen:
        g.remaining -= taken
    charged = sum(taken for _, taken in chosen)
    use = new_use(book, account, charged)
    use.pays = [Pay(g, taken) for g, taken in chosen]
    for each in book.cluster(account):
        repay(book, each)
    return Result("usage", charged, metered, chosen, use, refused=odd or (type(refusal).__name__ if refusal else None))


def count_request(book: Book, account: Account, now: datetime) -> None:
    key = (account.name, local_date(now, book.zone_of(account)))
    book.requests[key] = book.requests.get(key, 0) + 1
