"""The ledger on SQLite and on PostgreSQL against the model, step by step (`make soak` for thousands of steps)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from model.compare import balances_agree
from model.drivers import LedgerDriver
from model.machine import STARTS, LedgerAgainstModel
from model.pair import Clock, Pair
from model.profiles import DATABASE
from model.programs import DAILY


class SharedClock:
    """One ledger serves all runs; each run hands in its own clock."""

    def __init__(self) -> None:
        self.clock = Clock(STARTS[0])

    def __call__(self) -> datetime:
        return self.clock.now


@pytest.mark.slow
@pytest.mark.timeout(1800)
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


def test_a_projected_allowance_never_hides_a_real_grant(database_url: str) -> None:
    """The first difference that the machine found: ids that a read made up met those of grants that were there."""
    clock = Clock(STARTS[0])
    driver = LedgerDriver(database_url, clock)
    for number in range(4):
        pair = Pair(driver, clock, f"days-{number}", DAILY)
        name = pair.open_account("little", plan="small")
        for tokens in (13, 11, 7, 5, 3):
            pair.do("grant", name, tokens=tokens)
        for days in (1, 10, 40, 60):
            balances_agree(pair, name, at=clock.now + timedelta(days=days))
    driver.close()
