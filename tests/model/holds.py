"""Holds in the model: reserved once, captured in parts, closed by the last part, a void or time (rules 12-15)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from model.books import Account, Book, Debt, Grant, Hold, Line, Pay, Result
from model.passing import repay
from model.reading import metering, own, pool_has
from model.spends import choose, count_request, feature_of, live_refusal, new_use, price, token_refusal, valid
from model.spends import spend as live_spend
from model.wallets import release

from creditbook.domain.errors import AccountClosed, HoldAlreadyResolved, InsufficientTokens, InvalidRequest
from creditbook.domain.program import Action, Enforcement, Overrun, Pricing


def reserve(
    book: Book,
    account: Account,
    now: datetime,
    *,
    action: str,
    estimate: int | None = None,
    ttl: timedelta = timedelta(minutes=15),
    wallet: str | None = None,
    only_wallet: bool = False,
) -> Result:
    valid(action, estimate, 0, 0)
    if not timedelta(0) < ttl <= timedelta(hours=24):
        raise InvalidRequest("a hold lives at most 24 hours")
    enforcement = book.program.enforcement
    terms = book.program.actions.get(action)
    if terms is not None:
        estimate = held_for(terms, estimate)
    if enforcement is Enforcement.OFF:
        if account.status == "closed":
            raise AccountClosed
        count_request(book, account, now)
        return opened(book, account, now, action, ttl, [], metered=True)
    if terms is None:
        if enforcement is not Enforcement.SHADOW:
            raise InvalidRequest("unknown action")
        count_request(book, account, now)
        return opened(book, account, now, action, ttl, [], metered=False)
    assert estimate is not None
    fit = (terms.spends_for, wallet, only_wallet)
    refusal = live_refusal(book, account, now, terms.spends_for, None)
    metered = book.unlimited(account)
    if refusal is None and not metered:
        refusal = token_refusal(book, account, now, estimate, fit)
    if refusal is not None and enforcement is not Enforcement.SHADOW:
        raise refusal
    count_request(book, account, now)
    chosen = [] if metered else choose(book, account, estimate, fit, bounded=True)
    result = opened(book, account, now, action, ttl, chosen, metered)
    result.refused = type(refusal).__name__ if refusal else None
    return result


def held_for(terms: Action, estimate: int | None) -> int:
    """What a hold for this action reserves; nothing for a free one."""
    if terms.pricing is Pricing.FIXED and terms.tokens == 0:
        return 0
    if estimate is None:
        estimate = terms.tokens if terms.pricing is Pricing.FIXED else terms.estimate
    if estimate < 1:
        raise InvalidRequest("a priced hold needs an estimate of at least 1")
    return estimate


def opened(
    book: Book,
    account: Account,
    now: datetime,
    action: str,
    ttl: timedelta,
    chosen: list[tuple[Grant, int]],
    metered: bool,
) -> Result:
    for g, taken in chosen:
        g.held += taken
    hold = Hold(len(book.holds), account, action, ttl, now + ttl, [Line(g, taken) for g, taken in chosen], metered)
    book.holds.append(hold)
    return Result("hold", metered=metered, lines=chosen, hold=hold)


def capture(
    book: Book,
    account: Account,
    now: datetime,
    *,
    hold: Hold,
    tokens: int | None = None,
    action: str | None = None,
    input_tokens: int = 0,
    output_tokens: int = 0,
    final: bool = True,
) -> Result:
    action = action or hold.action
    valid(action, tokens, input_tokens, output_tokens)
    metered = metering(book, account) or (hold.metered and hold.status == "open")
    shadow = book.program.enforcement is Enforcement.SHADOW
    need, odd = 0, None
    if action in book.program.actions:
        need, odd = price(book, action, tokens, input_tokens, output_tokens)
    elif shadow:
        odd = "InvalidRequest"
    elif not metered:
        raise InvalidRequest("unknown action")
    if account.status == "closed":
        if not shadow:
            raise AccountClosed
        return Result("usage", metered=True, hold=hold, refused="AccountClosed", use=new_use(book, account, 0))
    if hold.status in {"captured", "voided"}:
        raise HoldAlreadyResolved
    late = hold.status == "timed_out"
    part = Result("usage", metered=metered or need == 0, hold=hold, late=late, refused=odd)
    if part.metered:
        part.use = new_use(book, account, 0)
    else:
        charge_part(book, account, hold, part, need, feature_of(book, action))
    if final or late:
        release(hold)
        hold.status = "captured"
    else:
        hold.ends_at = max(hold.ends_at, now + hold.ttl)
    for each in book.cluster(account):
        repay(book, each)
    return part


def charge_part(book: Book, account: Account, hold: Hold, part: Result, need: int, feature: str) -> None:
    """Takes from the hold, then from what is available past any quota, then leaves a debt or refuses."""
    fitting = [line for line in hold.lines if line.amount and line.grant.wallet.fits(feature)]
    inside = sum(line.amount for line in fitting)
    fit = (feature, None, False)
    beside = own(book, account, *fit) + pool_has(book, account, *fit)
    short = max(0, need - inside - beside)
    enforcement = book.program.enforcement
    if short and book.program.overrun is Overrun.REJECT and enforcement is not Enforcement.SHADOW:
        raise InsufficientTokens(need, inside + beside)
    taken: list[tuple[Grant, int]] = []
    left = need
    for line in fitting:
        n = min(left, line.amount)
        if n:
            line.amount -= n
            line.grant.held -= n
            line.grant.remaining -= n
            taken.append((line.grant, n))
            left -= n
    for g, n in choose(book, account, left, fit, bounded=False):
        g.remaining -= n
        taken.append((g, n))
    taken = [(g, sum(n for h, n in taken if h is g)) for g in dict.fromkeys(g for g, _ in taken)]  # one entry a grant
    owes = 0 if enforcement is Enforcement.SHADOW else short
    part.lines = taken
    part.charged = sum(n for _, n in taken) + owes
    part.metered = part.charged == 0
    part.use = new_use(book, account, part.charged)
    part.use.pays = [Pay(g, n) for g, n in taken]
    part.owed = owes
    if short and enforcement is Enforcement.SHADOW and book.program.overrun is Overrun.REJECT:
        part.refused = "InsufficientTokens"
    if owes:
        debt = Debt(book.paying_pool(account) or account, part.use, feature, owes, owes)
        book.debts.append(debt)
        part.use.debt = debt


def void(book: Book, account: Account, _now: datetime, *, hold: Hold) -> Result:
    if account.status == "closed":
        if book.program.enforcement is not Enforcement.SHADOW:
            raise AccountClosed
        return Result("void", hold=hold)
    if hold.status in {"captured", "voided"}:
        raise HoldAlreadyResolved
    release(hold)
    hold.status = "voided"
    for each in book.cluster(account):
        repay(book, each)
    return Result("void", hold=hold)


def spend(book: Book, account: Account, now: datetime, *, done: bool = False, **terms: Any) -> Result:
    """A spend before the work, or one told of when the work is done: then it is a late part of a hold of nothing."""
    if not done or terms.get("meter"):
        return live_spend(book, account, now, **terms)
    shadow = book.program.enforcement is Enforcement.SHADOW
    action, tokens = terms["action"], terms.get("tokens")
    inp, out = terms.get("input_tokens", 0), terms.get("output_tokens", 0)
    valid(action, tokens, inp, out)
    need, odd = 0, None
    metered = metering(book, account)
    if action not in book.program.actions and not metered:
        if not shadow:
            raise InvalidRequest("unknown action")
        odd = "InvalidRequest"
    elif action in book.program.actions and book.program.enforcement is not Enforcement.OFF:
        need, odd = price(book, action, tokens, inp, out)
    if account.status == "closed":
        if not shadow:
            raise AccountClosed
        return Result("usage", metered=True, refused="AccountClosed", use=new_use(book, account, 0))
    part = Result("usage", metered=metered or need == 0, refused=odd)
    if part.metered:
        part.use = new_use(book, account, 0)
    else:
        nothing = Hold(-1, account, action, timedelta(), now, [], metered=False)
        charge_part(book, account, nothing, part, need, feature_of(book, action))
    for each in book.cluster(account):
        repay(book, each)
    return part
