"""Reading what brought an account's grants to what they hold, by kind. What isn't usage is little and stands in indexes
of its own; usage is never scanned: it is what remains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .reports_history import SHORT
from .tables.ledger import entry, ledger_transaction, token_grant
from .tables.ledger_history import KINDS

t, e, g = ledger_transaction.c, entry.c, token_grant.c

FIRST = "first_allowance"
"""What an account was opened with: booked as a grant, and yet an allowance."""
OTHER_KINDS = (*(kind for kind in KINDS if kind != "usage"), FIRST)

_OPENS = (
    sa.exists()
    .where(g.org_id == t.org_id, g.txn_id == t.txn_id, g.source == "allowance", t.kind == "grant")
    .correlate(ledger_transaction)
)


def moved(connection: sa.Connection, org_id: int, account_id: int, at: datetime) -> list[Any]:
    """Per kind but usage, and `FIRST`, up to an instant: (kind, tokens given, taken, moved within, gave, took).

    The last two count transactions. What each moved of the account's own grants counts once, given or taken; what it
    moved from one of them to another is moved within. Of a pool's grants, its members' transactions too.
    """
    into = sa.func.sum(sa.case((e.amount > 0, e.amount), else_=0))
    kind = sa.case((_OPENS, FIRST), else_=t.kind).label("kind")
    line = (
        sa.select(t.txn_id, kind, sa.func.sum(e.amount).label("tokens"), into.label("into"))
        .join_from(ledger_transaction, entry, sa.and_(e.org_id == t.org_id, e.txn_id == t.txn_id))
        .where(e.account_id == account_id, t.effective_at <= at)
        .group_by(t.txn_id, kind)
    )
    both = sa.union_all(*(line.where(leg) for leg in _legs(org_id, account_id, OTHER_KINDS))).subquery()
    tokens = both.c.tokens
    given, taken = sa.case((tokens > 0, tokens), else_=0), sa.case((tokens < 0, -tokens), else_=0)
    within = both.c.into - given
    sums = [sa.cast(sa.func.sum(column), sa.BigInteger) for column in (given, taken, within)]
    counts = [sa.func.sum(sa.case((side, 1), else_=0)) for side in (tokens > 0, tokens < 0)]
    query = sa.select(both.c.kind, *sums, *counts).group_by(both.c.kind).order_by(both.c.kind)
    return list(connection.execute(query).all())


def lines(
    connection: sa.Connection,
    org_id: int,
    account_id: int,
    kinds: Sequence[str],
    at: datetime,
    *,
    sign: int = 0,
    upto: int | None = None,
    limit: int,
) -> list[Any]:
    """Transactions of these kinds that moved the account's own grants, newest first, each with `own`, what they moved.

    ``sign`` +1 or −1 leaves those that gave or took; ``upto`` is a keyset.
    """
    own = (
        sa.select(sa.cast(sa.func.sum(e.amount), sa.BigInteger))
        .where(e.org_id == t.org_id, e.txn_id == t.txn_id, e.account_id == account_id)
        .correlate(ledger_transaction)
        .scalar_subquery()
    )
    legs = []
    for leg in _legs(org_id, account_id, kinds):
        found = sa.select(t.txn_id, own.label("own")).where(leg, t.effective_at <= at)
        found = found.where(t.txn_id <= upto) if upto is not None else found
        found = found.where(own > 0 if sign > 0 else own < 0 if sign < 0 else own.is_not(None))
        legs.append(sa.select(found.order_by(t.txn_id.desc()).limit(limit).subquery()))
    both = sa.union_all(*legs).subquery()
    query = (
        sa.select(*SHORT, both.c.own)
        .join_from(both, ledger_transaction, sa.and_(t.org_id == org_id, t.txn_id == both.c.txn_id))
        .order_by(t.txn_id.desc())
        .limit(limit)
    )
    return list(connection.execute(query).all())


def _legs(org_id: int, account_id: int, kinds: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """The account's own transactions, and those of members who draw on it; each by an index that leads with the kind.

    That the kinds are not usage is said once more, in the words of the partial index.
    """
    plain = [kind for kind in kinds if kind not in ("grant", FIRST)]
    among: sa.ColumnElement[bool] = t.kind.in_(plain)
    if {"grant", FIRST} & set(kinds):
        grants: sa.ColumnElement[bool] = t.kind == "grant"
        if not {"grant", FIRST} <= set(kinds):
            grants = sa.and_(grants, _OPENS if FIRST in kinds else ~_OPENS)
        among = sa.or_(among, grants)
    partial = sa.true() if "usage" in kinds else t.kind != sa.literal_column("'usage'")
    return [
        sa.and_(t.org_id == org_id, t.account_id == account_id, among, partial),
        sa.and_(t.org_id == org_id, t.pool_id == account_id, t.account_id != account_id, among),
    ]
