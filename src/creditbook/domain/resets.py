"""Allowances: opened at sign-up, renewed at each period's start, rolled over, forced anew (rules 21–24, 26)."""

from __future__ import annotations

from datetime import date, datetime

from .calendar import day_of, first_period, period_holding, start_of_day
from .context import Desk
from .granting import add_grant, book_at_an_end, ending_now, lapse, open_wallet_row, wallet_for
from .journal import Transaction
from .operations import Operation
from .program import Allowance, Every, WalletType
from .state import Account, AccountStatus, Grant, Wallet


def allowance_of(desk: Desk, account: Account, wallet: Wallet) -> Allowance | None:
    """What the account's own plan puts into this wallet each period."""
    plan = desk.book.own_plan(account)
    if plan is None or wallet.every is None:
        return None
    for allowance in plan.allowances:
        if allowance.wallet is wallet.type and allowance.features == wallet.features:
            return allowance
    return None


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


def open_allowances(desk: Desk, account: Account, operation: Operation | None = None) -> None:
    """Open the wallets of the account's own plan with their first, whole allowance."""
    plan = desk.book.own_plan(account)
    for allowance in plan.allowances if plan else ():
        wallet = open_wallet_row(desk, account, allowance.wallet, allowance.label, allowance.features, None)
        wallet.every = allowance.every
        wallet.anchor, wallet.period_first, wallet.period_next = first_period(allowance.every, desk.now, account.zone)
        wallet.period_ends_at = start_of_day(wallet.period_next, account.zone)
        give_allowance(desk, account, wallet, allowance, "grant", operation, allowance.first_label or allowance.label)


def give_allowance(
    desk: Desk,
    account: Account,
    wallet: Wallet,
    allowance: Allowance,
    kind: str,
    operation: Operation | None = None,
    label: str = "",
) -> Grant | None:
    """Grant a whole allowance for the wallet's running period; an allowance of 0 grants nothing."""
    if allowance.tokens == 0:
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
        allowance.tokens,
        source="allowance",
        grant_class=plan.grant_class,
        expires_at=bounded(wallet.period_ends_at, wallet),
        label=label or allowance.label,
    )
    grant.period_first, grant.forced_no = wallet.period_first, wallet.forced_count
    desk.book_it(account, txn)
    return grant


def next_period(account: Account, wallet: Wallet, at: datetime) -> tuple[date, date, datetime]:
    """First date, next date and end of the period that begins at this boundary.

    A month is the one that the boundary's local date lies in; a 30-day term counts 30 dates on from that date.
    """
    assert wallet.every is not None
    assert wallet.anchor is not None
    today = day_of(at, account.zone)
    begins = wallet.every is Every.DAYS_30 and at == wallet.period_ends_at
    first, following = period_holding(wallet.every, today if begins else wallet.anchor, today)
    return first, following, start_of_day(following, account.zone)


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


def roll_over(desk: Desk, account: Account, wallet: Wallet) -> None:
    """Move min(floor(unspent unheld allowance × rate), cap) into a grant that ends with the next period (rule 24)."""
    allowance = allowance_of(desk, account, wallet)
    if allowance is None or not allowance.rollover:
        return
    sources = [grant for grant in running(account, wallet) if grant.free]
    amount = int(sum(grant.free for grant in sources) * allowance.rollover)
    if allowance.rollover_cap is not None:
        amount = min(amount, allowance.rollover_cap)
    if amount == 0:
        return
    first, _, ends_at = next_period(account, wallet, desk.now)
    target = wallet_for(desk, account, WalletType.ROLLOVER, wallet.features)
    txn = desk.transaction(account, "rollover")
    txn.description = "Rolled over"
    before = ending_now(desk, account)
    left = amount
    for grant in sources:
        part = min(left, grant.free)
        if part:
            desk.journal.move(txn, grant, -part)
            left -= part
    rolled = add_grant(
        desk,
        txn,
        account,
        target,
        amount,
        source="rollover",
        grant_class=sources[0].grant_class,
        expires_at=bounded(ends_at, target),
        label="Rolled over",
    )
    rolled.period_first = first
    book_at_an_end(desk, account, txn, before)


def begin_period(desk: Desk, account: Account, wallet: Wallet) -> None:
    """Start the wallet's period that runs from now on and give its allowance, once (rule 23)."""
    for grant in running(account, wallet):
        if grant.remaining == 0:
            grant.live = False
            desk.journal.touched_grants[grant.grant_id] = grant
    wallet.period_first, wallet.period_next, wallet.period_ends_at = next_period(account, wallet, desk.now)
    if wallet.every is Every.DAYS_30:
        wallet.anchor = wallet.period_first
    wallet.forced_count = 0
    wallet.last_reset_at = desk.now
    desk.journal.touched_wallets[wallet.wallet_id] = wallet
    allowance = allowance_of(desk, account, wallet)
    assert allowance is not None
    give_allowance(desk, account, wallet, allowance, "reset")


def wake(desk: Desk, account: Account, wallet: Wallet) -> None:
    """A wallet that was off over a boundary gets, once, the allowance of the period it wakes in (rule 26).

    Where a zone change has brought back a date that was granted before, that is the next one: it waits for it.
    """
    end = wallet.period_ends_at
    if end is None or end > desk.now or not renews(desk, account, wallet, desk.now):
        return
    later = later_end(account, wallet, end)
    if later > desk.now:
        wallet.period_ends_at = later
        desk.journal.touched_wallets[wallet.wallet_id] = wallet
    else:
        begin_period(desk, account, wallet)


def force(desk: Desk, account: Account, wallet: Wallet, operation: Operation) -> None:
    """Expire what is left of the running allowance and give it anew within its period; its end stays (rule 23)."""
    allowance = allowance_of(desk, account, wallet)
    assert allowance is not None
    for grant in running(account, wallet):
        grant.closed_reason, grant.closed_at = "reset", desk.now
        grant.live = grant.remaining > 0
        desk.journal.touched_grants[grant.grant_id] = grant
    lapse(desk, account, operation)
    wallet.forced_count += 1
    wallet.last_reset_at = desk.now
    desk.journal.touched_wallets[wallet.wallet_id] = wallet
    give_allowance(desk, account, wallet, allowance, "reset", operation)


def move_ends(desk: Desk, account: Account, operation: Operation) -> Transaction | None:
    """After a zone change: move the ends of running periods, and book both ends of every grant moved (rule 22)."""
    moved: dict[int, tuple[Grant, datetime]] = {}
    for wallet in account.wallets.values():
        old = wallet.period_ends_at
        if old is None or old <= desk.now:
            continue
        new = later_end(account, wallet, old)
        if new == old:
            continue
        wallet.period_ends_at = new
        desk.journal.touched_wallets[wallet.wallet_id] = wallet
        for grant in [*running(account, wallet), *_rolled_into(account, wallet)]:
            if grant.expires_at == old and not grant.ended(desk.now):
                moved[grant.grant_id] = (grant, bounded(new, account.wallets[grant.wallet_id]))
    if not moved:
        return None
    txn = desk.transaction(account, "adjustment", operation=operation)
    txn.description = "Time zone changed: running allowances end later"
    ends: list[object] = []
    for grant, new in moved.values():
        assert grant.expires_at is not None
        ends.append({"grant_id": grant.grant_id, "from": grant.expires_at.isoformat(), "to": new.isoformat()})
        grant.expires_at = new
        desk.journal.move(txn, grant, 0)
    txn.metadata = {"moved_ends": ends}
    return desk.book_it(account, txn)


def later_end(account: Account, wallet: Wallet, end: datetime) -> datetime:
    """The first instant, never earlier than ``end``, whose local date is later than the last one granted."""
    assert wallet.period_next is not None
    return max(end, start_of_day(wallet.period_next, account.zone))


def _rolled_into(account: Account, wallet: Wallet) -> list[Grant]:
    """What rolled over into the wallet's running period."""
    return [
        grant
        for grant in account.grants.values()
        if grant.source == "rollover"
        and grant.period_first == wallet.period_first
        and account.wallets[grant.wallet_id].features == wallet.features
    ]
