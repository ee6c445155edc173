"""Who may start work at all: status, feature, size and requests a day (rules 5, 33), in that order."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from .balance import paying_pool
from .calendar import start_of_day
from .context import Desk
from .errors import AccountClosed, AccountFrozen, FeatureNotInPlan, LedgerError, LimitExceeded, RequestTooLarge
from .state import Account, AccountStatus

FROZEN = "This account is frozen: nothing can be spent. Its tokens stay its own."


def status_refusal(account: Account) -> LedgerError | None:
    """Why an account that is frozen or closed may not start anything."""
    if account.status is AccountStatus.CLOSED:
        return AccountClosed("This account is closed for good.")
    if account.status is AccountStatus.FROZEN:
        return AccountFrozen(FROZEN)
    return None


def admit(desk: Desk, account: Account, feature: str, request_tokens: int | None) -> LedgerError | None:
    """The first reason why this live request may not start, None when it may. ``request_tokens`` None skips the size."""
    refusal = status_refusal(account)
    if refusal is not None:
        return refusal
    plan = desk.book.plan_of(account)
    if not plan.allows(feature):
        return FeatureNotInPlan(f"The {plan.title} plan does not include {feature}. Choose a plan that does.")
    most = plan.max_request_tokens
    if most is not None and request_tokens is not None and request_tokens > most:
        return RequestTooLarge(f"A request may have at most {most} tokens; this one has {request_tokens}. Split it up.")
    daily = plan.requests_per_day
    if daily is None:
        return None
    today = desk.today(account)
    if account.requests.get(today, 0) < daily:
        return None
    opens = start_of_day(today + timedelta(days=1), account.zone)
    return LimitExceeded(
        f"{daily} of {daily} requests used today. Tokens are untouched.", "requests_per_day", seconds_to(desk, opens)
    )


def seconds_to(desk: Desk, opens: datetime) -> int:
    """Whole seconds from now until an instant, at least 1."""
    return max(1, ceil((opens - desk.now).total_seconds()))


def quota_reopens(desk: Desk, account: Account) -> int | None:
    """Whole seconds until the pool's next period, when quotas count anew; None where it has no periods."""
    pool = paying_pool(desk.book, account)
    for wallet in pool.wallets.values() if pool else ():
        if wallet.every is not None and wallet.period_ends_at is not None:
            return seconds_to(desk, wallet.period_ends_at)
    return None
