"""A program: one organization's credit policy as a plain value.

A program is data. No rule anywhere asks for a program's name; the five that ship are TOML files under
`creditbook/programs`. Tokens are whole numbers; prices of sale are minor units of `currency`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction


class WalletType(StrEnum):
    """The named pockets, in the order in which they burn when all else is equal (rule 7)."""

    STANDARD = "STANDARD"
    ROLLOVER = "ROLLOVER"
    MONTHLY = "MONTHLY"
    BONUS = "BONUS"
    PREMIUM = "PREMIUM"


WALLET_RANK = {kind: rank for rank, kind in enumerate(WalletType)}


class GrantClass(StrEnum):
    """Where tokens came from, kept through rollover and refund."""

    FREE = "free"
    PLAN = "plan"
    PROMOTIONAL = "promotional"
    PURCHASED = "purchased"


class Every(StrEnum):
    """How long an allowance lasts, always in whole local dates (rule 21)."""

    DAY = "day"
    CALENDAR_MONTH = "calendar_month"
    ANNIVERSARY_MONTH = "anniversary_month"
    DAYS_30 = "days_30"


class Pricing(StrEnum):
    """How an action is charged (rule 6)."""

    FIXED = "fixed"
    ACTUAL = "actual"


class Overrun(StrEnum):
    """What a part does that takes more than is there (rule 12)."""

    DEBT = "debt"
    REJECT = "reject"


class Enforcement(StrEnum):
    """The switch of rule 10."""

    CHARGE = "charge"
    SHADOW = "shadow"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Unit:
    """How tokens are shown. ``tokens_per_credit`` 1 means that tokens are what people see."""

    tokens_per_credit: int = 1
    singular: str = "token"
    plural: str = "tokens"


@dataclass(frozen=True, slots=True)
class Action:
    """Something an app does for an account. ``tokens`` is the price of a fixed action and 0 for an actual one.

    ``estimate`` is what a typical run takes, for pages and for the check before starting.
    """

    name: str
    pricing: Pricing
    tokens: int = 0
    feature: str = ""
    title: str = ""
    estimate: int = 0

    @property
    def spends_for(self) -> str:
        """The feature that this action is: its own name when the program names none."""
        return self.feature or self.name


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a plan gives anew every period: the whole ``tokens``, into the wallet of this type and features.

    ``rollover`` is the share of the unspent, unheld allowance that moves on (rule 24), at most ``rollover_cap`` tokens.
    ``first_label`` names the first one an account gets (a welcome bonus).
    """

    wallet: WalletType
    tokens: int
    every: Every
    features: frozenset[str] | None = None
    label: str = ""
    first_label: str = ""
    rollover: Fraction = Fraction(0)
    rollover_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A ranked set of allowances, limits and features. ``features`` None means all of them."""

    slug: str
    title: str
    rank: int
    grant_class: GrantClass
    allowances: tuple[Allowance, ...] = ()
    price_minor: int = 0
    unlimited: bool = False
    features: frozenset[str] | None = None
    max_request_tokens: int | None = None
    requests_per_day: int | None = None

    def allows(self, feature: str) -> bool:
        """Whether work on this feature may start under the plan."""
        return self.features is None or not feature or feature in self.features


@dataclass(frozen=True, slots=True)
class Package:
    """Tokens for sale. ``lifetime_days`` None means that they never expire."""

    slug: str
    title: str
    tokens: int
    price_minor: int
    wallet: WalletType = WalletType.PREMIUM
    lifetime_days: int | None = None
    popular: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """The whole policy. Lookups raise KeyError; services turn that into a sentence."""

    name: str
    title: str
    zone: str
    currency: str
    default_plan: str
    plans: dict[str, Plan]
    actions: dict[str, Action] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)
    unit: Unit = Unit()
    overrun: Overrun = Overrun.DEBT
    enforcement: Enforcement = Enforcement.CHARGE
    self_registration: bool = False
    approval_above: int | None = None
    pool_plan: str | None = None
    ready_action: str = ""
    ready_tokens: int = 1
    packages_url: str = ""
