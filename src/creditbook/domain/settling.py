"""What time does (rules 18–26): settlement leaves exactly what it would have left had it run at every boundary.

`settle` walks the boundaries that are due in the order of time; at one instant: hold time-outs, rollover, expiry, new
allowance, debt repayment (rule 20). Everything it books carries the boundary's own instant, however late it comes.
"""

from __future__ import annotations

from datetime import datetime

from .context import Desk
from .debts import repay
from .granting import lapse
from .resets import begin_period, renews, roll_over
from .state import Account, Hold, HoldStatus, Wallet


def settle(desk: Desk, until: datetime) -> bool:
    """Do everything due up to and including ``until``, and set the desk's clock to it. Tells whether there was any."""
    due = next_due(desk)
    worked = False
    while due is not None and due <= until:
        desk.now = due
        _settle_instant(desk)
        worked = True
        due = next_due(desk)
    desk.now, desk.next_due = until, due
    return worked


def next_due(desk: Desk) -> datetime | None:
    """The first boundary of the family that has not been settled."""
    soonest: datetime | None = None
    for account in desk.book.accounts.values():
        if desk.leaves_alone(account):
            continue
        for hold in account.holds.values():
            if hold.status is HoldStatus.OPEN and (soonest is None or hold.ends_at < soonest):
                soonest = hold.ends_at
        for grant in account.grants.values():
            end = grant.expires_at
            if end is not None and grant.remaining > grant.held and (soonest is None or end < soonest):
                soonest = end
        for wallet in account.wallets.values():
            end = wallet.period_ends_at
            if end is not None and (soonest is None or end < soonest) and renews(desk, account, wallet, end):
                soonest = end
    return soonest


def _settle_instant(desk: Desk) -> None:
    now = desk.now
    accounts = [a for a in sorted(desk.book.accounts.values(), key=lambda a: a.account_id) if not desk.leaves_alone(a)]
    for account in accounts:
        for hold in list(account.holds.values()):
            if hold.status is HoldStatus.OPEN and hold.ends_at <= now:
                release(desk, hold)
                desk.journal.close_hold(hold, HoldStatus.TIMED_OUT, now)
    ending = [(account, wallet) for account in accounts for wallet in _ending(desk, account)]
    for account, wallet in ending:
        roll_over(desk, account, wallet)
    for account in accounts:
        lapse(desk, account)
    for account, wallet in ending:
        begin_period(desk, account, wallet)
    for account in accounts:
        repay(desk, account)


def _ending(desk: Desk, account: Account) -> list[Wallet]:
    return [
        wallet
        for wallet in account.wallets.values()
        if wallet.period_ends_at is not None
        and wallet.period_ends_at <= desk.now
        and renews(desk, account, wallet, wallet.period_ends_at)
    ]


def release(desk: Desk, hold: Hold) -> None:
    """Give everything that a hold still reserves back to its grants."""
    for grant_id, amount in list(hold.reserved.items()):
        desk.journal.hold(hold, desk.book.grant(grant_id), -amount, desk.now, "released")


def after_release(desk: Desk, account: Account) -> None:
    """What released tokens do at once: those of dead grants lapse, the others repay debts; the pool's likewise."""
    pool = desk.book.pool_of(account)
    for owner in (account, pool):
        if owner is not None:
            lapse(desk, owner)
            repay(desk, owner)
