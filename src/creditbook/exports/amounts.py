"""Amounts of money as people read them, in their currency's own way of writing (Babel). Exact until written."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from babel.numbers import format_currency, get_currency_precision

from creditbook.domain.units import MINUS

_WRITTEN = {"INR": "en_IN", "THB": "th"}
"""Currencies whose grouping or sign English does not know: ₹1,00,000.00, ฿499.00."""


def usd(nanos: int, digits: int = 2) -> str:
    """Nano-dollars as dollars: ``$386.55``; a single line takes six digits."""
    value = (Decimal(nanos) / 10**9).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    return f"{MINUS if value < 0 else ''}${abs(value):,.{digits}f}"


def inr(nanos: int, digits: int = 2) -> str:
    """Nano-rupees with Indian grouping, ``₹1,00,000.00``; fewer digits only where the full figure is one hover away."""
    value = (Decimal(nanos) / 10**9).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    pattern = "¤#,##,##0" + ("." + "0" * digits if digits else "")
    text = format_currency(abs(value), "INR", pattern, locale="en_IN", currency_digits=False)
    return (MINUS if value < 0 else "") + text


def money(minor: int, currency: str) -> str:
    """Minor units of sale: ``₹1,499.00``, ``$49.00``, ``¥500``."""
    return written(Decimal(minor).scaleb(-places(currency)), currency)


def places(currency: str) -> int:
    """How many digits the minor unit of a currency has: 2 for INR, 0 for JPY."""
    digits: int = get_currency_precision(currency)
    return digits


def written(amount: Decimal, currency: str) -> str:
    """An amount of whole units with its currency's sign and grouping."""
    text = format_currency(abs(amount), currency, locale=_WRITTEN.get(currency, "en"))
    return (MINUS if amount < 0 else "") + text.replace("\xa0", " ")
