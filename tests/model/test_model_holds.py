"""The model's holds, debts and refunds, against figures computed by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from model.programs import DAILY, MONTHS, STRICT
from model.worlds import DAY, NOON, available, one

from creditbook.domain.errors import HoldAlreadyResolved, InsufficientTokens, InvalidRequest
from creditbook.domain.program import Overrun


def test_a_hold_is_captured_in_parts_and_the_rest_goes_back() -> None:
    model = one(STRICT, "term")
    hold = model.do("reserve", "o/a", NOON, action="work", estimate=20).hold
    assert available(model, NOON) == 20
    model.do("capture", "o/a", NOON + timedelta(minutes=10), hold=hold, tokens=4, final=False)
    late = NOON + timedelta(minutes=24)
    assert (available(model, late), model.balance("o/a", late)["held"]) == (20, 16)
    model.do("capture", "o/a", late, hold=hold, tokens=10)
    assert (available(model, late), model.balance("o/a", late)["held"]) == (26, 0)
    with pytest.raises(HoldAlreadyResolved):
        model.do("capture", "o/a", late, hold=hold, tokens=1)


def test_a_timed_out_hold_is_released_at_its_instant_and_charged_afresh() -> None:
    model = one(STRICT, "term")
    hold = model.do("reserve", "o/a", NOON, action="work", estimate=30).hold
    end = NOON + timedelta(minutes=15)
    assert available(model, end - timedelta(microseconds=1)) == 10
    assert available(model, end) == 40
    with pytest.raises(InsufficientTokens):
        model.do("capture", "o/a", end, hold=hold, tokens=41)
    late = model.do("capture", "o/a", end, hold=hold, tokens=40, final=False)
    assert late.late
    assert hold.status == "captured"


def test_an_overrun_becomes_debt_that_the_next_reset_repays() -> None:
    model = one(DAILY, "small")
    hold = model.do("reserve", "o/a", NOON, action="work", estimate=3).hold
    part = model.do("capture", "o/a", NOON, hold=hold, tokens=9)
    assert (part.charged, part.owed) == (9, 4)
    assert (available(model, NOON), model.balance("o/a", NOON)["debt"]) == (0, 4)
    assert (available(model, NOON + DAY), model.balance("o/a", NOON + DAY)["debt"]) == (1, 0)


def test_a_debt_of_one_feature_is_not_paid_with_tokens_of_another() -> None:
    model = one(MONTHS, "nothing")
    model.do("grant", "o/a", NOON, tokens=2)
    held = model.do("reserve", "o/a", NOON, action="goal", estimate=2).hold
    model.do("capture", "o/a", NOON, hold=held)
    assert model.balance("o/a", NOON)["debt"] == 1
    model.do("grant", "o/a", NOON, tokens=9, features=frozenset({"lead"}))
    assert (available(model, NOON), model.balance("o/a", NOON)["debt"]) == (9, 1)
    model.do("grant", "o/a", NOON, tokens=3, features=frozenset({"goal"}))
    assert (available(model, NOON), model.balance("o/a", NOON)["debt"]) == (11, 0)


def test_a_refund_cancels_debt_first_and_opens_a_new_grant_for_a_dead_one() -> None:
    model = one(DAILY, "small")
    hold = model.do("reserve", "o/a", NOON, action="work", estimate=5).hold
    use = model.do("capture", "o/a", NOON, hold=hold, tokens=7).use
    model.do("refund", "o/a", NOON, use=use, tokens=1)
    assert (available(model, NOON), model.balance("o/a", NOON)["debt"]) == (0, 1)
    morning = NOON + DAY  # the reset repaid the last token of debt
    assert available(model, morning) == 4
    back = model.do("refund", "o/a", morning, use=use)
    assert back.tokens == 6
    assert available(model, morning) == 5 + 5
    assert [g.expires_at for g in back.grants] == [morning + 7 * DAY]
    with pytest.raises(InvalidRequest):
        model.do("refund", "o/a", morning, use=use, tokens=1)


def test_rejecting_programs_leave_the_hold_open() -> None:
    model = one(replace(STRICT, overrun=Overrun.REJECT), "term")
    hold = model.do("reserve", "o/a", NOON, action="work", estimate=30).hold
    with pytest.raises(InsufficientTokens):
        model.do("capture", "o/a", NOON, hold=hold, tokens=41)
    assert model.do("capture", "o/a", NOON, hold=hold, tokens=40).charged == 40
