"""What some accounts used by day, for whoever looks ahead: read by the rollup's own key, an account at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.ledger import account, usage_account_day

u = usage_account_day.c


def net_by_day(
    connection: sa.Connection, org_id: int, account_ids: Sequence[int], first: date, last: date
) -> list[Any]:
    """(account_id, account_date, feature, charged less refunded) of the accounts' own local dates, both included."""
    net = sa.cast(sa.func.sum(u.charged - u.refunded), sa.BigInteger)
    keys = (u.account_id, u.account_date, u.feature)
    query = (
        sa.select(*keys, net)
        .where(u.org_id == org_id, u.account_id.in_(account_ids), u.account_date.between(first, last))
        .group_by(*keys)
        .order_by(*keys)
    )
    return list(connection.execute(query).all())


def roots(connection: sa.Connection, org_id: int, account_ids: Sequence[int]) -> dict[int, int]:
    """The root of each open account's family: the pool that it draws on, else itself. Closed ones are left out."""
    its = account.c
    query = sa.select(its.account_id, sa.func.coalesce(its.pool_id, its.account_id)).where(
        its.org_id == org_id, its.account_id.in_(account_ids), its.status != "closed", its.import_id.is_(None)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
