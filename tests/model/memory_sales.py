"""What a store keeps of sales, codes, awards and program versions, for the rules on plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from creditbook.domain import selling
from creditbook.domain.journal import Journal, OwedReferral
from creditbook.domain.plans import Version
from creditbook.domain.program import Program
from creditbook.domain.sales import Award, PromoCode, Purchase, PurchaseKind, Redemption
from creditbook.domain.state import Book, Grant

VERBS: dict[str, type[Any]] = {
    "change_plan": selling.ChangePlan,
    "cancel_plan": selling.CancelPlan,
    "open_purchase": selling.OpenPurchase,
    "sell": selling.OpenPurchase,
    "pay_purchase": selling.PayPurchase,
    "fail_purchase": selling.FailPurchase,
    "refund_purchase": selling.RefundPurchase,
    "dispute_purchase": selling.DisputePurchase,
    "redeem": selling.Redeem,
    "reward": selling.GiveReward,
}


def translated(verb: str, terms: dict[str, Any]) -> dict[str, Any]:
    """The terms of these verbs as operations name them."""
    if verb == "pay_purchase":
        terms["provider"] = "manual"
    if "kind" in terms or verb in {"open_purchase", "sell"}:
        terms["kind"] = PurchaseKind(terms.get("kind", "package"))
    if "what" in terms:
        terms["what"] = selling.Dispute(terms["what"])
    if "code" in terms:
        terms["code"] = terms["code"].strip().casefold()
    return terms


@dataclass
class Shelf:
    """One organization's."""

    program: Program
    new_id: Callable[[], int]
    versions: list[Version] = field(default_factory=list)
    purchases: dict[int, Purchase] = field(default_factory=dict)
    codes: dict[str, PromoCode] = field(default_factory=dict)
    redemptions: list[Redemption] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)
    owed: list[OwedReferral] = field(default_factory=list)

    def __post_init__(self) -> None:
        start = datetime(2000, 1, 1, tzinfo=UTC)
        self.versions.append(Version(self.new_id(), start, self.program))
        for terms in self.program.promo_codes.values():
            self.codes[terms.code.strip().casefold()] = PromoCode(self.new_id(), terms, start)

    def load_program(self, program: Program, since: datetime) -> None:
        self.program = program
        self.versions.append(Version(self.new_id(), since, program))

    def lend(self, book: Book, grants: dict[int, Grant]) -> None:
        """Put into a book what a store would load for it; a purchase's grant is there even when it is dead."""
        book.program, book.versions = self.program, tuple(self.versions)
        book.buyers = {p.account_id for p in self.purchases.values() if p.paid_at is not None}
        for purchase in self.purchases.values():
            if purchase.grant_id in grants and purchase.account_id in book.accounts:
                book.accounts[purchase.account_id].grants[purchase.grant_id] = grants[purchase.grant_id]
        book.purchases = {i: p for i, p in self.purchases.items() if p.account_id in book.accounts}
        book.payments = {(p.provider, p.provider_payment): i for i, p in self.purchases.items() if p.provider_payment}
        book.awards = {(a.account_id, a.name, a.period) for a in self.awards}
        book.codes = self.codes
        for code in self.codes.values():
            code.by_account = {}
        for row in self.redemptions:
            code = next(c for c in self.codes.values() if c.code_id == row.code_id)
            code.by_account[row.account_id] = code.by_account.get(row.account_id, 0) + 1

    def keep(self, journal: Journal) -> None:
        """Keep what a decision wrote."""
        self.purchases.update({p.purchase_id: p for p in journal.purchases})
        self.redemptions += journal.redemptions
        self.awards += journal.awards
        self.owed += journal.owed_referrals
