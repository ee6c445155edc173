"""What changed since the period before, and why: volume, mix and price, to the last nano (docs/decisions/0053)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from creditbook.domain.money import half_even
from creditbook.reports.usage import Usage

Figures = Mapping[tuple[Any, ...], Usage]
NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Why:
    """The cost of two periods and what lies between them; in nanos of one currency.

    ``volume`` is what more or fewer model tokens cost at the average of the period before; ``mix`` that other models
    did them; ``price`` that a token of the same model cost more or less (its price, or how much of it was output,
    cached or reasoning); ``rate`` what the rupee did. ``before`` and the four add up to ``after`` exactly.
    """

    before: int
    volume: int
    mix: int
    price: int
    rate: int
    after: int

    @property
    def effects(self) -> tuple[tuple[str, int], ...]:
        """The four by name, in order; without the rate where it did nothing."""
        named = (("Volume", self.volume), ("Mix", self.mix), ("Price", self.price), ("Exchange rate", self.rate))
        return named if self.rate else named[:3]


def why(was: Figures, now: Figures) -> tuple[Why, Why]:
    """The change in dollars, and the same in rupees, from figures by model of two periods.

    What is new is told by its own price (all of it is volume and mix), and what cost money without a token, such as
    the correction of an older cost, is price.
    """
    old_units, new_units = _units(was), _units(now)
    before, after = _cost(was), _cost(now)
    volume = mix = Fraction(0)
    if old_units:
        average = Fraction(before, old_units)
        volume = (new_units - old_units) * average
        mix = _mixed(was, now) - new_units * average
    elif new_units:
        volume = _mixed(was, now) - before
    told = half_even(*volume.as_integer_ratio()), half_even(*mix.as_integer_ratio())
    dollars = Why(before, *told, after - before - sum(told), 0, after)
    return dollars, _in_rupees(dollars, _rupees(was), _rupees(now))


def _mixed(was: Figures, now: Figures) -> Fraction:
    """What this period's tokens would have cost at the last one's cost per token of each model."""
    whole = Fraction(0)
    for key, usage in now.items():
        if usage.model_tokens:
            like = was.get(key, NOTHING)
            like = like if like.model_tokens else usage
            whole += usage.model_tokens * Fraction(like.cost_usd_nanos, like.model_tokens)
    return whole


def _in_rupees(dollars: Why, before: int, after: int) -> Why:
    """The dollars' effects at the last period's average rate; what remains is what the rate did."""
    source = (before, dollars.before) if dollars.before else (after, dollars.after)
    rate = Fraction(*source) if source[1] else Fraction(0)
    volume, mix, price = (
        half_even(*(effect * rate).as_integer_ratio()) for effect in (dollars.volume, dollars.mix, dollars.price)
    )
    return Why(before, volume, mix, price, after - before - volume - mix - price, after)


@dataclass(frozen=True, slots=True)
class Mover:
    """One name's part in the change; nano-dollars, and the rupees beside them."""

    key: Any
    was: Usage
    now: Usage

    @property
    def usd_nanos(self) -> int:
        """By how much its cost moved."""
        return self.now.cost_usd_nanos - self.was.cost_usd_nanos

    @property
    def inr_nanos(self) -> int:
        """The same in rupees."""
        return self.now.cost_inr_nanos - self.was.cost_inr_nanos

    @property
    def state(self) -> str:
        """``new``, ``gone`` or '' for what was there in both periods."""
        if not self.was.requests and self.now.requests:
            return "new"
        return "gone" if self.was.requests and not self.now.requests else ""


def movers(was: Figures, now: Figures) -> list[Mover]:
    """Names by how much they moved the cost, most first; together they are all of the change."""
    keys = {**was, **now}
    found = [Mover(key[0], was.get(key, NOTHING), now.get(key, NOTHING)) for key in keys]
    return sorted(found, key=lambda one: (-abs(one.usd_nanos), -one.now.requests, str(one.key)))


def _units(figures: Figures) -> int:
    return sum(usage.model_tokens for usage in figures.values())


def _cost(figures: Figures) -> int:
    return sum(usage.cost_usd_nanos for usage in figures.values())


def _rupees(figures: Figures) -> int:
    return sum(usage.cost_inr_nanos for usage in figures.values())
