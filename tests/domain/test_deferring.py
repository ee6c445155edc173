from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from creditbook.domain.deferring import deferred_minor

MONEY, TOKENS = st.integers(0, 10**9), st.integers(1, 10**9)


def test_a_pack_of_three_for_ten_earns_three_four_three() -> None:
    left = [deferred_minor(10, 3, remaining) for remaining in (3, 2, 1, 0)]
    assert [before - after for before, after in pairwise(left)] == [3, 4, 3]


def test_a_half_is_earned_to_the_even_side() -> None:
    assert deferred_minor(1, 2, 1) == 1  # a half rounds to nothing earned
    assert deferred_minor(3, 2, 1) == 1  # one and a half rounds to two earned


@given(MONEY, TOKENS, st.data())
def test_a_whole_pack_owes_its_whole_price_and_an_empty_one_nothing(net: int, amount: int, data: st.DataObject) -> None:
    remaining = data.draw(st.integers(0, amount))
    assert deferred_minor(net, amount, amount) == net
    assert deferred_minor(net, amount, 0) == 0
    assert 0 <= deferred_minor(net, amount, remaining) <= net
