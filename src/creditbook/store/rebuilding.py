"""Rollups made anew from what they count: readers read on, the organization's writers wait a moment."""

# ruff: noqa: S608 - the statements are put together from this package's own words, never from anybody's input
from __future__ import annotations

import sqlalchemy as sa

from .counted import ROLLUPS, spoken
from .engine import Store
from .locks import stand_still


def rebuild_rollups(store: Store, org_id: int) -> dict[str, int]:
    """Replaces one organization's rollups by what its transactions and entries add up to; tells the rows of each.

    One transaction: a reader sees the old rows or the new ones. Raises Unavailable when the database keeps refusing.
    """
    return store.retrying(lambda: _rebuild(store, org_id))


def _rebuild(store: Store, org_id: int) -> dict[str, int]:
    rows: dict[str, int] = {}
    with store.write(org_id) as connection:
        # A writer that came between the DELETE and the INSERT would be counted twice, or not at all.
        stand_still(connection, org_id)
        for rollup in ROLLUPS:
            connection.execute(sa.text(f"DELETE FROM {rollup.table} WHERE org_id = :org"), {"org": org_id})
            filling = spoken(rollup.filling(), store.dialect)
            rows[rollup.table] = connection.execute(sa.text(filling), {"org": org_id}).rowcount
    return rows
