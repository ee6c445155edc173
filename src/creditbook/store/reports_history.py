"""Reading an account's transactions: pages by keyset, one line with its entries. Never writes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from .tables.ledger import debt, debt_entry, entry, ledger_transaction, token_grant, wallet

t = ledger_transaction.c


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines of a history are wanted; an empty part lets everything pass.

    Days are local dates of the account, both included. ``text`` is looked for in project and description.
    """

    kinds: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    text: str = ""


NO_FILTER = LineFilter()

SHORT = (
    t.txn_id,
    t.kind,
    t.tokens,
    t.charged,
    t.metered,
    t.agent,
    t.model,
    t.feature,
    t.action,
    t.project,
    t.description,
    t.effective_at,
    t.event_at,
    t.account_date,
    t.available_before,
    t.available_after,
    t.input_tokens,
    t.output_tokens,
    t.cached_tokens,
    t.reasoning_tokens,
    t.cost_usd_nanos,
    t.cost_inr_nanos,
    t.unpriced,
    t.actor,
    t.reason,
)
_LONG = (
    *SHORT,
    t.account_id,
    t.pool_id,
    t.plan,
    t.late_capture,
    t.would_refuse,
    t.created_at,
    t.accounting_date,
    t.price_version,
    t.fx_rate_id,
    t.cost_parts,
    t.hold_id,
    t.reverses_txn_id,
    t.metadata,
)


def page(
    connection: sa.Connection,
    org_id: int,
    account_id: int,
    wanted: LineFilter,
    *,
    older_than: int | None = None,
    newer_than: int | None = None,
    upto: int | None = None,
    limit: int,
) -> list[Any]:
    """At most `limit` lines, newest first: the newest, those up to (and with) one, or those beside it."""
    query = sa.select(*SHORT).where(*_matching(org_id, account_id, wanted)).limit(limit)
    if newer_than is not None:
        rows = connection.execute(query.where(t.txn_id > newer_than).order_by(t.txn_id.asc())).all()
        return list(reversed(rows))
    if older_than is not None:
        query = query.where(t.txn_id < older_than)
    if upto is not None:
        query = query.where(t.txn_id <= upto)
    return list(connection.execute(query.order_by(t.txn_id.desc())).all())


def every(
    connection: sa.Connection, org_id: int, account_id: int, wanted: LineFilter, batch: int = 5_000
) -> Iterator[Any]:
    """All lines that match, newest first, read in batches of one snapshot."""
    last: int | None = None
    while True:
        rows = page(connection, org_id, account_id, wanted, older_than=last, limit=batch)
        yield from rows
        if len(rows) < batch:
            return
        last = rows[-1].txn_id


def line(connection: sa.Connection, org_id: int, account_id: int, txn_id: int, *, of_members: bool = False) -> Any:
    """One transaction of the account, every column that a page shows; None when it is not hers.

    ``of_members``: one that a member made and this account, a pool, may have paid is hers too.
    """
    hers = sa.or_(t.account_id == account_id, t.pool_id == account_id) if of_members else t.account_id == account_id
    found = sa.select(*_LONG).where(t.org_id == org_id, hers, t.txn_id == txn_id)
    return connection.execute(found).first()


def entries(connection: sa.Connection, org_id: int, txn_id: int) -> list[Any]:
    """The grants that a transaction moved, in order, each with its wallet."""
    return entries_of(connection, org_id, [txn_id])[txn_id]


def entries_of(connection: sa.Connection, org_id: int, txn_ids: Collection[int]) -> dict[int, list[Any]]:
    """The same of a page of transactions at once, by their ids."""
    e, g, w = entry.c, token_grant.c, wallet.c
    query = (
        sa.select(
            e.txn_id,
            e.seq,
            e.amount,
            e.remaining_after,
            e.grant_id,
            e.account_id,
            g.label,
            g.source,
            g.expires_at,
            g.amount.label("of"),
            g["class"].label("grant_class"),
            g.wallet_id,
            w.type.label("wallet_type"),
            w.label.label("wallet_label"),
            w.every.label("wallet_every"),
        )
        .join_from(entry, token_grant, sa.and_(g.org_id == e.org_id, g.grant_id == e.grant_id))
        .join(wallet, sa.and_(w.org_id == g.org_id, w.wallet_id == g.wallet_id))
        .where(e.org_id == org_id, e.txn_id.in_(txn_ids))
        .order_by(e.txn_id, e.seq)
    )
    found: dict[int, list[Any]] = {txn_id: [] for txn_id in txn_ids}
    for row in connection.execute(query):
        found[row.txn_id].append(row)
    return found


def metadata_of(connection: sa.Connection, org_id: int, txn_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What the application sent along with each of some transactions."""
    query = sa.select(t.txn_id, t.metadata).where(t.org_id == org_id, t.txn_id.in_(txn_ids))
    return {row.txn_id: row.metadata or {} for row in connection.execute(query)}


def debts(connection: sa.Connection, org_id: int, txn_id: int) -> list[Any]:
    """What a transaction did to debts, in order."""
    e, d = debt_entry.c, debt.c
    query = (
        sa.select(e.seq, e.amount, e.owed_after, e.cause, d.feature)
        .join_from(debt_entry, debt, sa.and_(d.org_id == e.org_id, d.debt_id == e.debt_id))
        .where(e.org_id == org_id, e.txn_id == txn_id)
        .order_by(e.seq)
    )
    return list(connection.execute(query).all())


def reversals(connection: sa.Connection, org_id: int, account_id: int, txn_id: int) -> list[Any]:
    """The transactions of the account that reversed this one, oldest first."""
    query = sa.select(*SHORT).where(t.org_id == org_id, t.account_id == account_id, t.reverses_txn_id == txn_id)
    return list(connection.execute(query.order_by(t.txn_id)).all())


def _matching(org_id: int, account_id: int, wanted: LineFilter) -> list[sa.ColumnElement[bool]]:
    terms: list[sa.ColumnElement[bool]] = [t.org_id == org_id, t.account_id == account_id]
    if wanted.kinds:
        terms.append(t.kind.in_(wanted.kinds))
    if wanted.agents:
        terms.append(t.agent.in_(wanted.agents))
    if wanted.models:
        terms.append(t.model.in_(wanted.models))
    if wanted.first is not None:
        terms.append(t.account_date >= wanted.first)
    if wanted.last is not None:
        terms.append(t.account_date <= wanted.last)
    if wanted.text:
        terms.append(sa.or_(*(column.icontains(wanted.text, autoescape=True) for column in (t.project, t.description))))
    return terms
