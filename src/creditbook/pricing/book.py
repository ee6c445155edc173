"""genai-prices as whole numbers of our own: read once per model and price version, then only looked up.

The library is used offline, with the prices in its wheel. Which model a name means is decided by its own matching;
ours is only what stands before it: `openrouter/`, `fireworks_ai/`, an OpenTelemetry provider name.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import lcm
from typing import Any

import genai_prices
from genai_prices import types
from genai_prices.data_snapshot import DataSnapshot, find_provider_by_id
from genai_prices.data_units import unit_data

from creditbook.domain.money import NANOS
from creditbook.domain.operations import Cost

from .further import UnitPrice
from .rates import ModelRate, Rates, TokenUsage, cost_at

SOURCE = f"genai-prices {genai_prices.__version__}"

# Who passes other providers' models on at their price; a model it does not list is looked up without it.
GATEWAYS = frozenset({"openrouter", "litellm", "litellm_proxy"})

# Names that LiteLLM and OpenTelemetry use and genai-prices does not match.
ALIASES = {
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "azure_ai": "azure",
    "az.ai.inference": "azure",
    "fireworks_ai": "fireworks",
    "gcp.gen_ai": "google",
    "x_ai": "x-ai",
}

KEPT_NAMES = 20_000
"""Model names remembered; beyond them all are forgotten, so that a caller's inventions can't fill the memory."""

LONGEST_NAME = 200

Versions = tuple[tuple[types.StartDateConstraint | types.TimeOfDateConstraint | None, ModelRate | None], ...]


class PriceBook:
    """Every model's price versions. Safe to share between threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], Versions] = {}
        self._snapshot = _new_snapshot()

    def rate(self, model: str, at: datetime, provider: str | None = None) -> ModelRate | None:
        """The price in force at `at` (by UTC date, as genai-prices dates them); None for an unknown model.

        `provider` is who ran it, by any common name; without it the model's name decides.
        """
        versions = self._known.get((model, provider))
        if versions is None:
            versions = self._read(model, provider)
        for constraint, rate in versions:
            if constraint is None or constraint.active(at):
                return rate
        return None

    def history(self, model: str, provider: str | None = None) -> list[ModelRate]:
        """Every version of a model's list price, the newest first; none for an unknown model."""
        versions = self._known.get((model, provider)) or self._read(model, provider)
        found = {rate.version: rate for _, rate in versions if rate is not None}
        return list(found.values())

    def _read(self, model: str, provider: str | None) -> Versions:
        if len(self._known) >= KEPT_NAMES:
            self._known.clear()
            self._snapshot = _new_snapshot()
        found = self._find(model, provider) if 0 < len(model) <= LONGEST_NAME else None
        versions = _versions(*found) if found else ((None, None),)
        self._known[model, provider] = versions
        return versions

    def _find(self, model: str, provider: str | None) -> tuple[types.Provider, types.ModelInfo] | None:
        if provider:
            host = self._provider(provider)
            if host is None and provider.lower() not in GATEWAYS:
                return None  # someone else's machine, whose prices nobody told us
            found = host and self._match(model, host)
            if found:
                return found
        prefix, _, rest = model.partition("/")
        if rest:
            host = self._provider(prefix)
            found = host and self._match(rest, host)
            if found:
                return found
            if prefix.lower() in GATEWAYS:
                return self._find(rest, None)
            if host:
                return None
        return None if provider and provider.lower() not in GATEWAYS else self._match(model, None)

    def _provider(self, name: str) -> types.Provider | None:
        return find_provider_by_id(self._snapshot.providers, ALIASES.get(name.lower(), name))

    def _match(self, model: str, host: types.Provider | None) -> tuple[types.Provider, types.ModelInfo] | None:
        try:
            return self._snapshot.find_provider_model(model, host, None, None)
        except LookupError:
            return None


@cache
def shared_book() -> PriceBook:
    """The one book of this process; genai-prices' data is read on first use (about a third of a second)."""
    return PriceBook()


def cost_of(usage: TokenUsage, model: str, at: datetime, provider: str | None = None) -> Cost | None:
    """What `usage` of `model` cost at `at` by genai-prices' list; None means unpriced, never zero.

    Raises InvalidRequest for counts that contradict each other.
    """
    rate = shared_book().rate(model, at, provider)
    return None if rate is None else cost_at(rate, usage)


def _new_snapshot() -> DataSnapshot:
    """The wheel's own data, whatever another part of the process may have downloaded."""
    from genai_prices.data import providers

    return DataSnapshot(providers=providers, from_auto_update=False)


def _versions(provider: types.Provider, model: types.ModelInfo) -> Versions:
    """Newest first; the last one holds where no other does, as in genai-prices."""
    if isinstance(model.prices, types.ModelPrice):
        return ((None, read_rate(provider.id, model.id, model.prices, None)),)
    conditional = model.prices
    rows: list[Any] = [
        (price.constraint, read_rate(provider.id, model.id, price.prices, price.constraint))
        for price in reversed(conditional)
    ]
    if conditional[0].constraint is not None:
        rows.append((None, rows[-1][1]))
    return tuple(rows)


def read_rate(
    provider: str,
    model: str,
    prices: types.ModelPrice,
    constraint: types.StartDateConstraint | types.TimeOfDateConstraint | None,
) -> ModelRate | None:
    """One published price as whole numbers; None where it states no price and does not say that it is free."""
    units = _units(prices)
    if not units and not model.endswith(":free"):
        return None
    by_key = {unit.usage_key: unit for unit in units}
    request = by_key.get("requests")
    kinds = [by_key.get(key) for key in _KINDS]
    starts = sorted({start for unit in kinds if unit for start, _ in unit.tiers})
    exact = [request.nanos if request else Fraction(0)]
    for level in [0, *(start + 1 for start in starts)]:
        exact += _five_rates(kinds, level)
    grains_per_nano = lcm(1_000, *(price.denominator for price in exact))
    grains = [int(price * grains_per_nano) for price in exact]
    levels = [Rates(*grains[place : place + 5]) for place in range(1, len(grains), 5)]
    return ModelRate(
        provider=provider,
        model=model,
        version=f"{SOURCE}: {provider}/{model}{_since(constraint)}",
        valid_from=constraint.start_date if isinstance(constraint, types.StartDateConstraint) else None,
        rates=levels[0],
        tiers=tuple(zip(starts, levels[1:], strict=True)),
        request_grains=grains[0],
        grains_per_nano=grains_per_nano,
        prices_input=not units or "input_tokens" in by_key,
        prices_output=not units or "output_tokens" in by_key,
        units=units,
        further=frozenset(by_key) - {*_KINDS, "requests"},
    )


_KINDS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "output_reasoning_tokens")


def _five_rates(kinds: list[UnitPrice | None], input_tokens: int) -> list[Fraction]:
    """Nano-dollars of a token of each kind; a kind without a price of its own has that of what it is part of."""
    own = [unit.at(input_tokens) if unit else None for unit in kinds]
    input_, output = own[0] or Fraction(0), own[3] or Fraction(0)
    whole = (input_, input_, input_, output, output)
    return [price if price is not None else part_of for price, part_of in zip(own, whole, strict=True)]


def _units(prices: types.ModelPrice) -> tuple[UnitPrice, ...]:
    units = []
    for price_key, value in prices.__dict__.items():
        unit = _UNITS_BY_PRICE_KEY.get(price_key)
        if value is None or unit is None:
            continue
        usage_key, per, dimensions = unit
        tiers = value.tiers if isinstance(value, types.TieredPrices) else []
        base = value.base if isinstance(value, types.TieredPrices) else value
        units.append(
            UnitPrice(
                usage_key,
                dimensions,
                _nanos(base, per),
                tuple((tier.start, _nanos(tier.price, per)) for tier in tiers),
            )
        )
    return tuple(units)


_UNITS_BY_PRICE_KEY: dict[str, tuple[str, int, frozenset[tuple[str, str]]]] = {
    unit.get("price_key", usage_key): (usage_key, unit["per"], frozenset(unit.get("dimensions", {}).items()))
    for usage_key, unit in unit_data.items()
}


def _nanos(price: Decimal, per: int) -> Fraction:
    return Fraction(price) * NANOS / per


def _since(constraint: types.StartDateConstraint | types.TimeOfDateConstraint | None) -> str:
    if isinstance(constraint, types.StartDateConstraint):
        return f" from {constraint.start_date}"
    if isinstance(constraint, types.TimeOfDateConstraint):
        return f" {constraint.start_time:%H:%M}–{constraint.end_time:%H:%M} UTC"
    return ""


def utc_day(at: datetime) -> date:
    """The UTC date of an instant: prices and exchange rates are dated by it, for everyone alike."""
    return at.date() if at.tzinfo is UTC else at.astimezone(UTC).date()
