"""What the organization's accounting system calls the accounts that our journal books to."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from creditbook.store.tables.finance import account_code

c = account_code.c


def codes(connection: sa.Connection, org_id: int) -> dict[str, tuple[str, str]]:
    """Code and name by role, of those that somebody has set."""
    rows = connection.execute(sa.select(c.role, c.code, c.name).where(c.org_id == org_id))
    return {row.role: (row.code, row.name) for row in rows}


def set_code(
    connection: sa.Connection, org_id: int, role: str, code: str, name: str, *, at: datetime, actor: str
) -> None:
    """Name an account, or rename it."""
    values = {"code": code, "name": name, "updated_at": at, "actor": actor}
    moved = connection.execute(
        sa.update(account_code).where(c.org_id == org_id, c.role == role).values(values)
    ).rowcount
    if not moved:
        connection.execute(sa.insert(account_code).values(org_id=org_id, role=role, **values))
