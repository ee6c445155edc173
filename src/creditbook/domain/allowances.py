"""Allowances: which wallet one fills, opened whole, closed by a change of plan; and their periods (rules 21, 31).

`resets` has what happens at a period's boundary.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from .calendar import day_of, first_period, period_holding, start_of_day
from .context import Desk
from .granting import add_grant, wallet_for
from .operations import Operation
from .program import Allowance, Every, Plan
from .state import Account, AccountStatus, Grant, Wallet


def allowance_of(desk: Desk, account: Account, wallet: Wallet) -> Allowance | None:
    """What the account's own plan puts into this wallet each period."""
    plan = desk.book.own_plan(account)
    return None if plan is None or wallet.every is None else _fitting(plan, wallet)


def _fitting(plan: Plan, wallet: Wallet) -> Allowance | None:
    """The plan's allowance of the wallet's type and features."""
    for allowance in plan.allowances:
        if allowance.wallet is wallet.type and allowance.features == wallet.features:
            return allowance
    return None


def ending_allowance(desk: Desk, account: Account, wallet: Wallet) -> Allowance | None:
    """What the plan put into the wallet's period that ends now, by the version that ran when the period began.

    An edit changes no running period (rule 31). A free plan may give days beside months; it follows a new version when
    an allowance of its own term begins anew, and those that last longer run on by the version that they began under.
    """
    plan, first = desk.book.own_plan(account), wallet.period_first
    if plan is not None and first is not None and wallet.every is not plan.term:
        since = [one.period_first for one in account.wallets.values() if one.every is plan.term and one.period_first]
        began = start_of_day(first, account.zone)
        version = desk.book.version_at(max(began, account.term.started_at or began))
        if version is not None and any(first < one for one in since) and account.plan in version.program.plans:
            return _fitting(version.program.plans[account.plan], wallet) or allowance_of(desk, account, wallet)
    return allowance_of(desk, account, wallet)


def renews(desk: Desk, account: Account, wallet: Wallet, at: datetime) -> bool:
    """Whether a wallet gets a new period at this boundary: active, not expired, its account open, its plan giving."""
    return (
        wallet.is_active
        and account.status is not AccountStatus.CLOSED
        and (wallet.expires_at is None or wallet.expires_at > at)
        and allowance_of(desk, account, wallet) is not None
    )


def bounded(ends_at: datetime, wallet: Wallet) -> datetime:
    """A wallet's own expiry bounds its grants (rule 26)."""
    return ends_at if wallet.expires_at is None else min(ends_at, wallet.expires_at)


def running(account: Account, wallet: Wallet) -> list[Grant]:
    """The grants of the wallet's running allowance, oldest first."""
    return [
        grant
        for grant in account.grants.values()
        if grant.wallet_id == wallet.wallet_id
        and grant.source == "allowance"
        and grant.period_first == wallet.period_first
        and grant.closed_reason is None
    ]


def open_allowances(
    desk: Desk, account: Account, kind: str = "grant", operation: Operation | None = None, *, welcome: bool = False
) -> None:
    """Open whole allowances of the account's own plan, each with a first period from now on (rules 21, 31).

    A wallet that is off gets nothing until it is switched on; wallets that the plan does not fill stop resetting.
    """
    plan = desk.book.own_plan(account)
    stop_others(desk, account)
    let_go(desk, account)
    for allowance in plan.allowances if plan else ():
        wallet = filled_by(desk, account, allowance)
        fresh_period(desk, account, wallet, allowance.every)
        if wallet.is_active:
            label = (allowance.first_label if welcome else "") or allowance.label
            give_allowance(desk, account, wallet, allowance, kind, operation, label)
        else:
            wait_to_wake(desk, account, wallet)


def open_missing(desk: Desk, account: Account, kind: str, operation: Operation | None = None) -> None:
    """Open the allowances that no wallet of the account has yet, in step with the running term where there is one."""
    plan = desk.book.own_plan(account)
    stop_others(desk, account)
    let_go(desk, account)
    for allowance in plan.allowances if plan else ():
        wallet = filled_by(desk, account, allowance)
        if wallet.every is not None:
            continue
        fresh_period(desk, account, wallet, allowance.every)
        _join_others(desk, account, wallet)
        if wallet.is_active:
            give_allowance(desk, account, wallet, allowance, kind, operation)
        else:
            wait_to_wake(desk, account, wallet)


def filled_by(desk: Desk, account: Account, allowance: Allowance) -> Wallet:
    """The wallet that an allowance goes into: the one that it fills now, else the first that fits, else a new one."""
    for wallet in account.wallets.values():
        if wallet.every is not None and wallet.type is allowance.wallet and wallet.features == allowance.features:
            return wallet
    wallet = wallet_for(desk, account, allowance.wallet, allowance.features)
    wallet.label = wallet.label or allowance.label
    return wallet


def wait_to_wake(desk: Desk, account: Account, wallet: Wallet) -> None:
    """A wallet that is off when its plan changes has missed its boundary: switched on, it gets the whole allowance."""
    wallet.period_next, wallet.period_ends_at = desk.today(account), desk.now


def stop_others(desk: Desk, account: Account) -> None:
    """Wallets that the account's plan does not fill reset no more; what is in them runs on to its own end."""
    for wallet in account.wallets.values():
        if wallet.every is not None and allowance_of(desk, account, wallet) is None:
            wallet.every = wallet.period_next = wallet.period_ends_at = None
            desk.journal.touched_wallets[wallet.wallet_id] = wallet


def let_go(desk: Desk, account: Account) -> None:
    """Ended allowances, and what rolled into their periods, with nothing left need not be loaded any more."""
    for grant in account.grants.values():
        if grant.live and grant.remaining == 0 and grant.ended(desk.now):
            grant.live = False
            desk.journal.touched_grants[grant.grant_id] = grant


def close_allowances(desk: Desk, account: Account) -> None:
    """Close every running allowance because the plan changes; what is held of one goes when it is released (rule 31).

    Whatever ends at this very instant rolls over and lapses as it would have.
    """
    for grant in account.grants.values():
        if grant.source == "allowance" and not grant.ended(desk.now):
            grant.closed_reason, grant.closed_at = "plan_change", desk.now
            grant.live = grant.remaining > 0
            desk.journal.touched_grants[grant.grant_id] = grant


def give_allowance(
    desk: Desk,
    account: Account,
    wallet: Wallet,
    allowance: Allowance,
    kind: str,
    operation: Operation | None = None,
    label: str = "",
    tokens: int | None = None,
) -> Grant | None:
    """Grant the allowance for the wallet's running period, whole or so many ``tokens`` of it; 0 grants nothing."""
    tokens = allowance.tokens if tokens is None else tokens
    if tokens == 0:
        return None
    plan = desk.book.own_plan(account)
    assert plan is not None
    assert wallet.period_ends_at is not None
    txn = desk.transaction(account, kind, operation=operation)
    txn.description = label or allowance.label
    grant = add_grant(
        desk,
        txn,
        account,
        wallet,
        tokens,
        source="allowance",
        grant_class=plan.grant_class,
        expires_at=bounded(wallet.period_ends_at, wallet),
        label=label or allowance.label,
    )
    grant.period_first, grant.forced_no = wallet.period_first, wallet.forced_count
    desk.book_it(account, txn)
    return grant


def fresh_period(desk: Desk, account: Account, wallet: Wallet, every: Every) -> None:
    """Begin a first period now: whole, never prorated. One on a day that another began on gets the next number."""
    before = wallet.period_first
    wallet.every = every
    wallet.anchor, wallet.period_first, wallet.period_next = first_period(every, desk.now, account.zone)
    wallet.period_ends_at = start_of_day(wallet.period_next, account.zone)
    wallet.forced_count = wallet.forced_count + 1 if wallet.period_first == before else 0
    desk.journal.touched_wallets[wallet.wallet_id] = wallet


def _join_others(desk: Desk, account: Account, wallet: Wallet) -> None:
    """Let a wallet that opens within a paid term end with it; on a free plan, with those that run as long."""
    term = account.term
    if term.next is not None:
        wallet.anchor = term.next - timedelta(days=30) if wallet.every is Every.DAYS_30 else account.plan_anchor
        wallet.period_next, wallet.period_ends_at = term.next, term.ends_at
        return
    for other in account.wallets.values():
        if other.every is wallet.every and other is not wallet and (other.period_ends_at or desk.now) > desk.now:
            wallet.anchor, wallet.period_next = other.anchor, other.period_next
            wallet.period_ends_at = other.period_ends_at
            return


def next_period(account: Account, wallet: Wallet, at: datetime) -> tuple[date, date, datetime]:
    """First date, next date and end of the period that begins at this boundary."""
    assert wallet.every is not None
    assert wallet.anchor is not None
    return following(account.zone, wallet.every, wallet.anchor, at, boundary=at == wallet.period_ends_at)


def following(zone: str, every: Every, anchor: date, at: datetime, *, boundary: bool) -> tuple[date, date, datetime]:
    """First date, next date and end of a period that lies around this instant, or begins at it as at a ``boundary``.

    A month is the one that the instant's local date lies in; a 30-day term counts 30 dates on from a boundary. Its
    first one may begin the day before its anchor (rule 21).
    """
    today = day_of(at, zone)
    if every is Every.DAYS_30 and today < anchor:
        first, following_date = today, anchor + timedelta(days=30)
    else:
        first, following_date = period_holding(every, today if every is Every.DAYS_30 and boundary else anchor, today)
    return first, following_date, start_of_day(following_date, zone)
