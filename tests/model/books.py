"""What the model remembers: one Book per organization, plain mutable records, nothing clever."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from creditbook.domain.program import Allowance, Plan, Program


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
    dead: str | None = None
    allowance: bool = False  # of the period running in its wallet
    rolled_from: Wallet | None = None  # ends when the period of this wallet ends

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
        """Her own plan, else her pool's (rule 11)."""
        if account.plan is None:
            pool = self.pool_of(account)
            assert pool is not None
            return self.plan_of(pool)
        return self.program.plans[account.plan]

    def unlimited(self, account: Account) -> bool:
        if account.plan is not None and self.program.plans[account.plan].unlimited:
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
        memo: dict[int, Any] = {id(self.program): self.program, id(self.keys): {}, id(self.made): []}
        memo[id(self.history)] = {name: list(past) for name, past in self.history.items()}
        return copy.deepcopy(self, memo)
