"""What a past usage has cost so far, and the operation that corrects it (rules 3, 28, 34)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

from .operations import Cost, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectCost(Operation):
    """Book what a usage costs in all, by a price known only now: an adjustment carries the difference.

    ``cost`` is the usage's whole cost, with the version of the price that says so; one version corrects a usage once.
    It needs no key: told again, it finds nothing to correct.
    """

    name: ClassVar[str] = "correct_cost"
    key: str = ""
    request_hash: str = ""
    txn_id: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class CostCorrection:
    """What a usage should have cost in all: ``cost`` names its ``usd_nanos`` and its ``price_version``."""

    txn_id: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class PastCost:
    """A usage transaction as the correction of its cost needs it: its dates and names, and what it has cost so far.

    ``usd_nanos``, ``inr_nanos`` and ``parts`` are the sums of what was booked and of all corrections since; None is
    "not known". ``unpriced`` is False once a correction has told a price. ``versions`` are those prices.
    """

    txn_id: int
    account_id: int
    event_at: datetime
    account_date: date
    org_date: date
    org_hour: int
    plan: str
    action: str
    feature: str
    agent: str
    model: str
    project: str
    usd_nanos: int | None
    inr_nanos: int | None
    parts: Mapping[str, int] | None
    unpriced: bool
    versions: frozenset[str] = frozenset()

    def costs(self, cost: Cost) -> bool:
        """Whether it has cost exactly that, so that there is nothing to correct."""
        same_inr = cost.inr_nanos is None or cost.inr_nanos == self.inr_nanos
        return not self.unpriced and cost.usd_nanos == self.usd_nanos and same_inr

    def corrected(self, cost: Cost) -> PastCost:
        """As it stands after a correction to this cost."""
        inr = self.inr_nanos if cost.inr_nanos is None else cost.inr_nanos
        versions = self.versions | {cost.price_version or ""}
        return replace(
            self, usd_nanos=cost.usd_nanos, inr_nanos=inr, parts=cost.parts, unpriced=False, versions=versions
        )
