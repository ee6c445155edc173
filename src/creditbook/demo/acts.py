"""What happens in a story, as plain values. Every act has its instant and, within its organization, its own key.

Tokens are whole. ``account`` is the user's name, without the organization. Acts that follow another name its key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from creditbook.domain.budgets import BudgetTerms


@dataclass(frozen=True, slots=True)
class Work:
    """What an agent did with a model: tokens as the model counted them, for which project."""

    agent: str = ""
    model: str = ""
    project: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """The common part."""

    at: datetime
    account: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp(Act):
    """An account is opened with what the program opens. ``zone`` None is the organization's.

    The account '' is the organization's pool; ``pool`` draws on it, within ``quota`` tokens per period.
    ``referred_by`` is the user name of the friend who brought her.
    """

    zone: str | None = None
    pool: bool = False
    quota: int | None = None
    referred_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Give(Act):
    """Tokens arrive. ``kind`` and ``grant_class`` as the ledger names them; ``days`` None never expires."""

    tokens: int
    reason: str
    kind: str = "grant"
    grant_class: str = "promotional"
    wallet: str = "BONUS"
    label: str = ""
    days: int | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy(Act):
    """A payment is recorded: of a package, a plan, or a further term of the running one (``kind``)."""

    item: str
    kind: str = "package"
    reason: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseMonth(Act):
    """The books of a month, named by its first day, are closed; ``account`` is who does it."""

    month: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Act):
    """A purchase is opened, and its payment has not come."""

    item: str
    kind: str = "package"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarrel(Act):
    """What became of the purchase ``of``: its payment is disputed, or, ``refund``, goes back (in part: minor units)."""

    of: str
    reason: str
    actor: str
    refund: bool = False
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(Act):
    """Another plan, which need not be paid now; '' cancels the running one."""

    plan: str
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeem(Act):
    """A promo code is redeemed."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Earn(Act):
    """The reward of an activity."""

    activity: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeCode(Act):
    """An administrator makes a promo code, or a batch of ``count``; ``account`` is who makes it."""

    code: str
    tokens: int
    reason: str
    count: int = 1
    total_limit: int | None = None
    lifetime_days: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Act):
    """A grant above the program's bound is asked for, and waits for a second administrator."""

    tokens: int
    reason: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pocket(Act):
    """An administrator opens a further wallet with tokens in it."""

    wallet: str
    tokens: int
    days: int
    reason: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(Act):
    """One live spend. ``if_short`` is what the user does when she has too little: then she tries again.

    ``wallet`` is the type that she prefers; ``reported`` is the metadata that the application sends along.
    """

    action: str
    work: Work = Work()
    if_short: Give | Buy | None = None
    wallet: str = ""
    reported: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin(Act):
    """A hold before the work."""

    action: str
    estimate: int
    project: str
    minutes: int = 15
    if_short: Give | Buy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Act):
    """A part of the hold that ``of`` began."""

    of: str
    action: str
    work: Work
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp(Act):
    """The hold that ``of`` began is voided: the work failed."""

    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack(Act):
    """A refund of the usage ``of``, or (a mistaken grant) its revocation."""

    of: str
    reason: str
    actor: str
    revoke: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Administer(Act):
    """``what``: freeze, unfreeze, reset, write_off; set_zone with ``zone``; wallet_off for one of type ``wallet``."""

    what: str
    reason: str
    actor: str
    zone: str = ""
    wallet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain(Act):
    """She works until at most ``leave`` tokens are left (for ``feature``), in spends of at most ``most`` tokens.

    ``fixed``: the action has a fixed price, whatever the model's tokens are.
    """

    action: str
    leave: int
    most: int = 0
    work: Work = Work()
    fixed: bool = False
    feature: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody who signs in. ``weight`` tells how busy she is."""

    user_name: str
    name: str
    role: str
    is_operator: bool = False
    plan: str = ""
    zone: str | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Story:
    """One sample organization: its program, its people and everything that happens, in order of time."""

    slug: str
    program: str
    name: str
    zone: str
    people: tuple[Person, ...]
    acts: tuple[Act, ...] = field(repr=False)
    budgets: tuple[BudgetTerms, ...] = ()
