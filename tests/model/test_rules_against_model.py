"""The rules on plain values against the model: no database, many steps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from model.in_memory import MemoryDriver
from model.machine import STARTS, LedgerAgainstModel
from model.pair import Clock, Pair
from model.profiles import RULES
from model.programs import MONTHS


class OnPlainValues(LedgerAgainstModel):
    def make_driver(self, clock: Clock) -> Any:
        return MemoryDriver(clock)


def test_another_request_under_a_key_is_another_one_whatever_was_asked_first() -> None:
    clock = Clock(STARTS[0])
    pair = Pair(MemoryDriver(clock), clock, "months", MONTHS)
    name = pair.open_account("calendar", plan="calendar")
    pair.do("spend", name, key="key", action="work", tokens=77)  # what a conflict asks for, too
    pair.conflict(pair.told[0])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_rules_agree_with_the_model_step_by_step() -> None:
    run_state_machine_as_test(OnPlainValues, settings=RULES)


def test_who_brought_a_friend_into_a_pool_is_paid_by_his_own_clock_where_it_was_stepped_back() -> None:
    state = OnPlainValues()
    state.begin(program="house", start=datetime(2026, 3, 10, 12, tzinfo=UTC))
    state.step_the_clock_back(seconds=1)
    state.a_friend_comes(pick=21, which=320)
    state.buy_a_package(keyed=False, pick=743, when="now", which=260)
    state.a_friend_comes(pick=289, which=525)
    state.work_of_the_past(days=40, pick=100, tokens=2)
