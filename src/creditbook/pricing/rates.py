"""A model's rates as whole numbers, and what one request costs at them (rules 2 and 3).

A rate is a whole number of *grains* per token; `ModelRate.grains_per_nano` of them make a nano-dollar. That is 1,000
(a grain is a pico-dollar) unless a published price has more decimals. So a cost is integer arithmetic, rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import split_rounded
from creditbook.domain.operations import Cost

from .further import UnitPrice, further_amounts


class TokenUsage(NamedTuple):
    """What the LLM counted for one request; price each request alone, never a sum (tiers).

    `input_tokens` include the cached and the cache-written ones, `output_tokens` the reasoning ones. `further` are
    counts that few models price apart, by genai-prices' names (`input_audio_tokens`, `web_searches` …).
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    further: Mapping[str, int] | None = None


class Rates(NamedTuple):
    """Grains per token of each kind. What a provider does not price apart has the rate of what it is part of."""

    input: int
    cached: int
    cache_write: int
    output: int
    reasoning: int


@dataclass(frozen=True, slots=True)
class ModelRate:
    """One version of one model's price.

    `tiers` are (input tokens that must be exceeded, rates that then hold for all tokens), ascending. `request_grains`
    is what a request costs whatever its size. `version` is what a transaction keeps: source, its version, model, date.
    """

    provider: str
    model: str
    version: str
    valid_from: date | None
    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    request_grains: int = 0
    grains_per_nano: int = 1_000
    prices_input: bool = True
    prices_output: bool = True
    units: tuple[UnitPrice, ...] = ()
    further: frozenset[str] = frozenset()

    def per_million_tokens(self) -> dict[str, str]:
        """The base rates as people write them: dollars per million tokens, exact, without what has no price."""
        priced = {"input": self.prices_input, "cached": self.prices_input, "cache_write": self.prices_input,
                  "output": self.prices_output, "reasoning": self.prices_output}  # fmt: skip
        return {
            kind: f"{Decimal(grains) / (1_000 * self.grains_per_nano):f}"
            for kind, grains in zip(priced, self.rates, strict=True)
            if priced[kind]
        }


def cost_at(rate: ModelRate, usage: TokenUsage) -> Cost | None:
    """What one request costs in dollars; None when `rate` has no price for tokens that were used.

    Raises InvalidRequest for counts that contradict each other.
    """
    priced = nanos_at(rate, usage)
    return None if priced is None else Cost(priced[0], None, priced[1], rate.version)


def nanos_at(rate: ModelRate, usage: TokenUsage) -> tuple[int, dict[str, int]] | None:
    """Nano-dollars of one request, and its parts, which add up to them. None and errors as `cost_at`.

    Parts: `input` (with cache writes, fees by request and tools), `cached`, `output`, `reasoning`.
    """
    tokens_in, tokens_out, cached, written, reasoning, further = usage
    if cached < 0 or written < 0 or reasoning < 0 or cached + written > tokens_in or reasoning > tokens_out:
        raise InvalidRequest(_contradiction(usage))
    if (tokens_in and not rate.prices_input) or (tokens_out and not rate.prices_output):
        return None
    if further and not rate.further.isdisjoint(further):
        amounts = further_amounts(rate.units, _counts(usage))
        if amounts is None:
            return None
        grains, grains_per_nano = amounts
    else:
        rates = rate.rates
        for above_tokens, tier in rate.tiers:
            if tokens_in > above_tokens:
                rates = tier
        grains = (
            (tokens_in - cached - written) * rates.input + written * rates.cache_write + rate.request_grains,
            cached * rates.cached,
            (tokens_out - reasoning) * rates.output,
            reasoning * rates.reasoning,
        )
        grains_per_nano = rate.grains_per_nano
    a, b, c, d = grains
    if a % grains_per_nano or b % grains_per_nano or c % grains_per_nano or d % grains_per_nano:
        nanos, (a, b, c, d) = split_rounded(grains, grains_per_nano)
    else:  # nearly always: a price of whole cents per million tokens leaves nothing to round
        a, b, c, d = a // grains_per_nano, b // grains_per_nano, c // grains_per_nano, d // grains_per_nano
        nanos = a + b + c + d
    return nanos, {"input": a, "cached": b, "output": c, "reasoning": d}


def _counts(usage: TokenUsage) -> dict[str, int]:
    """Every count by genai-prices' name."""
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_reasoning_tokens": usage.reasoning_tokens,
        **(usage.further or {}),
    }


def _contradiction(usage: TokenUsage) -> str:
    if min(usage[:5]) < 0:
        return "Token counts can't be negative."
    if usage.reasoning_tokens > usage.output_tokens:
        return (
            f"{usage.reasoning_tokens} reasoning tokens are more than the {usage.output_tokens} output tokens "
            "that must include them."
        )
    return (
        f"{usage.cached_tokens} cached and {usage.cache_write_tokens} cache-written tokens are more than the "
        f"{usage.input_tokens} input tokens that must include them."
    )
