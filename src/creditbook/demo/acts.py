"""What happens in a story, as plain values. Every act has its instant and, within its organization, its own key.

Tokens are whole. ``account`` is the user's name, without the organization. Acts that follow another name its key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


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
    """An account is opened with what the program opens. ``zone`` None is the organization's."""

    plan: str = ""
    zone: str | None = None


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
    price_minor: int | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(Act):
    """One live spend. ``if_short`` is what the user does when she has too little: then she tries again."""

    action: str
    work: Work = Work()
    if_short: Give | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin(Act):
    """A hold before the work."""

    action: str
    estimate: int
    project: str
    minutes: int = 15
    if_short: Give | None = None


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
    """``what``: freeze, unfreeze, reset or write_off; set_zone with ``zone``."""

    what: str
    reason: str
    actor: str
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain(Act):
    """She works until at most ``leave`` tokens are left, in spends of at most ``most`` tokens."""

    action: str
    leave: int
    most: int
    work: Work = Work()


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
