"""The rules of `creditbook.domain` with no database under them: thousands of steps a second for the state machine.

Every family of accounts is one book that is kept whole in memory; what a store would load for a refund is collected
from the journals. The verbs are those of `drivers.LedgerDriver`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from model import memory_sales
from model.days import day_start
from model.memory_sales import Shelf, translated

from creditbook.domain import balance as balances
from creditbook.domain import operations as ops
from creditbook.domain.calendar import zone_info
from creditbook.domain.closing import next_month
from creditbook.domain.context import Desk
from creditbook.domain.decide import decide
from creditbook.domain.errors import LedgerError
from creditbook.domain.journal import Entry, Journal, KeyRow, Transaction
from creditbook.domain.program import GrantClass, Program, WalletType
from creditbook.domain.selling import PayReferrer
from creditbook.domain.settling import next_due, project, settle
from creditbook.domain.state import Account, Book, Debt, Grant, PastLine, PastUsage

VERBS: dict[str, type[ops.Operation]] = {
    "spend": ops.Spend,
    "reserve": ops.Reserve,
    "capture": ops.Capture,
    "void": ops.Void,
    "grant": ops.GrantTokens,
    "approved_grant": ops.GrantTokens,
    "reset": ops.Reset,
    "refund": ops.Refund,
    "revoke": ops.Revoke,
    "expire": ops.Expire,
    "dispute": ops.Dispute,
    "write_off": ops.WriteOff,
    "open_wallet": ops.OpenWallet,
    "set_wallet_active": ops.SetWalletActive,
    "set_zone": ops.SetZone,
    "set_quota": ops.SetQuota,
    "set_status": ops.SetStatus,
    **memory_sales.VERBS,
}
RENAMED = {
    "grant": "grant_id",
    "hold": "hold_id",
    "use": "txn_id",
    "wallet_no": "wallet_id",
    "quota": "tokens",
    "sale": "purchase_id",
}


@dataclass
class Family:
    book: Book
    grants: dict[int, Grant] = field(default_factory=dict)  # dead ones too
    debts: dict[int, Debt] = field(default_factory=dict)


@dataclass
class Org:
    shelf: Shelf
    families: dict[str, Family] = field(default_factory=dict)  # by account name
    keys: dict[tuple[str, str], KeyRow] = field(default_factory=dict)
    transactions: dict[int, Transaction] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    repayments: dict[int, list[int]] = field(default_factory=dict)  # debt → transactions that repaid it
    closed_through: date | None = None


class MemoryDriver:
    """Drives the rules as `LedgerDriver` drives a real ledger."""

    has_past = False
    settles_terms = True

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.orgs: dict[str, Org] = {}
        self.last_id = 0

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def create_organization(self, slug: str, program: Program) -> None:
        self.orgs[slug] = Org(Shelf(program, self.new_id))

    def load_program(self, slug: str, program: Program) -> None:
        self.orgs[slug].shelf.load_program(program, self.clock())

    def open_account(
        self,
        name: str,
        *,
        plan: str | None,
        zone: str | None = None,
        draws: bool = False,
        quota: int | None = None,
        referred_by: str | None = None,
    ) -> None:
        slug, _, user = name.partition("/")
        org = self.orgs[slug]
        number = self.new_id()
        pool = org.families.get("")
        if draws and pool is not None:
            family = pool
        else:
            family = Family(Book(1, org.shelf.program.zone, org.shelf.program, number, {}))
        org.families[user] = family
        asked = ops.OpenAccount(
            account_id=number,
            key="",
            request_hash="",
            account_name=user,
            kind="member" if user else "pool",
            plan=plan or "",
            zone=zone,
            pool_id=family.book.root_id if draws else None,
            quota_tokens=quota,
            referrer_id=None if referred_by is None else self.find(f"{slug}/{referred_by}")[2].account_id,
        )
        self.run(org, family, asked)

    def find(self, name: str) -> tuple[Org, Family, Account]:
        slug, _, user = name.partition("/")
        org = self.orgs[slug]
        family = org.families[user]
        return org, family, next(a for a in family.book.accounts.values() if a.name == user)

    def do(self, verb: str, name: str, key: str | None = None, **terms: Any) -> Any:
        org, family, account = self.find(name)
        sent = repr((name, sorted(terms.items())))
        return self.run(org, family, self.operation(verb, account, key or "", sent, terms))

    def spend_many(self, spends: list[tuple[str, dict[str, Any]]]) -> list[Any]:
        answers: list[Any] = []
        for name, terms in spends:
            try:
                answers.append(self.do("spend", name, **terms))
            except LedgerError as refusal:
                answers.append(refusal)
        return answers

    @staticmethod
    def operation(verb: str, account: Account, key: str, sent: str, terms: dict[str, Any]) -> ops.Operation:
        asked = translated(verb, {RENAMED.get(k, k): v for k, v in terms.items()})
        if "ttl" in asked:
            asked["seconds"] = int(asked.pop("ttl").total_seconds())
        if verb == "approved_grant":
            asked |= {"actor": "first", "approved_by": "second"}
        if verb in {"grant", "approved_grant", "open_wallet"} and isinstance(asked.get("expires_at"), date):
            asked["expires_at"] = typed_end(asked["expires_at"], account.zone)
        if verb in {"spend", "capture"}:
            work = {k: asked.pop(k) for k in ("input_tokens", "output_tokens", "event_at") if k in asked}
            asked["work"] = ops.Work(**work)
        for k in ("wallet", "type"):
            if asked.get(k) is not None:
                asked[k] = WalletType(asked[k])
        if "grant_class" in asked:
            asked["grant_class"] = GrantClass(asked["grant_class"])
        return VERBS[verb](account_id=account.account_id, key=key, request_hash=sent, **asked)

    def run(self, org: Org, family: Family, asked: ops.Operation) -> Any:
        if isinstance(asked, ops.Refund):
            family.book.pasts[asked.txn_id] = self.past(org, family, asked.txn_id)
        journal = Journal(1, self.new_id)
        try:
            org.shelf.lend(family.book, family.grants)
            family.book.closed_through = org.closed_through
            return decide(family.book, journal, asked, self.clock(), org.keys)
        finally:
            self.absorb(org, family, journal)
            self.pay_referrers(org)

    def pay_referrers(self, org: Org) -> None:
        """The other side of a referral, in a decision of its own right after."""
        while org.shelf.owed:
            row = org.shelf.owed.pop(0)
            family = next(f for f in org.families.values() if row.referrer_id in f.book.accounts)
            key = f"referral/{row.friend_id}"
            self.run(org, family, PayReferrer(account_id=row.referrer_id, key=key, request_hash=key,
                                              friend_id=row.friend_id, tokens=row.tokens))  # fmt: skip

    def absorb(self, org: Org, family: Family, journal: Journal) -> None:
        """What appending and loading again would do: history grows, and the book carries only what is alive."""
        org.transactions.update({t.txn_id: t for t in journal.transactions})
        org.entries += journal.entries
        org.shelf.keep(journal)
        for row in journal.debt_entries:
            if row.cause == "repaid":
                org.repayments.setdefault(row.debt_id, []).append(row.txn_id)
        family.grants.update({g.grant_id: g for g in journal.grants})
        family.debts.update({d.debt_id: d for d in journal.debts})
        family.book.pasts.clear()
        for account in family.book.accounts.values():
            account.grants = {i: g for i, g in account.grants.items() if g.live}
            account.debts = {i: d for i, d in account.debts.items() if d.owed}

    def past(self, org: Org, family: Family, txn_id: int) -> PastUsage:
        txn = org.transactions[txn_id]
        debt = next((d for d in family.debts.values() if d.txn_id == txn_id), None)
        repaid = sorted(org.repayments.get(debt.debt_id, [])) if debt else []
        lines = [
            PastLine(e.txn_id, e.seq, e.grant_id, e.account_id, e.amount, self.returned(org, e))
            for wanted in [txn_id, *repaid]
            for e in org.entries
            if e.txn_id == wanted
        ]
        return PastUsage(
            txn_id, txn.account_id, txn.pool_id, txn.charged,
            sum(t.charged for t in org.transactions.values() if t.kind == "refund" and t.reverses_txn_id == txn_id),
            txn.feature, txn.action, txn.agent, txn.model, txn.project, txn.plan, txn.quota_period, txn.quota_charged,
            lines, {line.grant_id: family.grants[line.grant_id] for line in lines}, debt,
        )  # fmt: skip

    @staticmethod
    def returned(org: Org, line: Entry) -> int:
        return sum(e.amount for e in org.entries if (e.returns_txn_id, e.returns_seq) == (line.txn_id, line.seq))

    def sweep(self, slug: str) -> None:
        org = self.orgs[slug]
        for family in {id(f): f for f in org.families.values()}.values():
            self.run(org, family, ops.Settle(account_id=family.book.root_id))

    def next_due(self, slug: str) -> datetime | None:
        """When something falls due next, after now."""
        books = [family.book for family in self.orgs[slug].families.values()]
        dues = [next_due(Desk(book, Journal(1, self.new_id), self.clock())) for book in books]
        return min((due for due in dues if due is not None and due > self.clock()), default=None)

    def balance(self, name: str, feature: str | None = None, at: datetime | None = None) -> balances.Balance:
        book, seen, when = self.looked_ahead(name, at)
        return balances.balance_of(book, seen, when, feature, pending=False, shown=name)

    def looked_ahead(self, name: str, at: datetime | None) -> tuple[Book, Account, datetime]:
        """A copy, lived on up to now; what lies after is a projection."""
        org, family, account = self.find(name)
        org.shelf.lend(family.book, family.grants)
        memo = {id(p): p for p in (family.book.program, *(v.program for v in family.book.versions))}
        book = copy.deepcopy(family.book, memo)  # type: ignore[arg-type]
        now = max(self.clock(), book.root.clock_at or self.clock())
        when = max(at or now, now)
        desk = Desk(book, Journal(1, self.new_id), now)
        settle(desk, now)
        if when > now:
            project(desk, when)
        return book, book.accounts[account.account_id], when

    def term(self, name: str) -> dict[str, Any]:
        _, account, _ = self.looked_ahead(name, None)
        term = account.term
        return {
            "plan": account.plan,
            "status": term.status.value,
            "first": term.first,
            "next": term.next,
            "ends_at": term.ends_at,
            "paid_ahead": term.paid_ahead,
            "next_plan": term.next_plan,
            "next_paid": term.next_paid,
            "unpaid": term.unpaid,
            "grace_ends_at": term.grace_ends_at,
        }

    def grants(self, name: str) -> list[tuple[Any, ...]]:
        _, family, account = self.find(name)
        return [
            (g.grant_id, g.wallet_id, g.grant_class.value, g.amount, g.effective_at, g.expires_at, g.remaining, g.held)
            for g in sorted(family.grants.values(), key=lambda g: g.grant_id)
            if g.account_id == account.account_id
        ]

    def owed(self, name: str) -> list[int]:
        """What each grant's price has not earned yet, by its entries."""
        entries = self.find(name)[0].entries
        return [sum(e.deferred_minor for e in entries if e.grant_id == grant_id) for grant_id, *_ in self.grants(name)]

    def accounting_date(self, name: str, txn_id: int) -> date:
        return self.find(name)[0].transactions[txn_id].accounting_date

    def close_months(self, slug: str) -> date | None:
        """Close every month that is over; returns the last closed day."""
        org = self.orgs[slug]
        first = min((t.org_date for t in org.transactions.values()), default=None)
        last = self.clock().astimezone(zone_info(org.shelf.program.zone)).date().replace(day=1) - timedelta(days=1)
        due = next_month(org.closed_through, first)
        if due is not None and due <= last:
            org.closed_through = last
        return org.closed_through

    def wallets(self, name: str) -> list[tuple[int, str, frozenset[str] | None]]:
        return [(i, w.type.value, w.features) for i, w in sorted(self.find(name)[2].wallets.items())]

    def requests(self, name: str, day: date) -> int:
        return self.find(name)[2].requests.get(day, 0)

    def verify(self, slug: str) -> None:
        """Rule 37 as far as plain values can tell: every grant is the sum of its entries."""
        for family in self.orgs[slug].families.values():
            for grant in family.grants.values():
                moved = sum(e.amount for e in self.orgs[slug].entries if e.grant_id == grant.grant_id)
                assert grant.remaining == moved, grant


def typed_end(typed: datetime | date, zone: str) -> datetime:
    """A typed date lasts through that local day."""
    return typed if isinstance(typed, datetime) else day_start(typed + timedelta(days=1), zone)
