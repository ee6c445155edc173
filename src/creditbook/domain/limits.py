"""What may start at all: status, feature, size and requests a day (rules 5, 33), asked in that order."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from .balance import paying_pool
from .calendar import start_of_day
from .context import Desk
from .errors import (
    AccountClosed,
    AccountFrozen,
    FeatureNotInPlan,
    InvalidRequest,
    LedgerError,
    LimitExceeded,
    RequestTooLarge,
)
from .program import Plan, Program
from .state import Account, AccountStatus

MOST_TOKENS = 2**53  # what every JSON reader can still count
CLOSED = "This account is closed for good."
FROZEN = "This account is frozen: nothing can be spent. Its tokens stay its own."


def refuse_closed(account: Account) -> None:
    """Raise `AccountClosed` for an account that is; nothing happens to it any more (rule 26)."""
    if account.status is AccountStatus.CLOSED:
        raise AccountClosed(CLOSED)


def refuse_idle(account: Account) -> None:
    """Raise for an account that starts nothing: a closed or a frozen one (rule 26)."""
    refuse_closed(account)
    if account.status is AccountStatus.FROZEN:
        raise AccountFrozen("This account is frozen: it starts nothing. Ask an administrator.")


def unknown(action: str) -> InvalidRequest:
    """The refusal of an action that the program does not have (rule 6)."""
    return InvalidRequest(f"This program has no action “{action}”. Name one of its actions.")


def may_start(desk: Desk, account: Account, feature: str) -> LedgerError | None:
    """Why work on this feature may not start at all, by the account's status and its plan; None when it may."""
    if account.status is AccountStatus.CLOSED:
        return AccountClosed(CLOSED)
    if account.status is AccountStatus.FROZEN:
        return AccountFrozen(FROZEN)
    plan = desk.book.plan_of(account)
    if not plan.allows(feature):
        return FeatureNotInPlan(_not_included(desk.book.program, plan, feature))
    return None


def _not_included(program: Program, plan: Plan, feature: str) -> str:
    """The refusal of a feature, which names the lowest plan above that has it."""
    higher = [one for one in program.plans.values() if one.rank > plan.rank and one.allows(feature)]
    said = f"The {plan.title} plan does not include {feature.replace('_', ' ')}."
    if not higher:
        return f"{said} Ask an administrator."
    return f"{said} Upgrade to {min(higher, key=lambda one: one.rank).title}."


def admit(desk: Desk, account: Account, feature: str, request_tokens: int) -> LedgerError | None:
    """The first reason why this live request may not start, None when it may. A hold has no size: 0 tokens."""
    refusal = may_start(desk, account, feature)
    if refusal is not None:
        return refusal
    plan = desk.book.plan_of(account)
    most = plan.max_request_tokens
    if most is not None and request_tokens > most:
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
