"""Rules 2–4: exact until rounded once, parts that add up, and the fixture."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import NANOS, convert_nanos, exact, half_even, split_rounded, to_nanos, to_rate_nanos

amounts = st.lists(st.integers(0, 10**15), min_size=1, max_size=6)
denominators = st.sampled_from([1, 2, 3, 7, 1_000, 10**6, 10**15])


def test_2_45_dollars_at_83_are_203_35_rupees() -> None:
    assert convert_nanos(to_nanos("2.45"), to_rate_nanos("83.00")) == to_nanos("203.35") == 203_350_000_000


@pytest.mark.parametrize(("halves", "whole"), [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2)])
def test_a_half_goes_to_the_even_neighbour(halves: int, whole: int) -> None:
    assert half_even(halves, 2) == whole


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9))
def test_half_even_is_what_fractions_round_to(numerator: int, denominator: int) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, places=14))
def test_nanos_are_the_decimal_rounded_once(amount: Decimal) -> None:
    wide = Context(prec=60, rounding=ROUND_HALF_EVEN)
    assert to_nanos(amount) == int(wide.quantize(wide.multiply(amount, NANOS), Decimal(1)))


@given(amounts, denominators)
def test_parts_add_up_to_a_total_that_was_rounded_once(values: list[int], denominator: int) -> None:
    total, parts = split_rounded(values, denominator)
    assert total == round(Fraction(sum(values), denominator))
    assert sum(parts) == total


@given(amounts, denominators)
def test_no_part_is_a_whole_unit_away_from_its_exact_share(values: list[int], denominator: int) -> None:
    _, parts = split_rounded(values, denominator)
    for part, value in zip(parts, values, strict=True):
        assert abs(Fraction(value, denominator) - part) < 1
        assert value or part == 0


def test_the_largest_remainder_takes_the_unit_that_is_missing() -> None:
    assert split_rounded([1_400, 2_700, 900], 1_000) == (5, (1, 3, 1))
    assert split_rounded([500, 500, 500, 500], 1_000) == (2, (1, 1, 0, 0))
    assert split_rounded([500, 0], 1_000) == (0, (0, 0))


@given(st.integers(0, 10**18), st.integers(1, 10**13))
def test_conversion_rounds_the_exact_product_once(nanos: int, rate_nanos: int) -> None:
    assert convert_nanos(nanos, rate_nanos) == round(Fraction(nanos) * Fraction(rate_nanos, NANOS))


def test_a_binary_float_is_refused_not_rounded() -> None:
    with pytest.raises(TypeError, match="binary float"):
        exact(0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["", "eighty", "1,000", "NaN", "Infinity", "--1", "1e999999999", "1e-999999999", "0e999999999"]
)
def test_what_is_no_number_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidRequest, match="not an amount"):
        to_nanos(text)


@pytest.mark.parametrize("rate", ["0", "-83", "83.0000000001", "9999999999999"])
def test_a_rate_is_positive_and_exact_in_nanos(rate: str) -> None:
    with pytest.raises(InvalidRequest, match="exchange rate"):
        to_rate_nanos(rate)


def test_an_amount_past_64_bits_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="too large"):
        to_nanos("10000000000")
