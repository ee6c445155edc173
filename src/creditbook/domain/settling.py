"""What time does (rules 18–26): settlement leaves exactly what it would have left had it run at every boundary.

`settle` walks the boundaries that are due in the order of time; at one instant: hold time-outs, scheduled plan changes,
rollover, expiry, new allowance, debt repayment (rule 20). Everything it books carries the boundary's own instant,
however late it comes.
"""

from __future__ import annotations

from datetime import datetime

from .allowances import ending_allowance, open_allowances, open_missing, renews
from .context import Desk
from .debts import repay
from .granting import lapse
from .program import Allowance
from .resets import begin_period, roll_over
from .state import Account, Hold, HoldStatus, Wallet
from .terms import Turn, soonest, take_as_paid, turn

Ending = tuple[Wallet, Allowance]


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


def project(desk: Desk, until: datetime) -> bool:
    """Settle on into the future from what is settled now: subscriptions are taken as paid unless cancelling (rule 27).

    Only for a book that nobody will append.
    """
    take_as_paid(desk.book)
    desk.projects = True
    return settle(desk, until)


def next_due(desk: Desk) -> datetime | None:
    """The first boundary of the family that has not been settled."""
    first: datetime | None = None
    for account in desk.book.accounts.values():
        if desk.leaves_alone(account):
            continue
        for hold in account.holds.values():
            if hold.status is HoldStatus.OPEN and (first is None or hold.ends_at < first):
                first = hold.ends_at
        for grant in account.grants.values():
            end = grant.expires_at
            if end is not None and grant.remaining > grant.held and (first is None or end < first):
                first = end
        for wallet in account.wallets.values():
            end = wallet.period_ends_at
            if end is not None and (first is None or end < first) and renews(desk, account, wallet, end):
                first = end
        end = soonest(desk.book, account)
        if end is not None and (first is None or end < first):
            first = end
    return first


def _settle_instant(desk: Desk) -> None:
    now = desk.now
    accounts = [a for a in sorted(desk.book.accounts.values(), key=lambda a: a.account_id) if not desk.leaves_alone(a)]
    for account in accounts:
        for hold in list(account.holds.values()):
            if hold.status is HoldStatus.OPEN and hold.ends_at <= now:
                release(desk, hold)
                desk.journal.close_hold(hold, HoldStatus.TIMED_OUT, now)
    ending = {account.account_id: _ending(desk, account) for account in accounts}
    turns = {a.account_id: turn(desk, a, began=_begins(desk, a, ending[a.account_id])) for a in accounts}
    for account in accounts:
        begun = turns[account.account_id]
        for wallet, allowance in ending[account.account_id]:
            roll_over(desk, account, wallet, allowance, afresh=begun is not None and begun.afresh)
    for account in accounts:
        lapse(desk, account)
    for account in accounts:
        _open(desk, account, ending[account.account_id], turns[account.account_id])
    for account in accounts:
        repay(desk, account)


def _ending(desk: Desk, account: Account) -> list[Ending]:
    """The wallets whose period ends now, each with what the plan that ran until now has given it."""
    found = []
    for wallet in account.wallets.values():
        end = wallet.period_ends_at
        if end is not None and end <= desk.now and renews(desk, account, wallet, end):
            allowance = ending_allowance(desk, account, wallet)
            assert allowance is not None
            found.append((wallet, allowance))
    return found


def _begins(desk: Desk, account: Account, ending: list[Ending]) -> bool:
    """Whether the plan's own term begins anew: an allowance that lasts as long as it has ended."""
    plan = desk.book.own_plan(account) if ending else None
    return plan is not None and any(wallet.every is plan.term for wallet, _ in ending)


def _open(desk: Desk, account: Account, ending: list[Ending], begun: Turn | None) -> None:
    """Give the allowances that begin now: of another plan, or of the one that goes on."""
    if begun is not None and begun.afresh:
        open_allowances(desk, account, begun.kind)
        return
    for wallet, _ in ending:
        begin_period(desk, account, wallet)
    if begun is not None:
        open_missing(desk, account, begun.kind)


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
