"""What is remembered of how a sample organization was made, so that an interrupted demo goes on with the same story."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from creditbook.store import people
from creditbook.store.engine import Store
from creditbook.store.tables.ledger import operation_key, program_version


def how_made(store: Store, org_id: int) -> tuple[str, datetime]:
    """The reason and the instant of an organization's first program version."""
    first = (program_version.c.org_id == org_id) & (program_version.c.version == 1)
    with store.read(org_id) as connection:
        row = connection.execute(sa.select(program_version.c.reason, program_version.c.created_at).where(first)).one()
    return row.reason, row.created_at


def has_key(store: Store, org_id: int, operation: str, key: str) -> bool:
    """Whether the ledger has used this idempotency key."""
    used = (operation_key.c.org_id == org_id) & (operation_key.c.operation == operation) & (operation_key.c.key == key)
    with store.read(org_id) as connection:
        return connection.execute(sa.select(operation_key.c.key).where(used)).first() is not None


def anybody(store: Store) -> bool:
    """Whether any person is there."""
    with store.read() as connection:
        return people.anybody(connection)
