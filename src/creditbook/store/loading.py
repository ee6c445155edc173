"""From rows to the domain's values: the books of an organization are filled from what `selects` brought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from creditbook.domain.costs import PastCost
from creditbook.domain.plans import PlanStatus, Term, Version
from creditbook.domain.program import Every, GrantClass, WalletType
from creditbook.domain.state import (
    Account,
    AccountStatus,
    Book,
    Debt,
    Grant,
    Hold,
    HoldStatus,
    PastLine,
    PastUsage,
    Wallet,
)
from creditbook.store.batch import ReadProgram
from creditbook.store.codec import NO_PERIOD, Codec, read_document
from creditbook.store.loading_sales import Sales

Row = Sequence[Any]

_TYPE = {member.value: member for member in WalletType}
_CLASS = {member.value: member for member in GrantClass}
_EVERY = {member.value: member for member in Every}
_PLAN_STATUS = {member.value: member for member in PlanStatus}
_STATUS = {member.value: member for member in AccountStatus}
_HOLD_STATUS = {member.value: member for member in HoldStatus}


TERM_AT = 12
"""Where a row of `ACCOUNTS` begins to tell the account's term: the columns of `statements.ACCOUNT_TERM`."""


@dataclass(slots=True)
class Known:
    """What a batch knows of the rows that it loaded, so that it writes only what moved.

    ``revived`` are grants that were loaded dead, ``terms`` the accounts' terms as they stood, by account.
    """

    revived: set[int] = field(default_factory=set)
    terms: dict[int, Row] = field(default_factory=dict)


def oldest_day(until: datetime) -> date:
    """The earliest local date that it can be anywhere at this instant: request counts before it no longer matter."""
    return until.date() - timedelta(days=1)


def account_of(row: Row, org_zone: str, codec: Codec) -> Account:
    """From a row of `ACCOUNTS`."""
    (id_, name, kind, plan, anchor, zone, status, pool_id, quota, import_id, clock_at, referrer_id, started_at,
     program_id, term_status, first, following, ends_at, paid_ahead, next_plan, next_paid, unpaid, grace_ends_at,
     waits) = row  # fmt: skip
    when, day = codec.when, codec.day
    term = Term(
        _PLAN_STATUS[term_status], when(started_at), day(first), day(following), when(ends_at), paid_ahead, next_plan,
        next_paid, bool(unpaid), when(grace_ends_at),
    )  # fmt: skip
    return Account(
        id_, name, kind, plan, day(anchor), zone or org_zone, _STATUS[status], pool_id, quota, import_id,
        zone is not None, when(clock_at), program_id, term, referrer_id, bool(waits),
    )  # fmt: skip


def wallet_of(row: Row, codec: Codec) -> Wallet:
    """From a row of `WALLETS`."""
    when, day = codec.when, codec.day
    (id_, account_id, type_, label, features, active, expires_at, every, anchor, first, following, ends_at, reset_at,
     forced, created_at) = row  # fmt: skip
    return Wallet(
        id_, account_id, _TYPE[type_], label, None if features is None else frozenset(features.split()), bool(active),
        when(expires_at), _EVERY[every] if every else None, day(anchor), day(first), day(following), when(ends_at),
        when(reset_at), forced, when(created_at),
    )  # fmt: skip


def grant_of(row: Row, codec: Codec) -> Grant:
    """From a row of `GRANTS`."""
    when = codec.when
    (id_, account_id, wallet_id, txn_id, source, class_, amount, effective_at, expires_at, remaining, held, label,
     disputed, closed_reason, closed_at, first, forced_no, price_minor, currency, live, tax_minor) = row  # fmt: skip
    return Grant(
        id_, account_id, wallet_id, txn_id, source, _CLASS[class_], amount, when(effective_at), when(expires_at),
        remaining, held, label, bool(disputed), closed_reason, when(closed_at), codec.day(first), forced_no,
        price_minor, currency, bool(live), tax_minor,
    )  # fmt: skip


def debt_of(row: Row, codec: Codec) -> Debt:
    """From a row of `DEBTS`."""
    id_, account_id, txn_id, feature, incurred, owed, effective_at = row
    return Debt(id_, account_id, txn_id, feature, incurred, owed, codec.when(effective_at))


def hold_of(row: Row, codec: Codec) -> Hold:
    """From the columns of `HOLD_COLUMNS`; its lines come by `HOLD_LINES`."""
    (id_, account_id, action, feature, estimate, seconds, effective_at, ends_at, status, closed_at, captured, metered,
     pool_id, quota_period, project, metadata) = row  # fmt: skip
    when = codec.when
    return Hold(
        id_, account_id, action, feature, estimate, seconds, when(effective_at), when(ends_at), _HOLD_STATUS[status],
        when(closed_at), captured, bool(metered), pool_id, codec.day(quota_period), project, read_document(metadata),
    )  # fmt: skip


def put_lines(holds: dict[int, Hold], rows: Iterable[Row]) -> None:
    """Say of each hold what it still reserves, in burn-down order, and how many lines it has."""
    for hold_id, grant_id, amount, _first, last in rows:
        hold = holds[hold_id]
        if amount:
            hold.reserved[grant_id] = amount
        hold.seq = max(hold.seq, last)


class Versions:
    """The versions of organizations' programs that this process has read, each document once."""

    def __init__(self, read_program: ReadProgram) -> None:
        self._read_program = read_program
        self._in_force: dict[tuple[int, int], tuple[Version, ...]] = {}
        self._known: dict[tuple[int, int], Version] = {}

    def of(self, org_id: int, program_id: int) -> tuple[Version, ...] | None:
        """All versions up to the one in force, oldest first; None while they have to be put first."""
        return self._in_force.get((org_id, program_id))

    def put(self, org_id: int, program_id: int, rows: Iterable[Row], codec: Codec) -> tuple[Version, ...]:
        """Rows of `VERSIONS`. One that is newer than the one in force was committed after that was read."""
        found = []
        for id_, created_at, document in rows:
            if id_ <= program_id:
                known = self._known.get((org_id, id_))
                if known is None:
                    known = Version(id_, codec.when(created_at), self._read_program(document))
                    self._known[org_id, id_] = known
                found.append(known)
        versions = self._in_force[org_id, program_id] = tuple(found)
        return versions


@dataclass(slots=True)
class Shelf:
    """The books of one organization while they are being filled; rows find their account here by its id."""

    org_id: int
    zone: str
    versions: tuple[Version, ...]
    closed_through: date | None
    codec: Codec
    accounts: dict[int, Account] = field(default_factory=dict)
    terms: dict[int, Row] = field(default_factory=dict)
    resolved: dict[int, Hold] = field(default_factory=dict)
    pasts: list[PastUsage] = field(default_factory=list)
    sales: Sales | None = None
    costs: list[PastCost] = field(default_factory=list)

    def put_accounts(self, rows: Iterable[Row]) -> None:
        """Rows of `ACCOUNTS`."""
        for row in rows:
            self.accounts[row[0]] = account_of(row, self.zone, self.codec)
            self.terms[row[0]] = row[TERM_AT:]

    def put_wallets(self, rows: Iterable[Row]) -> None:
        """Rows of `WALLETS`, in the order of their ids."""
        for row in rows:
            self.accounts[row[1]].wallets[row[0]] = wallet_of(row, self.codec)

    def put_grants(self, rows: Iterable[Row]) -> None:
        """Rows of `GRANTS`."""
        for row in rows:
            self.accounts[row[1]].grants[row[0]] = grant_of(row, self.codec)

    def put_debts(self, rows: Iterable[Row]) -> None:
        """Rows of `DEBTS`."""
        for row in rows:
            self.accounts[row[1]].debts[row[0]] = debt_of(row, self.codec)

    def put_requests(self, rows: Iterable[Row]) -> None:
        """Rows of `REQUESTS`."""
        for account_id, day, count in rows:
            self.accounts[account_id].requests[self.codec.day(day)] = count

    def put_quota(self, rows: Iterable[Row]) -> None:
        """Rows of `QUOTA`."""
        for account_id, period, charged in rows:
            first = self.codec.day(period)
            self.accounts[account_id].quota_used[None if first == NO_PERIOD else first] = charged

    def put_holds(self, holds: dict[int, Hold]) -> None:
        """Holds with their lines: open ones to their accounts, others where a batch that names them looks."""
        for hold_id, hold in holds.items():
            if hold.status is HoldStatus.OPEN:
                if hold.account_id in self.accounts:
                    self.accounts[hold.account_id].holds[hold_id] = hold
            else:
                self.resolved[hold_id] = hold

    def tell(self, known: Known) -> None:
        """Remember what was loaded. Grants that were loaded dead: if they live again, the row must say so."""
        known.terms.update(self.terms)
        for past in self.pasts:
            known.revived.update(grant.grant_id for grant in past.grants.values() if not grant.live)
        if self.sales is not None:
            known.revived.update(grant.grant_id for grant in self.sales.grants if not grant.live)

    def books(self, wanted: dict[int, int]) -> dict[int, Book]:
        """The book of every wanted account (id → root id), one a family."""
        by_root: dict[int, Book] = {}
        program = self.versions[-1].program
        for root_id in wanted.values():
            if root_id not in by_root:
                by_root[root_id] = Book(
                    self.org_id, self.zone, program, root_id, {}, self.closed_through, versions=self.versions
                )  # fmt: skip
        for account in self.accounts.values():
            book = by_root.get(account.pool_id or account.account_id)
            if book is not None:
                book.accounts[account.account_id] = account
        self._put_what_is_named(by_root)
        if self.sales is not None:
            for book in by_root.values():
                self.sales.put_into(book)
        return {account_id: by_root[root_id] for account_id, root_id in wanted.items()}

    def _put_what_is_named(self, by_root: dict[int, Book]) -> None:
        """Resolved holds, usages that are refunded and costs that are corrected, into their owners' books."""
        found: list[Hold | PastUsage | PastCost] = [*self.resolved.values(), *self.pasts, *self.costs]
        for named in found:
            book = by_root.get(_root(self.accounts.get(named.account_id)))
            if book is None:
                continue
            if isinstance(named, Hold):
                book.resolved[named.hold_id] = named
            elif isinstance(named, PastUsage):
                book.pasts[named.txn_id] = named
            else:
                book.costs[named.txn_id] = named


def _root(account: Account | None) -> int:
    """The root of an account's family; 0 for one that was not loaded."""
    return (account.pool_id or account.account_id) if account else 0


def past_of(usage: Row, lines: Iterable[Row], grants: Iterable[Row], debts: Sequence[Row], shelf: Shelf) -> PastUsage:
    """From rows of `PAST_USAGE`, `PAST_LINES`, `PAST_GRANTS` and `PAST_DEBT`."""
    (txn_id, account_id, pool_id, charged, refunded, feature, action, agent, model, project, plan, period,
     quota_charged) = usage  # fmt: skip
    found = {row[0]: grant_of(row, shelf.codec) for row in grants}
    return PastUsage(
        txn_id, account_id, pool_id, charged, refunded, feature, action, agent, model, project, plan,
        shelf.codec.day(period), quota_charged, [PastLine(*row) for row in lines], found,
        debt_of(debts[0], shelf.codec) if debts else None,
    )  # fmt: skip
