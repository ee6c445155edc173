"""The rules on plain values against the model: no database, many steps."""

from __future__ import annotations

from typing import Any

from model.in_memory import MemoryDriver
from model.machine import LedgerAgainstModel
from model.pair import Clock
from model.profiles import RULES


class RulesAgainstModel(LedgerAgainstModel):
    def make_driver(self, clock: Clock) -> Any:
        return MemoryDriver(clock)


TestRulesAgainstModel = RulesAgainstModel.TestCase
TestRulesAgainstModel.settings = RULES
