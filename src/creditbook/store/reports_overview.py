"""Reading how an account's available tokens went day by day. One query of index probes, however long the history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .tables.base import Big, When
from .tables.ledger import ledger_transaction

t = ledger_transaction.c


def last_before(connection: sa.Connection, org_id: int, account_id: int, instants: Sequence[datetime]) -> list[Any]:
    """For each instant the account's last transaction decided before it: (instant, available_after), oldest first.

    Ids rise with `effective_at` within an account, so each is found by halving the account's range of ids: some
    thirty probes of its index apiece, in one statement. Instants before the first transaction have no row.
    """
    mine = (t.org_id == org_id, t.account_id == account_id)
    first, last = connection.execute(sa.select(sa.func.min(t.txn_id), sa.func.max(t.txn_id)).where(*mine)).one()
    if first is None or not instants:
        return []
    search = _halving(mine, instants, first - 1, last)
    found = _latest(t.available_after, mine, search.c.low).correlate(search).label("available_after")
    done = sa.select(search.c.instant, found).where(search.c.low >= search.c.high, search.c.low >= first)
    return list(connection.execute(done.order_by(search.c.instant)).all())


def _halving(mine: tuple[sa.ColumnElement[bool], ...], instants: Sequence[datetime], low: int, high: int) -> sa.CTE:
    """Rows (instant, low, high) that close in on the last id before each instant."""
    starts = [
        sa.select(
            sa.cast(sa.literal(instant, When), When).label("instant"),
            sa.cast(low, Big).label("low"),
            sa.cast(high, Big).label("high"),
        )
        for instant in instants
    ]
    search = sa.select(sa.union_all(*starts).subquery()).cte("search", recursive=True)
    middle = (search.c.low + search.c.high + 1) // 2
    before = _latest(t.effective_at, mine, middle).correlate(search) < search.c.instant
    step = sa.select(
        search.c.instant,
        sa.case((before, middle), else_=search.c.low),
        sa.case((before, search.c.high), else_=middle - 1),
    )
    return search.union_all(step.where(search.c.low < search.c.high))


def _latest(
    column: sa.ColumnElement[Any], mine: tuple[sa.ColumnElement[bool], ...], upto: sa.ColumnElement[int]
) -> sa.ScalarSelect[Any]:
    """A column of the account's last transaction whose id is at most `upto`."""
    query = sa.select(column).where(*mine, t.txn_id <= upto).order_by(t.txn_id.desc()).limit(1)
    return query.scalar_subquery()
