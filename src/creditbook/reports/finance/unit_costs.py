"""What a request and a thousand tokens cost, and what reading from the models' caches has saved.

Cache savings are what the cached tokens of each day and model would have cost more at the input price in force on that
day (the organization's own, the installation's, then genai-prices'), at base rates: without long-prompt tiers, and
before what writing into a cache cost. A day's rupees are at that day's rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from creditbook.access.values import Principal
from creditbook.domain.money import convert_nanos, half_even
from creditbook.pricing.pricer import Pricer
from creditbook.reports.usage import Usage
from creditbook.store.engine import Store

from . import usage
from .money import Booking
from .wanted import Wanted

Per = Literal["request", "model_tokens", "charged"]
THOUSAND = 1_000


@dataclass(frozen=True, slots=True)
class Saved:
    """What a model's cache saved. ``unknown_tokens`` are cached tokens of days on which the model had no price."""

    model: str
    input_tokens: int
    cached_tokens: int
    unknown_tokens: int
    saved_usd_nanos: int
    saved_inr_nanos: int


def unit_cost(one: Usage, per: Per, booking: Booking) -> tuple[int, int] | None:
    """Nano-dollars and nano-rupees of one priced request or 1,000 tokens, half to even; None without any.

    Requests without a price are left out of both sides; their tokens can't be told apart and stay in.
    """
    units = {"request": one.requests - one.unpriced, "model_tokens": one.model_tokens, "charged": one.net_charged}[per]
    if units <= 0:
        return None
    many = 1 if per == "request" else THOUSAND
    usd, inr = booking.both(one.cost_usd_nanos, one.cost_inr_nanos)
    return half_even(usd * many, units), half_even(inr * many, units)


def saved_by_caching(store: Store, who: Principal, wanted: Wanted) -> list[Saved]:
    """Every model of which tokens were read from a cache on these days, by what it saved, most first."""
    days = usage.by(store, who, wanted, "org_date", "model")
    pricer = Pricer(store)
    by_model: dict[str, list[Saved]] = defaultdict(list)
    for (day, model), one in days.items():
        by_model[model].append(_of_day(pricer, who, day, model, one))
    told = [_sum(model, listed) for model, listed in by_model.items() if any(one.cached_tokens for one in listed)]
    return sorted(told, key=lambda one: (-one.saved_usd_nanos, one.model))


def _of_day(pricer: Pricer, who: Principal, day: date, model: str, one: Usage) -> Saved:
    cached = one.cached_tokens
    rate = pricer.rate(model, datetime.combine(day, time(12), UTC), org_id=who.org_id) if cached and model else None
    if rate is None or not rate.prices_input:
        return Saved(model, one.input_tokens, cached, cached, 0, 0)
    nanos = half_even(cached * (rate.rates.input - rate.rates.cached), rate.grains_per_nano)
    fx = pricer.rupees_on(day)
    return Saved(model, one.input_tokens, cached, 0, nanos, convert_nanos(nanos, fx.rate_nanos) if fx else 0)


def _sum(model: str, listed: Iterable[Saved]) -> Saved:
    rows = list(listed)
    names = ("input_tokens", "cached_tokens", "unknown_tokens", "saved_usd_nanos", "saved_inr_nanos")
    return Saved(model, *(sum(getattr(one, name) for one in rows) for name in names))
