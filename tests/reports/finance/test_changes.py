"""What changed and why: the steps add up to the last nano, and each is what its name says."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from creditbook.reports.finance.changes import movers, why
from creditbook.reports.usage import Usage


def used(tokens: int, usd: int, inr: int | None = None, requests: int = 1) -> Usage:
    return Usage(
        requests=requests, input_tokens=tokens, cost_usd_nanos=usd, cost_inr_nanos=83 * usd if inr is None else inr
    )


FIGURES = st.dictionaries(
    st.tuples(st.sampled_from("abcde")),
    st.builds(used, st.integers(0, 10**9), st.integers(-(10**9), 10**15), st.integers(0, 10**17)),
    max_size=5,
)


@given(was=FIGURES, now=FIGURES)
def test_the_steps_add_up_in_both_currencies(was: dict[tuple[str], Usage], now: dict[tuple[str], Usage]) -> None:
    for told, cost in zip(why(was, now), ("cost_usd_nanos", "cost_inr_nanos"), strict=True):
        assert told.before == sum(getattr(one, cost) for one in was.values())
        assert told.after == sum(getattr(one, cost) for one in now.values())
        assert told.before + told.volume + told.mix + told.price + told.rate == told.after


def test_twice_the_tokens_of_every_model_is_volume_alone() -> None:
    was = {("a",): used(100, 500), ("b",): used(300, 90)}
    now = {key: used(2 * one.model_tokens, 2 * one.cost_usd_nanos) for key, one in was.items()}
    dollars, rupees = why(was, now)
    assert (dollars.volume, dollars.mix, dollars.price, dollars.rate) == (590, 0, 0, 0)
    assert (rupees.rate, rupees.volume) == (0, 590 * 83)


def test_a_dearer_model_for_the_same_tokens_is_mix_alone() -> None:
    was = {("cheap",): used(100, 100), ("dear",): used(100, 1_000)}
    now = {("cheap",): used(50, 50), ("dear",): used(150, 1_500)}
    dollars, _ = why(was, now)
    assert (dollars.volume, dollars.mix, dollars.price) == (0, 450, 0)


def test_a_raised_price_is_price_alone_and_a_weaker_rupee_is_the_rate_alone() -> None:
    was, now = {("a",): used(100, 500)}, {("a",): used(100, 600, 600 * 90)}
    dollars, rupees = why(was, now)
    assert (dollars.volume, dollars.mix, dollars.price) == (0, 0, 100)
    assert (rupees.volume, rupees.mix, rupees.price, rupees.rate) == (0, 0, 100 * 83, 600 * 7)
    assert [name for name, _ in rupees.effects][-1] == "Exchange rate"


def test_a_model_that_is_new_moves_volume_and_mix_but_no_price() -> None:
    dollars, _ = why({("a",): used(100, 500)}, {("a",): used(100, 500), ("b",): used(100, 100)})
    assert (dollars.volume, dollars.mix, dollars.price) == (500, -400, 0)
    alone, _ = why({}, {("b",): used(100, 100)})
    assert (alone.volume, alone.mix, alone.price) == (100, 0, 0)


def test_a_correction_without_a_token_is_price() -> None:
    dollars, _ = why({("a",): used(100, 500)}, {("a",): used(100, 500), ("b",): used(0, 70, requests=0)})
    assert (dollars.volume, dollars.mix, dollars.price) == (0, 0, 70)


def test_movers_are_all_of_the_change_with_the_most_first() -> None:
    chance = random.Random(1)
    was = {(n,): used(1, chance.randrange(100)) for n in range(20)}
    now = {(n,): used(1, chance.randrange(100)) for n in range(10, 30)}
    found = movers(was, now)
    assert sum(one.usd_nanos for one in found) == sum(u.cost_usd_nanos for u in now.values()) - sum(
        u.cost_usd_nanos for u in was.values()
    )
    assert [abs(one.usd_nanos) for one in found] == sorted((abs(one.usd_nanos) for one in found), reverse=True)
    assert {one.key for one in found if one.state == "new"} == set(range(20, 30))
    assert {one.key for one in found if one.state == "gone"} == set(range(10))
