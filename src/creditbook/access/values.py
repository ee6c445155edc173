"""What the rest of the house sees of people: plain values, and the refusals of the door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from creditbook.domain.errors import InvalidRequest, LimitExceeded, NotFound, Refused

Clock = Callable[[], datetime]
Role = Literal["user", "admin", "finance"]
ROLES: tuple[Role, ...] = get_args(Role)
ROLE_TITLES: dict[Role, str] = {"user": "Member", "admin": "Administrator", "finance": "Finance"}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is signed in, and where: read again from the database on every rerun, so it is never stale.

    An operator acts as an administrator of every organization, and has an account only where she is a member.
    ``account_name`` is None for people without an account of their own; ``zone`` is the account's, else ``org_zone``.
    ``pool_id`` is the pool that her account draws on.
    """

    person_id: int
    user_name: str
    name: str
    role: Role
    org_id: int
    org_slug: str
    org_name: str
    zone: str
    org_zone: str = ""
    email: str = ""
    currency: str = ""
    account_id: int | None = None
    account_name: str | None = None
    pool_id: int | None = None
    is_operator: bool = False
    is_sample: bool = False
    session_id: str = ""

    @property
    def account(self) -> str | None:
        """The account as the ledger's verbs write it, ``ORG/USERNAME``."""
        return None if self.account_name is None else f"{self.org_slug}/{self.account_name}"

    def named(self, account_name: str) -> str:
        """An account of her organization as the ledger's verbs write it; '' is the pool, written ``ORG``."""
        return f"{self.org_slug}/{account_name}" if account_name else self.org_slug

    def has(self, *roles: str) -> bool:
        """Whether one of these roles is hers; no role at all means that being signed in is enough."""
        return not roles or self.is_operator or self.role in roles


@dataclass(frozen=True, slots=True)
class Seat:
    """One organization a person may work in, for the switcher."""

    org_id: int
    org_slug: str
    org_name: str
    role: Role


MemberState = Literal["active", "invited", "deactivated"]


@dataclass(frozen=True, slots=True)
class Member:
    """A person as her organization's administrator sees her. Account columns are None where she has no account.

    ``pool_id`` is the pool that her account draws on.
    """

    person_id: int
    user_name: str
    name: str
    email: str
    role: Role
    state: MemberState
    is_operator: bool
    joined_at: datetime
    account_id: int | None = None
    account_name: str | None = None
    account_status: str | None = None
    plan: str | None = None
    pool_id: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What a one-time link is for, looked at before it is used. ``kind`` is ``invitation`` or ``reset``."""

    kind: Literal["invitation", "reset"]
    person_id: int
    user_name: str
    name: str
    org_name: str
    expires_at: datetime


class SignInRefused(Refused):
    """The user name or the password is wrong; which of the two is never told."""


class TooManyAttempts(LimitExceeded):
    """Too many failed sign-ins from here. ``retry_after`` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        minutes = max(1, -(-retry_after // 60))
        when = "in a minute" if minutes == 1 else f"in {minutes} minutes"
        super().__init__(f"Too many attempts. Try again {when}.", "sign_in", retry_after)


class NotAllowed(Refused):
    """The person who asks may not do this to that person."""


class LinkSpent(NotFound):
    """The one-time link or token is unknown, used, replaced or expired: one wording for all four."""


class WeakPassword(InvalidRequest):
    """The new password breaks a rule; the sentence says which."""
