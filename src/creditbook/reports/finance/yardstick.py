"""Revenue held against cost: both in the organization's currency, converted only at a rate that is told, or not at all.

Cost is booked in dollars and rupees. In another currency it is the dollars at the rate in force on the last day asked
for; revenue of another currency than the organization's likewise. Without a rate for its dollars, cost is told in
dollars, and revenue beside it as it was sold: nothing is compared that no rate makes comparable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from babel.numbers import get_currency_precision

from creditbook.domain.money import NANOS, half_even
from creditbook.reports.usage import Usage
from creditbook.store.engine import Store

from .converting import Rate, rate
from .money import AS_BOOKED, Booking

BOOKED = ("USD", "INR")


@dataclass(frozen=True, slots=True)
class Yardstick:
    """How an organization's money is measured over a period: its currency, and rates by the currency they are from.

    ``instead_of`` is the organization's currency where no rate leads to it and dollars stand in.
    """

    currency: str
    booking: Booking = AS_BOOKED
    rates: Mapping[str, Rate | None] = field(default_factory=dict)
    instead_of: str = ""

    def revenue(self, by_currency: Mapping[str, int]) -> int | None:
        """Minor units per currency as nanos of ours; None where one of them has no rate."""
        total = 0
        for currency, minor in by_currency.items():
            found = None if currency == self.currency else self.rates.get(currency)
            if found is None and minor and currency != self.currency:
                return None
            total += found.of(minor) if found is not None else minor
        minor_in_one: int = 10 ** get_currency_precision(self.currency)
        return total * NANOS // minor_in_one

    def cost(self, usage: Usage) -> int | None:
        """What the usage has cost in nanos of ours, as far as it is priced; None where no rate is known.

        Dollars without rupees happened before the first exchange rate: their rupees are not known.
        """
        usd, inr = self.booking.both(usage.cost_usd_nanos, usage.cost_inr_nanos)
        if self.currency == "USD":
            return usd
        if self.currency == "INR":
            return None if usd and not inr else inr
        if not usd:
            return 0
        found = self.rates.get("USD")
        if found is None:
            return None
        exact = usd * found.exact
        return half_even(exact.numerator, exact.denominator)

    @property
    def words(self) -> list[str]:
        """What is to be told beside the figures: every rate that was used, and every one that is missing."""
        told = []
        if self.instead_of:
            told.append(
                f"No rate from USD to {self.instead_of} is known, so all is told in dollars, in which cost is booked."
            )
        for currency, found in sorted(self.rates.items()):
            if found is None:
                pair = f"{currency} to {self.currency}"
                told.append(f"No rate from {pair} is known, so revenue in {currency} is not compared.")
            else:
                what = "Cost" if currency == "USD" else f"Revenue in {currency}"
                told.append(f"{what} is converted: {found.words}.")
        return told


def yardstick(store: Store, currency: str, revenue: Iterable[str], day: date, booking: Booking) -> Yardstick:
    """An organization's yardstick for revenue of these currencies, with the rates in force on a day."""
    sold, instead_of = set(revenue), ""
    if currency not in BOOKED and rate(store, "USD", currency, day) is None:
        currency, instead_of = "USD", currency
    needed = sold - {currency} | (set() if currency in BOOKED else {"USD"})
    rates = {other: rate(store, other, currency, day) for other in sorted(needed)}
    return Yardstick(currency, booking, rates, instead_of)
