"""Batches on PostgreSQL: two flushes of a pipeline, because there a round trip is what costs.

The first takes the locks and then, as statements of their own, loads: a statement that waited for a lock reads the
snapshot from before it, and would miss what the lock's last owner wrote. The second writes and commits. One batch holds
one organization; several run in parallel, each on a connection of its own.
"""

# ruff: noqa: S608 -- SQL is put together from constants of our own; values are always parameters.

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from typing import Any, cast

import psycopg
import sqlalchemy as sa

from creditbook.domain.errors import NotFound
from creditbook.domain.journal import Journal, KeyRow
from creditbook.domain.program import Program
from creditbook.domain.state import Hold
from creditbook.store import ids, selects
from creditbook.store.appending import rows_of
from creditbook.store.batch import IMAGINED_IDS, Loaded, ReadProgram, Wanted
from creditbook.store.codec import POSTGRES
from creditbook.store.engine import Store
from creditbook.store.loading import Known, Shelf, hold_of, oldest_day, past_of, put_lines
from creditbook.store.pipe import Pipe, Rows, array, text
from creditbook.store.retry import ConnectionLost, retrying

KEPT = 8
"""Idle connections that stay ready; more are opened while more batches run."""
FEW = 4
"""Up to here a row is a statement; above, a column is an array."""
SPARE_IDS = 16

_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LOCKS = "SELECT pg_advisory_xact_lock(root) FROM unnest($1::bigint[]) AS root"
_IDS = ids.POSTGRES_TAKE.replace("%s", "$1")
# A plan made while a table was small would read all of it when it is not; every statement here has its index.
_PLANS = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
_KEY = selects.for_postgres(selects.KEY + " AND operation = ? AND key = ?")
_KEYS = (
    "SELECT operation, key, request_hash, result FROM operation_key "
    "WHERE org_id = $1 AND (operation, key) IN (SELECT * FROM unnest($2::text[], $3::text[]))"
)
_ORGANIZATION = selects.for_postgres(selects.ORGANIZATION)
_ACCOUNTS = selects.for_postgres(selects.ACCOUNTS)
_MEMBERS = selects.for_postgres(selects.MEMBERS)
_WALLETS = selects.for_postgres(selects.WALLETS)
_GRANTS = selects.for_postgres(selects.GRANTS)
_DEBTS = selects.for_postgres(selects.DEBTS)
_REQUESTS = selects.for_postgres(selects.REQUESTS)
_QUOTA = selects.for_postgres(selects.QUOTA)
_LINES = (
    "(SELECT array_agg(ARRAY[l.grant_id, l.total, l.first_seq, l.last_seq] ORDER BY l.first_seq) FROM ("
    "SELECT e.grant_id, sum(e.amount)::bigint AS total, min(e.seq) AS first_seq, max(e.seq) AS last_seq "
    "FROM hold_entry e WHERE e.org_id = h.org_id AND e.hold_id = h.hold_id GROUP BY e.grant_id) l)"
)
_HOLDS = selects.for_postgres(f"SELECT {selects.HOLD_COLUMNS}, {_LINES} FROM hold h WHERE h.org_id = ? AND ")
_OPEN_HOLDS = _HOLDS + (
    "h.status = 'open' AND (h.account_id = ANY($2) OR (h.pool_id = ANY($3) AND h.ends_at <= $4)) ORDER BY h.hold_id"
)
_NAMED_HOLDS = _HOLDS + "h.hold_id = ANY($2)"
_PROGRAM = "SELECT document::text FROM program_version WHERE org_id = $1 AND program_id = $2"
_PAST_USAGE = selects.for_postgres(selects.PAST_USAGE)
_PAST_LINES = selects.for_postgres(selects.PAST_LINES)
_PAST_GRANTS = selects.for_postgres(selects.PAST_GRANTS)
_PAST_DEBT = selects.for_postgres(selects.PAST_DEBT)


class PostgresBatches:
    """The write path on PostgreSQL; see `batch.BatchStore`."""

    def __init__(self, store: Store, read_program: ReadProgram) -> None:
        self._store = store
        self._read_program = read_program
        self._programs: dict[tuple[int, int], Program] = {}
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
            shelf = self._shelf(pipe, wanted)
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
        pipe = Pipe(cast("psycopg.Connection[Any]", fairy.driver_connection))
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
        org = text(wanted.org_id)
        roots = sorted({*wanted.accounts.values(), *(root for _, root in wanted.new_accounts)})
        pipe.send("BEGIN")
        pipe.send_once(f"SET LOCAL app.current_org = {wanted.org_id:d}")
        pipe.send(_LOCKS, (array(roots),))
        blocks = pipe.send(_IDS, (text(ids.blocks(len(wanted.keys) + SPARE_IDS)),))
        used = _send_keys(pipe, org, wanted.keys)
        shelf = self._shelf(pipe, wanted)
        batch.give_ids(blocks)
        shelf.tell(batch.known)
        found = {(row[0], row[1]): KeyRow(*row) for rows in used for row in rows}
        return Loaded(wanted.org_id, shelf.books(_all(wanted)), found, batch.new_id)

    def _shelf(self, pipe: Pipe, wanted: Wanted) -> Shelf:
        """Fill the organization's books; what the caller had queued goes along in the same flush."""
        org = text(wanted.org_id)
        roots = {*wanted.accounts.values(), *(root for _, root in wanted.new_accounts)}
        organization = pipe.send(_ORGANIZATION, (org,))
        loads = _Loads(pipe, wanted, {*wanted.accounts, *roots}, roots)
        named = pipe.send(_NAMED_HOLDS, (org, array(wanted.holds))) if wanted.holds else []
        members = pipe.send(_MEMBERS, (org, array(roots))) if wanted.whole_families else []
        pasts = [_send_past(pipe, wanted.org_id, txn_id) for txn_id in wanted.refunds]
        pipe.flush()
        if not organization:
            raise NotFound("There is no such organization here.")
        zone, program_id, closed_through = organization[0]
        program = self._program(pipe, wanted.org_id, program_id)
        shelf = Shelf(wanted.org_id, zone, program, closed_through, POSTGRES)
        owners = loads.put(shelf)
        further = (owners | {id_ for (id_,) in members}) - set(shelf.accounts)
        if further:
            loads = _Loads(pipe, wanted, further, set())
            pipe.flush()
            loads.put(shelf)
        shelf.put_holds(_holds(named))
        for usage, lines, grants, debts in pasts:
            if usage:
                shelf.pasts.append(past_of(usage[0], lines, grants, debts, shelf))
        return shelf

    def _program(self, pipe: Pipe, org_id: int, program_id: int) -> Program:
        program = self._programs.get((org_id, program_id))
        if program is None:
            found = pipe.send(_PROGRAM, (text(org_id), text(program_id)))
            pipe.flush()
            program = self._programs[org_id, program_id] = self._read_program(found[0][0])
        return program


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


class _Loads:
    """What is asked of some accounts in one flush, and put on the shelf after it."""

    def __init__(self, pipe: Pipe, wanted: Wanted, accounts: set[int], roots: set[int]) -> None:
        org, some = text(wanted.org_id), array(accounts)
        self._accounts = pipe.send(_ACCOUNTS, (org, some))
        self._wallets = pipe.send(_WALLETS, (org, some))
        self._grants = pipe.send(_GRANTS, (org, some))
        self._holds = pipe.send(_OPEN_HOLDS, (org, some, array(roots), text(wanted.until)))
        self._debts = pipe.send(_DEBTS, (org, some))
        self._requests = pipe.send(_REQUESTS, (org, some, text(oldest_day(wanted.until))))
        # Only a member of a pool has a quota.
        self._quota = pipe.send(_QUOTA, (org, some)) if accounts - roots else []

    def put(self, shelf: Shelf) -> set[int]:
        """Put the rows on the shelf. Returns the owners of holds that are due on a pool, who must be loaded too."""
        shelf.put_accounts(self._accounts)
        shelf.put_wallets(self._wallets)
        shelf.put_grants(self._grants)
        shelf.put_debts(self._debts)
        shelf.put_requests(self._requests)
        shelf.put_quota(self._quota)
        holds = _holds(self._holds)
        shelf.put_holds(holds)
        return {hold.account_id for hold in holds.values()}


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


def _send_keys(pipe: Pipe, org: bytes | None, wanted: Sequence[tuple[str, str]]) -> list[Rows]:
    if len(wanted) <= FEW:
        return [pipe.send(_KEY, (org, text(operation), text(key))) for operation, key in wanted]
    operations, keys = zip(*wanted, strict=True)
    return [pipe.send(_KEYS, (org, array(operations), array(keys)))]


def _holds(rows: Rows) -> dict[int, Hold]:
    holds = {row[0]: hold_of(row[:-1], POSTGRES) for row in rows}
    put_lines(holds, ((row[0], *line) for row in rows for line in row[-1] or ()))
    return holds


def _send_past(pipe: Pipe, org_id: int, txn_id: int) -> tuple[Rows, Rows, Rows, Rows]:
    org, txn = text(org_id), text(txn_id)
    return (
        pipe.send(_PAST_USAGE, (org, txn)),
        pipe.send(_PAST_LINES, (txn, org, org, txn, org, txn)),
        pipe.send(_PAST_GRANTS, (org, org, org, txn, org, txn)),
        pipe.send(_PAST_DEBT, (org, txn)),
    )
