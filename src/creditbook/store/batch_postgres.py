"""Batches on PostgreSQL: two flushes of a pipeline, because there a round trip is what costs.

The first takes the locks and then, as statements of their own, loads: a statement that waited for a lock reads the
snapshot from before it, and would miss what the lock's last owner wrote. The second writes and commits. One batch holds
one organization; several run in parallel, each on a connection of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from itertools import count
from typing import Any, cast

import psycopg
import sqlalchemy as sa

from creditbook.domain.journal import Journal, KeyRow
from creditbook.store import ids
from creditbook.store.appending import rows_of
from creditbook.store.asking_postgres import FEW, load, lock_codes, send_keys
from creditbook.store.batch import IMAGINED_IDS, Loaded, ReadProgram, Wanted
from creditbook.store.codec import POSTGRES
from creditbook.store.engine import Store
from creditbook.store.loading import Known, Versions
from creditbook.store.locks import CLOSING_SHARED, closing_lock
from creditbook.store.pipe import Pipe, Rows, array, text
from creditbook.store.retry import ConnectionLost, retrying

KEPT = 8
"""Idle connections that stay ready; more are opened while more batches run."""
SPARE_IDS = 16
_PREPARED = "creditbook_prepared"
"""Under this name a connection carries its prepared statements when it goes back to the pool."""

_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LOCKS = "SELECT pg_advisory_xact_lock(root) FROM unnest($1::bigint[]) AS root"
_NOT_WHILE_CLOSING = CLOSING_SHARED.format(key="$1::bigint")
_USED_ON = (
    "SELECT a.id, (SELECT coalesce(sum(u.charged - u.refunded), 0)::bigint FROM usage_account_day u "
    "WHERE u.org_id = $1::bigint AND u.account_id = a.id AND u.account_date = a.day) "
    "FROM unnest($2::bigint[], $3::date[]) AS a(id, day)"
)
_IDS = ids.POSTGRES_TAKE.replace("%s", "$1")
# A plan made while a table was small would read all of it when it is not; every statement here has its index.
_PLANS = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}


class PostgresBatches:
    """The write path on PostgreSQL; see `batch.BatchStore`."""

    def __init__(self, store: Store, read_program: ReadProgram) -> None:
        self._store = store
        self._versions = Versions(read_program)
        self._mutex = threading.Lock()
        self._idle: list[tuple[sa.PoolProxiedConnection, Pipe]] = []

    @contextmanager
    def begin(self, wanted: Sequence[Wanted]) -> Iterator[PostgresBatch]:
        """BEGIN, lock, load; write and COMMIT at the end, ROLLBACK on an error."""
        if len(wanted) != 1:
            raise ValueError("On PostgreSQL a batch holds one organization.")
        with self._pipe() as pipe:
            batch = PostgresBatch(pipe)
            batch.loaded = [self._load(pipe, wanted[0], batch)]
            yield batch
            pipe.send("COMMIT")
            pipe.flush()

    def read(self, wanted: Wanted) -> Loaded:
        """The books from one snapshot, without locks."""
        return retrying(lambda: self._read(wanted))

    def _read(self, wanted: Wanted) -> Loaded:
        with self._pipe() as pipe:
            pipe.send(_SNAPSHOT)
            pipe.send_once(f"SET LOCAL app.current_org = {wanted.org_id:d}")
            shelf = load(pipe, wanted, self._versions)
            pipe.send("COMMIT")
            pipe.flush()
        return Loaded(wanted.org_id, shelf.books(_all(wanted)), {}, count(IMAGINED_IDS).__next__)

    def close(self) -> None:
        """Give the kept connections back."""
        with self._mutex:
            idle, self._idle = self._idle, []
        for fairy, pipe in idle:
            _give_back(fairy, pipe)

    @contextmanager
    def _pipe(self) -> Iterator[Pipe]:
        """A connection of one's own; after an error it is rolled back, or dropped where it is lost."""
        with self._mutex:
            kept = self._idle.pop() if self._idle else None
        fairy, pipe = kept or self._open()
        try:
            yield pipe
        except BaseException as error:
            with suppress(psycopg.Error):
                pipe.abandon()
            if pipe.broken:
                fairy.invalidate()
                if isinstance(error, psycopg.Error):
                    raise ConnectionLost(str(error)) from error
                raise
            self._keep(fairy, pipe)
            raise
        self._keep(fairy, pipe)

    def _open(self) -> tuple[sa.PoolProxiedConnection, Pipe]:
        fairy = self._store.engine.raw_connection()
        prepared = fairy.info.setdefault(_PREPARED, {})
        pipe = Pipe(cast("psycopg.Connection[Any]", fairy.driver_connection), prepared)
        for setting, value in _PLANS.items():
            pipe.send_once(f"SET {setting} = {value}")
        pipe.flush()
        return fairy, pipe

    def _keep(self, fairy: sa.PoolProxiedConnection, pipe: Pipe) -> None:
        with self._mutex:
            if len(self._idle) < KEPT:
                self._idle.append((fairy, pipe))
                return
        _give_back(fairy, pipe)

    def _load(self, pipe: Pipe, wanted: Wanted, batch: PostgresBatch) -> Loaded:
        roots = sorted({*wanted.accounts.values(), *(root for _, root in wanted.new_accounts)})
        pipe.send("BEGIN")
        pipe.send_once(f"SET LOCAL app.current_org = {wanted.org_id:d}")
        pipe.send(_NOT_WHILE_CLOSING, (text(closing_lock(wanted.org_id)),))
        pipe.send(_LOCKS, (array(roots),))
        blocks = pipe.send(_IDS, (text(ids.blocks(len(wanted.keys) + SPARE_IDS)),))
        used = send_keys(pipe, wanted)
        lock_codes(pipe, wanted)
        shelf = load(pipe, wanted, self._versions)
        batch.give_ids(blocks)
        shelf.tell(batch.known)
        found = {(row[0], row[1]): KeyRow(*row) for rows in used for row in rows}
        return Loaded(wanted.org_id, shelf.books(_all(wanted)), found, batch.new_id)


class PostgresBatch:
    """One open transaction; see `batch.Batch`."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._ids: list[int] = []
        self.loaded: list[Loaded] = []
        self.known = Known()

    def give_ids(self, blocks: Rows) -> None:
        """Ids that the sequence handed out, to be taken in rising order."""
        self._ids = ids.spread(sorted(start for (start,) in blocks))
        self._ids.reverse()

    def new_id(self) -> int:
        """The next id; a further trip to the sequence where settlement wrote more than was foreseen."""
        if not self._ids:
            blocks = self._pipe.send(_IDS, (text(ids.BLOCK),))
            self._pipe.flush()
            self.give_ids(blocks)
        return self._ids.pop()

    def append(self, journals: Sequence[Journal], recorded_at: datetime) -> None:
        """Queue everything the journals carry; it goes out with the COMMIT."""
        for statement, rows in rows_of(journals, recorded_at, POSTGRES, self.known):
            if len(rows) <= FEW:
                for row in rows:
                    self._pipe.send(statement.row, [text(value) for value in row])
            else:
                self._pipe.send(statement.rows, [array(column) for column in zip(*rows, strict=True)])

    def used_on(self, org_id: int, days: Mapping[int, date]) -> Rows:
        """Queued like what is appended: it is known when the COMMIT is."""
        return self._pipe.send(_USED_ON, (text(org_id), array(days), array(days.values())))


def _give_back(fairy: sa.PoolProxiedConnection, pipe: Pipe) -> None:
    try:
        for setting in _PLANS:
            pipe.send_once(f"RESET {setting}")
        pipe.flush()
        pipe.leave()
    except psycopg.Error:
        fairy.invalidate()
    fairy.close()


def _all(wanted: Wanted) -> dict[int, int]:
    return {**wanted.accounts, **dict(wanted.new_accounts)} if wanted.new_accounts else wanted.accounts
