"""Load → decide → append, for a batch of calls in one database transaction.

Every operation gets its own result or its own refusal. What is due is settled and kept even where an operation is
refused. A fault of one call (a bug, a broken constraint) rolls the batch back and reruns its calls one by one, so that
only the culprit fails.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime

from creditbook.domain.calendar import local_date
from creditbook.domain.decide import decide
from creditbook.domain.errors import Conflict, LedgerError, Unavailable
from creditbook.domain.journal import Journal, OwedReferral
from creditbook.domain.operations import Operation, Settle
from creditbook.domain.state import Book
from creditbook.store import promo
from creditbook.store.batch import Batch, BatchStore, Loaded, Rows
from creditbook.store.engine import Store
from creditbook.store.retry import is_taken

from .auditing import Before, audit_row, once_row
from .calls import Call, Origin, Outcome, referral_call
from .wanting import wanted

Owed = list[tuple[int, OwedReferral]]


class Executor:
    """Runs batches of calls on one store. ``watch`` is told of each transaction that was committed, and its seconds."""

    def __init__(self, store: Store, batches: BatchStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._batches = batches
        self._clock = clock
        self.watch: Callable[[Sequence[Call], float], None] | None = None

    def run(self, calls: Sequence[Call]) -> None:
        """Decide and commit all calls together; fill their outcomes only when the commit is in.

        Raises `Unavailable` when the database cannot answer: nobody's call was decided, or a repeated call with the
        same key will tell. Raises `Conflict` when somebody else took the same name at the same moment.
        """
        began = time.perf_counter()
        try:
            outcomes, owed = self._store.retrying(lambda: self._attempt(calls))
        except (LedgerError, KeyboardInterrupt):
            raise
        except Exception as error:
            if len(calls) > 1:
                self._one_by_one(calls)
                return
            if not is_taken(error):
                raise
            outcomes, owed = self._again(calls)
        for call, found in zip(calls, outcomes, strict=True):
            call.outcomes = found
        if self.watch is not None:
            self.watch(calls, time.perf_counter() - began)
        for org_id, one in owed:
            self._pay_referrer(org_id, one)

    def _pay_referrer(self, org_id: int, owed: OwedReferral) -> None:
        """Pay the other side of a referral, another family's account, right after the friend's side is in.

        Whatever goes wrong here is nobody's fault who waits for an answer; the sweep pays what was missed.
        """
        with contextlib.suppress(Exception):
            root_id = promo.root_of(self._store, org_id, owed.referrer_id)
            call = referral_call(org_id, owed, root_id, self._clock())
            self._store.retrying(lambda: self._attempt([call]))

    def _again(self, calls: Sequence[Call]) -> tuple[list[list[Outcome]], Owed]:
        """Two sent the same key or name at once and the other won: his key answers now, a taken name is refused."""
        try:
            return self._store.retrying(lambda: self._attempt(calls))
        except Exception as error:
            if is_taken(error):
                taken = "Somebody has just taken this name. Look at what is there, then choose another."
                raise Conflict(taken) from error
            raise

    def _one_by_one(self, calls: Sequence[Call]) -> None:
        for call in calls:
            try:
                self.run([call])
            except Exception as error:  # noqa: BLE001 - whatever one call did must not fail the others
                call.outcomes = [_as_refusal(error)] * len(call.operations)

    def _attempt(self, calls: Sequence[Call]) -> tuple[list[list[Outcome]], Owed]:
        journals: dict[int, Journal] = {}
        with self._batches.begin(wanted(calls)) as batch:
            by_org = {loaded.org_id: loaded for loaded in batch.loaded}
            outcomes = [self._decide(call, by_org[call.org_id], journals) for call in calls]
            batch.append(list(journals.values()), self._clock())
            asked = _ask_days(calls, outcomes, by_org, batch)
        for origin, account_id, requests, rows in asked:
            origin.days[account_id] = (next((int(row[1]) for row in rows if row[0] == account_id), 0), requests)
        return outcomes, [(one.org_id, owed) for one in journals.values() for owed in one.owed_referrals]

    def _decide(self, call: Call, loaded: Loaded, journals: dict[int, Journal]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for operation in call.operations:
            book = loaded.books[operation.account_id]
            journal = journals.get(id(book))
            if journal is None:
                journal = journals[id(book)] = Journal(call.org_id, loaded.new_id)
            try:
                outcomes.append(self._act(call, operation, book, journal, loaded))
            except LedgerError as refusal:
                outcomes.append(refusal)
        if call.audit_once:
            books = {id(loaded.books[operation.account_id]) for operation in call.operations}
            once_row(call, outcomes, [journals[book] for book in books])
        return outcomes

    def _act(self, call: Call, operation: Operation, book: Book, journal: Journal, loaded: Loaded) -> Outcome:
        if not call.audit:
            return decide(book, journal, operation, call.at, loaded.keys)
        if operation.account_id in book.accounts:
            settled = Settle(account_id=operation.account_id)
            decide(book, journal, settled, call.at, loaded.keys)
        before = Before.of(book, operation, call.at)
        known = (operation.name, operation.key) in loaded.keys
        result = decide(book, journal, operation, call.at, loaded.keys)
        if not known:
            subject = call.subjects.get(operation.account_id, "")
            journal.audits.append(audit_row(journal, book, operation, before, result, call, subject))
        return result


def _ask_days(
    calls: Sequence[Call], outcomes: Sequence[Sequence[Outcome]], loaded: dict[int, Loaded], batch: Batch
) -> list[tuple[Origin, int, int, Rows]]:
    """For each request that is about one account: its day, whose usage the batch tells once it is committed."""
    days: dict[tuple[int, int], date] = {}
    asked: list[tuple[Origin, int, int, int]] = []
    for call, found in zip(calls, outcomes, strict=True):
        if call.origin is None or len(found) != 1 or isinstance(found[0], LedgerError):
            continue
        account_id = call.operations[0].account_id
        account = loaded[call.org_id].books[account_id].accounts.get(account_id)
        if account is None:
            continue  # an opening that is told again: the id that it took anew opened nothing
        day = local_date(getattr(found[0], "effective_at", call.at), account.zone)
        days[call.org_id, account_id] = day
        asked.append((call.origin, call.org_id, account_id, account.requests.get(day, 0)))
    rows = {org_id: batch.used_on(org_id, {one: day for (of, one), day in days.items() if of == org_id})
            for org_id in {org_id for org_id, _ in days}}  # fmt: skip
    return [(origin, account_id, requests, rows[org_id]) for origin, org_id, account_id, requests in asked]


def _as_refusal(error: Exception) -> LedgerError:
    if isinstance(error, LedgerError):
        return error
    fault = Unavailable("Something went wrong while deciding this; nothing of it was written.")
    fault.__cause__ = error
    return fault
