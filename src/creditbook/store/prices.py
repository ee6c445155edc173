"""Rows of exchange rates and of prices that people set. Nothing here is changed or deleted; a later row corrects.

Every function takes a connection of `Store.read` or `Store.write`; none commits. Ids count up under `lock`, so that
nothing can become visible below an id that was seen already: `newest` alone tells whether there is more to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from creditbook.store.tables import prices as tables
from creditbook.store.tables.prices import fx_rate, model_price, model_price_override

RATES = tables.RATES

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('creditbook prices'))"


class FxRow(NamedTuple):
    """One `quote` per `base` rate of a date, in nanos."""

    fx_rate_id: int
    day: date
    rate_nanos: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """A price that somebody set for a model from a UTC date on; `org_id` None is the whole installation's.

    Rates are pico-USD per token (`store.tables.prices.RATES`); `withdrawn` ends what was set before.
    """

    org_id: int | None
    price_id: int
    model: str
    valid_from: date
    input_picos: int | None
    cached_picos: int | None
    cache_write_picos: int | None
    output_picos: int | None
    reasoning_picos: int | None
    tiers: Any
    withdrawn: bool
    source: str


class Newest(NamedTuple):
    """The highest ids seen of rates, of the installation's prices and of one organization's."""

    fx_rate_id: int
    price_id: int
    override_id: int


def lock(connection: sa.Connection) -> None:
    """Lets one writer at a time give out ids, until the transaction ends. SQLite's writers are alone already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_LOCK)


def newest(connection: sa.Connection, org_id: int | None) -> Newest:
    """What a reader compares with what it knows: three looks at the ends of primary keys."""
    highest = sa.func.coalesce
    own = model_price_override.c
    found = connection.execute(
        sa.select(
            sa.select(highest(sa.func.max(fx_rate.c.fx_rate_id), 0)).scalar_subquery(),
            sa.select(highest(sa.func.max(model_price.c.price_id), 0)).scalar_subquery(),
            sa.select(highest(sa.func.max(own.price_id), 0)).where(own.org_id == org_id).scalar_subquery(),
        )
    ).one()
    return Newest(*found)


def fx_rates(connection: sa.Connection, base: str, quote: str, above_id: int = 0) -> list[FxRow]:
    """Rates of one pair of currencies entered after `above_id`, by date and, within one, by entry."""
    found = (
        sa.select(fx_rate.c.fx_rate_id, fx_rate.c.day, fx_rate.c.rate_nanos, fx_rate.c.source)
        .where(fx_rate.c.base == base, fx_rate.c.quote == quote, fx_rate.c.fx_rate_id > above_id)
        .order_by(fx_rate.c.day, fx_rate.c.fx_rate_id)
    )
    return [FxRow(*row) for row in connection.execute(found)]


def fx_rate_of(connection: sa.Connection, fx_rate_id: int) -> FxRow | None:
    """The rate that something was booked at, be it corrected since."""
    c = fx_rate.c
    found = sa.select(c.fx_rate_id, c.day, c.rate_nanos, c.source).where(c.fx_rate_id == fx_rate_id)
    row = connection.execute(found).one_or_none()
    return None if row is None else FxRow(*row)


class EnteredRate(NamedTuple):
    """A rate with who entered it and when."""

    fx_rate_id: int
    day: date
    rate_nanos: int
    source: str
    actor: str
    entered_at: datetime


def recent_fx(connection: sa.Connection, base: str, quote: str, limit: int) -> list[EnteredRate]:
    """Rates of one pair, the newest date first and of one date the last entered, which is the one that holds."""
    c = fx_rate.c
    found = (
        sa.select(c.fx_rate_id, c.day, c.rate_nanos, c.source, c.actor, c.entered_at)
        .where(c.base == base, c.quote == quote)
        .order_by(c.day.desc(), c.fx_rate_id.desc())
        .limit(limit)
    )
    return [EnteredRate(*row) for row in connection.execute(found)]


def add_fx_rates(
    connection: sa.Connection,
    rates: Sequence[tuple[date, int]],
    *,
    base: str,
    quote: str,
    source: str,
    entered_at: datetime,
    actor: str,
) -> int:
    """Enters rates (date, nanos) in the given order under the lock, and returns the last one's id."""
    lock(connection)
    last = connection.scalar(sa.select(sa.func.coalesce(sa.func.max(fx_rate.c.fx_rate_id), 0))) or 0
    rows = [
        {"fx_rate_id": number, "day": day, "base": base, "quote": quote, "rate_nanos": nanos, "source": source,
         "entered_at": entered_at, "actor": actor}
        for number, (day, nanos) in enumerate(rates, start=last + 1)
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(fx_rate), rows)
    return last + len(rows)


def prices(connection: sa.Connection, org_id: int | None) -> list[PriceRow]:
    """Every price set for one organization, or with None for the installation: newest date first, then newest entry."""
    table = model_price if org_id is None else model_price_override
    columns = [table.c[name] for name in ("price_id", "model", "valid_from", *RATES, "tiers", "withdrawn", "source")]
    found = sa.select(*columns).order_by(table.c.model, table.c.valid_from.desc(), table.c.price_id.desc())
    if org_id is not None:
        found = found.where(model_price_override.c.org_id == org_id)
    return [PriceRow(org_id=org_id, **row) for row in connection.execute(found).mappings()]


def add_price(connection: sa.Connection, org_id: int | None, **columns: Any) -> int:
    """Enters one price under the lock and returns its id. Columns are those of `model_price`, without its id."""
    lock(connection)
    table = model_price if org_id is None else model_price_override
    owner = {} if org_id is None else {"org_id": org_id}
    last = sa.select(sa.func.coalesce(sa.func.max(table.c.price_id), 0))
    if org_id is not None:
        last = last.where(model_price_override.c.org_id == org_id)
    price_id = (connection.scalar(last) or 0) + 1
    connection.execute(sa.insert(table).values({**owner, "price_id": price_id, **columns}))
    return price_id
