"""What waits for a person and stands in no list of its own: debts, and imports that refused rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .tables.imports import import_run
from .tables.ledger import account, debt

Connection = sa.Connection
Row = sa.Row[*tuple[Any, ...]]


def debts(connection: Connection, org_id: int, limit: int) -> Sequence[Row]:
    """Accounts that owe: account_id, name, owed (whole tokens), since; the largest first."""
    owed = sa.func.sum(debt.c.owed)
    query = (
        sa.select(
            account.c.account_id, account.c.name, owed.label("owed"), sa.func.min(debt.c.effective_at).label("since")
        )
        .join(account, (account.c.org_id == debt.c.org_id) & (account.c.account_id == debt.c.account_id))
        .where(debt.c.org_id == org_id, debt.c.owed > 0, account.c.status != "closed")
        .group_by(account.c.account_id, account.c.name)
        .order_by(owed.desc(), account.c.account_id)
        .limit(limit)
    )
    return connection.execute(query).all()


def refused_imports(connection: Connection, org_id: int, since: datetime, limit: int) -> Sequence[Row]:
    """Finished imports that refused rows, newest first."""
    query = (
        sa.select(
            import_run.c.import_id, import_run.c.file_name, import_run.c.imported, import_run.c.refused,
            import_run.c.refused_path, import_run.c.actor, import_run.c.finished_at,
        )
        .where(import_run.c.org_id == org_id, import_run.c.refused > 0, import_run.c.finished_at >= since)
        .order_by(import_run.c.import_id.desc())
        .limit(limit)
    )  # fmt: skip
    return connection.execute(query).all()
