"""What the model remembers: one Book per organization, plain mutable records, nothing clever."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from model.days import local_date

from creditbook.domain.program import Allowance, Package, Plan, Program, PromoTerms


@dataclass(eq=False)
class Term:
    """The running term of a paid plan; empty on a free one, but for its status."""

    status: str = "active"
    first: date | None = None
    next: date | None = None
    ends_at: datetime | None = None
    ahead: list[str] = field(default_factory=list)  # the plans of the terms after this one that are paid already
    waits: str = ""  # the plan that begins when the time paid for is over
    unpaid: bool = False
    grace_ends_at: datetime | None = None


@dataclass(eq=False)
class Account:
    name: str  # '' is the pool
    zone: str | None
    plan: str | None  # None: under the pool's
    anchor: date
    draws: bool = False
    quota: int | None = None
    status: str = "active"
    clock: datetime | None = None
    version: Program | None = None  # the program as its running term knows it
    term: Term = field(default_factory=Term)
    referrer: Account | None = None
    referral_waits: bool = False
    awards: set[tuple[str, date | None]] = field(default_factory=set)


@dataclass(eq=False)
class Wallet:
    no: int
    account: Account
    type: str
    label: str
    features: frozenset[str] | None
    expires_at: datetime | None = None
    active: bool = True
    allowance: Allowance | None = None  # resets when set
    first: date | None = None  # first local date of the period granted last
    next: date | None = None  # first local date of the one after
    ends_at: datetime | None = None
    missing: bool = False  # it was off when its plan began a period in it

    def fits(self, feature: str | None) -> bool:
        return feature is None or self.features is None or feature in self.features


@dataclass(eq=False)
class Grant:
    no: int
    account: Account
    wallet: Wallet
    cls: str
    amount: int
    effective_at: datetime
    expires_at: datetime | None
    remaining: int
    held: int = 0
    disputed: bool = False
    refunded: bool = False  # the money of its pack went back
    dead: str | None = None
    allowance: bool = False  # of the period running in its wallet
    rolled_from: Wallet | None = None  # ends when the period of this wallet ends
    net: int = 0  # what was paid for it, without the tax

    @property
    def owes(self) -> int:
        """What its price has not earned yet (rule 35)."""
        return self.net - round(Fraction(self.net * (self.amount - self.remaining), self.amount))

    @property
    def free(self) -> int:
        return self.remaining - self.held

    @property
    def live(self) -> bool:
        return self.dead is None and not self.disputed and self.wallet.active


@dataclass(eq=False)
class Pay:
    """Tokens that a grant gave for a usage, at once or later as repayment of its debt."""

    grant: Grant
    amount: int
    repaid: bool = False
    returned: int = 0


@dataclass(eq=False)
class Use:
    no: int
    account: Account
    charged: int
    pays: list[Pay] = field(default_factory=list)
    quota_period: date | None = None
    refunded: int = 0
    debt: Debt | None = None
    quota_back: int = 0  # pool-paid tokens that a refund gave back


@dataclass(eq=False)
class Debt:
    owner: Account
    use: Use
    feature: str
    incurred: int
    owed: int
    written_off: int = 0
    cancelled: int = 0


@dataclass(eq=False)
class Line:
    grant: Grant
    amount: int  # still held


@dataclass(eq=False)
class Hold:
    no: int
    account: Account
    action: str
    ttl: timedelta
    ends_at: datetime
    lines: list[Line]
    metered: bool
    status: str = "open"


@dataclass
class Result:
    """What a verb answers, in the figures that the ledger's receipt has too."""

    kind: str
    charged: int = 0
    metered: bool = False
    lines: list[tuple[Grant, int]] = field(default_factory=list)
    use: Use | None = None
    hold: Hold | None = None
    grants: list[Grant] = field(default_factory=list)
    late: bool = False
    refused: str | None = None  # what shadow would have refused
    owed: int = 0  # debt that this very usage left
    tokens: int = 0
    account: Account | None = None
    what: str = ""  # a change of plan: what it did
    sale: Sale | None = None


@dataclass(eq=False)
class Sale:
    """A purchase with the terms of when it was opened."""

    no: int
    account: Account
    kind: str
    item: str
    tokens: int
    price: int
    tax: int
    currency: str
    package: Package | None
    program: Program  # as it was when the sale was opened
    status: str = "pending"
    payment: str = ""
    grant: Grant | None = None
    refunded: int = 0  # money
    due: int = 0  # tokens that the refunds so far should have taken back
    taken: int = 0
    disputed: bool = False
    trouble: bool = False
    granted: bool = False

    @property
    def was_paid(self) -> bool:
        return self.status not in ("pending", "failed")


@dataclass(eq=False)
class Code:
    terms: PromoTerms
    disabled: bool = False
    redeemed: dict[str, int] = field(default_factory=dict)  # by account


@dataclass
class Book:
    """One organization."""

    slug: str
    program: Program
    zone: str
    accounts: dict[str, Account] = field(default_factory=dict)
    wallets: list[Wallet] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    debts: list[Debt] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    requests: dict[tuple[str, date], int] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[Any, Result]] = field(default_factory=dict)
    history: dict[str, list[tuple[datetime, Any]]] = field(default_factory=dict)
    made: list[Grant] = field(default_factory=list)  # every grant ever
    granted: int = 0
    versions: list[tuple[datetime, Program]] = field(default_factory=list)  # oldest first
    sales: list[Sale] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)
    closed_through: date | None = None
    paid_after: datetime | None = None  # looking ahead: what falls due after this is taken as paid

    def accounting_date(self, happened: datetime) -> date:
        """The date under which the books count what happened at this instant and is booked now (rule 34)."""
        day = local_date(happened, self.zone)
        closed = self.closed_through
        return day if closed is None or day > closed else closed + timedelta(days=1)

    @property
    def pool(self) -> Account | None:
        return self.accounts.get("")

    def pool_of(self, account: Account) -> Account | None:
        return self.pool if account.draws else None

    def paying_pool(self, account: Account) -> Account | None:
        """The pool that pays for this member now: a frozen or closed one pays nothing (rule 11)."""
        pool = self.pool_of(account)
        return pool if pool is not None and pool.status == "active" else None

    def cluster(self, account: Account) -> list[Account]:
        """The accounts whose balances hang together: a pool and all who draw on it."""
        if account.name == "" or account.draws:
            return [a for a in self.accounts.values() if a.name == "" or a.draws]
        return [account]

    def zone_of(self, account: Account) -> str:
        return account.zone or self.zone

    def plan_of(self, account: Account) -> Plan:
        """Her own plan in the version of her running term, else her pool's (rule 11)."""
        if account.plan is None:
            pool = self.pool_of(account)
            assert pool is not None
            return self.plan_of(pool)
        known = account.version or self.program
        if known.plans[account.plan].term is None and account.plan in self.program.plans:
            known = self.program  # it never begins anew, so there is no running period to keep
        return known.plans[account.plan]

    def version_at(self, at: datetime) -> Program:
        """The program in force at this instant; before the first version, that."""
        return [p for since, p in self.versions if since <= at or since == self.versions[0][0]][-1]

    def projected(self, at: datetime) -> bool:
        """Whether this instant is only looked ahead to (rule 27)."""
        return self.paid_after is not None and at > self.paid_after

    def fallback(self, account: Account) -> str:
        """The free plan, the pool's own where the program has one."""
        pools = self.program.pool_plan
        if account.name == "" and pools is not None and not self.program.plans[pools].is_paid:
            return pools
        return self.program.default_plan

    def is_ending(self, account: Account) -> bool:
        """Whether a free plan waits for the end of the time paid for: the subscription is cancelled."""
        waits = account.term.waits
        return waits != "" and (waits not in self.program.plans or not self.program.plans[waits].is_paid)

    def own_unlimited(self, account: Account) -> bool:
        return account.plan is not None and self.plan_of(account).unlimited

    def unlimited(self, account: Account) -> bool:
        if self.own_unlimited(account):
            return True
        pool = self.paying_pool(account)
        return pool is not None and self.plan_of(pool).unlimited

    def grants_of(self, account: Account) -> list[Grant]:
        return [g for g in self.grants if g.account is account and (g.dead is None or g.remaining)]

    def wallets_of(self, account: Account) -> list[Wallet]:
        return [w for w in self.wallets if w.account is account]

    def clock_of(self, account: Account, now: datetime) -> datetime:
        """The ledger's clock for this account: never back (rule 27)."""
        pool = self.pool_of(account)
        known = [c for c in (account.clock, pool.clock if pool else None) if c]
        return max([now, *known])

    def twin(self) -> Book:
        """A copy to look ahead in."""
        memo: dict[int, Any] = {id(self.keys): {}, id(self.made): []}
        memo |= {id(program): program for _, program in self.versions}
        memo[id(self.history)] = {name: list(past) for name, past in self.history.items()}
        return copy.deepcopy(self, memo)
