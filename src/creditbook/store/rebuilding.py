"""Rollups made anew from the transactions that they count, while readers read and writers wait a moment."""

# ruff: noqa: S608 - the statements are put together from this file's own words, never from anybody's input
from __future__ import annotations

import sqlalchemy as sa

from creditbook.domain.rolling import SHARDS, SPREAD

from .engine import Store
from .tables.ledger import MEASURES
from .verifying import OF_TXN

_SHARD = f"account_id % {SPREAD} % {SHARDS} AS shard"
# Each rollup's keys, and how a transaction says them.
ROLLUPS = {
    "usage_account_day": ("account_id, account_date, agent, model, feature",) * 2,
    "usage_month_account": ("month, account_id", "{month} AS month, account_id"),
    "usage_org_day": (
        "org_date, agent, model, feature, plan, shard",
        f"org_date, agent, model, feature, plan, {_SHARD}",
    ),
    "usage_org_hour": ("org_date, org_hour, shard", f"org_date, org_hour, {_SHARD}"),
}
_MONTH = {"sqlite": "date(org_date, 'start of month')", "postgresql": "date_trunc('month', org_date)::date"}


def rebuild_rollups(store: Store, org_id: int) -> dict[str, int]:
    """Replaces one organization's rollups by what its transactions add up to; tells the rows of each.

    One transaction: a reader sees the old rows or the new ones. Raises Unavailable when the database keeps refusing.
    """
    return store.retrying(lambda: _rebuild(store, org_id))


def _rebuild(store: Store, org_id: int) -> dict[str, int]:
    rows: dict[str, int] = {}
    with store.write(org_id) as connection:
        if store.dialect == "postgresql":
            # A writer that came between the DELETE and the INSERT would be counted twice, or not at all.
            connection.execute(sa.text(f"LOCK TABLE {', '.join(ROLLUPS)} IN EXCLUSIVE MODE"))
        for table, (keys, of_txn) in ROLLUPS.items():
            connection.execute(sa.text(f"DELETE FROM {table} WHERE org_id = :org"), {"org": org_id})
            made = connection.execute(
                sa.text(_filling(table, keys, of_txn.replace("{month}", _MONTH[store.dialect]))), {"org": org_id}
            )
            rows[table] = made.rowcount
    return rows


def _filling(table: str, keys: str, of_txn: str) -> str:
    measures = ", ".join(MEASURES)
    sums = ", ".join(f"SUM({measure})" for measure in MEASURES)
    return (
        f"INSERT INTO {table} (org_id, {keys}, {measures}) SELECT org_id, {keys}, {sums} FROM ("
        f"SELECT org_id, {of_txn}, {OF_TXN} FROM ledger_transaction WHERE org_id = :org AND kind IN ('usage', 'refund')"
        f") AS lines GROUP BY org_id, {keys}"
    )
