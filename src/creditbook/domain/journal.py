"""What a decision writes: new rows and moved rows, in the order in which they happened.

One `Journal` per book and batch. Rules change the state only through it, so that every movement of a grant has an
entry, every movement of a debt a debt entry and every movement of a hold a hold entry. The store appends it:

- insert in this order: `accounts` (new), `wallets` (new), `holds` (new), `transactions`, `grants` (new), `entries`,
  `debts` (new), `debt_entries`, `hold_entries`, `purchases` (new), `redemptions`, `awards`, `owed_referrals`,
  `plan_events`, `keys`, `audits`; a new object carries its final state already;
- update `touched_*` (ids of objects that existed before: write all their mutable columns; an id may also be in the new
  lists, which then wins): grants (remaining, held, live, disputed, closed_*, expires_at), wallets, holds, debts (owed),
  accounts (status, plan*, term, program_id, zone, quota, clock_at, import_id, referral_waits), purchases, codes
  (`redeemed`, `is_disabled`);
- add `requests` {(account_id, day): n} to `account_day`, `quota` {(account_id, pool_id, period_first or None): n} to
  `quota_use` (None is stored as 0001-01-01), `rollups.rollups_of(journal.transactions)` to the rollup tables, `books`
  {(accounting_date, kind, class, currency, shard): BOOK_MEASURES} to `books_day` and `packs` {(accounting month,
  grant_id, kind): BOOK_MEASURES} to `pack_month`.

The key's `result` (JSON text) is stored in `operation_key.result`: a replay answers from it alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from .deferring import deferred_minor
from .plans import PlanEvent
from .rolling import SHARDS, SPREAD, add_up
from .sales import Award, PromoCode, Purchase, Redemption
from .state import Account, Debt, Grant, Hold, HoldStatus, Wallet


@dataclass(slots=True)
class Transaction:
    """One thing that happened, never changed afterwards. Column meanings: SEMANTICS, Words.

    ``tokens`` is the signed change of posted over all its entries; ``charged`` what was charged (usage) or given back
    (refund), debt included. ``requests`` is 1 for usage. ``available_*`` are as the account saw it, None if unlimited.
    ``lines`` numbers its entries and debt entries together; it is not stored.
    """

    txn_id: int
    account_id: int
    kind: str
    effective_at: datetime
    event_at: datetime
    account_date: date
    org_date: date
    accounting_date: date
    org_hour: int
    plan: str
    pool_id: int | None = None
    tokens: int = 0
    charged: int = 0
    metered: bool = False
    late_capture: bool = False
    would_refuse: str | None = None
    action: str = ""
    feature: str = ""
    agent: str = ""
    model: str = ""
    project: str = ""
    description: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    requests: int = 0
    cost_usd_nanos: int | None = None
    cost_inr_nanos: int | None = None
    cost_parts: dict[str, int] | None = None
    unpriced: bool = False
    price_version: str | None = None
    fx_rate_id: int | None = None
    available_before: int | None = None
    available_after: int | None = None
    hold_id: int | None = None
    reverses_txn_id: int | None = None
    quota_period: date | None = None
    quota_charged: int = 0
    actor: str = ""
    reason: str = ""
    metadata: dict[str, object] | None = None
    lines: int = 0


class Entry(NamedTuple):
    """One signed line of a transaction on one grant. ``blocked`` tells whether the grant is blocked from here on.

    ``deferred_minor`` is by how much it changed what the grant's price has not earned yet (rule 35), in minor units of
    the grant's currency: + when it is sold or given back, − when it is used (earned), lapses (breakage) or is refunded.
    """

    txn_id: int
    seq: int
    grant_id: int
    account_id: int
    amount: int
    remaining_after: int
    blocked: bool = False
    returns_txn_id: int | None = None
    returns_seq: int | None = None
    deferred_minor: int = 0


@dataclass(frozen=True, slots=True)
class DebtEntry:
    """One signed line on a debt; ``cause``: `incurred` (+), `repaid`, `cancelled`, `written_off` (−)."""

    txn_id: int
    seq: int
    debt_id: int
    amount: int
    owed_after: int
    cause: str


@dataclass(frozen=True, slots=True)
class HoldEntry:
    """One signed line of a hold on a grant; ``cause``: `reserved` (+), `captured`, `released` (−)."""

    hold_id: int
    seq: int
    grant_id: int
    account_id: int
    amount: int
    effective_at: datetime
    cause: str
    txn_id: int | None = None


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A used idempotency key with the first result, kept for ever."""

    operation: str
    key: str
    request_hash: str
    result: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to whom and why, with the values before and after (rule 38)."""

    audit_id: int
    at: datetime
    actor: str
    act: str
    subject: str
    before: dict[str, object]
    after: dict[str, object]
    reason: str


@dataclass(frozen=True, slots=True)
class OwedReferral:
    """A friend's condition is met and her side is paid; the referrer's, another family's, is paid next (rule 32)."""

    friend_id: int
    referrer_id: int
    tokens: int
    at: datetime


@dataclass(slots=True)
class Journal:
    """All that one book's decisions write. ``new_id`` hands out rising 64-bit ids taken under the lock."""

    org_id: int
    new_id: Callable[[], int]
    transactions: list[Transaction] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    debt_entries: list[DebtEntry] = field(default_factory=list)
    hold_entries: list[HoldEntry] = field(default_factory=list)
    accounts: list[tuple[Account, str | None]] = field(default_factory=list)
    wallets: list[Wallet] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    debts: list[Debt] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    keys: list[KeyRow] = field(default_factory=list)
    audits: list[AuditRow] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    redemptions: list[Redemption] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)
    owed_referrals: list[OwedReferral] = field(default_factory=list)
    plan_events: list[PlanEvent] = field(default_factory=list)
    touched_accounts: dict[int, Account] = field(default_factory=dict)
    touched_wallets: dict[int, Wallet] = field(default_factory=dict)
    touched_grants: dict[int, Grant] = field(default_factory=dict)
    touched_debts: dict[int, Debt] = field(default_factory=dict)
    touched_holds: dict[int, Hold] = field(default_factory=dict)
    touched_purchases: dict[int, Purchase] = field(default_factory=dict)
    touched_codes: dict[int, PromoCode] = field(default_factory=dict)
    requests: dict[tuple[int, date], int] = field(default_factory=dict)
    quota: dict[tuple[int, int, date | None], int] = field(default_factory=dict)
    books: dict[tuple[date, str, str, str, int], list[int]] = field(default_factory=dict)
    packs: dict[tuple[date, int, str], list[int]] = field(default_factory=dict)

    @property
    def sells(self) -> bool:
        """Whether it carries anything of plans, sales, codes or rewards; an ordinary spend does not."""
        return bool(
            self.plan_events
            or self.purchases
            or self.touched_purchases
            or self.redemptions
            or self.touched_codes
            or self.awards
            or self.owed_referrals
        )

    def move(
        self,
        txn: Transaction,
        grant: Grant,
        amount: int,
        *,
        blocked: bool = False,
        returns: tuple[int, int] | None = None,
    ) -> None:
        """Move a grant's remaining by a signed amount and write the entry. A grant can never be overdrawn."""
        grant_id, was = grant.grant_id, grant.remaining
        remaining = was + amount
        if remaining < grant.held:
            raise AssertionError(f"grant {grant_id} would be overdrawn by transaction {txn.txn_id}")
        grant.remaining = remaining
        grant.live = remaining > 0 or (grant.source in ("allowance", "rollover") and grant.live)
        txn.tokens += amount
        txn.lines += 1
        of_txn, of_line = returns or (None, None)
        earned = 0
        if grant.price_minor:
            net, of = grant.net_minor, grant.amount
            earned = deferred_minor(net, of, remaining) - deferred_minor(net, of, was)
        self.entries.append(
            Entry(
                txn.txn_id, txn.lines, grant_id, grant.account_id, amount, remaining, blocked, of_txn, of_line, earned
            )
        )
        self._count(txn, grant, amount, earned)
        self.touched_grants[grant_id] = grant

    def _count(self, txn: Transaction, grant: Grant, amount: int, deferred: int) -> None:
        """Add an entry to the sums that finance reads: by class and, for what was sold, by the grant itself."""
        shard = txn.account_id % SPREAD % SHARDS
        currency = grant.currency or ""
        line = (1, max(amount, 0), max(-amount, 0), max(deferred, 0), max(-deferred, 0))
        add_up(self.books, (txn.accounting_date, txn.kind, grant.grant_class.value, currency, shard), line)
        if grant.price_minor:
            month = txn.accounting_date.replace(day=1)
            add_up(self.packs, (month, grant.grant_id, txn.kind), line)

    def owe(self, txn: Transaction, debt: Debt, amount: int, cause: str) -> None:
        """Move what a debt owes by a signed amount and write the debt entry."""
        debt.owed += amount
        if debt.owed < 0:
            raise AssertionError(f"debt {debt.debt_id} would be overpaid by transaction {txn.txn_id}")
        txn.lines += 1
        self.debt_entries.append(DebtEntry(txn.txn_id, txn.lines, debt.debt_id, amount, debt.owed, cause))
        self.touched_debts[debt.debt_id] = debt

    def hold(
        self, hold: Hold, grant: Grant, amount: int, at: datetime, cause: str, txn: Transaction | None = None
    ) -> None:
        """Move what a hold reserves of a grant by a signed amount and write the hold entry."""
        left = hold.reserved.get(grant.grant_id, 0) + amount
        if left:
            hold.reserved[grant.grant_id] = left
        else:
            hold.reserved.pop(grant.grant_id, None)
        grant.held += amount
        if not 0 <= grant.held <= grant.remaining:
            raise AssertionError(f"hold {hold.hold_id} would hold more of grant {grant.grant_id} than is there")
        hold.seq += 1
        txn_id = txn.txn_id if txn else None
        self.hold_entries.append(
            HoldEntry(hold.hold_id, hold.seq, grant.grant_id, grant.account_id, amount, at, cause, txn_id)
        )
        self.touched_grants[grant.grant_id] = grant
        self.touched_holds[hold.hold_id] = hold

    def close_hold(self, hold: Hold, status: HoldStatus, at: datetime) -> None:
        """Give a hold its final status."""
        hold.status = status
        hold.closed_at = at
        self.touched_holds[hold.hold_id] = hold

    def count_request(self, account: Account, day: date) -> None:
        """Count one live request on a local date of the account."""
        account.requests[day] = account.requests.get(day, 0) + 1
        self.requests[account.account_id, day] = self.requests.get((account.account_id, day), 0) + 1

    def count_quota(self, account: Account, pool_id: int, period: date | None, amount: int) -> None:
        """Count what a member charged to its pool in a pool period; a refund counts it back with a negative amount."""
        account.quota_used[period] = account.quota_used.get(period, 0) + amount
        slot = (account.account_id, pool_id, period)
        self.quota[slot] = self.quota.get(slot, 0) + amount
