"""What sweeps did, one row for each organization that a sweep touched. History."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from . import ids
from .tables.ledger import sweep_run

COUNTS = ("accounts", "resets", "rollovers", "expiries", "tokens_granted", "tokens_expired", "failed")


def record(
    connection: sa.Connection,
    org_id: int,
    *,
    started_at: datetime,
    finished_at: datetime,
    actor: str,
    counts: Mapping[str, int],
) -> int:
    """Write what one sweep did to one organization; returns the row's id. ``counts`` has at least `COUNTS`."""
    (run_id,) = ids.take(connection, 1)
    figures = {name: counts[name] for name in COUNTS}
    row = {"org_id": org_id, "run_id": run_id, "started_at": started_at, "finished_at": finished_at, "actor": actor}
    connection.execute(sa.insert(sweep_run).values(row | figures))
    return run_id


def recent(connection: sa.Connection, org_id: int, limit: int) -> list[Any]:
    """The organization's newest sweeps, newest first."""
    wanted = sa.select(sweep_run).where(sweep_run.c.org_id == org_id).order_by(sweep_run.c.run_id.desc()).limit(limit)
    return list(connection.execute(wanted).all())
