"""A month of one account, in its own tokens: where it began, every line, where it ended.

A line belongs to the month in which the ledger decided it (`effective_at`), as as-of balances do, so that a month that
is over never changes and each begins where the last one ended. Ids rise with it within a family (a pool and its
members share one clock), so a month is a range of ids, found by halving: no history is read before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.base import Big
from creditbook.store.tables.ledger import account, debt, debt_entry, entry, ledger_transaction, token_grant

from .export_rows import LACKS_A_PRICE

t, e, g, a = ledger_transaction.c, entry.c, token_grant.c, account.c
PIECE = 5_000


@dataclass(frozen=True, slots=True)
class Range:
    """The ids of a stretch of time of one account: above ``after``, up to ``upto``."""

    org_id: int
    account_id: int
    after: int
    upto: int


def id_range(connection: sa.Connection, org_id: int, account_id: int, first: datetime, end: datetime) -> Range:
    """The ids of what was decided for the account's family from ``first`` until before ``end``."""
    family = sa.select(a.account_id).where(
        a.org_id == org_id, sa.or_(a.account_id == account_id, a.pool_id == account_id)
    )
    members = list(connection.scalars(family))
    before = [_last_before(connection, org_id, one, instant) for instant in (first, end) for one in members]
    half = len(members)
    return Range(org_id, account_id, max(before[:half], default=0), max(before[half:], default=0))


def _last_before(connection: sa.Connection, org_id: int, account_id: int, instant: datetime) -> int:
    """The id of the account's last transaction decided before the instant, by halving its range; 0 when none was."""
    mine = (t.org_id == org_id, t.account_id == account_id)
    low, high = connection.execute(sa.select(sa.func.min(t.txn_id), sa.func.max(t.txn_id)).where(*mine)).one()
    if low is None:
        return 0
    low -= 1
    while low < high:
        middle = (low + high + 1) // 2
        upto = sa.select(t.txn_id, t.effective_at).where(*mine, t.txn_id <= middle).order_by(t.txn_id.desc()).limit(1)
        found = connection.execute(upto).one_or_none()
        if found is None or found.effective_at < instant:
            low = middle
        else:
            high = found.txn_id - 1
    newest = sa.select(sa.func.max(t.txn_id)).where(*mine, t.txn_id <= low)
    return connection.scalar(newest) or 0


def begins_at(connection: sa.Connection, org_id: int, account_id: int) -> datetime | None:
    """When the account's first line was decided, or it was opened where it has none; None for no account."""
    first = sa.select(t.effective_at).where(t.org_id == org_id, t.account_id == account_id).order_by(t.txn_id).limit(1)
    opened = sa.select(a.created_at).where(a.org_id == org_id, a.account_id == account_id)
    return connection.scalar(first) or connection.scalar(opened)


def posted(connection: sa.Connection, at: Range, upto: int) -> int:
    """What the account's grants held together after the transaction of this id: one probe of the index per grant."""
    last = (
        sa.select(e.remaining_after)
        .where(e.org_id == g.org_id, e.grant_id == g.grant_id, e.txn_id <= upto)
        .order_by(e.txn_id.desc(), e.seq.desc())
        .limit(1)
        .correlate(token_grant)
        .scalar_subquery()
    )
    mine = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(last), 0), Big)).where(
        g.org_id == at.org_id, g.account_id == at.account_id, g.txn_id <= upto
    )
    return int(connection.scalar(mine) or 0)


def owed(connection: sa.Connection, at: Range, upto: int) -> int:
    """What the account owed after the transaction of this id."""
    mine = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(debt_entry.c.amount), 0), Big))
        .join_from(debt, debt_entry, (debt_entry.c.org_id == debt.c.org_id) & (debt_entry.c.debt_id == debt.c.debt_id))
        .where(debt.c.org_id == at.org_id, debt.c.account_id == at.account_id, debt_entry.c.txn_id <= upto)
    )
    return int(connection.scalar(mine) or 0)


def _moved(at: Range) -> Any:
    """By how much a transaction moved the account's own grants."""
    mine = sa.select(sa.func.coalesce(sa.func.sum(e.amount), 0)).where(
        e.org_id == t.org_id, e.txn_id == t.txn_id, e.account_id == at.account_id
    )
    return sa.cast(mine.correlate(ledger_transaction).scalar_subquery(), Big)


def _owed_by(at: Range) -> Any:
    """By how much a transaction moved what the account owes."""
    mine = (
        sa.select(sa.func.coalesce(sa.func.sum(debt_entry.c.amount), 0))
        .join_from(debt_entry, debt, (debt.c.org_id == debt_entry.c.org_id) & (debt.c.debt_id == debt_entry.c.debt_id))
        .where(
            debt_entry.c.org_id == t.org_id, debt_entry.c.txn_id == t.txn_id, debt.c.account_id == at.account_id
        )
    )  # fmt: skip
    return sa.cast(mine.correlate(ledger_transaction).scalar_subquery(), Big)


def _in(at: Range) -> sa.ColumnElement[bool]:
    """The account's own transactions, and those of members that touched it where it is their pool."""
    touched = sa.exists().where(e.org_id == t.org_id, e.txn_id == t.txn_id, e.account_id == at.account_id)
    members = sa.select(a.account_id).where(a.org_id == at.org_id, a.pool_id == at.account_id)
    whose = sa.or_(t.account_id == at.account_id, sa.and_(t.account_id.in_(members), touched))
    return sa.and_(t.org_id == at.org_id, t.txn_id > at.after, t.txn_id <= at.upto, whose)


def lines(connection: sa.Connection, at: Range, piece: int = PIECE) -> Iterator[Any]:
    """Every line, oldest first: (txn_id, account, kind, effective_at, what it says of itself, moved, owed, costs)."""
    named = sa.and_(a.org_id == t.org_id, a.account_id == t.account_id)
    query = (
        sa.select(
            t.txn_id, t.account_id, a.name.label("account"), t.kind, t.effective_at, t.action, t.feature, t.agent,
            t.model, t.project, t.description, t.tokens, t.charged, t.input_tokens, t.output_tokens, t.cost_usd_nanos,
            t.cost_inr_nanos, LACKS_A_PRICE, t.reason, _moved(at).label("moved"), _owed_by(at).label("owed"),
        )
        .join_from(ledger_transaction, account, named)
        .where(_in(at))
        .order_by(t.txn_id)
        .limit(piece)
    )  # fmt: skip
    seen = at.after
    while rows := connection.execute(query.where(t.txn_id > seen)).all():
        yield from rows
        seen = rows[-1].txn_id


def sums(connection: sa.Connection, at: Range) -> list[Any]:
    """Per kind: how many lines, by how much they moved the account, what they owe, what its own usage cost."""
    own = t.account_id == at.account_id
    each = (
        sa.select(
            t.kind,
            _moved(at).label("moved"),
            _owed_by(at).label("owed"),
            sa.case((own, t.tokens - _moved(at)), else_=0).label("elsewhere"),
            *(
                sa.case((own, sa.func.coalesce(column, 0)), else_=0).label(column.name)
                for column in (t.cost_usd_nanos, t.cost_inr_nanos)
            ),
            sa.case((sa.and_(own, LACKS_A_PRICE.element), 1), else_=0).label("unpriced"),
        )
        .where(_in(at))
        .subquery()
    )
    added = [
        sa.cast(sa.func.coalesce(sa.func.sum(each.c[name]), 0), Big).label(name)
        for name in ("moved", "owed", "elsewhere", "cost_usd_nanos", "cost_inr_nanos", "unpriced")
    ]
    query = sa.select(each.c.kind, sa.func.count().label("lines"), *added).group_by(each.c.kind).order_by(each.c.kind)
    return list(connection.execute(query).all())
