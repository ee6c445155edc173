"""What the principal's organization used and what that cost: read from the rollups, equal to its transactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from creditbook.access.values import Principal
from creditbook.reports.usage import Usage
from creditbook.store.engine import Store
from creditbook.store.finance import usage as store_usage

from .wanted import NAMED, Dimension, Named, Wanted

__all__ = [
    "Holder",
    "Usage",
    "Wanted",
    "accounts",
    "by",
    "days",
    "in_rollups",
    "names",
    "of_accounts",
    "series",
    "top",
    "total",
]

Figures = dict[tuple[Any, ...], Usage]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who an account is. ``name`` '' is a pool; ``person`` '' an account without a person."""

    account_id: int
    name: str
    kind: str
    plan: str
    person: str

    @property
    def shown(self) -> str:
        """The person's name, else the account's; a pool is called so."""
        return self.person or self.name or "Pool"


def total(store: Store, who: Principal, wanted: Wanted) -> Usage:
    """Everything of these days together."""
    return by(store, who, wanted)[()]


def by(store: Store, who: Principal, wanted: Wanted, *dimensions: Dimension) -> Figures:
    """Figures per name, day, hour or account, or several of them: ``by(…, "org_date", "model")[(day, "gpt-5")]``.

    Keys stand in the order asked. ``org_date`` is a date (with basis ``accounting`` the accounting date), ``hour`` an
    int, ``weekday_hour`` one pair (0 for Monday … 6, hour), ``account`` an account's id. What has no usage is left out.
    """
    with store.read(who.org_id) as connection:
        return figures_of(connection, who, wanted, *dimensions)


def figures_of(connection: Any, who: Principal, wanted: Wanted, *dimensions: Dimension) -> Figures:
    """`by` within a snapshot that is open already."""
    rows = store_usage.sums(connection, who.org_id, wanted, dimensions)
    widths = [store_usage.width(dimension) for dimension in dimensions]
    return {_key(row, widths): Usage(*row[sum(widths) :]) for row in rows}


def top(
    store: Store, who: Principal, wanted: Wanted, measure: str = "cost_usd_nanos", limit: int = 10
) -> tuple[list[tuple[Holder, Usage]], int]:
    """The accounts with the most of a measure, and how many accounts have any usage at all."""
    with store.read(who.org_id) as connection:
        rows, many = store_usage.ranked(connection, who.org_id, wanted, measure, limit)
        known = {row[0]: Holder(*row) for row in store_usage.accounts(connection, who.org_id, [r[0] for r in rows])}
    return [(known[row[0]], Usage(*row[1:])) for row in rows], many


def of_accounts(store: Store, who: Principal, wanted: Wanted, account_ids: Sequence[int]) -> dict[int, Usage]:
    """The figures of these accounts alone, by id."""
    if not account_ids:
        return {}
    narrowed = by(store, who, wanted.only(*account_ids), "account")
    return {account_id: figures for (account_id,), figures in narrowed.items()}


def in_rollups(wanted: Wanted, *dimensions: Dimension) -> bool:
    """Whether rollups answer. Else the transactions of these days are read: ask how many there are before."""
    return store_usage.source(wanted, dimensions) != "transaction"


def series(figures: Mapping[tuple[Any, ...], Usage], wanted: Wanted) -> list[tuple[date, Usage]]:
    """Every day in order, also those without usage; from figures by ``org_date``."""
    span = (wanted.last - wanted.first).days + 1
    return [(day, figures.get((day,), Usage())) for day in (wanted.first + timedelta(days=n) for n in range(span))]


def names(store: Store, who: Principal) -> dict[Named, list[str]]:
    """The names to filter by, per dimension; the unnamed one is left out."""
    with store.read(who.org_id) as connection:
        rows = store_usage.names(connection, who.org_id)
    return {name: sorted({row[place] for row in rows} - {""}) for place, name in enumerate(NAMED)}


def days(store: Store, who: Principal) -> tuple[date, date] | None:
    """The organization's dates of its first and its last usage; None when there is none."""
    with store.read(who.org_id) as connection:
        return store_usage.days(connection, who.org_id)


def accounts(store: Store, who: Principal, account_ids: Iterable[int]) -> dict[int, Holder]:
    """Who these accounts of the organization are, by id."""
    with store.read(who.org_id) as connection:
        rows = store_usage.accounts(connection, who.org_id, list(account_ids))
    return {row[0]: Holder(*row) for row in rows}


def _key(row: Any, widths: list[int]) -> tuple[Any, ...]:
    found: list[Any] = []
    place = 0
    for width in widths:
        found.append(row[place] if width == 1 else tuple(row[place : place + width]))
        place += width
    return tuple(found)
