"""The public face: `Ledger` for threads, `AsyncLedger` for event loops, `open_ledger` to get one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from creditbook.clock import Clock, system_clock
from creditbook.domain.balance import Balance
from creditbook.domain.errors import HoldAlreadyResolved, LedgerError, Unavailable
from creditbook.domain.journal import Transaction
from creditbook.domain.program import Program
from creditbook.domain.results import HoldReceipt, Receipt
from creditbook.pricing.pricer import Pricer
from creditbook.programs.document import program_from_text
from creditbook.reports.asking import Figures
from creditbook.settings import Settings
from creditbook.store.batches import open_batches
from creditbook.store.directory import Organization, is_empty
from creditbook.store.engine import Store, open_store

from . import accounts, granting, holding, organizations, reading, spending, subscribing, sweeping
from .bookkeeping import AsyncBookkeeping, Bookkeeping
from .core import Core, acommits, commits, in_thread
from .selling import AsyncSelling, Selling
from .subscribing import Subscription
from .sweeping import SweepReport


def open_ledger(url: str | None = None, *, clock: Clock = system_clock) -> Ledger:
    """Open the ledger at a SQLAlchemy URL, or at `CREDITBOOK_DATABASE_URL`; a new SQLite file gets its schema at once.

    Raises `Unavailable` when the database's schema is not up to date: run `creditbook init`.
    """
    store = open_store(url or Settings.from_environment().database_url)
    if not store.is_current():
        if store.dialect != "sqlite" or not is_empty(store):
            store.close()
            raise Unavailable("The database's schema is not up to date. Run `creditbook init`.")
        store.upgrade()
    return ledger_on(store, clock=clock)


def ledger_on(store: Store, *, clock: Clock = system_clock, pricer: Pricer | None = None) -> Ledger:
    """A ledger on an open store, for processes that share one store between services."""
    return Ledger(Core(store, open_batches(store, program_from_text), clock, pricer or Pricer(store)))


class Ledger(Selling, Bookkeeping):
    """Every verb of the ledger. Accounts are written `ORG/USERNAME`, or `ORG` for the pool.

    Safe to share between threads: concurrent callers share a transaction. Use it as a context manager, or `close` it.
    """

    def __init__(self, core: Core) -> None:
        self.core = core

    spend = commits(spending.spend)
    spend_many = commits(spending.spend_many)
    hold = commits(holding.hold)
    capture = commits(holding.capture)
    void = commits(holding.void)
    grant = commits(granting.grant)
    grant_many = commits(granting.grant_many)
    revoke = commits(granting.revoke)
    expire = commits(granting.expire)
    dispute = commits(granting.dispute)
    refund = commits(granting.refund)
    write_off = commits(granting.write_off)
    open_account = commits(accounts.open_account)
    end_import = commits(accounts.end_import)
    freeze = commits(accounts.freeze)
    unfreeze = commits(accounts.unfreeze)
    close_account = commits(accounts.close_account)
    set_zone = commits(accounts.set_zone)
    set_quota = commits(accounts.set_quota)
    open_wallet = commits(accounts.open_wallet)
    set_wallet_active = commits(accounts.set_wallet_active)
    reset = commits(accounts.reset)
    change_plan = commits(subscribing.change_plan)
    cancel_plan = commits(subscribing.cancel_plan)

    def reserve(self, account: str, **terms: Any) -> Job:
        """Hold tokens for a job (`hold`'s names): `with ledger.reserve(…) as job: … job.capture(…)`."""
        return Job(self, account, self.hold(account, **terms))

    def balance(self, account: str, at: datetime | None = None, feature: str | None = None) -> Balance:
        """What an account has, now or at any moment; see `reading.balance`."""
        return reading.balance(self.core, account, at, feature)

    def subscription(self, account: str) -> Subscription:
        """How an account's plan stands: its term, what is paid, what waits; see `subscribing.Subscription`."""
        return subscribing.subscription(self.core, account)

    @property
    def figures(self) -> Figures:
        """What applications show of an account: thirteen figures, credits, features, wallets; see `reports.asking`."""
        return Figures(self.core.store, self.core.batches, self.core.account, self.core.now)

    def pending(self, account: str) -> list[Transaction]:
        """What settlement would write now, oldest first."""
        return reading.pending(self.core, account)

    def sweep(
        self,
        org: str | None = None,
        *,
        at: datetime | None = None,
        actor: str = "system",
        reason: str = "",
        progress: Callable[[int, int], None] | None = None,
    ) -> SweepReport:
        """Settle everything due, in one organization or in all; see `sweeping.sweep`."""
        return sweeping.sweep(self.core, org, at=at, actor=actor, reason=reason, progress=progress)

    def create_organization(self, slug: str, program: Program, **terms: Any) -> Organization:
        """A new tenant running a program; see `organizations.create_organization`."""
        return organizations.create_organization(self.core, slug, program, **terms)

    def load_program(
        self, slug: str, program: Program, *, reason: str, actor: str = "", edited: int | None = None
    ) -> int:
        """Put a new version of an organization's program in force; returns its number."""
        return organizations.load_program(self.core, slug, program, reason=reason, actor=actor, edited=edited)

    def program(self, slug: str) -> Program:
        """The program that an organization runs."""
        return organizations.program_of(self.core, slug)

    def close(self) -> None:
        """Finish what is under way and close the database."""
        self.core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Job:
    """A hold while its work runs. Leaving the block without a final capture voids the rest; captured parts stand."""

    def __init__(self, ledger: Ledger, account: str, receipt: HoldReceipt) -> None:
        self._ledger = ledger
        self._open = True
        self.account = account
        self.receipt = receipt
        self.hold_id = receipt.hold_id

    def capture(self, **part: Any) -> Receipt:
        """Take one part (`Ledger.capture`'s names); the final one, which is the default, gives the rest back."""
        receipt = self._ledger.capture(self.account, self.hold_id, **part)
        if part.get("final", True) or receipt.late_capture:
            self._open = False
        return receipt

    def void(self, **how: Any) -> HoldReceipt:
        """Give everything back that is not captured."""
        self._open = False
        return self._ledger.void(self.account, self.hold_id, **how)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self._open:
            return
        try:
            self.void()
        except LedgerError as refusal:
            # The work's own exception matters more than a hold that is closed or cannot be reached: it times out.
            if error is None and not isinstance(refusal, HoldAlreadyResolved):
                raise


class AsyncLedger(AsyncSelling, AsyncBookkeeping):
    """The same verbs for event loops, on the same core: tasks of all loops share transactions with all threads."""

    def __init__(self, sync: Ledger) -> None:
        self.sync = sync
        self.core = sync.core

    spend = acommits(spending.spend)
    spend_many = acommits(spending.spend_many)
    hold = acommits(holding.hold)
    capture = acommits(holding.capture)
    void = acommits(holding.void)
    grant = acommits(granting.grant)
    grant_many = acommits(granting.grant_many)
    revoke = acommits(granting.revoke)
    expire = acommits(granting.expire)
    dispute = acommits(granting.dispute)
    refund = acommits(granting.refund)
    write_off = acommits(granting.write_off)
    end_import = acommits(accounts.end_import)
    freeze = acommits(accounts.freeze)
    unfreeze = acommits(accounts.unfreeze)
    close_account = acommits(accounts.close_account)
    set_zone = acommits(accounts.set_zone)
    set_quota = acommits(accounts.set_quota)
    open_wallet = acommits(accounts.open_wallet)
    set_wallet_active = acommits(accounts.set_wallet_active)
    reset = acommits(accounts.reset)
    change_plan = acommits(subscribing.change_plan)
    cancel_plan = acommits(subscribing.cancel_plan)
    open_account = in_thread(Ledger.open_account)
    balance = in_thread(Ledger.balance)
    pending = in_thread(Ledger.pending)
    subscription = in_thread(Ledger.subscription)
    sweep = in_thread(Ledger.sweep)
    load_program = in_thread(Ledger.load_program)
    program = in_thread(Ledger.program)

    async def create_organization(self, slug: str, program: Program, **terms: Any) -> Organization:
        """A new tenant running a program; see `organizations.create_organization`."""
        return await asyncio.to_thread(self.sync.create_organization, slug, program, **terms)

    async def reserve(self, account: str, **terms: Any) -> AsyncJob:
        """Hold tokens for a job: `async with await ledger.reserve(…) as job: … await job.capture(…)`."""
        return AsyncJob(self, account, await self.hold(account, **terms))

    async def close(self) -> None:
        """Finish what is under way and close the database."""
        await asyncio.to_thread(self.sync.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsyncJob:
    """A hold while its work runs, for event loops; see `Job`."""

    def __init__(self, ledger: AsyncLedger, account: str, receipt: HoldReceipt) -> None:
        self._ledger = ledger
        self._open = True
        self.account = account
        self.receipt = receipt
        self.hold_id = receipt.hold_id

    async def capture(self, **part: Any) -> Receipt:
        """Take one part; the final one, which is the default, gives the rest back."""
        receipt = await self._ledger.capture(self.account, self.hold_id, **part)
        if part.get("final", True) or receipt.late_capture:
            self._open = False
        return receipt

    async def void(self, **how: Any) -> HoldReceipt:
        """Give everything back that is not captured."""
        self._open = False
        return await self._ledger.void(self.account, self.hold_id, **how)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not self._open:
            return
        try:
            await self.void()
        except LedgerError as refusal:
            if error is None and not isinstance(refusal, HoldAlreadyResolved):
                raise
