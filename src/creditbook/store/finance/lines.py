"""The transactions beneath a figure of finance: by keyset, newest day first.

Rollups say on which days there is anything; each of those is then walked over the index by `org_date`, so that a page
of rows costs a page of rows, however long the history and the period.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.ledger import account, ledger_transaction

from .usage import counted_on, days_with
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
    found = every(connection, org_id, wanted, batch=limit, hour=hour, weekday=weekday, after_id=after_id)
    return list(islice(found, limit))


def every(
    connection: sa.Connection,
    org_id: int,
    wanted: Wanted,
    batch: int = 5_000,
    *,
    hour: int | None = None,
    weekday: int | None = None,
    after_id: int | None = None,
) -> Iterator[Any]:
    """All of them, read in batches of one snapshot."""
    seen = None if after_id is None else _day_of(connection, org_id, after_id)
    for day in days_with(connection, org_id, wanted):
        if (weekday is None or day.weekday() == weekday) and (seen is None or day <= seen):
            yield from _day(connection, org_id, wanted, day, hour, after_id if day == seen else None, batch)


def _day(
    connection: sa.Connection, org_id: int, wanted: Wanted, day: date, hour: int | None, after: int | None, batch: int
) -> Iterator[Any]:
    query = sa.select(*COLUMNS).where(*counted_on(org_id, wanted, day))
    query = query.join_from(ledger_transaction, account, sa.and_(a.org_id == t.org_id, a.account_id == t.account_id))
    query = query.order_by(t.txn_id.desc()).limit(batch)
    if hour is not None:
        query = query.where(t.org_hour == hour)
    while True:
        page = query if after is None else query.where(t.txn_id < after)
        rows = connection.execute(page).all()
        yield from rows
        if len(rows) < batch:
            return
        after = rows[-1].txn_id


def _day_of(connection: sa.Connection, org_id: int, txn_id: int) -> Any:
    return connection.execute(sa.select(t.org_date).where(t.org_id == org_id, t.txn_id == txn_id)).scalar()
