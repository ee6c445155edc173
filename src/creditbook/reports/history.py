"""What happened to an account, line by line: pages by keyset, a line with its entries, the whole as CSV rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from creditbook.access.values import Principal
from creditbook.store import prices
from creditbook.store import reports_history as store_history
from creditbook.store.engine import Store
from creditbook.store.prices import FxRow
from creditbook.store.reports_history import NO_FILTER, LineFilter

from .usage import account_of

__all__ = ["CSV_COLUMNS", "NO_FILTER", "Line", "LineFilter", "Moved", "Opened", "Owed", "Page"]
__all__ += ["csv_rows", "opened", "page"]


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction as a row shows it. ``change`` is what posted moved by; available is None when unlimited.

    Costs are None while unknown (``unpriced``) or where there is no model.
    """

    txn_id: int
    kind: str
    change: int
    charged: int
    metered: bool
    agent: str
    model: str
    feature: str
    action: str
    project: str
    description: str
    effective_at: datetime
    event_at: datetime
    account_date: date
    available_before: int | None
    available_after: int | None
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_usd_nanos: int | None
    cost_inr_nanos: int | None
    unpriced: bool
    actor: str
    reason: str

    @property
    def what(self) -> str:
        """The words that name it best: its project, else its description, action or feature."""
        return self.project or self.description or self.action or self.feature


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first. ``newer`` and ``older`` tell whether there are more on either side."""

    lines: tuple[Line, ...]
    newer: bool
    older: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """One entry of a transaction: which grant moved, by how much, what remained in it after."""

    seq: int
    amount: int
    remaining_after: int
    grant_id: int
    label: str
    source: str
    grant_class: str
    expires_at: datetime | None
    wallet_type: str
    wallet_label: str
    of_pool: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """One entry on a debt: incurred (+), repaid, cancelled or written off (−), and what was owed after."""

    amount: int
    owed_after: int
    cause: str
    feature: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A line with everything behind it. ``reversed_by`` are its refunds, ``reverses`` the line it corrects.

    ``metadata`` is what the application sent along, such as its own project id; ``rate`` is the frozen exchange rate.
    """

    line: Line
    plan: str
    late_capture: bool
    would_refuse: str | None
    price_version: str | None
    hold_id: int | None
    reverses: int | None
    moved: tuple[Moved, ...]
    owed: tuple[Owed, ...]
    reversed_by: tuple[Line, ...]
    metadata: dict[str, Any]
    rate: FxRow | None = None


def page(
    store: Store,
    principal: Principal,
    wanted: LineFilter = NO_FILTER,
    *,
    upto: int | None = None,
    newer_than: int | None = None,
    size: int = 14,
) -> Page:
    """A page of the principal's history: the newest lines, those from one downwards, or those just above one."""
    org, account = principal.org_id, account_of(principal)
    with store.read(org) as connection:
        rows = store_history.page(connection, org, account, wanted, upto=upto, newer_than=newer_than, limit=size + 1)
        more = len(rows) > size
        if newer_than is not None:
            rows = rows[1:] if more else rows
            return Page(tuple(_line(r) for r in rows), newer=more, older=True)
        rows = rows[:size]
        above = upto is not None and bool(rows)
        newer = above and bool(store_history.page(connection, org, account, wanted, newer_than=rows[0].txn_id, limit=1))
    return Page(tuple(_line(r) for r in rows), newer=newer, older=more)


def opened(store: Store, principal: Principal, txn_id: int, *, of_members: bool = False) -> Opened | None:
    """One line of the principal's with its entries; None when there is no such line of hers.

    ``of_members``: a member's line too that drew on the principal's account, a pool.
    """
    org, account = principal.org_id, account_of(principal)
    with store.read(org) as connection:
        row = store_history.line(connection, org, account, txn_id, of_members=of_members)
        if row is None:
            return None
        moved = store_history.entries(connection, org, txn_id)
        owed = store_history.debts(connection, org, txn_id)
        reversed_by = store_history.reversals(connection, org, account, txn_id)
        rate = None if row.fx_rate_id is None else prices.fx_rate_of(connection, row.fx_rate_id)
    return Opened(
        line=_line(row),
        plan=row.plan,
        late_capture=row.late_capture,
        would_refuse=row.would_refuse,
        price_version=row.price_version,
        hold_id=row.hold_id,
        reverses=row.reverses_txn_id,
        moved=tuple(_moved(e, account) for e in moved),
        owed=tuple(Owed(e.amount, e.owed_after, e.cause, e.feature) for e in owed),
        reversed_by=tuple(_line(r) for r in reversed_by),
        metadata=row.metadata or {},
        rate=rate,
    )


CSV_COLUMNS = (
    "id",
    "when",
    "kind",
    "what",
    "project",
    "agent",
    "model",
    "feature",
    "action",
    "change_tokens",
    "charged_tokens",
    "available_before",
    "available_after",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cost_usd",
    "cost_inr",
    "reason",
)


def csv_rows(store: Store, principal: Principal, wanted: LineFilter = NO_FILTER) -> Iterator[tuple[Any, ...]]:
    """Every line that matches, newest first, as `CSV_COLUMNS`. Times are local with their offset, costs exact."""
    org, account, zone = principal.org_id, account_of(principal), ZoneInfo(principal.zone)
    with store.read(org) as connection:
        for row in store_history.every(connection, org, account, wanted):
            r = _line(row)
            yield (
                r.txn_id,
                r.effective_at.astimezone(zone).isoformat(timespec="seconds"),
                r.kind,
                r.what,
                r.project,
                r.agent,
                r.model,
                r.feature,
                r.action,
                r.change,
                r.charged,
                r.available_before,
                r.available_after,
                r.input_tokens,
                r.output_tokens,
                r.cached_tokens,
                r.reasoning_tokens,
                _money(r.cost_usd_nanos),
                _money(r.cost_inr_nanos),
                r.reason,
            )


def _line(row: Any) -> Line:
    return Line(*row[: len(Line.__dataclass_fields__)])


def _moved(row: Any, account_id: int) -> Moved:
    return Moved(
        row.seq,
        row.amount,
        row.remaining_after,
        row.grant_id,
        row.label,
        row.source,
        row.grant_class,
        row.expires_at,
        row.wallet_type,
        row.wallet_label,
        of_pool=row.account_id != account_id,
    )


def _money(nanos: int | None) -> Decimal | None:
    """Exact, and never in scientific notation when written."""
    return None if nanos is None else Decimal(nanos).scaleb(-9) + Decimal("0.000000000")
