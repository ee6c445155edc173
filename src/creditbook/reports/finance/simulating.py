"""Last month under another program: the same work, done over by the real rules, in memory, beside the month as it ran.

The real books are read and never written. Two replays run side by side: one under the program as it was, whose charges
have to be those of the books, and one under the changed program; what is told is the difference between the two.
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from creditbook.access.values import Principal
from creditbook.domain.allowances import close_allowances, open_allowances, running
from creditbook.domain.balance import available_tokens
from creditbook.domain.calendar import start_of_day
from creditbook.domain.context import Desk
from creditbook.domain.errors import LedgerError
from creditbook.domain.granting import lapse
from creditbook.domain.journal import Journal
from creditbook.domain.plans import Version
from creditbook.domain.program import Package, Plan, Program, WalletType
from creditbook.domain.purchasing import with_tax
from creditbook.domain.results import Receipt
from creditbook.domain.settling import settle
from creditbook.domain.state import Account, Book
from creditbook.domain.terms import put_on
from creditbook.store.batch import IMAGINED_IDS, BatchStore
from creditbook.store.batch import Wanted as Asked
from creditbook.store.engine import Store
from creditbook.store.finance import days as store_days
from creditbook.store.finance.replaying import Happened, family_at, happened

from . import periods, usage
from .replay import Replay
from .replay_opening import opening
from .replay_steps import steps
from .simulated import Change, Compared, Month
from .wanted import Wanted

MOST_ACCOUNTS = 5_000
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The month that is replayed: its organization's dates, and the instants it begins and ends at."""

    first: date
    last: date
    since: datetime
    until: datetime


def last_month(who: Principal, now: datetime) -> Window:
    """The organization's last whole calendar month."""
    period = periods.named("Last month", periods.today(who, now))
    zone = who.org_zone or who.zone
    end = start_of_day(period.last + timedelta(days=1), zone)
    return Window(period.first, period.last, start_of_day(period.first, zone), end)


def active(store: Store, who: Principal, window: Window) -> int:
    """How many accounts used something in the month."""
    return usage.top(store, who, Wanted(window.first, window.last), "requests", 1)[1]


def families(store: Store, batches: BatchStore, who: Principal, window: Window, now: datetime) -> list[Book]:
    """Whole families as they are now, of accounts that used something in the month."""
    top, _ = usage.top(store, who, Wanted(window.first, window.last), "requests", MOST_ACCOUNTS)
    with store.read(who.org_id) as connection:
        roots = store_days.roots(connection, who.org_id, [holder.account_id for holder, _ in top])
    found: dict[int, Book] = {}
    if roots:
        for book in batches.read(Asked(who.org_id, roots, now, whole_families=True)).books.values():
            found.setdefault(book.root_id, book)
    return [book for _, book in sorted(found.items())]


def compare(store: Store, who: Principal, book: Book, window: Window, change: Change) -> list[Compared]:
    """One family's month both ways. Deterministic: the same books and the same change give the same answer."""
    rows = happened(store, who.org_id, sorted(book.accounts), window.since, window.until)
    past = family_at(store, book, window.since - INSTANT)
    preferred: dict[int, WalletType] = {}
    before = _month(past, rows, book.accounts, window, None, preferred)
    after = _month(past, rows, book.accounts, window, change, preferred)
    names = usage.accounts(store, who, book.accounts)
    booked: dict[int, int] = {}
    for txn in rows.transactions:
        if txn.kind == "usage":
            booked[txn.account_id] = booked.get(txn.account_id, 0) + txn.charged
    active = {txn.account_id for txn in rows.transactions if txn.kind == "usage"}
    active |= {one.account_id for one in rows.purchases}
    return [
        Compared(names[one], booked.get(one, 0), before.get(one, Month()), after.get(one, Month()))
        for one in sorted(active)
        if one in names
    ]


def run(
    store: Store, batches: BatchStore, who: Principal, window: Window, change: Change, now: datetime
) -> Iterator[tuple[int, int, list[Compared]]]:
    """Family by family: how many are done, of how many, and the newest one's accounts. To stop it, ask no more."""
    books = families(store, batches, who, window, now)
    for number, book in enumerate(books):
        yield number + 1, len(books), compare(store, who, book, window, change)


def _month(
    past: Book,
    rows: Happened,
    present: Mapping[int, Account],
    window: Window,
    change: Change | None,
    preferred: dict[int, WalletType],
) -> dict[int, Month]:
    """One replay of the family from how it stood when the month began."""
    book, every = opening(_copied(past), rows, window.since - INSTANT)
    version = book.version_at(window.since)
    ran = version.program if version is not None else book.program
    months: dict[int, Month] = {one: Month() for one in present}

    def done(txn: Any, answer: Receipt | LedgerError) -> None:
        _count(months[txn.account_id], txn, answer)

    journal = Journal(book.org_id, functools.partial(next, itertools.count(IMAGINED_IDS)))
    if change is not None:
        _put_in_force(book, change)
        _settle(book, journal, window.since)
        _move(book, journal, change, window.since)
    moves = change.moves if change is not None else {}
    replay = Replay(book, journal, rows, present, ran, moves, every, done, preferred, finds=change is None)
    for step in steps(rows, window.since, window.until):
        _settle(book, journal, step.at)
        step.do(replay, step.row)
    _settle(book, journal, window.until - INSTANT)
    _close(book, journal, months, window)
    for sale in rows.purchases:
        price = sale.price_minor if change is None else _price(sale, ran, change)
        paid = months[sale.account_id].paid
        paid[sale.currency] = paid.get(sale.currency, 0) + price
    return months


def _copied(past: Book) -> Book:
    """A copy that a replay may live on: the program and its versions are never changed and stay shared."""
    return replace(past, accounts=copy.deepcopy(past.accounts), pasts={}, resolved={}, purchases={}, payments={},
                   codes={}, awards=set(), buyers=set())  # fmt: skip


def _settle(book: Book, journal: Journal, at: datetime) -> None:
    """Let time pass up to an instant, subscriptions taken as paid."""
    root = book.accounts.get(book.root_id)
    desk = Desk(book, journal, at)
    desk.projects = True
    settle(desk, at if root is None or root.clock_at is None else max(at, root.clock_at))
    book.quiet_until = None
    if root is not None:
        root.clock_at = desk.now


def _put_in_force(book: Book, change: Change) -> None:
    """The changed program as if it had been in force before: running allowances are what they would have been.

    What was spent of one stays spent.
    """
    for account in book.accounts.values():
        _restate(book, account, change)
        account.program_id = _TRIED
    book.program, book.versions = change.program, (Version(_TRIED, _EVER, change.program),)


def _move(book: Book, journal: Journal, change: Change, at: datetime) -> None:
    """An account on a plan that stands for another one starts a full new term of it as the month begins."""
    desk = Desk(book, journal, at)
    for account in book.accounts.values():
        plan = change.moves.get(account.plan, account.plan)
        if plan != account.plan:
            close_allowances(desk, account)
            lapse(desk, account)
            put_on(desk, account, plan)
            open_allowances(desk, account, "plan_change")


_TRIED = 1
_EVER = datetime.min.replace(tzinfo=UTC)


def _restate(book: Book, account: Account, change: Change) -> None:
    old, new = book.own_plan(account), change.program.plans.get(account.plan)
    if old is None or new is None or account.plan in change.moves:
        return
    gave = {(one.wallet, one.features): one.tokens for one in old.allowances}
    gives = {(one.wallet, one.features): one.tokens for one in new.allowances}
    for wallet in account.wallets.values():
        more = gives.get((wallet.type, wallet.features), 0) - gave.get((wallet.type, wallet.features), 0)
        first = next((one for one in running(account, wallet) if one.source == "allowance"), None)
        if more and first is not None:
            first.amount = max(first.held, first.amount + more)
            first.remaining = max(first.held, first.remaining + more)


def _count(month: Month, txn: Any, answer: Receipt | LedgerError) -> None:
    if isinstance(answer, LedgerError):
        month.refused += txn.requests
        month.refused_tokens += txn.charged
        reason = type(answer).__name__
        month.reasons[reason] = month.reasons.get(reason, 0) + txn.requests
        return
    month.requests += txn.requests
    month.charged += answer.charged
    month.cost_usd_nanos += txn.cost_usd_nanos or 0
    month.cost_inr_nanos += txn.cost_inr_nanos or 0


def _close(book: Book, journal: Journal, months: Mapping[int, Month], window: Window) -> None:
    """How each account stands when the month ends, and what lapsed of its tokens in it."""
    at = window.until - INSTANT
    for account in book.accounts.values():
        month = months[account.account_id]
        month.left = available_tokens(book, account, at)
        month.owed = sum(debt.owed for debt in account.debts.values())
    # What the change itself closes as the month begins is no loss of the month.
    lapsed = {
        txn.txn_id
        for txn in journal.transactions
        if txn.kind == "expiry" or (txn.kind == "plan_change" and txn.effective_at > window.since)
    }
    for line in journal.entries:
        if line.txn_id in lapsed and line.amount < 0 and line.account_id in months:
            months[line.account_id].lost -= line.amount


def _price(sale: Any, ran: Program, change: Change) -> int:
    """What a sale brings under the changed catalog; at a price that it does not change, what it brought."""
    was: Package | Plan | None
    now: Package | Plan | None
    if sale.kind == "package":
        was, now = ran.packages.get(sale.item), change.program.packages.get(sale.item)
    else:
        item = change.moves.get(sale.item, sale.item)
        was, now = ran.plans.get(sale.item), change.program.plans.get(item)
    if was is None or now is None or was.price_minor == now.price_minor:
        return int(sale.price_minor)
    return with_tax(now.price_minor, change.program.tax)[0]
