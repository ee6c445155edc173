"""A private table on disk for one import: it counts equal rows and puts rows in order of time, in bounded memory.

SQLite deletes it when it is closed or the process dies. Nothing in it is ever read by another process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType

CACHE_KIBIBYTES = 16_384
_SEEN = "INSERT INTO seen (digest, times) VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times"
_IN_ORDER = "SELECT content FROM spooled ORDER BY at, place"


class Scratch:
    """Temporary storage of one import. Use it in a `with`."""

    def __init__(self) -> None:
        # An empty name is SQLite's private temporary database: it lives in the cache until that is full, then on disk.
        self._connection = sqlite3.connect("", isolation_level=None)
        for setting in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE_KIBIBYTES}"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, times INTEGER) STRICT, WITHOUT ROWID")
        self._connection.execute(
            "CREATE TABLE spooled (at INTEGER, place INTEGER, content BLOB, PRIMARY KEY (at, place)) "
            "STRICT, WITHOUT ROWID"
        )
        self._connection.execute("BEGIN")

    def seen_before(self, digest: bytes) -> int:
        """How often this digest was asked about before."""
        (times,) = self._connection.execute(_SEEN, (digest,)).fetchone()
        return int(times) - 1

    def spool(self, rows: Iterable[tuple[int, int, bytes]]) -> None:
        """Keeps (time in microseconds, place in the file, content) until `in_order` asks."""
        self._connection.executemany("INSERT INTO spooled VALUES (?, ?, ?)", rows)

    def in_order(self) -> Iterator[bytes]:
        """Every content by time, and by its place in the file where times are equal."""
        for (content,) in self._connection.execute(_IN_ORDER):
            yield content

    def close(self) -> None:
        """Forgets everything."""
        self._connection.close()

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
