"""An account as the rules would leave it this moment: loaded in one snapshot, settled in memory, never written."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from datetime import datetime

from creditbook.domain.balance import Balance, balance_of
from creditbook.domain.calendar import local_date, zone_info
from creditbook.domain.context import Desk
from creditbook.domain.journal import Journal
from creditbook.domain.program import Plan, Program
from creditbook.domain.settling import settle
from creditbook.domain.state import Account, Book, Grant, Wallet
from creditbook.store.batch import IMAGINED_IDS, BatchStore, Wanted
from creditbook.store.directory import AccountRef


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled book, seen from one of its accounts. ``due`` are its wallets whose reset was not written yet."""

    book: Book
    account: Account
    at: datetime
    balance: Balance
    due: tuple[int, ...]

    @property
    def program(self) -> Program:
        """The program in force."""
        return self.book.program

    @property
    def plan(self) -> Plan:
        """The plan that the account is under: its own, else its pool's."""
        return self.book.plan_of(self.account)

    def owners(self) -> tuple[Account, ...]:
        """The account and the pool that it draws on."""
        pool = self.book.pool_of(self.account)
        return (self.account,) if pool is None else (self.account, pool)

    def running(self, wallet: Wallet) -> list[Grant]:
        """The grants of a wallet's running allowance, in the order in which they came."""
        grants = self.book.accounts[wallet.account_id].grants.values()
        return [
            grant
            for grant in grants
            if grant.wallet_id == wallet.wallet_id
            and grant.source == "allowance"
            and grant.period_first == wallet.period_first
            and not grant.ended(self.at)
        ]

    def today_requests(self) -> int:
        """Live requests of the account's local day, as its plan's limit counts them (rule 33)."""
        return self.account.requests.get(local_date(self.at, self.account.zone), 0)

    def local(self, at: datetime | None) -> datetime | None:
        """An instant on the account's own clock, with its offset."""
        return None if at is None else at.astimezone(zone_info(self.account.zone))


def settled(batches: BatchStore, ref: AccountRef, now: datetime) -> Settled:
    """The account as of now, or of its family's clock where that is ahead."""
    book = batches.read(Wanted(ref.org_id, {ref.account_id: ref.root_id}, now)).books[ref.account_id]
    account = book.accounts[ref.account_id]
    at = max(now, book.root.clock_at or now)
    before = {one.wallet_id: one.period_ends_at for one in account.wallets.values()}
    pending = settle(Desk(book, Journal(book.org_id, functools.partial(next, itertools.count(IMAGINED_IDS))), at), at)
    due = tuple(
        wallet.wallet_id
        for wallet in account.wallets.values()
        if before.get(wallet.wallet_id) not in (None, wallet.period_ends_at)
    )
    return Settled(book, account, at, balance_of(book, account, at, None, pending=pending, shown=account.name), due)
