"""A program: one organization's credit policy as a plain value.

A program is data. No rule anywhere asks for a program's name; the five that ship are TOML files under
`creditbook/programs`. Tokens are whole numbers; prices of sale are minor units of `currency`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
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
    FORMULA = "formula"


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
    """Something an app does for an account. ``tokens`` is the price of a fixed action and 0 for the others.

    ``formula`` prices a formula action out of what the operation reports (`domain.formula`), rounded up to whole
    tokens. ``estimate`` is what a typical run takes, for pages and for the check before starting.
    """

    name: str
    pricing: Pricing
    tokens: int = 0
    feature: str = ""
    title: str = ""
    estimate: int = 0
    formula: str = ""

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
    """A ranked set of allowances, limits and features. ``features`` None means all of them.

    ``price_minor`` is paid per term; one of 0 makes it a free plan, which has no subscription to pay. ``every`` is the
    term of a plan without allowances (an unlimited one); others take it from their allowances. Two plans are of one
    *kind* when their terms are (rule 31).
    """

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
    every: Every | None = None
    popular: bool = False
    tagline: str = ""

    @property
    def term(self) -> Every | None:
        """How long one term lasts; None for a plan that never begins anew."""
        return self.every or (self.allowances[0].every if self.allowances else None)

    @property
    def is_paid(self) -> bool:
        """Whether its terms have to be paid."""
        return self.price_minor > 0

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
    features: frozenset[str] | None = None
    tagline: str = ""


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax on every sale, frozen onto the purchase (rule 32). Inclusive: the price contains it."""

    label: str
    rate: Fraction
    inclusive: bool = True


@dataclass(frozen=True, slots=True)
class PromoTerms:
    """The terms of a promo code (rule 32). Days are local dates of the organization, both included.

    ``total_limit`` None: as often as you like; ``lifetime_days`` None: the grant never expires. ``plans`` None: any
    plan. ``first_purchase`` asks that the account has bought nothing yet.
    """

    code: str
    tokens: int
    wallet: WalletType = WalletType.BONUS
    features: frozenset[str] | None = None
    lifetime_days: int | None = None
    valid_from: date | None = None
    valid_through: date | None = None
    total_limit: int | None = None
    per_account: int = 1
    plans: frozenset[str] | None = None
    first_purchase: bool = False
    label: str = ""


class Paid(StrEnum):
    """When a referral pays (rule 32)."""

    SIGN_UP = "sign_up"
    FIRST_SPEND = "first_spend"


@dataclass(frozen=True, slots=True)
class Referral:
    """What a referral pays to both sides, once. ``action`` narrows the first spend down to this action."""

    referrer_tokens: int
    friend_tokens: int
    when: Paid = Paid.FIRST_SPEND
    action: str = ""
    wallet: WalletType = WalletType.BONUS
    lifetime_days: int | None = None


class Once(StrEnum):
    """How often a reward may be had: once for ever, or once per local day, calendar month."""

    EVER = "ever"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Reward:
    """Tokens for an activity, once per account and period (rule 32)."""

    slug: str
    title: str
    tokens: int
    wallet: WalletType = WalletType.BONUS
    once: Once = Once.EVER
    lifetime_days: int | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """The whole policy. Lookups raise KeyError; services turn that into a sentence.

    ``grace_days`` is how many local dates an unpaid term may run (rule 31). ``approval_above``: larger grants wait for
    a second administrator. ``wallet_tokens`` is what a wallet that an administrator opens gets unless told otherwise.
    ``low_balance_tokens`` is where the low-balance notice begins unless a user sets her own threshold.
    """

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
    grace_days: int = 3
    tax: Tax | None = None
    promo_codes: dict[str, PromoTerms] = field(default_factory=dict)
    referral: Referral | None = None
    rewards: dict[str, Reward] = field(default_factory=dict)
    wallet_tokens: int = 5
    low_balance_tokens: int | None = None
