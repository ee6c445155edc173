"""Reading what the seeds' routes answer: lifetime sums of one account, from rollups and counters. Never writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from .tables.ledger import (
    account_day,
    entry,
    ledger_transaction,
    quota_use,
    token_grant,
    usage_account_day,
    wallet,
)

u = usage_account_day.c

MOVED_ON = ("rollover", "refund")
"""Sources of grants that only carry on tokens which had been added before."""

WORK = ("usage", "refund", "debt_repayment")
"""Kinds of transactions that move tokens because something was done, or because it is undone."""


class Used(NamedTuple):
    """Usage of one account: whole tokens charged and given back, usage transactions, nano-USD and nano-INR."""

    charged: int
    refunded: int
    usages: int
    cost_usd_nanos: int
    cost_inr_nanos: int

    @property
    def net(self) -> int:
        """Charged tokens less what refunds gave back."""
        return self.charged - self.refunded


_COLUMNS = (u.charged, u.refunded, u.requests, u.cost_usd_nanos, u.cost_inr_nanos)


def used(
    connection: sa.Connection,
    org_id: int,
    account_id: int,
    *,
    first: date | None = None,
    last: date | None = None,
    feature: str | None = None,
) -> Used:
    """What the account used in its lifetime, or between two of its local dates, both included; of one feature."""
    query = sa.select(*_sums()).where(u.org_id == org_id, u.account_id == account_id)
    if first is not None:
        query = query.where(u.account_date >= first)
    if last is not None:
        query = query.where(u.account_date <= last)
    if feature is not None:
        query = query.where(u.feature == feature)
    return Used(*connection.execute(query).one())


def used_by(
    connection: sa.Connection, org_id: int, account_id: int, dimension: Literal["agent", "model"]
) -> dict[str, Used]:
    """Lifetime usage by agent or by model. Usage that named no agent stands under its feature, no model under ''."""
    named: sa.ColumnElement[Any] = u[dimension]
    if dimension == "agent":
        named = sa.func.coalesce(sa.func.nullif(u.agent, ""), u.feature)
    query = sa.select(named, *_sums()).where(u.org_id == org_id, u.account_id == account_id)
    rows = connection.execute(query.group_by(named).order_by(named)).all()
    return {row[0]: Used(*row[1:]) for row in rows}


def _sums() -> list[sa.ColumnElement[Any]]:
    return [_whole(sa.func.sum(column)).label(column.name) for column in _COLUMNS]


def _whole(total: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    # PostgreSQL adds bigints into numeric; every total of ours is a 64-bit whole number.
    return sa.cast(sa.func.coalesce(total, 0), sa.BigInteger)


def requests(connection: sa.Connection, org_id: int, account_id: int) -> int:
    """Live requests of a lifetime, as rule 33 counts them: spends and reserves, free ones too, parts not."""
    d = account_day.c
    query = sa.select(_whole(sa.func.sum(d.requests))).where(d.org_id == org_id, d.account_id == account_id)
    return int(connection.execute(query).scalar_one())


def drawn_from(connection: sa.Connection, org_id: int, pool_id: int) -> int:
    """What members ever charged to a pool, refunds off."""
    q = quota_use.c
    query = sa.select(_whole(sa.func.sum(q.charged))).where(q.org_id == org_id, q.pool_id == pool_id)
    return int(connection.execute(query).scalar_one())


def added(connection: sa.Connection, org_id: int, account_id: int, types: Iterable[str] = ()) -> int:
    """All tokens ever added to an account, or to its wallets of some types: allowances, packs, codes, gifts.

    What rolled over or came back by a refund had been added before.
    """
    g, w = token_grant.c, wallet.c
    query = sa.select(_whole(sa.func.sum(g.amount))).where(
        g.org_id == org_id, g.account_id == account_id, g.source.not_in(MOVED_ON)
    )
    wanted = tuple(types)
    if wanted:
        mine = sa.select(w.wallet_id).where(w.org_id == org_id, w.account_id == account_id, w.type.in_(wanted))
        query = query.where(g.wallet_id.in_(mine))
    return int(connection.execute(query).scalar_one())


def spent_from(connection: sa.Connection, org_id: int, grant_ids: Iterable[int]) -> dict[int, int]:
    """What work took out of each of these grants, refunds off, whoever worked; what rolled or expired is none."""
    e, t = entry.c, ledger_transaction.c
    query = (
        sa.select(e.grant_id, _whole(sa.func.sum(-e.amount)))
        .join_from(entry, ledger_transaction, sa.and_(t.org_id == e.org_id, t.txn_id == e.txn_id))
        .where(e.org_id == org_id, e.grant_id.in_(list(grant_ids)), t.kind.in_(WORK))
        .group_by(e.grant_id)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def transactions(connection: sa.Connection, org_id: int, account_id: int) -> int:
    """How many transactions an account has, of whatever kind."""
    t = ledger_transaction.c
    query = sa.select(sa.func.count()).where(t.org_id == org_id, t.account_id == account_id)
    return int(connection.execute(query).scalar_one())
