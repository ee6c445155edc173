"""A ledger for tests: a small program, an organization that runs it, and a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from creditbook import Ledger, open_ledger
from creditbook.domain.program import (
    Action,
    Allowance,
    Every,
    GrantClass,
    Plan,
    Pricing,
    Program,
    WalletType,
)

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@dataclass
class MovedClock:
    """A clock that stands still until a test moves it."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> datetime:
        """Moves on by a timedelta's names; returns the new instant."""
        self.at += timedelta(**by)
        return self.at


DAILY = Plan("daily", "Daily", 0, GrantClass.FREE, (Allowance(WalletType.STANDARD, 5, Every.DAY),))
MONTHLY = Plan(
    "monthly",
    "Monthly",
    1,
    GrantClass.PLAN,
    (Allowance(WalletType.MONTHLY, 10_000, Every.CALENDAR_MONTH, rollover=Fraction(1, 2)),),
    requests_per_day=1_000,
)
BARE = Plan("bare", "Bare", 2, GrantClass.FREE)

PROGRAM = Program(
    name="test",
    title="Test",
    zone="Asia/Kolkata",
    currency="INR",
    default_plan="bare",
    plans={plan.slug: plan for plan in (DAILY, MONTHLY, BARE)},
    actions={
        "work": Action("work", Pricing.ACTUAL, estimate=100),
        "build": Action("build", Pricing.FIXED, 1),
        "chat": Action("chat", Pricing.FIXED, 0),
    },
)


def a_ledger(url: str, clock: MovedClock, *, slug: str = "acme", **changes: object) -> Ledger:
    """An open ledger with one organization that runs `PROGRAM`, changed as named."""
    ledger = open_ledger(url, clock=clock)
    ledger.create_organization(slug, replace(PROGRAM, **changes))  # type: ignore[arg-type]
    return ledger
