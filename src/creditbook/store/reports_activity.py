"""Reading what the members of a pool used, from the rollups, and what they drew from it. Never writes."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from .tables.ledger import account, quota_use, usage_account_day, usage_month_account
from .tables.people import membership, person

u, m, q, a = usage_account_day.c, usage_month_account.c, quota_use.c, account.c

WITHOUT_PERIODS = date.min
"""What `quota_use` says of a pool whose allowance never begins anew."""


def _family(org_id: int, pool_id: int) -> sa.Select[tuple[int]]:
    """The accounts that draw on the pool, and the pool itself."""
    return sa.select(a.account_id).where(a.org_id == org_id, sa.or_(a.pool_id == pool_id, a.account_id == pool_id))


def _net(charged: sa.ColumnElement[Any], refunded: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    # PostgreSQL adds bigints into numeric; every total of ours is a 64-bit whole number.
    return sa.cast(sa.func.coalesce(sa.func.sum(charged - refunded), 0), sa.BigInteger)


def members(connection: sa.Connection, org_id: int, pool_id: int) -> list[Any]:
    """Who draws on the pool: (account_id, name, the person's name or '', status, quota_tokens), by name."""
    shown = sa.func.coalesce(person.c.display_name, "")
    query = (
        sa.select(a.account_id, a.name, shown.label("person"), a.status, a.quota_tokens)
        .select_from(account)
        .outerjoin(membership, sa.and_(membership.c.org_id == a.org_id, membership.c.account_id == a.account_id))
        .outerjoin(person, person.c.person_id == membership.c.person_id)
        .where(a.org_id == org_id, a.pool_id == pool_id)
        .order_by(sa.func.lower(shown), a.name)
    )
    return list(connection.execute(query).all())


def used(connection: sa.Connection, org_id: int, pool_id: int, first: date, last: date) -> list[Any]:
    """What each account of the family used of each feature on these local days: (account_id, feature, requests, net).

    Net is charged tokens, refunds off.
    """
    requests = sa.cast(sa.func.sum(u.requests), sa.BigInteger)
    query = (
        sa.select(u.account_id, u.feature, requests, _net(u.charged, u.refunded))
        .where(u.org_id == org_id, u.account_id.in_(_family(org_id, pool_id)), u.account_date.between(first, last))
        .group_by(u.account_id, u.feature)
        .order_by(u.account_id, u.feature)
    )
    return list(connection.execute(query).all())


def months(connection: sa.Connection, org_id: int, pool_id: int, first: date) -> list[Any]:
    """What the family used in each month since this one: (first day, requests, net), oldest first."""
    requests = sa.cast(sa.func.sum(m.requests), sa.BigInteger)
    query = (
        sa.select(m.month, requests, _net(m.charged, m.refunded))
        .where(m.org_id == org_id, m.account_id.in_(_family(org_id, pool_id)), m.month >= first)
        .group_by(m.month)
        .order_by(m.month)
    )
    return list(connection.execute(query).all())


def drawn(connection: sa.Connection, org_id: int, pool_id: int, period_first: date | None) -> dict[int, int]:
    """What each member took out of the pool in its running period, refunds off, by account id."""
    period = q.period_first == (period_first or WITHOUT_PERIODS)
    query = sa.select(q.account_id, q.charged).where(q.org_id == org_id, q.pool_id == pool_id, period)
    return {row.account_id: row.charged for row in connection.execute(query)}
