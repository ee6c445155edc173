"""Money as whole numbers: nano-dollars of cost, nano-rupees beside them, minor units of sale (rules 2–4).

An amount is exact until it is rounded, once, half to even. Nothing here accepts a binary float: 0.1 is not a tenth.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from .errors import InvalidRequest

NANOS = 1_000_000_000
"""Nanos in one unit of a currency, and in a rate of exactly 1."""

LARGEST_NANOS = 2**63 - 1
"""What a 64-bit column holds: some nine billion dollars."""

Exact = int | Decimal | Fraction


def half_even(numerator: int, denominator: int = 1) -> int:
    """``numerator / denominator`` as a whole number, half to even. ``denominator`` is positive."""
    quotient, rest = divmod(numerator, denominator)
    twice = rest * 2
    return quotient + 1 if twice > denominator or (twice == denominator and quotient & 1) else quotient


def exact(amount: Exact | str) -> Fraction:
    """An amount without loss. Raises InvalidRequest for what is no finite number, and TypeError for a float."""
    if isinstance(amount, float):
        raise TypeError(f"{amount!r} is a binary float. Give an int, a Decimal, a Fraction or a string of digits.")
    try:
        number = Decimal(amount.strip()) if isinstance(amount, str) else amount
        if isinstance(number, Decimal) and abs(number.adjusted()) > 60:
            raise ValueError(number)  # "1e999999999" is eleven bytes to write and a gigabyte to compute
        return Fraction(number)
    except (InvalidOperation, ValueError, OverflowError):
        raise InvalidRequest(f"“{amount}” is not an amount. Write digits with a point, such as 83.25.") from None


def to_nanos(amount: Exact | str) -> int:
    """An amount of a currency's whole units as nanos: 2.45 is 2_450_000_000.

    Raises InvalidRequest for what is no number, or too large for a 64-bit column.
    """
    number = exact(amount)
    nanos = half_even(number.numerator * NANOS, number.denominator)
    if abs(nanos) > LARGEST_NANOS:
        raise InvalidRequest(f"The amount {amount} is too large to be booked.")
    return nanos


def to_rate_nanos(rate: Decimal | int | str) -> int:
    """An exchange rate as whole nanos, exactly: 83 is 83_000_000_000.

    Raises InvalidRequest unless it is positive, has at most nine decimals and fits 64 bits.
    """
    scaled = exact(rate) * NANOS
    if scaled.denominator != 1:
        raise InvalidRequest(f"The exchange rate {rate} has more than nine decimals. Round it first.")
    if not 0 < scaled.numerator <= LARGEST_NANOS:
        raise InvalidRequest(f"The exchange rate {rate} must be above 0 and below {LARGEST_NANOS // NANOS}.")
    return scaled.numerator


def convert_nanos(amount_nanos: int, rate_nanos: int) -> int:
    """An amount in nanos of one currency as nanos of another, at a rate in nanos, rounded once half to even."""
    return half_even(amount_nanos * rate_nanos, NANOS)


def split_rounded(amounts: Sequence[int], denominator: int) -> tuple[int, tuple[int, ...]]:
    """The rounded total of ``amounts / denominator``, and the amounts rounded so that they add up to it.

    The exact total is rounded once, half to even; its parts take their whole share and then, largest remainder first
    (the earlier of equals first), one more until they add up. Amounts are not negative.
    """
    total = half_even(sum(amounts), denominator)
    if denominator == 1:
        return total, tuple(amounts)
    shares = [divmod(amount, denominator) for amount in amounts]
    parts = [whole for whole, _ in shares]
    missing = total - sum(parts)
    if missing:
        by_remainder = sorted(range(len(parts)), key=lambda place: -shares[place][1])
        for place in by_remainder[:missing]:
            parts[place] += 1
    return total, tuple(parts)
