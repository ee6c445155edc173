"""Operations run through one batch of the store, as the ledger runs them, and the books that it leaves."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from support.rows import organization_row

from creditbook.domain.decide import decide
from creditbook.domain.errors import LedgerError
from creditbook.domain.journal import Journal
from creditbook.domain.operations import Capture, Cost, OpenAccount, Operation, Refund, Reserve, Spend, Void, Work
from creditbook.domain.program import (
    Action,
    Allowance,
    Every,
    GrantClass,
    Plan,
    Pricing,
    Program,
    WalletType,
)
from creditbook.domain.results import HoldReceipt, Receipt, Result
from creditbook.domain.state import Account, Book
from creditbook.programs.document import program_from_text, program_to_document
from creditbook.store.batch import Wanted
from creditbook.store.batches import open_batches
from creditbook.store.engine import open_store
from creditbook.store.tables import ledger

ORG = 7
START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GOALS = frozenset({"goal", "strategy"})

PROGRAM = Program(
    name="batching",
    title="Batching",
    zone="Asia/Kolkata",
    currency="INR",
    default_plan="free",
    pool_plan="team",
    plans={
        "free": Plan(
            "free",
            "Free",
            0,
            GrantClass.FREE,
            (Allowance(WalletType.STANDARD, 100, Every.DAY, rollover=Fraction(1, 2), first_label="Welcome"),),
            requests_per_day=50,
        ),
        "team": Plan(
            "team",
            "Team",
            1,
            GrantClass.PLAN,
            (
                Allowance(WalletType.MONTHLY, 200, Every.DAYS_30),
                Allowance(WalletType.MONTHLY, 20, Every.DAYS_30, features=GOALS),
            ),
        ),
    },
    actions={
        "srs": Action("srs", Pricing.ACTUAL, estimate=10),
        "goal": Action("goal", Pricing.FIXED, 3, feature="goal"),
        "chat": Action("chat", Pricing.FIXED, 0),
        "strategy": Action("strategy", Pricing.FIXED, 2),
    },
)


class Desk:
    """One organization on one database. ``now`` is its clock; every batch is run at it."""

    def __init__(self, url: str) -> None:
        self.store = open_store(url)
        self.batches = open_batches(self.store, program_from_text)
        self.now = START
        self.roots: dict[int, int] = {}
        self._keys = itertools.count()
        with self.store.write(ORG) as connection:
            connection.execute(sa.insert(ledger.organization), organization_row(ORG))
            connection.execute(
                sa.insert(ledger.program_version),
                {"org_id": ORG, "program_id": 1, "name": "batching", "version": 1, "created_at": START,
                 "document": program_to_document(PROGRAM), "actor": "test", "reason": "first"},
            )  # fmt: skip

    def close(self) -> None:
        self.batches.close()
        self.store.close()

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def key(self, key: str = "") -> dict[str, str]:
        key = key or f"key {next(self._keys)}"
        return {"key": key, "request_hash": f"hash of {key}"}

    def open(self, name: str, account_id: int, **terms: Any) -> int:
        root = terms.get("pool_id") or account_id
        self.roots[account_id] = root
        self.run(OpenAccount(account_id=account_id, account_name=name, **self.key(), **terms))
        return account_id

    def wanted(self, operations: Iterable[Operation], **more: Any) -> Wanted:
        operations = list(operations)
        opened = {op.account_id for op in operations if isinstance(op, OpenAccount)}
        touched = {op.account_id for op in operations}
        return Wanted(
            ORG,
            {id_: self.roots[id_] for id_ in touched - opened},
            self.now,
            keys=tuple((op.name, op.key) for op in operations if op.key),
            holds=tuple(op.hold_id for op in operations if isinstance(op, Capture | Void)),
            refunds=tuple(op.txn_id for op in operations if isinstance(op, Refund)),
            new_accounts=tuple((id_, self.roots[id_]) for id_ in opened),
            **more,
        )

    def run(self, *operations: Operation) -> list[Result | LedgerError]:
        """One batch. Checks that what it left in the database is what it left in memory."""
        results: list[Result | LedgerError] = []
        with self.batches.begin([self.wanted(operations)]) as batch:
            (loaded,) = batch.loaded
            journals = {id(book): Journal(ORG, loaded.new_id) for book in loaded.books.values()}
            for operation in operations:
                book = loaded.books[operation.account_id]
                try:
                    results.append(decide(book, journals[id(book)], operation, self.now, loaded.keys))
                except LedgerError as refusal:
                    results.append(refusal)
            left = {book.root_id: deepcopy(book) for book in loaded.books.values()}
            batch.append(list(journals.values()), self.now)
        for book in left.values():
            again = self.book(*book.accounts)
            assert again.accounts == alive(book, self.now).accounts
            assert (again.root_id, again.org_zone, again.program) == (book.root_id, book.org_zone, PROGRAM)
        return results

    def book(self, *account_ids: int, **more: Any) -> Book:
        """The family's book as the database tells it."""
        wanted = Wanted(ORG, {id_: self.roots[id_] for id_ in account_ids}, self.now, **more)
        return self.batches.read(wanted).books[account_ids[0]]

    def rows(self, table: sa.Table, **where: Any) -> list[Any]:
        """Every row of a table that fits, in the order of its key."""
        query = sa.select(table).order_by(*table.primary_key.columns)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        with self.store.read(ORG) as connection:
            return list(connection.execute(query).all())


def alive(book: Book, now: datetime) -> Book:
    """The part of a decided book that is loaded the next time: nothing dead, closed, paid or long past."""
    for account in book.accounts.values():
        account.term.started_at = account.term.started_at or account.clock_at
        account.grants = {id_: grant for id_, grant in account.grants.items() if grant.live}
        account.holds = {id_: hold for id_, hold in account.holds.items() if hold.status == "open"}
        account.debts = {id_: debt for id_, debt in account.debts.items() if debt.owed}
        since = now.date() - timedelta(days=1)
        account.requests = {day: count for day, count in account.requests.items() if day >= since}
        account.quota_used = {day: used for day, used in account.quota_used.items() if counts(book, account, day)}
    return book


def counts(book: Book, account: Account, period: date | None) -> bool:
    """Whether a quota's period is still of interest: it is not over before the pool's running ones."""
    pool = book.pool_of(account)
    firsts = [wallet.period_first for wallet in pool.wallets.values() if wallet.period_first] if pool else []
    return period is None or not firsts or period >= min(firsts)


ASHA, POOL, RAVI, MEI = 10, 20, 21, 22

WORK = Work(
    agent="srs",
    model="claude-sonnet-4-5",
    project='Ünïcode {1,2} "quoted" \\ back',
    description="NULL",
    input_tokens=900,
    output_tokens=2_600,
    cached_tokens=5,
    reasoning_tokens=7,
    cost=Cost(41_700_000, 3_461_100_000, {"input": 2_700_000, "output": 39_000_000}, "genai-prices 0.2", 3),
    event_at=START - timedelta(days=3),
    metadata={"projectId": 42, "tags": ["ä", None]},
)


def spend(desk: Desk, account: int, tokens: int, **more: object) -> Spend:
    key = desk.key(str(more.pop("key", "")))
    return Spend(account_id=account, action="srs", tokens=tokens, **key, **more)  # type: ignore[arg-type]


def reserve(desk: Desk, account: int, estimate: int, **more: object) -> Reserve:
    return Reserve(account_id=account, action="srs", estimate=estimate, **desk.key(), **more)  # type: ignore[arg-type]


def receipt(result: object) -> Receipt:
    assert isinstance(result, Receipt), result
    return result


def hold_of(result: object) -> int:
    assert isinstance(result, HoldReceipt), result
    return result.hold_id
