"""Purchases: ordered, paid, given back, disputed. Providers' webhooks and administrators call the same verbs."""

from __future__ import annotations

from typing import Any

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.operations import Operation
from creditbook.domain.results import PurchaseReceipt
from creditbook.domain.sales import PurchaseKind
from creditbook.domain.selling import (
    Dispute,
    DisputePurchase,
    FailPurchase,
    NamePurchase,
    OpenPurchase,
    PayPurchase,
    RefundPurchase,
)

from .calls import new_key
from .core import Core, Prepared, prepare


def open_purchase(
    core: Core,
    account: str,
    item: str,
    *,
    kind: str = "package",
    provider: str = "manual",
    reason: str = "",
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[PurchaseReceipt]:
    """Open a sale of a package, a plan or a renewal as pending, with its price and tax of now.

    ``item`` is the package's or plan's short name; '' for the renewal of whichever plan is to be paid next. Raises
    `InvalidRequest` for what is not for sale to this account, `AccountClosed` or `NotFound`.
    """
    sent = {"item": item, "kind": kind, "provider": provider}
    return prepare(
        core, account, OpenPurchase, sent, idempotency_key=idempotency_key, actor=actor, reason=reason, item=item,
        kind=purchase_kind(kind), provider=provider,
    )  # fmt: skip


def purchase_kind(name: str) -> PurchaseKind:
    """A kind of purchase by its name. Raises `InvalidRequest` for any other word."""
    try:
        return PurchaseKind(name)
    except ValueError:
        raise InvalidRequest(f"“{name}” is no kind of purchase. Use one of {', '.join(PurchaseKind)}.") from None


def sell(
    core: Core,
    account: str,
    item: str,
    *,
    reason: str,
    kind: str = "package",
    payment: str = "",
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[PurchaseReceipt]:
    """An administrator records a payment: the sale is opened, paid and granted in one operation, or refused whole.

    ``payment`` names the payment (a bank's reference, a receipt's number): each counts once in the organization.
    Raises `InvalidRequest` when it was recorded before or the item is not for sale to this account.
    """
    key = idempotency_key or new_key()
    sent = {"item": item, "kind": kind, "payment": payment, "reason": reason}
    return prepare(
        core, account, OpenPurchase, sent, idempotency_key=key, actor=actor, reason=reason, audit="sell", item=item,
        kind=purchase_kind(kind), provider="manual", payment=payment.strip() or f"sale/{key}",
    )  # fmt: skip


def pay_purchase(
    core: Core,
    account: str,
    purchase_id: int,
    *,
    provider: str,
    payment: str,
    paid_minor: int | None = None,
    currency: str | None = None,
    reason: str = "",
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[PurchaseReceipt]:
    """The money is there: mark the purchase paid and give what it buys, once however often it is told.

    What doesn't fit is not raised but told in the receipt's ``trouble``, and waits for a person. With a reason it is an
    administrator's act, and audited. Raises `NotFound`.
    """
    sent = {"provider": provider, "payment": payment, "paid_minor": paid_minor, "currency": currency}
    return _of(
        core, account, purchase_id, PayPurchase, sent, idempotency_key=idempotency_key, actor=actor, reason=reason,
        audit="pay_purchase" if reason else "", provider=provider, payment=payment, paid_minor=paid_minor,
        currency=currency,
    )  # fmt: skip


def name_purchase(
    core: Core,
    account: str,
    purchase_id: int,
    *,
    provider_order: str,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[PurchaseReceipt]:
    """Note the provider's own name of a pending purchase's checkout."""
    sent = {"order": provider_order}
    return _of(
        core, account, purchase_id, NamePurchase, sent, idempotency_key=idempotency_key, actor=actor,
        provider_order=provider_order,
    )  # fmt: skip


def fail_purchase(
    core: Core,
    account: str,
    purchase_id: int,
    *,
    reason: str = "",
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[PurchaseReceipt]:
    """The payment failed or was given up. Of a purchase that is paid by now it changes nothing."""
    return _of(
        core, account, purchase_id, FailPurchase, {}, idempotency_key=idempotency_key, actor=actor, reason=reason
    )  # fmt: skip


def refund_purchase(
    core: Core,
    account: str,
    purchase_id: int,
    *,
    reason: str,
    amount_minor: int | None = None,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[PurchaseReceipt]:
    """Money went back, all of it or a number of minor units: take back what is left of the pack for it (rule 30).

    Raises `InvalidRequest` when the purchase is not paid, or less than that is left of its money.
    """
    sent = {"amount_minor": amount_minor, "reason": reason}
    return _of(
        core, account, purchase_id, RefundPurchase, sent, idempotency_key=idempotency_key, actor=actor, reason=reason,
        audit="refund_purchase", amount_minor=amount_minor,
    )  # fmt: skip


def dispute_purchase(
    core: Core,
    account: str,
    purchase_id: int,
    what: str,
    *,
    reason: str = "",
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[PurchaseReceipt]:
    """A dispute was `opened` (its pack freezes), `won` (it thaws) or `lost` (it is a refund)."""
    if what not in list(Dispute):
        raise InvalidRequest(f"“{what}” is nothing that a dispute does. Use one of {', '.join(Dispute)}.")
    return _of(
        core, account, purchase_id, DisputePurchase, {"what": what}, idempotency_key=idempotency_key, actor=actor,
        reason=reason, audit="dispute_purchase" if reason else "", what=Dispute(what),
    )  # fmt: skip


def _of(
    core: Core, account: str, purchase_id: int, make: type[Operation], sent: dict[str, Any], **terms: Any
) -> Prepared[PurchaseReceipt]:
    """An operation on one purchase."""
    return prepare(core, account, make, {"purchase": purchase_id, **sent}, purchase_id=purchase_id, **terms)
