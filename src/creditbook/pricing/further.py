"""Costs of what few models price apart: audio, images, searches, hour-long cache writes.

genai-prices arranges its units by dimensions: `cache_read_tokens` are the `input_tokens` whose type is cache read. A
unit is charged for its count less the counts of priced units more specific than it. This is that rule on exact numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from creditbook.domain.errors import InvalidRequest

Dimensions = frozenset[tuple[str, str]]


class UnitPrice(NamedTuple):
    """The price of one unit: exact nano-dollars each, and (input tokens to exceed, nano-dollars each), ascending."""

    usage_key: str
    dimensions: Dimensions
    nanos: Fraction
    tiers: tuple[tuple[int, Fraction], ...] = ()

    def at(self, input_tokens: int) -> Fraction:
        """Nano-dollars of one, in a request of so many input tokens."""
        price = self.nanos
        for above_tokens, tier in self.tiers:
            if input_tokens > above_tokens:
                price = tier
        return price


def further_amounts(
    units: Sequence[UnitPrice], counts: Mapping[str, int]
) -> tuple[tuple[int, int, int, int], int] | None:
    """Input, cached, output and reasoning in grains, and how many grains make a nano.

    None when the counts leave open how many of a priced unit there were. Raises InvalidRequest when they contradict
    each other.
    """
    leaves: dict[str, int] = {}
    parts = [Fraction(0)] * 4
    for unit in sorted(units, key=lambda unit: (-len(unit.dimensions), unit.usage_key)):
        if _is_open(unit, units, counts):
            return None
        more_specific = sum(
            leaves[other.usage_key] for other in units if other.dimensions > unit.dimensions and other is not unit
        )
        count = 1 if unit.usage_key == "requests" else counts.get(unit.usage_key, 0)
        leaf = leaves[unit.usage_key] = count - more_specific
        if leaf < 0:
            raise InvalidRequest(f"The {unit.usage_key} ({count}) must include what is counted apart from them.")
        parts[_part(unit.dimensions)] += leaf * unit.at(counts.get("input_tokens", 0))
    denominator = lcm(*(part.denominator for part in parts))
    a, b, c, d = (part.numerator * (denominator // part.denominator) for part in parts)
    return (a, b, c, d), denominator


def _is_open(unit: UnitPrice, units: Sequence[UnitPrice], counts: Mapping[str, int]) -> bool:
    """Two counted units overlap in this one, which was not counted: how much of each it is, nobody said."""
    if unit.usage_key in counts or unit.usage_key == "requests":
        return False
    counted = [other.dimensions for other in units if counts.get(other.usage_key, 0) > 0]
    return any(
        one | other == unit.dimensions and not (one <= other or other <= one) for one in counted for other in counted
    )


def _part(dimensions: Dimensions) -> int:
    """0 input, 1 cached, 2 output, 3 reasoning. Fees without a direction are part of asking, so of the input."""
    if ("direction", "output") in dimensions:
        return 3 if ("token_type", "reasoning") in dimensions else 2
    return 1 if ("token_type", "cache_read") in dimensions else 0
