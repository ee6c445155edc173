"""An account as it stood at a past instant, rebuilt from the journal (as-of balances go by `effective_at`).

What happened to an account is journaled without gaps up to its last event: every event settled it first. So an instant
before that event is answered from the entries alone, a later one by settling the present state in memory.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from creditbook.domain.program import GrantClass
from creditbook.domain.state import Account, Book, Debt, Grant, Hold

from .directory import AccountRef
from .engine import Store
from .tables.ledger import debt, debt_entry, entry, hold, hold_entry, ledger_transaction, plan_event, token_grant

Connection = sa.Connection


def changed_since(store: Store, ref: AccountRef, at: datetime) -> set[int]:
    """Which of the account and the pool that it draws on something happened to after this instant."""
    with store.read(ref.org_id) as connection:
        return {who for who in {ref.account_id, ref.root_id} if _last_event(connection, ref.org_id, who) > at}


def _last_event(connection: Connection, org_id: int, account_id: int) -> datetime:
    txn, line, held = ledger_transaction.c, entry.c, hold_entry.c
    newest = [
        sa.select(txn.effective_at)
        .where(txn.org_id == org_id, txn.account_id == account_id)
        .order_by(txn.txn_id.desc()),
        sa.select(txn.effective_at)
        .join(entry, (line.org_id == txn.org_id) & (line.txn_id == txn.txn_id))
        .join(token_grant, (token_grant.c.org_id == line.org_id) & (token_grant.c.grant_id == line.grant_id))
        .where(token_grant.c.org_id == org_id, token_grant.c.account_id == account_id)
        .order_by(line.txn_id.desc()),
        sa.select(held.effective_at)
        .where(held.org_id == org_id, held.account_id == account_id)
        .order_by(held.effective_at.desc()),
        sa.select(plan_event.c.at)
        .where(plan_event.c.org_id == org_id, plan_event.c.account_id == account_id)
        .order_by(plan_event.c.event_id.desc()),
    ]
    found = [at for one in newest if (at := connection.scalar(one.limit(1))) is not None]
    return max(found, default=datetime.min.replace(tzinfo=UTC))


def book_at(store: Store, ref: AccountRef, at: datetime, settled: Book, changed: set[int]) -> Book:
    """The family as it stood. Accounts in ``changed`` are rebuilt from the journal, others are those of ``settled``,
    the present book settled up to the instant. Names and zones are as they are now, plans as they were."""
    past = replace(settled, accounts={who: settled.accounts[who] for who in {ref.account_id, ref.root_id}})
    with store.read(ref.org_id) as connection:
        for account_id in changed:
            past.accounts[account_id] = _account_at(connection, ref.org_id, settled.accounts[account_id], at)
        _holds_at(connection, ref.org_id, past, at, changed)
        member = past.accounts[ref.account_id]
        if member.pool_id is not None and ref.account_id in changed:
            _quota_at(connection, ref.org_id, member, at)
    return past


def rebuild(connection: Connection, org_id: int, book: Book, at: datetime) -> None:
    """Put every account of a family back to how it stood at the instant, from the journal alone."""
    for account_id, present in list(book.accounts.items()):
        book.accounts[account_id] = _account_at(connection, org_id, present, at)
    _holds_at(connection, org_id, book, at, set(book.accounts))
    for member in book.accounts.values():
        if member.pool_id is not None:
            _quota_at(connection, org_id, member, at)


def _account_at(connection: Connection, org_id: int, now: Account, at: datetime) -> Account:
    wallets = {w: replace(one, is_active=True) for w, one in now.wallets.items() if (one.created_at or at) <= at}
    account = replace(now, wallets=wallets, grants={}, debts={}, holds={}, requests={}, quota_used={}, clock_at=at)
    account.plan, account.program_id = _plan_at(connection, org_id, now, at)
    lines = _last_lines(connection, org_id, now.account_id, at)
    mine = sa.select(token_grant).where(
        token_grant.c.org_id == org_id, token_grant.c.account_id == now.account_id, token_grant.c.effective_at <= at
    )
    for row in connection.execute(mine).mappings():
        if row["grant_id"] in lines:
            account.grants[row["grant_id"]] = _grant(row, *lines[row["grant_id"]], at)
    for wallet in account.wallets.values():
        running = [
            g.expires_at for g in account.grants.values()
            if g.wallet_id == wallet.wallet_id and g.source == "allowance" and g.expires_at and not g.ended(at)
        ]  # fmt: skip
        wallet.period_ends_at = min(running, default=None)
        firsts = [g.period_first for g in account.grants.values() if g.wallet_id == wallet.wallet_id and g.period_first]
        wallet.period_first = max(firsts, default=None)
    account.debts = _debts(connection, org_id, now.account_id, at)
    return account


def _plan_at(connection: Connection, org_id: int, now: Account, at: datetime) -> tuple[str, int]:
    """The plan that ran, and the version that it followed; the present one for accounts older than their history."""
    event = plan_event.c
    ran = (
        sa.select(event.plan_after, event.program_id)
        .where(event.org_id == org_id, event.account_id == now.account_id, event.at <= at)
        .where(event.what.not_in(("scheduled", "cancelling")))  # these name the plan that waits
        .order_by(event.event_id.desc())
        .limit(1)
    )
    row = connection.execute(ran).first()
    return (row.plan_after, row.program_id) if row is not None else (now.plan, now.program_id)


def _last_lines(connection: Connection, org_id: int, account_id: int, at: datetime) -> dict[int, tuple[int, bool]]:
    """What remained of each grant, and whether it was blocked, by its last entry up to the instant."""
    txn, line = ledger_transaction.c, entry.c
    place = sa.func.row_number().over(partition_by=line.grant_id, order_by=(line.txn_id.desc(), line.seq.desc()))
    ranked = (
        sa.select(line.grant_id, line.remaining_after, line.blocked, place.label("place"))
        .join(token_grant, (token_grant.c.org_id == line.org_id) & (token_grant.c.grant_id == line.grant_id))
        .join(ledger_transaction, (txn.org_id == line.org_id) & (txn.txn_id == line.txn_id))
        .where(token_grant.c.org_id == org_id, token_grant.c.account_id == account_id, txn.effective_at <= at)
        .subquery()
    )
    rows = connection.execute(sa.select(ranked).where(ranked.c.place == 1))
    return {row.grant_id: (row.remaining_after, bool(row.blocked)) for row in rows}


def _grant(row: Any, remaining: int, blocked: bool, at: datetime) -> Grant:
    closed = row["closed_at"] is not None and row["closed_at"] <= at
    return Grant(
        grant_id=row["grant_id"],
        account_id=row["account_id"],
        wallet_id=row["wallet_id"],
        txn_id=row["txn_id"],
        source=row["source"],
        grant_class=GrantClass(row["class"]),
        amount=row["amount"],
        effective_at=row["effective_at"],
        expires_at=row["expires_at"],
        remaining=remaining,
        label=row["label"],
        disputed=blocked,
        closed_reason=row["closed_reason"] if closed else None,
        closed_at=row["closed_at"] if closed else None,
        period_first=row["period_first"],
        forced_no=row["forced_no"],
    )


def _debts(connection: Connection, org_id: int, account_id: int, at: datetime) -> dict[int, Debt]:
    txn, line = ledger_transaction.c, debt_entry.c
    owed = (
        sa.select(
            debt.c.debt_id, debt.c.txn_id, debt.c.feature, debt.c.incurred, sa.func.sum(line.amount).label("owed")
        )
        .join(debt_entry, (line.org_id == debt.c.org_id) & (line.debt_id == debt.c.debt_id))
        .join(ledger_transaction, (txn.org_id == line.org_id) & (txn.txn_id == line.txn_id))
        .where(debt.c.org_id == org_id, debt.c.account_id == account_id, txn.effective_at <= at)
        .group_by(debt.c.debt_id, debt.c.txn_id, debt.c.feature, debt.c.incurred)
    )
    rows = connection.execute(owed)
    return {
        row.debt_id: Debt(row.debt_id, account_id, row.txn_id, row.feature, row.incurred, int(row.owed), at)
        for row in rows
    }


def _holds_at(connection: Connection, org_id: int, book: Book, at: datetime, changed: set[int]) -> None:
    """Put what holds reserved at the instant onto the grants, and the accounts' own holds onto the accounts."""
    line = hold_entry.c
    reserved = (
        sa.select(line.hold_id, line.grant_id, line.account_id, sa.func.sum(line.amount).label("held"))
        .where(line.org_id == org_id, line.account_id.in_(list(book.accounts)), line.effective_at <= at)
        .group_by(line.hold_id, line.grant_id, line.account_id)
        .having(sa.func.sum(line.amount) > 0)
    )
    by_hold: dict[int, dict[int, int]] = defaultdict(dict)
    for row in connection.execute(reserved):
        if row.account_id in changed:
            book.accounts[row.account_id].grants[row.grant_id].held += int(row.held)
        by_hold[row.hold_id][row.grant_id] = int(row.held)
    if not by_hold:
        return
    its = hold.c
    rows = connection.execute(sa.select(hold).where(its.org_id == org_id, its.hold_id.in_(list(by_hold))))
    for row in rows:
        if row.account_id in changed:
            book.accounts[row.account_id].holds[row.hold_id] = Hold(
                row.hold_id, row.account_id, row.action, row.feature, row.estimate, row.seconds, row.effective_at,
                row.ends_at, reserved=by_hold[row.hold_id],
            )  # fmt: skip


def _quota_at(connection: Connection, org_id: int, member: Account, at: datetime) -> None:
    txn = ledger_transaction.c
    used = (
        sa.select(txn.quota_period, sa.func.sum(txn.quota_charged).label("used"))
        .where(
            txn.org_id == org_id, txn.account_id == member.account_id, txn.effective_at <= at, txn.quota_charged != 0
        )
        .group_by(txn.quota_period)
    )
    member.quota_used = {row.quota_period: int(row.used) for row in connection.execute(used)}
