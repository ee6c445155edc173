"""What a caller asks for around plans, sales, codes and rewards; a continuation of `operations` (rules 31, 32)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from .operations import Operation
from .sales import PurchaseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan(Operation):
    """Move to another plan that need not be paid now (rule 31).

    A lower plan waits for the end of the time paid for, unless ``at_once`` (an administrator's), which starts a full
    new term now. The running plan cancels what waits. A higher plan that costs nothing acts now. A higher plan that is
    paid is bought: `OpenPurchase` of kind `plan`.
    """

    name: ClassVar[str] = "change_plan"
    plan: str
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPlan(Operation):
    """End the paid plan at the end of the time paid for; the account falls to the program's default plan then."""

    name: ClassVar[str] = "cancel_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPurchase(Operation):
    """Open a sale as `pending`, with the price, tax and terms of now. ``item`` is a package's or a plan's slug.

    A `renewal` names the running plan (the lower one where a downgrade waits), '' for whichever it is. With
    ``payment``, an administrator's record of money received, it is opened, paid and granted at once.
    """

    name: ClassVar[str] = "open_purchase"
    kind: PurchaseKind
    item: str
    provider: str = "manual"
    payment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePurchase(Operation):
    """Note the provider's own name of a pending purchase's checkout."""

    name: ClassVar[str] = "name_purchase"
    purchase_id: int
    provider_order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPurchase(Operation):
    """The money is there: mark the purchase paid and give what it buys, in one transaction, once however often told.

    ``payment`` is the provider's name of the payment, unique with ``provider``. ``paid_minor`` and ``currency``, where
    the provider says them, have to be the purchase's.
    """

    name: ClassVar[str] = "pay_purchase"
    purchase_id: int
    provider: str
    payment: str
    paid_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailPurchase(Operation):
    """The payment failed or was given up; a later payment of the same purchase still counts."""

    name: ClassVar[str] = "fail_purchase"
    purchase_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPurchase(Operation):
    """Money goes back: take back what is left of the pack (rule 30); ``amount_minor`` None is all of it."""

    name: ClassVar[str] = "refund_purchase"
    purchase_id: int
    amount_minor: int | None = None


class Dispute(StrEnum):
    """What happened to a dispute of a payment."""

    OPENED = "opened"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputePurchase(Operation):
    """A dispute freezes the purchase's grant; won, it thaws; lost, it is a refund (rule 30)."""

    name: ClassVar[str] = "dispute_purchase"
    purchase_id: int
    what: Dispute


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeem(Operation):
    """Redeem a promo code, already normalized (`promo.normalized`)."""

    name: ClassVar[str] = "redeem"
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveReward(Operation):
    """Give the reward of an activity, once per account and period."""

    name: ClassVar[str] = "reward"
    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayReferrer(Operation):
    """Give the referrer her side of a referral whose friend has met the condition, once per friend."""

    name: ClassVar[str] = "pay_referrer"
    friend_id: int
    tokens: int
