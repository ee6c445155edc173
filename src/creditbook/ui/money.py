"""Money of sale as people read it: minor units, in their currency's own way of writing (Babel)."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

from creditbook.domain.program import Every, Tax

from .format import MINUS

_WRITTEN = {"INR": "en_IN", "THB": "th"}
"""Currencies whose grouping or sign English does not know: ₹1,00,000.00, ฿499.00."""

_TERMS = {
    Every.DAY: "a day",
    Every.CALENDAR_MONTH: "a month",
    Every.ANNIVERSARY_MONTH: "a month",
    Every.DAYS_30: "every 30 days",
}


def money(minor: int, currency: str) -> str:
    """``₹1,499.00``, ``$49.00``, ``¥500``."""
    return _written(Decimal(minor).scaleb(-get_currency_precision(currency)), currency)


def price_of_thousand(minor: int, tokens: int, currency: str) -> str:
    """What 1,000 tokens of a package cost; small prices keep the digits that tell packages apart."""
    each = Decimal(minor).scaleb(-get_currency_precision(currency)) * 1000 / tokens
    return _written(each, currency)


def per_term(every: Every | None) -> str:
    """How often a plan's price is due, or its allowance given: ``a month``."""
    return _TERMS[every] if every is not None else "once"


def tax_words(tax: Tax | None) -> str:
    """What of every price is tax: ``incl. 18% GST``; '' without one."""
    return f"incl. {float(tax.rate * 100):.4g}% {tax.label}" if tax is not None else ""


def _written(amount: Decimal, currency: str) -> str:
    text = format_currency(abs(amount), currency, locale=_WRITTEN.get(currency, "en"))
    return (MINUS if amount < 0 else "") + text.replace("\xa0", " ")
