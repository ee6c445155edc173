"""Money of sale as people read it: minor units, in their currency's own way of writing (Babel)."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import get_currency_precision

from creditbook.domain.program import Every, Tax
from creditbook.exports.amounts import money, written

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


def tax_words(tax: Tax | None) -> str:
    """What of every price is tax: ``incl. 18% GST``; '' without one."""
    return f"incl. {float(tax.rate * 100):.4g}% {tax.label}" if tax is not None else ""
