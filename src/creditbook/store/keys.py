"""Idempotency keys of acts that move no tokens (rule 16); those of the ledger's verbs go with their batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from creditbook.domain.errors import IdempotencyConflict

from .tables.ledger import operation_key

k = operation_key.c


@dataclass(frozen=True, slots=True)
class Key:
    """A key in its scope, with the hash of what was sent under it."""

    org_id: int
    operation: str
    key: str
    request_hash: str


def first_answer(connection: sa.Connection, key: Key) -> str | None:
    """What was answered when the key came first, None when it did not. Raises `IdempotencyConflict`."""
    wanted = sa.select(k.request_hash, k.result).where(
        k.org_id == key.org_id, k.operation == key.operation, k.key == key.key
    )
    row = connection.execute(wanted).one_or_none()
    if row is not None and row.request_hash != key.request_hash:
        raise IdempotencyConflict("This idempotency key was used for another request. Use a new one.")
    return None if row is None else str(row.result)


def keep_answer(connection: sa.Connection, key: Key, result: str, at: datetime) -> None:
    """Keep the first answer, in the transaction of the act itself."""
    connection.execute(
        sa.insert(operation_key).values(
            org_id=key.org_id, operation=key.operation, key=key.key, request_hash=key.request_hash, result=result,
            created_at=at,
        )
    )  # fmt: skip
