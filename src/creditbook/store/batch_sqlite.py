"""Batches on SQLite: a handful of prepared statements on one connection kept open. Calls are free, commits are not.

The write lock is taken by BEGIN IMMEDIATE before anything is read, so one batch may mix organizations.
"""

# ruff: noqa: S608 -- SQL is put together from constants of our own; values are always parameters.

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import count
from typing import Any

from creditbook.domain.errors import NotFound
from creditbook.domain.journal import Journal, KeyRow
from creditbook.store import ids, selects
from creditbook.store.appending import rows_of
from creditbook.store.batch import IMAGINED_IDS, Loaded, ReadProgram, Rows, Wanted
from creditbook.store.codec import SQLITE, to_sqlite_when
from creditbook.store.engine import Store
from creditbook.store.loading import Known, Shelf, Versions, grant_of, hold_of, oldest_day, past_of, put_lines
from creditbook.store.loading_costs import SQLITE_CORRECTIONS, SQLITE_USAGES, costs_of
from creditbook.store.loading_sales import Sales, oldest_award

_ACCOUNT = selects.for_sqlite(selects.ACCOUNTS)
_MEMBERS = selects.for_sqlite(selects.MEMBERS)
_WALLETS = selects.for_sqlite(selects.WALLETS)
_GRANTS = selects.for_sqlite(selects.GRANTS)
_DEBTS = selects.for_sqlite(selects.DEBTS)
_REQUESTS = selects.for_sqlite(selects.REQUESTS)
_QUOTA = selects.for_sqlite(selects.QUOTA)
_HOLD_LINES = selects.for_sqlite(selects.HOLD_LINES)
_HOLDS = selects.for_sqlite(f"SELECT {selects.HOLD_COLUMNS} FROM hold h WHERE h.org_id = ? ")
_OPEN_HOLDS = _HOLDS + "AND h.account_id = ? AND h.status = 'open' ORDER BY h.hold_id"
_NAMED_HOLD = _HOLDS + "AND h.hold_id = ?"
_DUE_ON_POOL = (
    "SELECT DISTINCT account_id FROM hold WHERE org_id = ? AND pool_id = ? AND status = 'open' AND ends_at <= ?"
)
_VERSIONS = selects.for_sqlite(selects.VERSIONS)
_CODES = selects.for_sqlite(selects.CODES)
_REDEEMED = selects.for_sqlite(selects.REDEEMED)
_BUYERS = selects.for_sqlite(selects.BUYERS)
_PURCHASES = selects.for_sqlite(selects.PURCHASES)
_BOUGHT_GRANTS = selects.for_sqlite(selects.BOUGHT_GRANTS)
_PAST_USAGE = selects.for_sqlite(selects.PAST_USAGE)
_PAST_LINES = selects.for_sqlite(selects.PAST_LINES)
_PAST_GRANTS = selects.for_sqlite(selects.PAST_GRANTS)
_ONE_KEY = selects.KEY + " AND operation = ? AND key = ?"
_USED_ON = (
    "SELECT ?, coalesce(sum(charged - refunded), 0) FROM usage_account_day "
    "WHERE org_id = ? AND account_id = ? AND account_date = ?"
)
_SET_NEXT_ID = "UPDATE id_source SET next_id = ?"


class SqliteBatches:
    """The write path on SQLite; see `batch.BatchStore`."""

    def __init__(self, store: Store, read_program: ReadProgram) -> None:
        self._store = store
        self._versions = Versions(read_program)
        self._mutex = threading.Lock()
        self._kept: Any = None

    @contextmanager
    def begin(self, wanted: Sequence[Wanted]) -> Iterator[SqliteBatch]:
        """BEGIN IMMEDIATE, load; COMMIT at the end, ROLLBACK on an error. Batches of other threads wait."""
        with self._mutex:
            if self._kept is None:
                self._kept = self._store.engine.raw_connection()
            execute = self._kept.driver_connection.cursor().execute
            execute("BEGIN IMMEDIATE")
            try:
                batch = SqliteBatch(self._kept.driver_connection)
                batch.loaded = [self._load(execute, one, batch) for one in wanted]
                yield batch
                execute("COMMIT")
            except BaseException:
                if self._kept.driver_connection.in_transaction:
                    execute("ROLLBACK")
                raise

    def read(self, wanted: Wanted) -> Loaded:
        """The books from one snapshot, without the write lock."""
        with self._store.driver() as connection:
            execute = connection.cursor().execute
            execute("BEGIN")
            try:
                shelf = self._shelf(execute, wanted)
            finally:
                execute("ROLLBACK")
        return Loaded(wanted.org_id, shelf.books(_all(wanted)), {}, count(IMAGINED_IDS).__next__)

    def close(self) -> None:
        """Give the kept connection back."""
        with self._mutex:
            if self._kept is not None:
                self._kept.close()
                self._kept = None

    def _load(self, execute: Any, wanted: Wanted, batch: SqliteBatch) -> Loaded:
        shelf = self._shelf(execute, wanted)
        shelf.tell(batch.known)
        keys: dict[tuple[str, str], KeyRow] = {}
        for operation, key in wanted.keys:
            row = execute(_ONE_KEY, (wanted.org_id, operation, key)).fetchone()
            if row is not None:
                keys[operation, key] = KeyRow(*row)
        return Loaded(wanted.org_id, shelf.books(_all(wanted)), keys, batch.new_id)

    def _shelf(self, execute: Any, wanted: Wanted) -> Shelf:
        org = wanted.org_id
        row = execute(selects.ORGANIZATION, (org,)).fetchone()
        if row is None:
            raise NotFound("There is no such organization here.")
        zone, program_id, closed_through = row
        versions = self._versions.of(org, program_id)
        if versions is None:
            versions = self._versions.put(org, program_id, execute(_VERSIONS, (org,)).fetchall(), SQLITE)
        shelf = Shelf(org, zone, versions, SQLITE.day(closed_through), SQLITE)
        until, since = to_sqlite_when(wanted.until), oldest_day(wanted.until).isoformat()
        waiting = set(wanted.accounts) | set(wanted.accounts.values())
        waiting.update(root for _, root in wanted.new_accounts)
        while waiting:
            account_id = waiting.pop()
            _load_account(execute, shelf, account_id, since)
            account = shelf.accounts.get(account_id)
            if account is None or account.pool_id is not None:
                continue
            found = execute(_DUE_ON_POOL, (org, account_id, until)).fetchall()
            if wanted.whole_families:
                found += execute(_MEMBERS, (org, account_id)).fetchall()
            waiting.update(id_ for (id_,) in found if id_ not in shelf.accounts)
        open_holds = {id_ for account in shelf.accounts.values() for id_ in account.holds}
        for hold_id in wanted.holds:
            if hold_id not in open_holds:
                _load_holds(execute, shelf, _NAMED_HOLD, hold_id)
        for txn_id in wanted.refunds:
            _load_past(execute, shelf, txn_id)
        for txn_id in wanted.costs:
            usages = execute(SQLITE_USAGES, (org, txn_id)).fetchall()
            shelf.costs += costs_of(usages, execute(SQLITE_CORRECTIONS, (org, txn_id)).fetchall(), SQLITE)
        if wanted.sells:
            shelf.sales = _load_sales(execute, wanted)
        return shelf


class SqliteBatch:
    """One open transaction; see `batch.Batch`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.loaded: list[Loaded] = []
        self.known = Known()
        (self._first_id,) = connection.execute(ids.SQLITE_PEEK).fetchone()
        self._next_id: int = self._first_id

    def new_id(self) -> int:
        """The next id; the counter's row moves once, when the batch is appended."""
        taken = self._next_id
        self._next_id += 1
        return taken

    def append(self, journals: Sequence[Journal], recorded_at: datetime) -> None:
        """Write everything the journals carry."""
        many = self._connection.cursor().executemany
        for statement, rows in rows_of(journals, recorded_at, SQLITE, self.known):
            many(statement.sqlite, rows)
        if self._next_id != self._first_id:
            self._connection.execute(_SET_NEXT_ID, (self._next_id,))

    def used_on(self, org_id: int, days: Mapping[int, date]) -> Rows:
        """What some days have used."""
        execute = self._connection.execute
        return [execute(_USED_ON, (account_id, org_id, account_id, day.isoformat())).fetchone()
                for account_id, day in days.items()]  # fmt: skip


def _all(wanted: Wanted) -> dict[int, int]:
    return {**wanted.accounts, **dict(wanted.new_accounts)} if wanted.new_accounts else wanted.accounts


def _load_account(execute: Any, shelf: Shelf, account_id: int, since: str) -> None:
    of_it = (shelf.org_id, account_id)
    shelf.put_accounts(execute(_ACCOUNT, of_it))
    account = shelf.accounts.get(account_id)
    if account is None:
        return
    shelf.put_wallets(execute(_WALLETS, of_it))
    shelf.put_grants(execute(_GRANTS, of_it))
    shelf.put_debts(execute(_DEBTS, of_it))
    shelf.put_requests(execute(_REQUESTS, (*of_it, since)))
    if account.pool_id is not None:
        shelf.put_quota(execute(_QUOTA, of_it))
    _load_holds(execute, shelf, _OPEN_HOLDS, account_id)


def _load_holds(execute: Any, shelf: Shelf, select: str, id_: int) -> None:
    rows: Iterable[Any] = execute(select, (shelf.org_id, id_)).fetchall()
    holds = {row[0]: hold_of(row, SQLITE) for row in rows}
    for hold_id in holds:
        put_lines(holds, execute(_HOLD_LINES, (shelf.org_id, hold_id)))
    shelf.put_holds(holds)


def _load_past(execute: Any, shelf: Shelf, txn_id: int) -> None:
    org = shelf.org_id
    usage = execute(_PAST_USAGE, (org, txn_id)).fetchone()
    if usage is None:
        return
    lines = execute(_PAST_LINES, (txn_id, org, org, txn_id, org, txn_id)).fetchall()
    grants = execute(_PAST_GRANTS, (org, org, org, txn_id, org, txn_id)).fetchall()
    debts = execute(selects.PAST_DEBT, (org, txn_id)).fetchall()
    shelf.pasts.append(past_of(usage, lines, grants, debts, shelf))


def _load_sales(execute: Any, wanted: Wanted) -> Sales:
    org, sales = wanted.org_id, Sales(SQLITE)
    for code in wanted.codes:
        redeemed = [row for id_ in _all(wanted) for row in execute(_REDEEMED, (org, code, id_)).fetchall()]
        sales.put_codes(execute(_CODES, (org, code)), redeemed, ())
    if wanted.codes:
        sales.put_codes((), (), [row for id_ in _all(wanted) for row in execute(_BUYERS, (org, id_))])
    for purchase_id in wanted.purchases:
        grants = [grant_of(row, SQLITE) for row in execute(_BOUGHT_GRANTS, (org, org, purchase_id))]
        sales.put_purchases(execute(_PURCHASES, (org, purchase_id)), grants)
    for payment in wanted.payments:
        sales.put_payment(payment, execute(selects.PAYMENT, (org, *payment)))
    since = oldest_award(wanted.until).isoformat()
    for award in wanted.awards:
        sales.put_awards(execute(selects.AWARDS, (org, *award, since)))
    return sales
