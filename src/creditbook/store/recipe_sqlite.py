"""The SQLite recipe: durable, strict about keys, and one writer at a time."""

from __future__ import annotations

import sqlite3
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa

from creditbook.domain.errors import InvalidRequest

SAFE_WAL = (3, 51, 3)
"""Older versions can corrupt a database when its write-ahead log is reset."""

BUSY_MILLISECONDS = 5_000
SYNCHRONOUS_FULL = 2

PRAGMAS = (
    f"busy_timeout={BUSY_MILLISECONDS}",
    "synchronous=FULL",
    "foreign_keys=ON",
    # Without it INSERT OR REPLACE deletes history past the triggers that refuse a DELETE.
    "recursive_triggers=ON",
    "wal_autocheckpoint=10000",
    "cache_size=-32768",
    "temp_store=MEMORY",
)


@cache
def driver() -> ModuleType:
    """The newest SQLite at hand: pysqlite3 brings its own, Python's may be years old."""
    try:
        import pysqlite3.dbapi2 as newest
    except ImportError:
        return sqlite3
    return newest if newest.sqlite_version_info > sqlite3.sqlite_version_info else sqlite3


@cache
def journal_mode() -> str:
    """`wal` where that is safe; else `delete`, with one warning."""
    version = driver().sqlite_version_info
    if version >= SAFE_WAL:
        return "wal"
    warnings.warn(
        f"SQLite {'.'.join(map(str, version))} may corrupt a write-ahead log, so Creditbook keeps a rollback journal, "
        "which is slower. Install pysqlite3, or a Python with SQLite 3.51.3 or newer.",
        RuntimeWarning,
        stacklevel=2,
    )
    return "delete"


def make_engine(url: sa.URL) -> sa.Engine:
    """An engine in AUTOCOMMIT on a file; the folder is made if it is missing.

    Raises InvalidRequest for a database in memory: it would vanish with its first connection.
    """
    if not url.database or url.database == ":memory:":
        raise InvalidRequest("A ledger needs a file. Write sqlite:///data/creditbook.db (three slashes, then a path).")
    if not url.database.startswith("file:"):
        Path(url.database).resolve().parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url, module=driver(), isolation_level="AUTOCOMMIT", connect_args={"check_same_thread": False}, pool_size=16
    )
    sa.event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    mode = connection.execute(f"PRAGMA journal_mode={journal_mode()}").fetchone()[0]
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    foreign_keys = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    if (mode, synchronous, foreign_keys) != (journal_mode(), SYNCHRONOUS_FULL, 1):
        # NORMAL lost every acknowledged commit in a power-loss model; a ledger would rather not open.
        raise RuntimeError(
            f"SQLite refused the settings a ledger needs (journal_mode={mode}, synchronous={synchronous}, "
            f"foreign_keys={foreign_keys})."
        )
