"""The transactions beneath a figure of finance: what a bar opens to, line by line, and the entries of one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from creditbook.access.values import Principal
from creditbook.reports.usage import Usage
from creditbook.store import reports_history
from creditbook.store.engine import Store
from creditbook.store.finance import lines as store_lines

from . import usage
from .wanted import NAMED, Wanted

LINES = 25


@dataclass(frozen=True, slots=True)
class Bar:
    """What one bar, cell or row of a chart stands for: days, names, an account, an hour. What is empty is not narrowed.

    ``names`` are (dimension, name) pairs; several of one dimension let any of them pass; '' is what was not named.
    """

    first: date | None = None
    last: date | None = None
    names: tuple[tuple[str, str], ...] = ()
    account_id: int | None = None
    hour: int | None = None
    weekday: int | None = None

    def of(self, wanted: Wanted) -> Wanted:
        """What it counts of what the page asks for. A name that the page filters away stays away."""
        if self.first is not None:
            wanted = wanted.on(self.first, self.last)
        for dimension in NAMED:
            ours = tuple(name for its, name in self.names if its == dimension)
            theirs = wanted.names(dimension)
            if ours:
                wanted = wanted.of(dimension, *(ours if not theirs else (set(ours) & set(theirs) or {_NOBODY})))
        return wanted if self.account_id is None else wanted.only(self.account_id)

    @property
    def text(self) -> str:
        """As it stands in the address."""
        said: list[tuple[str, str]] = []
        if self.first is not None:
            said.append(("days", f"{self.first}..{self.last or self.first}"))
        said += self.names
        counted = {"account": self.account_id, "hour": self.hour, "weekday": self.weekday}
        return urlencode(said + [(name, str(n)) for name, n in counted.items() if n is not None])


_NOBODY = "\x01"
"""A name that nothing has."""


def bar(text: str) -> Bar | None:
    """The bar that an address names; None for what is none."""
    found: dict[str, Any] = {}
    names: list[tuple[str, str]] = []
    try:
        for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=True):
            if name == "days":
                first, _, last = value.partition("..")
                found |= {"first": date.fromisoformat(first), "last": date.fromisoformat(last)}
            elif name in NAMED:
                names.append((name, value))
            elif name in ("account", "hour", "weekday"):
                found["account_id" if name == "account" else name] = int(value)
            else:
                return None
    except ValueError:
        return None
    if "weekday" in found and "hour" not in found:
        return None
    return Bar(names=tuple(names), **found)


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction. Costs are None while unknown; ``charged`` of a refund is what came back."""

    txn_id: int
    kind: str
    account_id: int
    account: str
    org_date: date
    accounting_date: date
    org_hour: int
    event_at: datetime
    agent: str
    model: str
    feature: str
    plan: str
    action: str
    project: str
    description: str
    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    charged: int
    metered: bool
    cost_usd_nanos: int | None
    cost_inr_nanos: int | None
    unpriced: bool
    price_version: str | None
    fx_rate_id: int | None
    reverses: int | None
    reason: str

    @property
    def change(self) -> int:
        """Charged tokens as they add up: what a refund gave back is negative."""
        return -self.charged if self.kind == "refund" else self.charged if self.kind == "usage" else 0


def lines(store: Store, who: Principal, wanted: Wanted, of: Bar, after_id: int | None = None) -> tuple[Line, ...]:
    """A page of at most `LINES` and one more, which tells that there are older ones."""
    with store.read(who.org_id) as connection:
        rows = store_lines.lines(
            connection, who.org_id, of.of(wanted), hour=of.hour, weekday=of.weekday, after_id=after_id, limit=LINES + 1
        )
    return tuple(Line(*row) for row in rows)


def total(store: Store, who: Principal, wanted: Wanted, of: Bar) -> Usage:
    """The bar's own figures, read from the rollups: what its lines add up to."""
    if of.hour is None:
        return usage.total(store, who, of.of(wanted))
    if of.weekday is None:
        return usage.by(store, who, of.of(wanted), "hour").get((of.hour,), Usage())
    return usage.by(store, who, of.of(wanted), "weekday_hour").get(((of.weekday, of.hour),), Usage())


CSV_COLUMNS = (
    "transaction", "kind", "account", "time", "org_date", "accounting_date", "agent", "model", "feature", "plan",
    "action", "project", "description", "requests", "input_tokens", "output_tokens", "cached_tokens",
    "reasoning_tokens", "charged", "metered", "cost_usd", "cost_inr", "unpriced", "price_version", "corrects", "reason",
)  # fmt: skip


def csv_rows(store: Store, who: Principal, wanted: Wanted, of: Bar) -> Iterator[tuple[Any, ...]]:
    """Every line beneath the bar, newest first, one snapshot; times in the organization's zone, exact decimals."""
    zone = ZoneInfo(who.org_zone or who.zone)
    with store.read(who.org_id) as connection:
        for row in store_lines.every(connection, who.org_id, of.of(wanted), hour=of.hour, weekday=of.weekday):
            line = Line(*row)
            yield (
                line.txn_id, line.kind, line.account, line.event_at.astimezone(zone).isoformat(), line.org_date,
                line.accounting_date, line.agent, line.model, line.feature, line.plan, line.action, line.project,
                line.description, line.requests, line.input_tokens, line.output_tokens, line.cached_tokens,
                line.reasoning_tokens, line.change, line.metered, _decimal(line.cost_usd_nanos),
                _decimal(line.cost_inr_nanos), line.unpriced, line.price_version, line.reverses, line.reason,
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """One entry of a line: the grant that moved, by how much, and what remained in it."""

    grant_id: int
    label: str
    source: str
    grant_class: str
    wallet_type: str
    amount: int
    remaining_after: int


def entries(store: Store, who: Principal, txn_id: int) -> tuple[Moved, ...]:
    """The grants that a transaction of the organization moved, in order; none of one that was only metered."""
    with store.read(who.org_id) as connection:
        rows = reports_history.entries(connection, who.org_id, txn_id)
    return tuple(
        Moved(r.grant_id, r.label, r.source, r.grant_class, r.wallet_type, r.amount, r.remaining_after) for r in rows
    )


def _decimal(nanos: int | None) -> Decimal | None:
    return None if nanos is None else Decimal(nanos).scaleb(-9)
