"""What a boundary does to an allowance: rolled over, renewed, forced anew, moved by a zone (rules 21–24, 26)."""

from __future__ import annotations

from datetime import date, datetime

from .allowances import (
    allowance_of,
    bounded,
    fresh_period,
    give_allowance,
    let_go,
    next_period,
    renews,
    running,
)
from .calendar import first_period, start_of_day
from .context import Desk
from .granting import add_grant, book_at_an_end, ending_now, lapse, wallet_for
from .journal import Transaction
from .operations import Operation
from .program import Allowance, Every, WalletType
from .state import Account, Grant, Wallet
from .terms import follow


def roll_over(desk: Desk, account: Account, wallet: Wallet, allowance: Allowance, *, afresh: bool = False) -> None:
    """Move min(floor(unspent unheld allowance × rate), cap) into a grant that ends with the next period (rule 24).

    ``allowance`` is that of the plan that ended; ``afresh`` tells that the account's plan counts its periods from now.
    """
    if not allowance.rollover:
        return
    sources = [grant for grant in running(account, wallet) if grant.free]
    amount = int(sum(grant.free for grant in sources) * allowance.rollover)
    if allowance.rollover_cap is not None:
        amount = min(amount, allowance.rollover_cap)
    if amount == 0:
        return
    first, ends_at = _rolls_into(desk, account, wallet, afresh)
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


def _rolls_into(desk: Desk, account: Account, wallet: Wallet, afresh: bool) -> tuple[date, datetime]:
    """First date and end of the wallet's next period, also where another plan's begins or the wallet stops."""
    allowance = allowance_of(desk, account, wallet)
    if allowance is not None and (afresh or allowance.every is not wallet.every):
        _, first, following_date = first_period(allowance.every, desk.now, account.zone)
        return first, start_of_day(following_date, account.zone)
    first, _, ends_at = next_period(account, wallet, desk.now)
    return first, ends_at


def begin_period(desk: Desk, account: Account, wallet: Wallet) -> None:
    """Start the wallet's period that runs from now on and give its allowance, once (rule 23)."""
    let_go(desk, account)
    allowance = allowance_of(desk, account, wallet)
    if allowance is None:
        return  # its plan fills it no more; `stop_others` takes it off the clock
    if allowance.every is not wallet.every:
        fresh_period(desk, account, wallet, allowance.every)
    else:
        _go_on(desk, account, wallet)
    wallet.last_reset_at = desk.now
    desk.journal.touched_wallets[wallet.wallet_id] = wallet
    give_allowance(desk, account, wallet, allowance, "reset")


def _go_on(desk: Desk, account: Account, wallet: Wallet) -> None:
    """Put the wallet's next period in place of the one that ended."""
    before = wallet.period_first
    wallet.period_first, wallet.period_next, wallet.period_ends_at = next_period(account, wallet, desk.now)
    if wallet.every is Every.DAYS_30 and wallet.anchor is not None:
        wallet.anchor = max(wallet.anchor, wallet.period_first)
    wallet.forced_count = wallet.forced_count + 1 if wallet.period_first == before else 0


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
        if not _others_run(desk, account, wallet):
            follow(desk, account)
        begin_period(desk, account, wallet)


def _others_run(desk: Desk, account: Account, wallet: Wallet) -> bool:
    """Whether the plan's term runs already, so that a wallet that wakes joins it as it is."""
    if account.term.ends_at is not None:
        return True
    return any(
        other is not wallet and other.every is not None and (other.period_ends_at or desk.now) > desk.now
        for other in account.wallets.values()
    )


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
