"""Balances: the settled state shown without writing it (rule 19), now, in the past, or projected (rule 27)."""

from __future__ import annotations

from datetime import datetime

from creditbook.domain.balance import Balance, balance_of
from creditbook.domain.context import Desk
from creditbook.domain.journal import Journal, Transaction
from creditbook.domain.settling import project, settle
from creditbook.domain.state import Book
from creditbook.store import as_of
from creditbook.store.batch import Wanted
from creditbook.store.directory import AccountRef

from .core import Core, aware


def balance(core: Core, account: str, at: datetime | None = None, feature: str | None = None) -> Balance:
    """Posted, held, blocked, available and debt of an account, with its wallets, as of now or of any moment.

    Naming a feature, available means spendable for it. A moment in the future is a projection; ``pending`` tells that
    settlement is due and counted here, but not yet written. A projection takes a subscription as paid unless it is
    cancelled (rule 27). Raises `NotFound`.
    """
    ref = core.account(account)
    moment = core.now() if at is None else aware(at)
    book, journal, now = _settled(core, ref, moment, past=at is not None)
    if at is not None and (changed := as_of.changed_since(core.store, ref, moment)):
        book = as_of.book_at(core.store, ref, moment, book, changed)
        return balance_of(book, book.accounts[ref.account_id], moment, feature, pending=False, shown=account)
    pending = bool(journal.transactions or journal.touched_holds)
    return balance_of(book, book.accounts[ref.account_id], now, feature, pending=pending, shown=account)


def pending(core: Core, account: str) -> list[Transaction]:
    """What settlement would write for an account now: shown as pending, oldest first."""
    ref = core.account(account)
    _, journal, _ = _settled(core, ref, core.now(), past=False)
    return [txn for txn in journal.transactions if txn.account_id == ref.account_id]


def settled_now(core: Core, account: str) -> tuple[Book, int]:
    """The account's book as settlement would leave it now, never written, and the account's id. Raises `NotFound`."""
    ref = core.account(account)
    return _settled(core, ref, core.now(), past=False)[0], ref.account_id


def _wanted(ref: AccountRef, until: datetime) -> Wanted:
    return Wanted(ref.org_id, {ref.account_id: ref.root_id}, until)


def _settled(core: Core, ref: AccountRef, moment: datetime, *, past: bool) -> tuple[Book, Journal, datetime]:
    loaded = core.batches.read(_wanted(ref, moment))
    book = loaded.books[ref.account_id]
    journal = Journal(ref.org_id, loaded.new_id)
    desk = Desk(book, journal, moment)
    last = book.root.clock_at
    now = moment if past or last is None else max(moment, last)
    present = max(core.now(), last or now)
    settle(desk, min(now, present))
    if now > present:
        project(desk, now)
    return book, journal, now
