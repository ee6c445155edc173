"""Cost in dollars and rupees side by side: as it was booked, or restated at the rate of one date (rule 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from creditbook.domain.money import NANOS, convert_nanos
from creditbook.store import prices
from creditbook.store.engine import Store
from creditbook.store.prices import FxRow

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
