"""Credits are a way to show tokens: down for what is there, up for what is missing, the exact tokens beside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbook.domain import units
from creditbook.domain.program import Unit

CREDITS = Unit(2_000, "credit", "credits")
TOKENS = Unit()


@pytest.mark.parametrize(
    ("tokens", "api", "page"),
    [
        (10_000, 5, "5 credits"),
        (9_999, 4, "4.9 credits"),
        (2_000, 1, "1 credit"),
        (1_999, 0, "0.9 credits"),
        (199, 0, "0 credits"),
        (0, 0, "0 credits"),
        (4_000_000, 2_000, "2,000 credits"),
    ],
)
def test_what_is_there_rounds_down(tokens: int, api: int, page: str) -> None:
    assert units.whole_credits(tokens, CREDITS) == api
    assert units.amount(tokens, CREDITS) == page


@pytest.mark.parametrize(
    ("tokens", "api", "page"),
    [
        (10_000, 5, "5 credits"),
        (10_001, 6, "5.1 credits"),
        (1, 1, "0.1 credits"),
        (1_999, 1, "1 credit"),
        (0, 0, "0 credits"),
    ],
)
def test_what_is_required_or_missing_rounds_up(tokens: int, api: int, page: str) -> None:
    assert units.whole_credits(tokens, CREDITS, up=True) == api
    assert units.amount(tokens, CREDITS, up=True) == page


@pytest.mark.parametrize(
    ("tokens", "unit", "said"),
    [
        (10_000, CREDITS, "5 Credits • 10,000 Tokens Available"),
        (2_000, CREDITS, "1 Credit • 2,000 Tokens Available"),
        (75_569, CREDITS, "37.7 Credits • 75,569 Tokens Available"),
        (0, CREDITS, "0 Credits • 0 Tokens Available"),
        (5, TOKENS, "5 Tokens Available"),
        (1, TOKENS, "1 Token Available"),
        (None, CREDITS, "Unlimited"),
    ],
)
def test_the_headline_has_the_exact_tokens_beside_the_credits(tokens: int | None, unit: Unit, said: str) -> None:
    assert units.available_words(tokens, unit) == said


def test_a_refusal_speaks_in_the_programs_unit() -> None:
    assert units.insufficient(CREDITS) == "Insufficient credits"
    assert units.remaining_words(0, CREDITS) == "You have 0 credits remaining (0 tokens)"
    assert units.remaining_words(1_999, CREDITS) == "You have 0 credits remaining (1,999 tokens)"
    assert units.remaining_words(2_000, CREDITS) == "You have 1 credit remaining (2,000 tokens)"
    assert units.insufficient(TOKENS) == "Insufficient tokens"
    assert units.remaining_words(0, TOKENS) == "You have 0 tokens remaining"


def test_what_is_left_after_three_of_twenty() -> None:
    assert units.left(20 - 3, TOKENS) == "17 tokens left"
    assert units.left(1, TOKENS) == "1 token left"
    assert units.left(2_000, CREDITS) == "1 credit left"
    assert units.left(None, CREDITS) == "Unlimited"


@given(tokens=st.integers(0, 2**53), per=st.integers(1, 10**6))
def test_credits_never_promise_more_than_there_is_nor_ask_for_less_than_is_missing(tokens: int, per: int) -> None:
    unit = Unit(per, "credit", "credits")
    down, up = units.whole_credits(tokens, unit), units.whole_credits(tokens, unit, up=True)
    assert down * per <= tokens < (down + 1) * per
    assert (up - 1) * per < tokens <= up * per
