"""What every rule is given: the book, its journal and the instant; and how a transaction is dated (rules 3, 34)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import EllipsisType

from .balance import available_tokens
from .calendar import day_of, local_date, zone_info
from .journal import Journal, Transaction
from .operations import Operation
from .state import Account, Book


def accounted(org_date: date, closed_through: date | None) -> date:
    """The date under which the books count it: its own, but in a closed month the first day of the open one."""
    return org_date if closed_through is None or org_date > closed_through else closed_through + timedelta(days=1)


@dataclass(slots=True)
class Desk:
    """One decision's place of work.

    ``now`` is the instant as of which it decides; settlement moves it through time and leaves the first boundary that
    has not come yet as ``next_due``. ``projects``: this is a look into the future, which takes subscriptions as paid.
    """

    book: Book
    journal: Journal
    now: datetime
    import_id: int | None = None
    next_due: datetime | None = None
    projects: bool = False

    def leaves_alone(self, account: Account) -> bool:
        """A charging import's accounts are its own until it ends, and it decides no other (rule 27)."""
        return account.import_id != self.import_id

    def today(self, account: Account) -> date:
        """The account's local day."""
        return day_of(self.now, account.zone)

    def transaction(
        self,
        account: Account,
        kind: str,
        *,
        event_at: datetime | None = None,
        operation: Operation | None = None,
        available: int | EllipsisType | None = ...,
    ) -> Transaction:
        """Open a transaction as of now; the rule fills in the rest and calls `book_it` when all lines are written.

        ``available`` is what the account can spend, from a caller who has looked already.
        """
        happened = event_at or self.now
        in_org = happened.astimezone(zone_info(self.book.org_zone))
        org_date = in_org.date()
        account_date = org_date if account.zone == self.book.org_zone else local_date(happened, account.zone)
        return Transaction(
            txn_id=self.journal.new_id(),
            account_id=account.account_id,
            kind=kind,
            effective_at=self.now,
            event_at=happened,
            account_date=account_date,
            org_date=org_date,
            accounting_date=accounted(org_date, self.book.closed_through),
            org_hour=in_org.hour,
            plan=self.book.plan_of(account).slug,
            available_before=available_tokens(self.book, account, self.now) if available is ... else available,
            actor=operation.actor if operation else "system",
            reason=operation.reason if operation else "",
        )

    def book_it(self, account: Account, txn: Transaction, *, available: int | EllipsisType | None = ...) -> Transaction:
        """Close a transaction: what the account can spend after it (``available``, where known) is frozen onto it."""
        txn.available_after = available_tokens(self.book, account, self.now) if available is ... else available
        self.journal.transactions.append(txn)
        return txn
