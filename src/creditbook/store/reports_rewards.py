"""Reading what an account was given for codes, friends and activities."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa

from .tables.ledger import token_grant
from .tables.sales import award

g, a = token_grant.c, award.c

GIFTS = ("promo", "referral", "reward")
"""Sources of grants that somebody got for something."""


def gifts(connection: sa.Connection, org_id: int, account_id: int, most: int) -> list[Any]:
    """The newest of them: (grant_id, source, label, amount, remaining, effective_at, expires_at)."""
    query = (
        sa.select(g.grant_id, g.source, g.label, g.amount, g.remaining, g.effective_at, g.expires_at)
        .where(g.org_id == org_id, g.account_id == account_id, g.source.in_(GIFTS))
        .order_by(g.grant_id.desc())
        .limit(most)
    )
    return list(connection.execute(query).all())


def gift(connection: sa.Connection, org_id: int, account_id: int, grant_id: int) -> Any:
    """One grant of the account as `gifts` lists it, whatever its source; None where there is none."""
    query = sa.select(g.grant_id, g.source, g.label, g.amount, g.remaining, g.effective_at, g.expires_at).where(
        g.org_id == org_id, g.account_id == account_id, g.grant_id == grant_id
    )
    return connection.execute(query).one_or_none()


def awarded(
    connection: sa.Connection, org_id: int, account_id: int, periods: Collection[date]
) -> set[tuple[str, date]]:
    """The (name, period) of every award that the account has had in one of these periods."""
    query = sa.select(a.name, a.period).where(
        a.org_id == org_id, a.account_id == account_id, a.period.in_(list(periods)), a.name.startswith("reward:")
    )
    return {(row.name, row.period) for row in connection.execute(query)}


def friends(connection: sa.Connection, org_id: int, account_id: int) -> int:
    """How many friends have paid off: each is one award of the account's."""
    query = sa.select(sa.func.count()).where(
        a.org_id == org_id, a.account_id == account_id, a.name.startswith("referral:"), a.name != "referral:friend"
    )
    return int(connection.execute(query).scalar_one())
