"""Money of sale in another currency, at the rate in force on a day: every amount converted alone, rounded once.

So a converted total is the sum of its converted lines, and whoever adds the column up by hand gets the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from babel.numbers import get_currency_precision

from creditbook.domain.money import NANOS, half_even
from creditbook.pricing.fx import is_stale
from creditbook.store import prices
from creditbook.store.engine import Store
from creditbook.store.prices import FxRow


@dataclass(frozen=True, slots=True)
class Rate:
    """What one ``base`` is worth in ``quote``: the row found, which may be of the pair the other way round."""

    base: str
    quote: str
    row: FxRow | None
    inverted: bool = False
    day: date | None = None

    @property
    def is_stale(self) -> bool:
        """Whether it is more than two business days older than the day it is used for."""
        return self.row is not None and self.day is not None and is_stale(self.row.day, self.day)

    @property
    def exact(self) -> Fraction:
        """The rate without loss; 1 between equal currencies."""
        if self.row is None:
            return Fraction(1)
        found = Fraction(self.row.rate_nanos, NANOS)
        return 1 / found if self.inverted else found

    def of(self, minor: int) -> int:
        """An amount in minor units of ``base`` in minor units of ``quote``, half to even."""
        digits = get_currency_precision(self.quote) - get_currency_precision(self.base)
        amount = minor * self.exact * Fraction(10) ** digits
        return half_even(amount.numerator, amount.denominator)

    @property
    def words(self) -> str:
        """The rate with its date and source: ``1 USD = 88.7230 INR, the rate of 30 Oct 2026 (ECB)``."""
        if self.row is None:
            return f"in {self.quote}"
        base, quote = (self.quote, self.base) if self.inverted else (self.base, self.quote)
        rate = (Decimal(self.row.rate_nanos) / NANOS).quantize(Decimal("0.0001"))
        day = self.row.day
        old = ", more than two business days old" if self.is_stale else ""
        return f"1 {base} = {rate} {quote}, the rate of {day.day} {day:%b %Y}{old} ({self.row.source})"


def rate(store: Store, base: str, quote: str, day: date) -> Rate | None:
    """The last rate entered for a day or before it, of the pair or its inverse; None where there is none."""
    if base == quote:
        return Rate(base, quote, None)
    with store.read() as connection:
        straight = _last(prices.fx_rates(connection, base, quote), day)
        inverse = None if straight else _last(prices.fx_rates(connection, quote, base), day)
    if straight is not None:
        return Rate(base, quote, straight, day=day)
    return None if inverse is None else Rate(base, quote, inverse, inverted=True, day=day)


def _last(rows: list[FxRow], day: date) -> FxRow | None:
    return max((row for row in rows if row.day <= day), key=lambda row: (row.day, row.fx_rate_id), default=None)
