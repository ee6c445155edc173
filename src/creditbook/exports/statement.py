"""The statement of one account and month: opening, every line, closing, in its own tokens, with costs in USD and INR.

It follows the ledger's own clock in the account's zone, like a balance as of a moment: what is decided late stands in
the month in which it was decided, a finished month never changes, and the next begins where it ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from creditbook.access.values import Principal
from creditbook.domain.calendar import add_months, local_date, start_of_day
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.store import directory
from creditbook.store.engine import Store
from creditbook.store.finance import export_rows, statements
from creditbook.store.finance.statements import Range

from .datasets import AccountName, may_export

_MICROSECOND = timedelta(microseconds=1)  # what falls on the boundary itself belongs to the next month


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``tokens`` moved the account's own posted tokens, ``elsewhere`` those of the pool that paid for it.

    ``balance`` is posted after it, ``owed`` by how much it moved the debt. Costs are None where there is none, or none
    known (``unpriced``). ``by`` is the member who moved a pool, ``times`` how many lines were put together.
    """

    txn_id: int
    at: datetime
    kind: str
    what: str
    agent: str
    model: str
    by: str
    tokens: int
    elsewhere: int
    balance: int
    owed: int
    cost_usd_nanos: int | None
    cost_inr_nanos: int | None
    unpriced: bool
    reason: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Moved:
    """All lines of one kind together."""

    kind: str
    lines: int
    tokens: int
    owed: int
    elsewhere: int
    cost_usd_nanos: int
    cost_inr_nanos: int
    unpriced: int


@dataclass(slots=True)
class Statement:
    """A month of an account. ``lines`` may be read as long as its block is open, again and again.

    ``so_far``: the month still runs, or something of it is due and not written yet.
    """

    org_name: str
    account: str
    holder: str
    is_pool: bool
    zone: str
    month: date
    first_at: datetime
    end_at: datetime
    made_at: datetime
    so_far: bool
    opening: int
    closing: int
    opening_owed: int
    closing_owed: int
    moved: tuple[Moved, ...]
    _connection: Any = field(repr=False)
    _range: Range = field(repr=False)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return sum(one.lines for one in self.moved)

    @property
    def elsewhere(self) -> int:
        """What moved on the pool that the account draws on, by its own lines."""
        return sum(one.elsewhere for one in self.moved)

    @property
    def cost_usd_nanos(self) -> int:
        """What the account's own usage cost, as booked."""
        return sum(one.cost_usd_nanos for one in self.moved)

    @property
    def cost_inr_nanos(self) -> int:
        """The same in rupees, at the rates of the days."""
        return sum(one.cost_inr_nanos for one in self.moved)

    @property
    def unpriced(self) -> int:
        """How many lines have a model without a known price."""
        return sum(one.unpriced for one in self.moved)

    def lines(self) -> Iterator[Line]:
        """Every line, oldest first, read in pieces."""
        balance, zone, own = self.opening, ZoneInfo(self.zone), self._range.account_id
        for row in statements.lines(self._connection, self._range):
            moved, hers = int(row.moved), row.account_id == own
            balance += moved
            yield Line(
                row.txn_id, row.effective_at.astimezone(zone), row.kind,
                row.project or row.description or row.action or row.feature, row.agent, row.model,
                "" if hers else row.account, moved, row.tokens - moved if hers else 0, balance, int(row.owed),
                row.cost_usd_nanos if hers else None, row.cost_inr_nanos if hers else None, hers and row.unpriced,
                row.reason,
            )  # fmt: skip

    def condensed(self) -> Iterator[Line]:
        """The same with one line for all usage of a run of a day's usage by the same agent and model."""
        for _, run in groupby(self.lines(), key=_run):
            yield from _together(run)


def _run(line: Line) -> object:
    return line.at.date() if line.kind == "usage" else line.txn_id


def _together(run: Iterator[Line]) -> Iterator[Line]:
    """One line for each member, agent and model, in the order in which they began, balances going on from before."""
    sums: dict[tuple[str, str, str], Line] = {}
    before = 0
    for line in run:
        if not sums:
            before = line.balance - line.tokens
        key = (line.by, line.agent, line.model)
        sums[key] = _sum(sums[key], line) if key in sums else line
    for line in sums.values():
        before += line.tokens
        yield replace(line, balance=before)


def _sum(one: Line, two: Line) -> Line:
    return replace(
        one,
        what="",
        tokens=one.tokens + two.tokens,
        elsewhere=one.elsewhere + two.elsewhere,
        owed=one.owed + two.owed,
        cost_usd_nanos=_added(one.cost_usd_nanos, two.cost_usd_nanos),
        cost_inr_nanos=_added(one.cost_inr_nanos, two.cost_inr_nanos),
        unpriced=one.unpriced or two.unpriced,
        times=one.times + two.times,
    )


def _added(one: int | None, two: int | None) -> int | None:
    return two if one is None else one if two is None else one + two


def months(store: Store, who: Principal, account: AccountName, now: datetime) -> list[date]:
    """The months that the account has a statement of, newest first: from its first line, or its opening, to now."""
    may_export(who, account.account_id)
    ref = directory.account_by_name(store, who.org_id, account.name)
    with store.read(who.org_id) as connection:
        begins = statements.begins_at(connection, who.org_id, account.account_id)
    if ref is None or begins is None:
        return []
    zone = directory.account_zone(store, ref)
    first, month = local_date(begins, zone).replace(day=1), local_date(now, zone).replace(day=1)
    found = []
    while month >= first:
        found.append(month)
        month = add_months(month, -1)
    return found


@contextmanager
def reading(store: Store, who: Principal, account: AccountName, month: date, now: datetime) -> Iterator[Statement]:
    """The statement of a month (any of its days), read from one snapshot while the block lasts.

    Raises NotAllowed for somebody else's account, NotFound for one that is not there, InvalidRequest for a month that
    has not begun.
    """
    may_export(who, account.account_id)
    ref = directory.account_by_name(store, who.org_id, account.name)
    if ref is None:
        raise NotFound(f"There is no account {who.named(account.name)}.")
    zone, first = directory.account_zone(store, ref), month.replace(day=1)
    first_at, end_at = start_of_day(first, zone), start_of_day(add_months(first, 1), zone)
    if first_at > now:
        raise InvalidRequest(f"{first:%B %Y} has not begun. Choose a month that has.")
    with store.read(who.org_id) as connection:
        at = statements.id_range(connection, who.org_id, ref.account_id, first_at, end_at)
        due = directory.is_due(connection, ref, min(now, end_at - _MICROSECOND))
        yield Statement(
            org_name=who.org_name,
            account=who.named(account.name),
            holder=export_rows.holder(connection, who.org_id, ref.account_id),
            is_pool=not account.name,
            zone=zone,
            month=first,
            first_at=first_at,
            end_at=end_at,
            made_at=now,
            so_far=now < end_at or due,
            opening=statements.posted(connection, at, at.after),
            closing=statements.posted(connection, at, at.upto),
            opening_owed=statements.owed(connection, at, at.after),
            closing_owed=statements.owed(connection, at, at.upto),
            moved=tuple(Moved(*row) for row in statements.sums(connection, at)),
            _connection=connection,
            _range=at,
        )
