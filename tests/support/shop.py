"""A living book that sells: purchases, codes, rewards and referrals tried without any store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from support.books import START, LivingBook, a_program

from creditbook.domain import operations as ops
from creditbook.domain.journal import OwedReferral
from creditbook.domain.program import Package, Program, PromoTerms, WalletType
from creditbook.domain.redeeming import normalized
from creditbook.domain.results import PurchaseReceipt, Receipt
from creditbook.domain.sales import PromoCode, Purchase, PurchaseKind
from creditbook.domain.selling import (
    Dispute,
    DisputePurchase,
    FailPurchase,
    GiveReward,
    NamePurchase,
    OpenPurchase,
    PayPurchase,
    PayReferrer,
    Redeem,
    RefundPurchase,
)
from creditbook.domain.state import Grant

STARTER = Package("starter", "Starter", 100, 999, lifetime_days=30)
BIG = Package("big", "Big", 1_000, 7_000, wallet=WalletType.BONUS)


def a_shop_program(**terms: Any) -> Program:
    """A program that sells `STARTER` and `BIG`, in dollars."""
    return a_program(packages={one.slug: one for one in (STARTER, BIG)}, **terms)


class Shop(LivingBook):
    """A book whose first account, `asha`, is open."""

    def __init__(self, program: Program | None = None, at: datetime = START, *, opened: bool = True) -> None:
        super().__init__(program or a_shop_program(), at)
        if opened:
            self.open()

    def do(self, operation: ops.Operation) -> Any:
        """As a store would: the grant of a purchase that is named is there even when nothing of it lives."""
        purchase = self.book.purchases.get(getattr(operation, "purchase_id", 0))
        for grant in self.journal.grants if purchase is not None else ():
            if grant.grant_id == purchase.grant_id:
                self.book.accounts[grant.account_id].grants[grant.grant_id] = grant
        return super().do(operation)

    def change(self, **terms: Any) -> None:
        """Put another version of the program in force."""
        self.book.program = replace(self.book.program, **terms)

    # ---- purchases

    def order(self, item: str = "starter", kind: str = "package", account: int | None = None, **terms: Any) -> Any:
        terms = {"item": item, "kind": PurchaseKind(kind), **terms}
        receipt: PurchaseReceipt = self._make(OpenPurchase, account, terms)
        return receipt

    def pay(self, order: PurchaseReceipt, payment: str = "pay-1", account: int | None = None, **terms: Any) -> Any:
        terms = {"provider": "stripe", **terms}
        receipt: PurchaseReceipt = self.act(
            PayPurchase, account, purchase_id=order.purchase_id, payment=payment, **terms
        )
        return receipt

    def buy(self, item: str = "starter", **terms: Any) -> PurchaseReceipt:
        """Ordered and paid."""
        order = self.order(item, **terms)
        receipt: PurchaseReceipt = self.pay(order, f"pay-for-{order.purchase_id}")
        assert receipt.status == "granted"
        return receipt

    def fail(self, order: PurchaseReceipt) -> PurchaseReceipt:
        receipt: PurchaseReceipt = self.act(FailPurchase, purchase_id=order.purchase_id)
        return receipt

    def name(self, order: PurchaseReceipt, text: str) -> PurchaseReceipt:
        receipt: PurchaseReceipt = self.act(NamePurchase, purchase_id=order.purchase_id, provider_order=text)
        return receipt

    def give_back(self, order: PurchaseReceipt, minor: int | None = None) -> PurchaseReceipt:
        receipt: PurchaseReceipt = self.act(RefundPurchase, purchase_id=order.purchase_id, amount_minor=minor)
        return receipt

    def dispute(self, order: PurchaseReceipt, what: str) -> PurchaseReceipt:
        receipt: PurchaseReceipt = self.act(DisputePurchase, purchase_id=order.purchase_id, what=Dispute(what))
        return receipt

    def purchase(self, order: PurchaseReceipt) -> Purchase:
        return self.book.purchases[order.purchase_id]

    def pack(self, order: PurchaseReceipt) -> Grant:
        """The grant that a purchase gave."""
        return next(one for one in self.journal.grants if one.grant_id == self.purchase(order).grant_id)

    # ---- codes, rewards, referrals

    def create(self, code: str = "WELCOME", tokens: int = 50, **terms: Any) -> PromoCode:
        promo = PromoCode(self.new_id(), PromoTerms(code, tokens, **terms), self.now)
        self.book.codes[normalized(code)] = promo
        return promo

    def redeem(self, code: str = "WELCOME", account: int | None = None, **terms: Any) -> Receipt:
        receipt: Receipt = self.act(Redeem, account, code=normalized(code), **terms)
        return receipt

    def reward(self, activity: str, account: int | None = None) -> Receipt:
        receipt: Receipt = self.act(GiveReward, account, activity=activity)
        return receipt

    def owed(self) -> list[OwedReferral]:
        return self.journal.owed_referrals

    def pay_referrer(self, referrer: int, friend: int, tokens: int, **terms: Any) -> Receipt:
        receipt: Receipt = self.act(PayReferrer, referrer, friend_id=friend, tokens=tokens, **terms)
        return receipt
