"""A psycopg pipeline for the hot path: statements prepared by name, parameters as text, one round trip a flush.

psycopg's cursors do the same with about five times the Python work per statement. A parameter's type is never sent, so
a statement has one plan whatever its values; the server knows the types from the columns and casts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg import generators, pq, waiting
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from creditbook.domain.errors import InvalidRequest

Rows = list[tuple[Any, ...]]

_BINARY = pq.Format.BINARY
_TUPLES, _SYNC = pq.ExecStatus.TUPLES_OK, pq.ExecStatus.PIPELINE_SYNC
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)
_BAD = pq.ConnStatus.BAD
# Without an interval psycopg polls without sleeping.
_PATIENCE_SECONDS = 0.1
_numbers = itertools.count()
"""Of prepared statements: one that failed to be prepared gives its number to no other."""


class Pipe:
    """One connection that stays in pipeline mode. Not for two threads at once."""

    def __init__(self, connection: psycopg.Connection[Any], prepared: dict[str, bytes]) -> None:
        """``prepared`` is what earlier pipes of this very connection have prepared; it stays there as long as that."""
        self._pg = connection.pgconn
        self._read = Transformer(connection)
        self._names = prepared
        self._sent: list[tuple[str | None, Rows]] = []
        self._pg.enter_pipeline_mode()

    @property
    def broken(self) -> bool:
        """Whether the connection is lost."""
        return self._pg.status == _BAD

    def send(self, sql: str, values: Sequence[bytes | None] = ()) -> Rows:
        """Queue a statement, prepared the first time. The list returned is filled with its rows by `flush`."""
        name = self._names.get(sql)
        if name is None:
            name = self._names[sql] = b"creditbook_%d" % next(_numbers)
            self._pg.send_prepare(name, sql.encode())
            self._sent.append((sql, []))
        self._pg.send_query_prepared(name, values, result_format=_BINARY)
        rows: Rows = []
        self._sent.append((None, rows))
        return rows

    def send_once(self, sql: str) -> None:
        """Queue a statement that differs each time and is not worth preparing."""
        self._pg.send_query_params(sql.encode(), None, result_format=_BINARY)
        self._sent.append((None, []))

    def flush(self) -> None:
        """Send what is queued, wait for all of it, and fill the rows of each statement.

        Raises the first statement's error that failed; those after it were not run. The pipe can be used again.
        """
        sent, self._sent = self._sent, []
        self._pg.pipeline_sync()
        waiting.wait(generators.send(self._pg), self._pg.socket, _PATIENCE_SECONDS)
        found = self._results()
        failure: psycopg.Error | None = None
        for (prepared, rows), result in zip(sent, found, strict=True):
            status = result.status
            if status == _TUPLES:
                self._read.set_pgresult(result)
                rows.extend(self._read.load_rows(0, result.ntuples, tuple))
            elif status in _FAILED and failure is None:
                failure = error_from_result(result)
            if prepared is not None and status != pq.ExecStatus.COMMAND_OK:
                del self._names[prepared]
        if failure is not None:
            raise failure

    def abandon(self) -> None:
        """Roll back whatever was begun and forget what was queued."""
        if self._sent:
            with suppress(psycopg.Error):
                self.flush()
        if not self.broken:
            self.send("ROLLBACK")
            self.flush()

    def leave(self) -> None:
        """Take the connection out of pipeline mode, for others to use."""
        if not self.broken:
            self._pg.exit_pipeline_mode()

    def _results(self) -> list[pq.abc.PGresult]:
        results: list[pq.abc.PGresult] = []
        while True:
            if self._pg.is_busy():
                result = waiting.wait(generators.fetch(self._pg), self._pg.socket, _PATIENCE_SECONDS)
            else:
                result = self._pg.get_result()
            if result is None:
                if self.broken:
                    raise psycopg.OperationalError("The connection to PostgreSQL was lost.")
            elif result.status == _SYNC:
                return results
            else:
                results.append(result)


def text(value: Any) -> bytes | None:
    """A parameter as PostgreSQL reads it; None is NULL.

    Raises InvalidRequest for a text with a NUL character, which PostgreSQL cannot keep and libpq would cut short.
    """
    if value is None:
        return None
    kind = type(value)
    if kind is int:
        return b"%d" % value
    if kind is str:
        return _clean(value).encode()
    return _plain(value).encode()


def array(values: Iterable[Any]) -> bytes:
    """A parameter for `unnest` or `ANY`."""
    return ("{" + ",".join([_item(value) for value in values]) + "}").encode()


def _item(value: Any) -> str:
    if value is None:
        return "NULL"
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is str:
        return '"' + _clean(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _plain(value)


def _plain(value: Any) -> str:
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"The write path carries no {type(value).__name__}.")


def _clean(value: str) -> str:
    if "\x00" in value:
        raise InvalidRequest("A text contains a NUL character. Send it without.")
    return value
