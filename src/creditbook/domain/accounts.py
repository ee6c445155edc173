"""Accounts: opened, frozen, closed, moved to another zone; their wallets switched off and on (rules 11, 22, 26)."""

from __future__ import annotations

from . import rewarding, terms
from .allowances import open_allowances, renews
from .calendar import local_date, zone_info
from .context import Desk
from .debts import repay
from .errors import InvalidRequest, NotFound
from .granting import lapse, mark_blocked, open_wallet_row
from .journal import Transaction
from .limits import refuse_closed
from .operations import EndImport, OpenAccount, Reset, SetQuota, SetStatus, SetWalletActive, SetZone
from .resets import force, move_ends, wake
from .settling import after_release, release
from .state import Account, AccountStatus, HoldStatus


def open_account(desk: Desk, operation: OpenAccount) -> Account:
    """Open an account with what the program opens at sign-up.

    A member of a pool may have no plan of its own (`''`): it lives on the pool's.
    """
    book = desk.book
    zone = operation.zone or book.org_zone
    zone_info(zone)
    plan = operation.plan
    if not plan and operation.pool_id is None:
        plan = (book.program.pool_plan if operation.kind == "pool" else None) or book.program.default_plan
    if plan and plan not in book.program.plans:
        known = ", ".join(sorted(book.program.plans))
        raise InvalidRequest(f"This program has no plan “{plan}”. Its plans: {known}.")
    if operation.quota_tokens is not None and operation.quota_tokens < 0:
        raise InvalidRequest("A quota is 0 or more tokens; leave it empty for none.")
    if operation.referrer_id == operation.account_id:
        raise InvalidRequest("Nobody refers herself.")
    account = Account(
        account_id=operation.account_id,
        name=operation.account_name,
        kind=operation.kind,
        plan=plan,
        plan_anchor=operation.plan_anchor or local_date(desk.now, zone),
        zone=zone,
        own_zone=operation.zone is not None,
        pool_id=operation.pool_id,
        quota_tokens=operation.quota_tokens,
        import_id=operation.import_id,
        clock_at=desk.now,
    )
    book.accounts[account.account_id] = account
    desk.journal.accounts.append((account, operation.external_id))
    if plan:
        terms.put_on(desk, account, plan)
        account.plan_anchor = operation.plan_anchor or account.plan_anchor
        open_allowances(desk, account, operation=operation, welcome=True)
        terms.note(desk, account, "started", "", operation)
    for type_ in operation.wallets:
        open_wallet_row(desk, account, type_, "", None, None)
    rewarding.join(desk, account, operation.referrer_id, operation)
    return account


def set_status(desk: Desk, account: Account, operation: SetStatus) -> None:
    """Freeze, unfreeze or close. Closing voids the account's holds and revokes the rest; it is final."""
    if operation.status not in list(AccountStatus):
        raise InvalidRequest(f"“{operation.status}” is no status. Use one of {', '.join(AccountStatus)}.")
    status = AccountStatus(operation.status)
    refuse_closed(account)
    if account.status is status:
        raise InvalidRequest(f"This account is {status} already.")
    if status is AccountStatus.CLOSED:
        _close(desk, account, operation)
    account.status = status
    desk.journal.touched_accounts[account.account_id] = account


def _close(desk: Desk, account: Account, operation: SetStatus) -> None:
    """Void its holds, let what they release repay its debts, and revoke the rest.

    A member's hold on a closing pool's tokens may still be captured; what it releases is revoked then.
    """
    for hold in account.holds.values():
        if hold.status is HoldStatus.OPEN:
            release(desk, hold)
            desk.journal.close_hold(hold, HoldStatus.VOIDED, desk.now)
    after_release(desk, account)
    for grant in account.grants.values():
        if not grant.ended(desk.now):
            grant.closed_reason, grant.closed_at = "closed", desk.now
            grant.live = grant.remaining > 0
            desk.journal.touched_grants[grant.grant_id] = grant
    lapse(desk, account, operation)
    terms.stop(desk, account, operation)


def set_zone(desk: Desk, account: Account, operation: SetZone) -> Transaction | None:
    """Move an account to another zone. Dates and request counts use it at once, periods from their next boundary."""
    refuse_closed(account)
    zone = operation.zone or desk.book.org_zone
    zone_info(zone)
    account.zone, account.own_zone = zone, operation.zone is not None
    desk.journal.touched_accounts[account.account_id] = account
    terms.move_end(account)
    return move_ends(desk, account, operation)


def end_import(desk: Desk, account: Account, operation: EndImport) -> None:
    """The import that opened this account has ended: sweeps and others may touch it again."""
    account.import_id = None
    desk.journal.touched_accounts[account.account_id] = account


def set_quota(desk: Desk, account: Account, operation: SetQuota) -> None:
    """Change a member's quota of the pool; what she used in this period still counts."""
    refuse_closed(account)
    if account.pool_id is None:
        raise InvalidRequest("This account draws on no pool, so it has no quota.")
    if operation.tokens is not None and operation.tokens < 0:
        raise InvalidRequest("A quota is 0 or more tokens; leave it empty for none.")
    account.quota_tokens = operation.tokens
    desk.journal.touched_accounts[account.account_id] = account


def set_wallet_active(desk: Desk, account: Account, operation: SetWalletActive) -> Transaction:
    """Switch a wallet off (its tokens are blocked, it is not reset, its expiries run on) or on again."""
    wallet = account.wallets.get(operation.wallet_id)
    if wallet is None:
        raise NotFound(f"This account has no wallet {operation.wallet_id}.")
    refuse_closed(account)
    if wallet.is_active is operation.active:
        raise InvalidRequest("That wallet is already so.")
    wallet.is_active = operation.active
    desk.journal.touched_wallets[wallet.wallet_id] = wallet
    grants = [g for g in account.grants.values() if g.wallet_id == wallet.wallet_id and g.remaining and not g.disputed]
    what = "Wallet switched on" if operation.active else "Wallet switched off: its tokens are blocked"
    txn = mark_blocked(desk, account, grants, not operation.active, operation, what)
    if operation.active:
        wake(desk, account, wallet)
        repay(desk, account)
    return txn


def force_reset(desk: Desk, account: Account, operation: Reset) -> None:
    """Reset allowances within their period: of one wallet, or of every active one that renews (rule 23)."""
    refuse_closed(account)
    if operation.wallet_id is not None and operation.wallet_id not in account.wallets:
        raise NotFound(f"This account has no wallet {operation.wallet_id}.")
    wallets = [
        wallet
        for wallet in account.wallets.values()
        if wallet.period_ends_at is not None
        and renews(desk, account, wallet, desk.now)
        and operation.wallet_id in (None, wallet.wallet_id)
    ]
    if not wallets:
        raise InvalidRequest("There is no active wallet here that resets.")
    for wallet in wallets:
        force(desk, account, wallet, operation)
    repay(desk, account)
