"""What the members of an organization have now: one read for all of them, settled but not written (rule 19)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Protocol

from creditbook.access.values import Principal
from creditbook.domain.balance import Balance, balance_of
from creditbook.domain.context import Desk
from creditbook.domain.journal import Journal
from creditbook.domain.settling import settle
from creditbook.store.batch import IMAGINED_IDS, BatchStore, Wanted


class HasAccount(Protocol):
    """Whatever names an account (or none) and the pool it draws on."""

    @property
    def account_id(self) -> int | None:
        """None where there is no account."""

    @property
    def pool_id(self) -> int | None:
        """None where it draws on no pool."""


def balances(
    batches: BatchStore, principal: Principal, members: Sequence[HasAccount], now: datetime
) -> dict[int, Balance]:
    """The balance of every member who has an account, by account id."""
    accounts = {m.account_id: m.pool_id or m.account_id for m in members if m.account_id is not None}
    if not accounts:
        return {}
    books = batches.read(Wanted(principal.org_id, accounts, now)).books
    settled: dict[int, tuple[datetime, bool]] = {}
    for book in books.values():
        if id(book) not in settled:
            at = max(now, book.root.clock_at or now)
            due = settle(Desk(book, Journal(book.org_id, count(IMAGINED_IDS).__next__), at), at)
            settled[id(book)] = (at, due)
    found = {}
    for account_id, book in books.items():
        at, due = settled[id(book)]
        account = book.accounts[account_id]
        shown = f"{principal.org_slug}/{account.name}"
        found[account_id] = balance_of(book, account, at, None, pending=due, shown=shown)
    return found
