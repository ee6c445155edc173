"""Import runs as rows, and what an import asks of the ledger's tables.

Every function takes a connection of `Store.read` or `Store.write` with the organization set; none commits.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from creditbook.store import ids
from creditbook.store.tables.imports import import_run
from creditbook.store.tables.ledger import account, operation_key

Connection = sa.Connection
Row = sa.Row[Any]

RUNNING, FINISHED = "running", "finished"


def unfinished(connection: sa.Connection, org_id: int, file_hash: str, settings_hash: str) -> Row | None:
    """The newest interrupted run of the same file in the same way."""
    same = (import_run.c.file_hash == file_hash) & (import_run.c.settings_hash == settings_hash)
    query = (
        sa.select(import_run)
        .where(import_run.c.org_id == org_id, same, import_run.c.status == RUNNING)
        .order_by(import_run.c.import_id.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def others_of_file(connection: sa.Connection, org_id: int, file_hash: str) -> list[Row]:
    """The runs of this very file of which rows stand in the ledger, newest first: when, how mapped, how many rows."""
    c = import_run.c
    query = (
        sa.select(c.started_at, c.settings, (c.imported + c.replayed).label("standing"))
        .where(c.org_id == org_id, c.file_hash == file_hash, c.imported + c.replayed > 0)
        .order_by(c.import_id.desc())
    )
    return list(connection.execute(query))


def start(connection: sa.Connection, org_id: int, now: datetime, **columns: Any) -> int:
    """A new run at position 0; returns its id."""
    (import_id,) = ids.take(connection, 1)
    counts = dict.fromkeys(("position", "imported", "replayed", "refused", "unpriced", "refused_bytes"), 0)
    connection.execute(
        sa.insert(import_run).values(
            org_id=org_id, import_id=import_id, status=RUNNING, started_at=now, updated_at=now, **counts, **columns
        )
    )
    return import_id


def advance(connection: sa.Connection, org_id: int, import_id: int, now: datetime, **columns: Any) -> None:
    """Moves a run's position and counts."""
    its_row = (import_run.c.org_id == org_id) & (import_run.c.import_id == import_id)
    connection.execute(sa.update(import_run).where(its_row).values(updated_at=now, **columns))


def finish(connection: sa.Connection, org_id: int, import_id: int, now: datetime, **columns: Any) -> None:
    """The run is through: the same file is a new run from here on."""
    advance(connection, org_id, import_id, now, status=FINISHED, finished_at=now, **columns)


def recent(connection: sa.Connection, org_id: int, limit: int = 50) -> list[Row]:
    """The newest runs of an organization."""
    query = sa.select(import_run).where(import_run.c.org_id == org_id).order_by(import_run.c.import_id.desc())
    return list(connection.execute(query.limit(limit)))


def accounts(connection: sa.Connection, org_id: int, names: Collection[str]) -> dict[str, int | None]:
    """Those of these accounts that are there, each with the import that holds it, None when none does."""
    query = sa.select(account.c.name, account.c.import_id).where(account.c.org_id == org_id, account.c.name.in_(names))
    return {row.name: row.import_id for row in connection.execute(query)}


def held_accounts(connection: sa.Connection, org_id: int, import_id: int) -> list[str]:
    """The names of the accounts that a charging import opened and still keeps to itself."""
    held = (account.c.org_id == org_id) & (account.c.import_id == import_id)
    return list(connection.execute(sa.select(account.c.name).where(held).order_by(account.c.name)).scalars())


def known_keys(connection: sa.Connection, org_id: int, operation: str, keys: Collection[str]) -> set[str]:
    """Which of these idempotency keys the ledger has used already."""
    query = sa.select(operation_key.c.key).where(
        operation_key.c.org_id == org_id, operation_key.c.operation == operation, operation_key.c.key.in_(keys)
    )
    return set(connection.execute(query).scalars())


def known_requests(connection: sa.Connection, org_id: int, operation: str, keys: Collection[str]) -> dict[str, str]:
    """Those of these idempotency keys that the ledger has used already, each with the hash of what was asked then."""
    query = sa.select(operation_key.c.key, operation_key.c.request_hash).where(
        operation_key.c.org_id == org_id, operation_key.c.operation == operation, operation_key.c.key.in_(keys)
    )
    return {row.key: row.request_hash for row in connection.execute(query)}
