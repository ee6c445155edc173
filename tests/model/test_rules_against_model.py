"""The rules on plain values against the model: no database, many steps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from model.in_memory import MemoryDriver
from model.machine import LedgerAgainstModel
from model.pair import Clock
from model.profiles import RULES


class OnPlainValues(LedgerAgainstModel):
    def make_driver(self, clock: Clock) -> Any:
        return MemoryDriver(clock)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_rules_agree_with_the_model_step_by_step() -> None:
    run_state_machine_as_test(OnPlainValues, settings=RULES)
