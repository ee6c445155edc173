"""Buying: a pending purchase in the ledger, and the place where a provider takes the money for it."""

from __future__ import annotations

from dataclasses import dataclass

from creditbook.domain.errors import Unavailable
from creditbook.domain.results import PurchaseReceipt
from creditbook.ledger.ledger import Ledger
from creditbook.store import webhooks

from .values import Checkout, PaymentProvider, ProviderOff, Sale


@dataclass(frozen=True, slots=True)
class Begun:
    """A purchase that waits for its payment: send the buyer to ``url``, or show her ``note`` where there is none."""

    receipt: PurchaseReceipt
    provider: str
    url: str
    note: str


def begin(
    ledger: Ledger,
    provider: PaymentProvider,
    account: str,
    item: str,
    *,
    kind: str = "package",
    back_to: str,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Begun:
    """Open a purchase and the provider's checkout for it. The same key opens the same purchase and the same checkout.

    Nothing is granted before the provider's signed word. A purchase whose checkout could not be opened is failed, so
    that it does not wait for ever. Raises `ProviderOff`, `Unavailable`, and what `open_purchase` refuses.
    """
    if not provider.sells:
        raise ProviderOff(f"{provider.title} takes no payments here yet.")
    receipt = ledger.open_purchase(
        account, item, kind=kind, provider=provider.name, actor=actor, idempotency_key=idempotency_key
    )
    slug = account.partition("/")[0]
    try:
        checkout = provider.checkout(_sale(ledger, receipt, slug, back_to))
    except Unavailable as trouble:
        ledger.fail_purchase(account, receipt.purchase_id, reason=str(trouble), actor=actor)
        raise
    if checkout.order:
        _name(ledger, account, receipt, checkout, actor)
    return Begun(receipt, provider.name, checkout.url, checkout.note)


def _sale(ledger: Ledger, receipt: PurchaseReceipt, slug: str, back_to: str) -> Sale:
    org = ledger.core.organization(slug)
    row = webhooks.sale(ledger.core.store, org.org_id, receipt.purchase_id)
    title = row.title if row is not None else receipt.item
    return Sale(
        reference=f"{slug}/{receipt.purchase_id}",
        purchase_id=receipt.purchase_id,
        title=title or receipt.item,
        price_minor=receipt.price_minor,
        currency=receipt.currency,
        back_to=back_to,
    )


def _name(ledger: Ledger, account: str, receipt: PurchaseReceipt, checkout: Checkout, actor: str) -> None:
    """Named by the order itself, so that a repeated call says the same once more."""
    ledger.name_purchase(
        account,
        receipt.purchase_id,
        provider_order=checkout.order,
        actor=actor,
        idempotency_key=f"order/{checkout.order}",
    )
