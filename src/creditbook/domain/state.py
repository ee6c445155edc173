"""What is there now: accounts, wallets, grants, holds and debts, as mutable values that rules move.

A *book* is a family of accounts that must be decided together: a pool with the members touched, or one account alone.
The store loads it under the lock of the family's root; rules change it and write every change into a `Journal`.
All instants are aware UTC datetimes; all dates are local to the account's zone. Tokens are whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from .costs import PastCost
from .plans import Term, Version
from .program import Every, GrantClass, Plan, Program, WalletType
from .sales import PromoCode, Purchase


class AccountStatus(StrEnum):
    """`closed` is final."""

    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


class HoldStatus(StrEnum):
    """Only an open hold reserves anything."""

    OPEN = "open"
    CAPTURED = "captured"
    VOIDED = "voided"
    TIMED_OUT = "timed_out"


@dataclass(slots=True)
class Wallet:
    """A named pocket. One with `every` is filled anew each period by its plan's allowance.

    The running period: ``period_first`` is its first local date, ``period_next`` the date the next one begins,
    ``period_ends_at`` the instant of that. ``forced_count`` numbers resets forced within the period.
    """

    wallet_id: int
    account_id: int
    type: WalletType
    label: str = ""
    features: frozenset[str] | None = None
    is_active: bool = True
    expires_at: datetime | None = None
    every: Every | None = None
    anchor: date | None = None
    period_first: date | None = None
    period_next: date | None = None
    period_ends_at: datetime | None = None
    last_reset_at: datetime | None = None
    forced_count: int = 0
    created_at: datetime | None = None


@dataclass(slots=True)
class Grant:
    """An allocation, the unit of burn-down.

    Only `remaining`, `held`, `disputed` and `closed_*` move; `expires_at` only by rule 22. ``held`` is the part of
    ``remaining`` that open holds reserve. ``source`` is `allowance`, `rollover`, `grant`, `purchase`, `promo`,
    `referral`, `reward` or `refund`. ``period_first`` with ``forced_no`` names an allowance's period. ``live`` is False
    once nothing is left of it (an allowance, what rolled over: and its period is over). The store loads live ones only.
    """

    grant_id: int
    account_id: int
    wallet_id: int
    txn_id: int
    source: str
    grant_class: GrantClass
    amount: int
    effective_at: datetime
    expires_at: datetime | None
    remaining: int
    held: int = 0
    label: str = ""
    disputed: bool = False
    closed_reason: str | None = None
    closed_at: datetime | None = None
    period_first: date | None = None
    forced_no: int | None = None
    price_minor: int | None = None
    currency: str | None = None
    live: bool = True
    tax_minor: int = 0

    @property
    def free(self) -> int:
        """Tokens of it that no hold reserves."""
        return self.remaining - self.held

    @property
    def net_minor(self) -> int:
        """What its sale brings in: the price without the tax in it; 0 for what is not sold."""
        return (self.price_minor or 0) - self.tax_minor

    def ended(self, at: datetime) -> bool:
        """Whether it is dead at this instant: `expires_at` is exclusive."""
        return self.closed_reason is not None or (self.expires_at is not None and self.expires_at <= at)


@dataclass(slots=True)
class Hold:
    """Tokens reserved before the work. ``reserved`` maps grant id → tokens still held, in burn-down order; ``seconds``
    is its time, ``seq`` the last `hold_entry` number used."""

    hold_id: int
    account_id: int
    action: str
    feature: str
    estimate: int
    seconds: int
    effective_at: datetime
    ends_at: datetime
    status: HoldStatus = HoldStatus.OPEN
    closed_at: datetime | None = None
    captured: int = 0
    metered: bool = False
    pool_id: int | None = None
    quota_period: date | None = None
    project: str = ""
    metadata: dict[str, object] | None = None
    reserved: dict[int, int] = field(default_factory=dict)
    seq: int = 0

    @property
    def held(self) -> int:
        """Tokens it still reserves."""
        return sum(self.reserved.values())


@dataclass(slots=True)
class Debt:
    """What captured parts took beyond all that was there; repaid by its owner's next spendable tokens."""

    debt_id: int
    account_id: int
    txn_id: int
    feature: str
    incurred: int
    owed: int
    effective_at: datetime


@dataclass(slots=True)
class Account:
    """Who holds and spends tokens, with everything of it that is alive.

    ``zone`` is the IANA name in force (its own or its organization's). ``clock_at`` is the last instant decided for the
    family; it is kept on the family's root. ``program_id`` is the version of the program that its plan's running term
    follows (editing a plan changes no running period, rule 31); 0 is the one in force. ``referrer_id`` is who brought
    her here, and ``referral_waits`` that her first spend still pays both (rule 32). ``requests`` counts live requests
    per local date, ``quota_used`` what this member charged to its pool per (pool period's first date, or None when the
    pool has no period).
    """

    account_id: int
    name: str
    kind: str
    plan: str
    plan_anchor: date
    zone: str
    status: AccountStatus = AccountStatus.ACTIVE
    pool_id: int | None = None
    quota_tokens: int | None = None
    import_id: int | None = None
    own_zone: bool = False
    clock_at: datetime | None = None
    program_id: int = 0
    term: Term = field(default_factory=Term)
    referrer_id: int | None = None
    referral_waits: bool = False
    wallets: dict[int, Wallet] = field(default_factory=dict)
    grants: dict[int, Grant] = field(default_factory=dict)
    debts: dict[int, Debt] = field(default_factory=dict)
    holds: dict[int, Hold] = field(default_factory=dict)
    requests: dict[date, int] = field(default_factory=dict)
    quota_used: dict[date | None, int] = field(default_factory=dict)


@dataclass(slots=True)
class PastLine:
    """One line of a past transaction that a refund may unwind. ``returned`` is what refunds gave back of it before."""

    txn_id: int
    seq: int
    grant_id: int
    account_id: int
    amount: int
    returned: int = 0


@dataclass(slots=True)
class PastUsage:
    """A usage transaction as its refund needs it: its lines and those that repaid its debt, oldest first.

    ``grants`` holds every grant of those lines, also dead ones that the book does not carry; its wallets it does.
    ``refunded`` is the sum of earlier refunds; ``debt`` its debt if any.
    """

    txn_id: int
    account_id: int
    pool_id: int | None
    charged: int
    refunded: int
    feature: str
    action: str
    agent: str
    model: str
    project: str
    plan: str
    quota_period: date | None
    quota_charged: int
    lines: list[PastLine]
    grants: dict[int, Grant]
    debt: Debt | None = None


@dataclass(slots=True)
class Book:
    """One family under its lock: the root (pool, or the account alone), the accounts touched, and the program.

    ``org_zone`` decides `org_date`; ``closed_through`` the accounting date of rule 34. ``pasts`` and ``costs`` are
    usages that this batch refunds or corrects; ``resolved`` tells the status of named holds that are no longer open.
    ``quiet_until``: nothing is due before this instant; None when that is not known.

    ``versions`` are all versions of the program, oldest first. ``codes``, ``purchases`` and ``awards`` are those that
    the batch names: promo codes by their normalized text, purchases by id, awards as (account_id, name, period).
    ``payments`` maps every (provider, payment) that it names to its purchase, where there is one; ``buyers`` are the
    accounts that redeem a code and have paid for a purchase before.
    """

    org_id: int
    org_zone: str
    program: Program
    root_id: int
    accounts: dict[int, Account]
    closed_through: date | None = None
    pasts: dict[int, PastUsage] = field(default_factory=dict)
    resolved: dict[int, Hold] = field(default_factory=dict)
    quiet_until: datetime | None = None
    versions: tuple[Version, ...] = ()
    codes: dict[str, PromoCode] = field(default_factory=dict)
    purchases: dict[int, Purchase] = field(default_factory=dict)
    payments: dict[tuple[str, str], int] = field(default_factory=dict)
    awards: set[tuple[int, str, date]] = field(default_factory=set)
    buyers: set[int] = field(default_factory=set)
    costs: dict[int, PastCost] = field(default_factory=dict)

    @property
    def root(self) -> Account:
        """The account whose lock and clock guard the family."""
        return self.accounts[self.root_id]

    def pool_of(self, account: Account) -> Account | None:
        """The pool that a member draws on, whatever its status."""
        return self.accounts[account.pool_id] if account.pool_id is not None else None

    def version_at(self, at: datetime) -> Version | None:
        """The version of the program in force at an instant; the oldest before all; None where none is known."""
        return next((one for one in reversed(self.versions) if one.since <= at), next(iter(self.versions), None))

    def plan(self, slug: str, program_id: int = 0) -> Plan:
        """A plan as this version of the program has it (0 or unknown: the one in force), else the newest that does."""
        program = self.program
        if program_id and self.versions and self.versions[-1].program_id != program_id:
            program = next((one.program for one in reversed(self.versions) if one.program_id == program_id), program)
        if slug in program.plans:
            return program.plans[slug]
        known = (one.program.plans for one in reversed(self.versions) if slug in one.program.plans)
        return next(known, program.plans)[slug]

    def plan_of(self, account: Account) -> Plan:
        """A member is under her own plan; one without (`''`) is under the pool's (rule 11)."""
        pool = None if account.plan else self.pool_of(account)
        owner = pool or account
        return self.plan(owner.plan or self.program.default_plan, owner.program_id)

    def own_plan(self, account: Account) -> Plan | None:
        """The account's own plan, None where it has none and lives on its pool's."""
        return self.plan(account.plan, account.program_id) if account.plan else None

    def grant(self, grant_id: int) -> Grant:
        """A live grant of any account of the family."""
        for account in self.accounts.values():
            if grant_id in account.grants:
                return account.grants[grant_id]
        raise KeyError(grant_id)

    def wallet_of(self, grant: Grant) -> Wallet:
        """The wallet that a grant stands in."""
        return self.accounts[grant.account_id].wallets[grant.wallet_id]
