"""The roll-forward of the books: opening + what came in − what went out = closing, in tokens and in deferred money.

Tokens by class of grant; money, by class and currency, is what has been sold and is not earned yet (rule 35).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

CAME = {"purchase": "sold", "refund": "returned", "rollover": "rolled_in"}
WENT = {
    "usage": "used", "debt_repayment": "used", "expiry": "expired", "purchase_refund": "refunded",
    "rollover": "rolled_out",
}  # fmt: skip
"""On which line a kind of transaction stands; what gives tokens else was granted, what takes them else was revoked."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One class's books over some days. All lines are amounts of their own direction; what went out is taken off.

    Of money, ``sold`` is net of tax, ``used`` is earned, ``expired`` and ``revoked`` are breakage, ``returned`` is owed
    again because usage was given back, and ``refunded`` is what a repayment released of what was still owed.
    """

    opening: int = 0
    sold: int = 0
    granted: int = 0
    returned: int = 0
    rolled_in: int = 0
    used: int = 0
    expired: int = 0
    revoked: int = 0
    refunded: int = 0
    rolled_out: int = 0

    @property
    def came(self) -> int:
        """What came in."""
        return self.sold + self.granted + self.returned + self.rolled_in

    @property
    def went(self) -> int:
        """What went out."""
        return self.used + self.expired + self.revoked + self.refunded + self.rolled_out

    @property
    def closing(self) -> int:
        """What is left at the end."""
        return self.opening + self.came - self.went

    @property
    def is_empty(self) -> bool:
        """Whether nothing was there and nothing moved."""
        return not any(getattr(self, one.name) for one in fields(self))

    def and_also(self, other: Flow) -> Flow:
        """Two flows of the same days, line by line."""
        return Flow(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Moved:
    """What entries of one kind moved of one class and currency ('' for what nobody paid for), in and out apart."""

    kind: str
    grant_class: str
    currency: str
    tokens_in: int
    tokens_out: int
    deferred_in: int
    deferred_out: int


@dataclass(frozen=True, slots=True)
class ClassFlow:
    """One class of grants: its tokens, and by currency the money that its sales have not earned yet."""

    grant_class: str
    tokens: Flow
    money: dict[str, Flow] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revenue:
    """What one currency's sales brought and earned, in minor units, without the tax where nothing else is said.

    ``returned_minor`` was earned and is owed again, because usage was given back. Of ``paid_back_minor`` (the money,
    with its tax) ``released_minor`` had not been earned yet; ``reversed_minor`` had, and lowers revenue.
    """

    currency: str
    packs_sold_minor: int = 0
    plans_sold_minor: int = 0
    tax_minor: int = 0
    earned_packs_minor: int = 0
    earned_plans_minor: int = 0
    returned_minor: int = 0
    breakage_packs_minor: int = 0
    breakage_plans_minor: int = 0
    paid_back_minor: int = 0
    paid_back_tax_minor: int = 0
    released_minor: int = 0
    deferred_opening_minor: int = 0
    deferred_closing_minor: int = 0

    @property
    def sold_minor(self) -> int:
        """What was sold."""
        return self.packs_sold_minor + self.plans_sold_minor

    @property
    def gross_minor(self) -> int:
        """What buyers paid: what was sold, with its tax."""
        return self.sold_minor + self.tax_minor

    @property
    def earned_minor(self) -> int:
        """What use and time earned, less what usage given back took off."""
        return self.earned_packs_minor + self.earned_plans_minor - self.returned_minor

    @property
    def breakage_minor(self) -> int:
        """What was earned because buyers let it lapse."""
        return self.breakage_packs_minor + self.breakage_plans_minor

    @property
    def reversed_minor(self) -> int:
        """What was paid back although it had been earned; negative where less went back than was released."""
        return self.paid_back_minor - self.paid_back_tax_minor - self.released_minor

    @property
    def revenue_minor(self) -> int:
        """What the profit and loss account shows: earned and breakage, less what was paid back of it."""
        return self.earned_minor + self.breakage_minor - self.reversed_minor


def flows(opening: Iterable[Moved], during: Iterable[Moved]) -> dict[str, ClassFlow]:
    """The roll-forward by class, from what entries moved before and during some days."""
    tokens: dict[str, dict[str, int]] = {}
    money: dict[tuple[str, str], dict[str, int]] = {}
    for one in opening:
        _add(tokens.setdefault(one.grant_class, {}), "opening", one.tokens_in - one.tokens_out)
        if one.currency:
            _add(money.setdefault((one.grant_class, one.currency), {}), "opening", one.deferred_in - one.deferred_out)
    for one in during:
        came, went = CAME.get(one.kind, "granted"), WENT.get(one.kind, "revoked")
        lines = tokens.setdefault(one.grant_class, {})
        _add(lines, came, one.tokens_in)
        _add(lines, went, one.tokens_out)
        if one.currency:
            owed = money.setdefault((one.grant_class, one.currency), {})
            _add(owed, "sold" if came == "granted" else came, one.deferred_in)
            _add(owed, went, one.deferred_out)
    found = {name: ClassFlow(name, Flow(**lines)) for name, lines in sorted(tokens.items())}
    for (name, currency), lines in sorted(money.items()):
        found[name].money[currency] = Flow(**lines)
    return found


def _add(lines: dict[str, int], line: str, amount: int) -> None:
    lines[line] = lines.get(line, 0) + amount
