"""The one source of ids: 64-bit, rising within an account because they are taken under its lock.

SQLite keeps a one-row counter that moves in the same transaction; PostgreSQL a sequence that hands out blocks of 32, so
that a batch asks once. What is left of a block is dropped: kept, it would give an account a lower id than before.
"""

from __future__ import annotations

import sqlalchemy as sa

BLOCK = 32

SQLITE_PEEK = "SELECT next_id FROM id_source"
SQLITE_TAKE = "UPDATE id_source SET next_id = next_id + ? RETURNING next_id"
POSTGRES_TAKE = "SELECT nextval('creditbook_id') FROM generate_series(1, %s::int)"


def take(connection: sa.Connection, count: int) -> list[int]:
    """The next `count` ids, ascending. Call it inside `store.write()`, under the lock of the account they are for."""
    if connection.dialect.name == "sqlite":
        end: int = connection.exec_driver_sql(SQLITE_TAKE, (count,)).scalar_one()
        return list(range(end - count, end))
    starts = sorted(connection.exec_driver_sql(POSTGRES_TAKE, (blocks(count),)).scalars())
    return spread(starts)[:count]


def blocks(count: int) -> int:
    """How many of the sequence's blocks hold `count` ids."""
    return -(-count // BLOCK)


def spread(starts: list[int]) -> list[int]:
    """Every id of the blocks that begin at `starts`, which must be sorted."""
    return [start + offset for start in starts for offset in range(BLOCK)]
