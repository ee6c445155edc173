"""What every model of an organization costs, whose price that is, and what has none; exchange rates by date."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Literal

from creditbook.access.values import Principal
from creditbook.pricing import repricing
from creditbook.pricing.fx import business_days, is_stale
from creditbook.pricing.pricer import Pricer, rate_of
from creditbook.pricing.rates import ModelRate
from creditbook.pricing.repricing import Preview, Proposal
from creditbook.store import prices as rows
from creditbook.store.engine import Store
from creditbook.store.finance import repricing as usage_rows
from creditbook.store.prices import EnteredRate, FxRow

Origin = Literal["yours", "installation", "list", "none"]
"""Whose price it is: the organization's own, the installation's, genai-prices', nobody's."""


@dataclass(slots=True)
class ModelLine:
    """A model that was used or that has a price of its own. Costs are as booked, with their corrections.

    `unpriced` counts requests whose cost is not known; they happened from `unpriced_since` on (the organization's
    dates). `rate` is what holds now. `name` is lower case, `shown` as it stands on most of its usage.
    """

    name: str
    shown: str = ""
    requests: int = 0
    model_tokens: int = 0
    unpriced: int = 0
    unpriced_since: date | None = None
    last_used: date | None = None
    cost_usd_nanos: int = 0
    cost_inr_nanos: int = 0
    rate: ModelRate | None = None
    origin: Origin = "none"
    spellings: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a model's price; `rate` None ends what was set before. `holds` tells the one in force now."""

    origin: Origin
    valid_from: date | None
    rate: ModelRate | None
    source: str
    holds: bool = False


def models(store: Store, who: Principal, pricer: Pricer, now: datetime) -> list[ModelLine]:
    """Every model, those without a price first, then by what they cost."""
    return models_of(store, who.org_id, pricer, now)


def models_of(store: Store, org_id: int, pricer: Pricer, now: datetime) -> list[ModelLine]:
    """The same for an organization that a command names."""
    with store.read(org_id) as connection:
        days = usage_rows.model_days(connection, org_id)
        own = {row.model for row in rows.prices(connection, org_id)}
    found: dict[str, ModelLine] = {name: ModelLine(name, name) for name in own}
    for day in days:
        _count(found.setdefault(day.model.lower(), ModelLine(day.model.lower())), day)
    for line in found.values():
        line.shown = max(line.spellings, key=line.spellings.__getitem__, default=line.name)
        line.rate = pricer.rate(line.name, now, org_id=org_id) if line.name else None
        line.origin = origin_of(line.rate)
    lines = [line for line in found.values() if line.name or line.unpriced]
    return sorted(lines, key=lambda line: (-line.unpriced, -line.cost_usd_nanos, -line.requests, line.name))


def _count(line: ModelLine, day: usage_rows.ModelDay) -> None:
    line.requests += day.requests
    line.model_tokens += day.model_tokens
    line.cost_usd_nanos += day.cost_usd_nanos
    line.cost_inr_nanos += day.cost_inr_nanos
    line.spellings[day.model] = line.spellings.get(day.model, 0) + day.requests
    if day.requests:
        line.last_used = max(line.last_used or day.day, day.day)
    if day.unpriced > 0:
        line.unpriced += day.unpriced
        line.unpriced_since = min(line.unpriced_since or day.day, day.day)


def origin_of(rate: ModelRate | None) -> Origin:
    """Whose price it is, by what stands on every transaction priced with it."""
    if rate is None:
        return "none"
    if rate.version.startswith("organization price "):
        return "yours"
    return "installation" if rate.version.startswith("price ") else "list"


def versions(store: Store, who: Principal, pricer: Pricer, model: str, now: datetime) -> list[Version]:
    """Every version of a model's price that could ever hold: the organization's own before the others, newest first."""
    name = model.lower()
    holds = pricer.rate(name, now, org_id=who.org_id) if name else None
    found: list[Version] = []
    with store.read(who.org_id) as connection:
        set_here = [*rows.prices(connection, who.org_id), *rows.prices(connection, None)]
    for row in set_here:
        if row.model == name:
            rate, origin = rate_of(row), _SET[row.org_id is None]
            found.append(Version(origin, row.valid_from, rate, row.source, _same(rate, holds)))
    for listed in pricer.history(name) if name else ():
        source = listed.version.partition(":")[0]
        found.append(Version("list", listed.valid_from, listed, source, _same(listed, holds)))
    return found


_SET: tuple[Origin, Origin] = ("yours", "installation")


def _same(rate: ModelRate | None, other: ModelRate | None) -> bool:
    return rate is not None and other is not None and rate.version == other.version


def would_change(store: Store, who: Principal, pricer: Pricer, proposal: Proposal) -> Preview:
    """Whose cost the proposed price would change by how much. Raises InvalidRequest for a price that is none."""
    return repricing.preview(store, pricer, who.org_id, proposal)


def closed_through(store: Store, who: Principal) -> date | None:
    """The last day of the closed months; None while none is closed (rule 34)."""
    with store.read(who.org_id) as connection:
        return usage_rows.closed_through(connection, who.org_id)


@dataclass(frozen=True, slots=True)
class Rates:
    """The rupee's rates: `now` is in force today, `age` its business days, `stale` whether it is too old."""

    now: EnteredRate | None
    age: int
    stale: bool
    entered: list[EnteredRate]


def rates(store: Store, now: datetime, limit: int = 400) -> Rates:
    """The dollar's rates in rupees, the newest first; they are the installation's and nobody's secret."""
    today = now.astimezone(UTC).date()
    with store.read() as connection:
        found = rows.recent_fx(connection, "USD", "INR", limit)
    held = next((row for row in found if row.day <= today), None)
    if held is None:
        return Rates(None, 0, False, found)
    return Rates(held, business_days(held.day, today), is_stale(held.day, today), found)


def frozen_rate(store: Store, fx_rate_id: int) -> FxRow | None:
    """The exchange rate that something was booked at."""
    with store.read() as connection:
        return rows.fx_rate_of(connection, fx_rate_id)


def utc_noon(day: date) -> datetime:
    """An instant of a UTC date, to ask for the price of that date by."""
    return datetime.combine(day, time(12), UTC)
