"""What a sweep would write, found by letting the rules settle in memory. Nothing is ever written here (rule 19)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from creditbook.access.values import Principal
from creditbook.domain.balance import Balance, balance_of
from creditbook.domain.context import Desk
from creditbook.domain.decide import decide
from creditbook.domain.journal import Journal
from creditbook.domain.operations import Reset, Settle
from creditbook.domain.settling import project, settle
from creditbook.domain.state import Account, Book
from creditbook.store import directory
from creditbook.store.batch import IMAGINED_IDS, BatchStore, Wanted
from creditbook.store.directory import AccountRef
from creditbook.store.engine import Store

AT_ONCE = 200
"""So many families are loaded at a time."""


@dataclass(frozen=True, slots=True)
class DueAccount:
    """What would happen to one account: whole tokens written on its grants before and after, and what moves."""

    account_id: int
    name: str
    before: int
    after: int
    expires: int = 0
    rolls_over: int = 0
    granted: int = 0
    resets: int = 0


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a sweep as of `at` would write. `accounts` are those that it would touch, by name."""

    at: datetime
    accounts: tuple[DueAccount, ...]
    resets: int
    rollovers: int
    expiries: int
    tokens_granted: int
    tokens_rolled: int
    tokens_expired: int


def due_families(store: Store, principal: Principal, at: datetime) -> tuple[AccountRef, ...]:
    """The accounts of the principal's organization that have something to settle by `at`."""
    return tuple(directory.families(store, principal.org_id, due_by=at))


def foresee(
    batches: BatchStore,
    principal: Principal,
    refs: Sequence[AccountRef],
    now: datetime,
    at: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Foreseen:
    """What a sweep of these accounts would write as of `at`: now, or later, where time runs on as it will."""
    kinds: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    found: dict[int, DueAccount] = {}
    for start in range(0, len(refs), AT_ONCE):
        some = refs[start : start + AT_ONCE]
        books = batches.read(Wanted(principal.org_id, {ref.account_id: ref.root_id for ref in some}, at)).books
        for book in {id(book): book for book in books.values()}.values():
            for account in _of_one(book, now, at, kinds, tokens):
                found[account.account_id] = account
        if progress is not None:
            progress(min(start + AT_ONCE, len(refs)), len(refs))
    return Foreseen(
        at, tuple(sorted(found.values(), key=lambda one: one.name.casefold())), kinds["reset"], kinds["rollover"],
        kinds["expiry"], tokens["reset"], tokens["rolled"], -tokens["expiry"],
    )  # fmt: skip


def _of_one(book: Book, now: datetime, at: datetime, kinds: Counter[str], tokens: Counter[str]) -> list[DueAccount]:
    journal = Journal(book.org_id, count(IMAGINED_IDS).__next__)
    before = {one.account_id: _posted(one) for one in book.accounts.values()}
    desk = Desk(book, journal, now)
    settle(desk, min(now, at))
    if at > now:
        project(desk, at)
    told: dict[int, DueAccount] = {}
    for txn in journal.transactions:
        kinds[txn.kind] += 1
        tokens[txn.kind] += txn.tokens
        one = told.get(txn.account_id)
        if one is None:
            account = book.accounts[txn.account_id]
            one = DueAccount(account.account_id, account.name, before[account.account_id], _posted(account))
        rolled = sum(e.amount for e in journal.entries if e.txn_id == txn.txn_id and e.amount > 0)
        if txn.kind == "reset":
            one = replace(one, granted=one.granted + txn.tokens, resets=one.resets + 1)
        elif txn.kind == "expiry":
            one = replace(one, expires=one.expires - txn.tokens)
        elif txn.kind == "rollover":
            one = replace(one, rolls_over=one.rolls_over + rolled)
            tokens["rolled"] += rolled
        told[txn.account_id] = one
    return list(told.values())


def _posted(account: Account) -> int:
    return sum(grant.remaining for grant in account.grants.values() if grant.closed_reason is None)


@dataclass(frozen=True, slots=True)
class ForcedReset:
    """What forcing an account's reset would do: its balance before and after, and whole tokens that move."""

    before: Balance
    after: Balance
    expires: int
    granted: int


def foresee_forced(
    batches: BatchStore, principal: Principal, ref: AccountRef, wallet_id: int | None, now: datetime
) -> ForcedReset:
    """What `Ledger.reset` would do to an account, or to one of its wallets. Raises what it would be refused with."""
    book = batches.read(Wanted(principal.org_id, {ref.account_id: ref.root_id}, now)).books[ref.account_id]
    journal = Journal(book.org_id, count(IMAGINED_IDS).__next__)
    decide(book, journal, Settle(account_id=ref.account_id, key="", request_hash=""), now, {})
    account = book.accounts[ref.account_id]
    at, settled = max(now, book.root.clock_at or now), len(journal.transactions)
    before = balance_of(book, account, at, None, pending=False, shown=account.name)
    decide(book, journal, Reset(account_id=ref.account_id, key="", request_hash="", wallet_id=wallet_id), now, {})
    after = balance_of(book, account, at, None, pending=False, shown=account.name)
    written = [txn for txn in journal.transactions[settled:] if txn.account_id == ref.account_id]
    return ForcedReset(
        before, after,
        -sum(txn.tokens for txn in written if txn.tokens < 0), sum(txn.tokens for txn in written if txn.tokens > 0),
    )  # fmt: skip
