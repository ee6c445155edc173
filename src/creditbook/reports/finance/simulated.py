"""What a simulation answers: each account's month as it ran and as it would have run, and both added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from creditbook.domain.program import Program

from .usage import Holder


@dataclass(frozen=True, slots=True)
class Change:
    """What is tried: a program instead of the one in force, and plans that stand for others (slug → slug)."""

    program: Program
    moves: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Month:
    """One account's month. Tokens are whole; costs nano-dollars and nano-rupees of the work that was done; ``paid`` is
    what it paid for plans and packs, tax included, in minor units by currency. ``left`` is what it could spend at the
    end, None without limit; ``lost`` what lapsed unspent, ``owed`` its debt.
    """

    requests: int = 0
    charged: int = 0
    refused: int = 0
    refused_tokens: int = 0
    cost_usd_nanos: int = 0
    cost_inr_nanos: int = 0
    lost: int = 0
    owed: int = 0
    left: int | None = 0
    paid: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """An account's month as the books have it (``booked`` tokens charged), replayed unchanged, and under the change."""

    holder: Holder
    booked: int
    before: Month
    after: Month

    @property
    def is_exact(self) -> bool:
        """Whether the unchanged replay charged what the books have, and refused nothing that they have done."""
        return self.before.charged == self.booked and self.before.refused == 0

    @property
    def is_worse_off(self) -> bool:
        """More is refused, more is paid, or the same leaves less to spend."""
        more_paid = any(paid > self.before.paid.get(currency, 0) for currency, paid in self.after.paid.items())
        return self.after.refused > self.before.refused or more_paid or self.left_change < 0

    @property
    def left_change(self) -> int:
        """How much more it could spend at the end; 0 where either is without limit."""
        if self.before.left is None or self.after.left is None:
            return -1 if self.before.left is None and self.after.left is not None else 0
        return (self.after.left - self.after.owed) - (self.before.left - self.before.owed)


def added(months: Iterable[Month]) -> Month:
    """Months of several accounts together. What is left is that of those with a limit."""
    whole = Month(left=0)
    for month in months:
        for name in _ADDED:
            setattr(whole, name, getattr(whole, name) + getattr(month, name))
        whole.left = (whole.left or 0) + (month.left or 0)
        for key, amount in month.paid.items():
            whole.paid[key] = whole.paid.get(key, 0) + amount
        for key, times in month.reasons.items():
            whole.reasons[key] = whole.reasons.get(key, 0) + times
    return whole


_ADDED = ("requests", "charged", "refused", "refused_tokens", "cost_usd_nanos", "cost_inr_nanos", "lost", "owed")
