"""A book that lives in memory under a clock moved by hand: how the rules are tried without any store.

After every step, refused ones too, the invariants of rule 37 are asked; and what a store would not load again (dead
grants, paid debts, closed holds) is taken out of the book, so that no rule can lean on it.
"""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from creditbook.domain import operations as ops
from creditbook.domain.balance import Balance, available_tokens, balance_of
from creditbook.domain.decide import decide
from creditbook.domain.invariants import broken
from creditbook.domain.journal import Journal, KeyRow, Transaction
from creditbook.domain.plans import PlanEvent, Term, Version
from creditbook.domain.program import (
    Action,
    Allowance,
    Every,
    GrantClass,
    Plan,
    Pricing,
    Program,
    WalletType,
)
from creditbook.domain.results import Done, HoldReceipt, PlanReceipt, PurchaseReceipt, Receipt
from creditbook.domain.sales import PurchaseKind
from creditbook.domain.selling import CancelPlan, ChangePlan, OpenPurchase, PayPurchase
from creditbook.domain.state import Account, Book, Debt, Grant, HoldStatus, PastLine, PastUsage, Wallet

START = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def actions(**prices: int | None) -> dict[str, Action]:
    """Actions by name; a number is a fixed price, None is charged as it was used."""
    return {
        name: Action(name, Pricing.ACTUAL if price is None else Pricing.FIXED, price or 0)
        for name, price in prices.items()
    }


ACTIONS = actions(work=None, goal=3, lead=5, chat=0) | {"plan_goal": Action("plan_goal", Pricing.FIXED, 4, "goal")}


def allowance(
    tokens: int,
    every: Every = Every.DAY,
    wallet: WalletType = WalletType.STANDARD,
    *,
    rollover: str = "0",
    cap: int | None = None,
    features: frozenset[str] | None = None,
) -> Allowance:
    return Allowance(wallet, tokens, every, features, rollover=Fraction(rollover), rollover_cap=cap)


def a_program(*allowances: Allowance, plans: tuple[Plan, ...] = (), zone: str = "UTC", **terms: Any) -> Program:
    """A program whose plan `free` gives these allowances; `plans` are further ones; `limits` go onto the free plan."""
    limits = terms.pop("limits", {})
    free = Plan("free", "Free", 0, GrantClass.FREE, allowances, **limits)
    known = {plan.slug: plan for plan in (free, *plans)}
    return Program("trial", "Trial", zone, "USD", "free", known, terms.pop("actions", ACTIONS), **terms)


class LivingBook:
    """One family of accounts and all that ever happened to it."""

    def __init__(self, program: Program | None = None, at: datetime = START, *, checked: bool = True) -> None:
        self.now = at
        self.checked = checked
        self._ids = itertools.count(1)
        self.book = Book(1, (program or a_program()).zone, program or a_program(), 0, {})
        self.book.versions = (Version(1, at, self.book.program),)
        self.journal = Journal(1, self.new_id)
        self.keys: dict[tuple[str, str], KeyRow] = {}
        self.first = 0

    def new_id(self) -> int:
        return next(self._ids)

    def open(self, name: str = "asha", **terms: Any) -> int:
        """Open an account; the first one is the family's root and the one that verbs mean unless told otherwise."""
        number = self.new_id()
        if not self.book.accounts:
            self.book.root_id = self.first = number
        self.do(ops.OpenAccount(account_id=number, key="", request_hash="", account_name=name, **terms))
        return number

    def open_pool(self, plan: str = "free") -> int:
        return self.open("", kind="pool", plan=plan)

    def open_member(self, name: str = "asha", *, quota: int | None = None, plan: str = "") -> int:
        """A member of the pool that was opened first."""
        return self.open(name, plan=plan, pool_id=self.book.root_id, quota_tokens=quota)

    def account(self, number: int | None = None) -> Account:
        return self.book.accounts[number or self.first]

    # ---- the clock

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    # ---- verbs

    def do(self, operation: ops.Operation) -> Any:
        try:
            return decide(self.book, self.journal, operation, self.now, self.keys)
        finally:
            self._forget()
            if self.checked:
                complaints = broken(self.book, self.journal)
                assert not complaints, "\n".join(complaints)

    def _make(self, kind: type[ops.Operation], account: int | None, terms: dict[str, Any]) -> Any:
        key = terms.pop("key", None) or f"key-{len(self.keys)}"
        sent = terms.pop("sent", None) or repr(sorted(terms.items(), key=str))
        return self.do(kind(account_id=account or self.first, key=key, request_hash=sent, **terms))

    def spend(
        self, tokens: int | None = None, action: str = "work", account: int | None = None, **terms: Any
    ) -> Receipt:
        receipt: Receipt = self._make(ops.Spend, account, {"action": action, "tokens": tokens, **terms})
        assert receipt.replayed or receipt.available == self.available(account)
        return receipt

    def reserve(
        self, estimate: int | None = None, action: str = "work", account: int | None = None, **terms: Any
    ) -> HoldReceipt:
        return self._make(ops.Reserve, account, {"action": action, "estimate": estimate, **terms})

    def capture(
        self, hold: HoldReceipt, tokens: int | None = None, account: int | None = None, **terms: Any
    ) -> Receipt:
        return self._make(ops.Capture, account, {"hold_id": hold.hold_id, "tokens": tokens, **terms})

    def void(self, hold: HoldReceipt, account: int | None = None) -> HoldReceipt:
        return self._make(ops.Void, account, {"hold_id": hold.hold_id})

    def grant(
        self, tokens: int, wallet: str = "BONUS", account: int | None = None, *, of: str = "promotional", **terms: Any
    ) -> Grant:
        kind, cls = WalletType(wallet), GrantClass(of)
        self._make(ops.GrantTokens, account, {"tokens": tokens, "wallet": kind, "grant_class": cls, **terms})
        return self.journal.grants[-1]

    def open_wallet(self, wallet: str, tokens: int = 0, account: int | None = None, **terms: Any) -> Wallet:
        done: Done = self._make(ops.OpenWallet, account, {"type": WalletType(wallet), "tokens": tokens, **terms})
        assert done.wallet_id is not None
        return self.account(account).wallets[done.wallet_id]

    def refund(self, usage: Receipt, tokens: int | None = None, account: int | None = None) -> Receipt:
        self.book.pasts[usage.transaction_id] = self.past(usage.transaction_id)
        return self._make(ops.Refund, account, {"txn_id": usage.transaction_id, "tokens": tokens})

    def act(self, kind: type[ops.Operation], account: int | None = None, **terms: Any) -> Any:
        """Any other operation."""
        return self._make(kind, account, terms)

    def edit(self, program: Program) -> None:
        """Put another version of the program in force from now on."""
        self.book.program = program
        number = self.book.versions[-1].program_id + 1
        self.book.versions = (*self.book.versions, Version(number, self.now, program))

    def change_plan(self, plan: str, account: int | None = None, *, at_once: bool = False) -> PlanReceipt:
        return self._make(ChangePlan, account, {"plan": plan, "at_once": at_once})

    def cancel(self, account: int | None = None) -> PlanReceipt:
        return self._make(CancelPlan, account, {})

    def buy(self, plan: str, account: int | None = None) -> PurchaseReceipt:
        """A payment for a plan is recorded: it begins."""
        return self._pay(PurchaseKind.PLAN, plan, account)

    def renew(self, plan: str = "", account: int | None = None) -> PurchaseReceipt:
        """A payment for a term of the plan is recorded."""
        return self._pay(PurchaseKind.RENEWAL, plan, account)

    def _pay(self, kind: PurchaseKind, item: str, account: int | None) -> PurchaseReceipt:
        return self.open_sale(item, kind, account, payment=f"cash-{len(self.keys)}")

    def open_sale(
        self, item: str, kind: PurchaseKind = PurchaseKind.PLAN, account: int | None = None, *, payment: str = ""
    ) -> PurchaseReceipt:
        return self._make(OpenPurchase, account, {"kind": kind, "item": item, "payment": payment})

    def pay(self, sale: PurchaseReceipt, payment: str, account: int | None = None) -> PurchaseReceipt:
        """A provider tells that a sale has been paid."""
        terms = {"purchase_id": sale.purchase_id, "provider": "stripe", "payment": payment}
        return self._make(PayPurchase, account, terms)

    def term(self, account: int | None = None) -> Term:
        return self.account(account).term

    def happened(self, *what: str) -> list[PlanEvent]:
        """What happened to plans, in order; only of these kinds where any is named."""
        return [event for event in self.journal.plan_events if not what or event.what in what]

    def settle(self, account: int | None = None) -> None:
        self.do(ops.Settle(account_id=account or self.first))

    def set_wallet(self, wallet: Wallet, active: bool) -> None:
        self._make(ops.SetWalletActive, wallet.account_id, {"wallet_id": wallet.wallet_id, "active": active})

    # ---- looking

    def available(self, account: int | None = None, feature: str | None = None) -> int | None:
        now = max(self.now, self.book.root.clock_at or self.now)
        return available_tokens(self.book, self.account(account), now, feature)

    def balance(self, account: int | None = None, feature: str | None = None) -> Balance:
        who = self.account(account)
        return balance_of(self.book, who, self.now, feature, pending=False, shown=who.name)

    def wallet(self, kind: str, account: int | None = None) -> Wallet:
        """The account's first wallet of this type."""
        return next(w for w in self.account(account).wallets.values() if w.type == kind)

    def debt(self, account: int | None = None) -> int:
        return sum(debt.owed for debt in self.account(account).debts.values())

    def booked(self, *kinds: str, account: int | None = None) -> list[Transaction]:
        """Transactions of these kinds (of every kind if none is named), in the order in which they were written."""
        return [
            txn
            for txn in self.journal.transactions
            if (not kinds or txn.kind in kinds) and (account is None or txn.account_id == account)
        ]

    def burned(self, receipt: Receipt) -> list[tuple[int, int]]:
        """Which grants a receipt took from, and how much, in order."""
        return [(line.grant_id, -line.amount) for line in receipt.lines]

    # ---- what a store would do between two calls

    def _forget(self) -> None:
        self.book.pasts.clear()
        for account in self.book.accounts.values():
            account.grants = {number: grant for number, grant in account.grants.items() if grant.live}
            account.debts = {number: debt for number, debt in account.debts.items() if debt.owed}
            closed = {n: hold for n, hold in account.holds.items() if hold.status is not HoldStatus.OPEN}
            self.book.resolved.update(closed)
            account.holds = {n: hold for n, hold in account.holds.items() if n not in closed}

    def past(self, txn_id: int) -> PastUsage:
        """A usage as the store loads it for a refund."""
        txn = next(t for t in self.journal.transactions if t.txn_id == txn_id)
        debt: Debt | None = next((d for d in self.journal.debts if d.txn_id == txn_id), None)
        repaid = {
            e.txn_id for e in self.journal.debt_entries if debt and e.debt_id == debt.debt_id and e.cause == "repaid"
        }
        returned: dict[tuple[int | None, int | None], int] = {}
        for entry in self.journal.entries:
            where = (entry.returns_txn_id, entry.returns_seq)
            returned[where] = returned.get(where, 0) + entry.amount
        lines = [
            PastLine(e.txn_id, e.seq, e.grant_id, e.account_id, e.amount, returned.get((e.txn_id, e.seq), 0))
            for e in self.journal.entries
            if e.txn_id == txn_id or e.txn_id in repaid
        ]
        every = {grant.grant_id: grant for grant in self.journal.grants}
        refunded = sum(
            t.charged for t in self.journal.transactions if t.reverses_txn_id == txn_id and t.kind == "refund"
        )
        return PastUsage(
            txn_id, txn.account_id, txn.pool_id, txn.charged, refunded, txn.feature, txn.action, txn.agent, txn.model,
            txn.project, txn.plan, txn.quota_period, txn.quota_charged, lines,
            {line.grant_id: every[line.grant_id] for line in lines}, debt,
        )  # fmt: skip


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)
