"""The transactions beneath a figure of finance: by keyset, newest day first, over the index by `org_date`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.ledger import account, ledger_transaction

from .usage import counted
from .wanted import Wanted

t, a = ledger_transaction.c, account.c

COLUMNS = (
    t.txn_id, t.kind, t.account_id, a.name.label("account"), t.org_date, t.accounting_date, t.org_hour, t.event_at,
    t.agent, t.model, t.feature, t.plan, t.action, t.project, t.description, t.requests, t.input_tokens,
    t.output_tokens, t.cached_tokens, t.reasoning_tokens, t.charged, t.metered, t.cost_usd_nanos, t.cost_inr_nanos,
    t.unpriced, t.price_version, t.fx_rate_id, t.reverses_txn_id, t.reason,
)  # fmt: skip


def lines(
    connection: sa.Connection,
    org_id: int,
    wanted: Wanted,
    *,
    hour: int | None = None,
    weekday: int | None = None,
    after_id: int | None = None,
    limit: int = 50,
) -> list[Any]:
    """At most `limit` transactions that the figures of `wanted` count, newest day first and of a day the newest id.

    `after_id` is the last one that was seen; `weekday` is 0 on Monday. An unknown `after_id` begins anew.
    """
    query = sa.select(*COLUMNS).where(*counted(org_id, wanted))
    query = query.join_from(ledger_transaction, account, sa.and_(a.org_id == t.org_id, a.account_id == t.account_id))
    if hour is not None:
        query = query.where(t.org_hour == hour)
    if weekday is not None:
        query = query.where(_weekday(connection) == weekday)
    seen = None if after_id is None else _place(connection, org_id, after_id)
    if seen is not None:
        query = query.where(t.org_date <= seen, sa.or_(t.org_date < seen, t.txn_id < after_id))
    return list(connection.execute(query.order_by(t.org_date.desc(), t.txn_id.desc()).limit(limit)).all())


def every(connection: sa.Connection, org_id: int, wanted: Wanted, batch: int = 5_000, **more: Any) -> Iterator[Any]:
    """All of them, read in batches of one snapshot."""
    after: int | None = None
    while True:
        rows = lines(connection, org_id, wanted, after_id=after, limit=batch, **more)
        yield from rows
        if len(rows) < batch:
            return
        after = rows[-1].txn_id


def _weekday(connection: sa.Connection) -> sa.ColumnElement[Any]:
    if connection.dialect.name == "sqlite":
        return (sa.cast(sa.func.strftime("%w", t.org_date), sa.Integer) + 6) % 7
    return sa.cast(sa.extract("isodow", t.org_date), sa.Integer) - 1


def _place(connection: sa.Connection, org_id: int, txn_id: int) -> Any:
    return connection.execute(sa.select(t.org_date).where(t.org_id == org_id, t.txn_id == txn_id)).scalar()
