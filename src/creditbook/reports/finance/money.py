"""Cost in dollars and rupees side by side: as it was booked, or restated at the rate of one date (rule 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

from creditbook.domain.money import NANOS, convert_nanos
from creditbook.reports.usage import Usage
from creditbook.store import prices
from creditbook.store.engine import Store
from creditbook.store.prices import FxRow

Key = TypeVar("Key")
__all__ = ["AS_BOOKED", "Booking", "FxRow", "rate_on"]


@dataclass(frozen=True, slots=True)
class Booking:
    """How rupees are told. ``restated`` None: each transaction at the rate frozen on it; else all at this rate."""

    restated: FxRow | None = None

    def both(self, usd_nanos: int, inr_nanos: int) -> tuple[int, int]:
        """Nano-dollars and nano-rupees of a sum; restated, the dollars' sum is converted and rounded once."""
        if self.restated is None:
            return usd_nanos, inr_nanos
        return usd_nanos, convert_nanos(usd_nanos, self.restated.rate_nanos)

    def of(self, usage: Usage) -> Usage:
        """The figures with rupees told this way."""
        if self.restated is None:
            return usage
        return replace(usage, cost_inr_nanos=self.both(usage.cost_usd_nanos, usage.cost_inr_nanos)[1])

    def each(self, figures: Mapping[Key, Usage]) -> dict[Key, Usage]:
        """`of` for figures by name."""
        return {key: self.of(usage) for key, usage in figures.items()}

    @property
    def words(self) -> str:
        """``as booked``, or the rate with its date and source."""
        if self.restated is None:
            return "as booked"
        rate = (Decimal(self.restated.rate_nanos) / NANOS).quantize(Decimal("0.0001"))
        day = self.restated.day
        return f"restated at ₹{rate} for $1, the rate of {day.day} {day:%b %Y} ({self.restated.source})"


AS_BOOKED = Booking()


def rate_on(store: Store, day: date) -> FxRow | None:
    """The rate from dollars to rupees in force on a UTC date; None before the first one."""
    with store.read() as connection:
        rows = prices.fx_rates(connection, "USD", "INR")
    return max((row for row in rows if row.day <= day), key=lambda row: (row.day, row.fx_rate_id), default=None)
