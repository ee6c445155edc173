"""The ledger on SQLite and on PostgreSQL against the model, step by step (`make soak` for thousands of steps)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from model.drivers import LedgerDriver
from model.machine import STARTS, LedgerAgainstModel
from model.pair import Clock
from model.profiles import DATABASE


class SharedClock:
    """One ledger serves all runs; each run hands in its own clock."""

    def __init__(self) -> None:
        self.clock = Clock(STARTS[0])

    def __call__(self) -> datetime:
        return self.clock.now


@pytest.mark.slow
def test_the_ledger_agrees_with_the_model_step_by_step(database_url: str) -> None:
    shared = SharedClock()
    driver = LedgerDriver(database_url, shared)

    class OnDatabase(LedgerAgainstModel):
        def make_driver(self, clock: Clock) -> Any:
            shared.clock = clock
            return driver

    try:
        run_state_machine_as_test(OnDatabase, settings=DATABASE)
    finally:
        driver.close()
