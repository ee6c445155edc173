"""Money of sale as people read it: minor units, in their currency's own way of writing (Babel)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.numbers import get_currency_precision

from creditbook.domain.money import NANOS
from creditbook.domain.program import Every, Tax
from creditbook.exports.amounts import money, written
from creditbook.pricing.fx import business_days, is_stale
from creditbook.store.prices import FxRow

__all__ = ["money", "per_term", "price_of_thousand", "tax_words"]

_TERMS = {
    Every.DAY: "a day",
    Every.CALENDAR_MONTH: "a month",
    Every.ANNIVERSARY_MONTH: "a month",
    Every.DAYS_30: "every 30 days",
}


def price_of_thousand(minor: int, tokens: int, currency: str) -> str:
    """What 1,000 tokens of a package cost; small prices keep the digits that tell packages apart."""
    each = Decimal(minor).scaleb(-get_currency_precision(currency)) * 1000 / tokens
    return written(each, currency)


def per_term(every: Every | None) -> str:
    """How often a plan's price is due, or its allowance given: ``a month``."""
    return _TERMS[every] if every is not None else "once"


def rate_words(rate: FxRow, used_on: date) -> str:
    """A frozen rate: ``₹94.9552 for $1, the rate of 30 Oct 2026, 15 business days old by then``; its age when old."""
    each = (Decimal(rate.rate_nanos) / NANOS).quantize(Decimal("0.0001"))
    said = f"₹{each} for $1, the rate of {rate.day.day} {rate.day:%b %Y}"
    return said + (
        f", {business_days(rate.day, used_on)} business days old by then" if is_stale(rate.day, used_on) else ""
    )


def tax_words(tax: Tax | None) -> str:
    """What of every price is tax: ``incl. 18% GST``; '' without one."""
    return f"incl. {float(tax.rate * 100):.4g}% {tax.label}" if tax is not None else ""
