"""From what a provider told to what the ledger does, whatever order it was told in and however often.

Paying is the ledger's to make idempotent: a payment counts once. Refunds are told as sums, so each act brings the
purchase up to the sum that was told; its key names the sum it started from, so of two at once one acts and the other
looks again. A dispute's end opens it first if nobody has; the opening's own key makes its late event do nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from creditbook.domain.errors import Conflict, IdempotencyConflict
from creditbook.domain.results import PurchaseReceipt
from creditbook.ledger.ledger import Ledger
from creditbook.store import directory, webhooks
from creditbook.store.engine import Store
from creditbook.store.webhooks import FAILED, HANDLED, IGNORED, UNMATCHED, SaleRow

from .values import Told, What

MONEY_MOVED = {What.PAID, What.REFUNDED, What.DISPUTED, What.DISPUTE_WON, What.DISPUTE_LOST, What.LINKED}
"""What a person has to look at if it matches nothing; the rest of what matches nothing changes nothing."""

LINKS = ("invoice_payment.paid",)
"""Kinds of events that give a payment its second name."""

_OTHER = "Another payment has paid this purchase, so this one takes nothing back."
_EARLY = "It came before its payment and is taken up when that arrives."
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Deed:
    """What became of an event: a status of `webhook_event`, a sentence, and the purchase it was about."""

    status: str
    note: str
    sale: SaleRow | None = None
    org_id: int | None = None


def find(store: Store, told: Told) -> SaleRow | None:
    """The purchase an event is about: by the payment's name where that is known, else by our mark, else by its order.

    The payment goes first because a subscription carries the mark of its first sale through all its terms.
    """
    if told.payments and (known := webhooks.known_by_payment(store, told.provider, told.payments)):
        return webhooks.sale(store, *known)
    org_id, purchase_id = marked_sale(store, told)
    if org_id is not None and purchase_id is not None and (found := webhooks.sale(store, org_id, purchase_id)):
        return found
    if not told.payments and not told.orders:
        return None
    for org in directory.organizations(store):
        found = webhooks.sale_of(store, org.org_id, told.provider, payments=told.payments, orders=told.orders)
        if found is not None:
            return found
    return None


def marked_sale(store: Store, told: Told) -> tuple[int | None, int | None]:
    """The organization and the purchase that our mark names, None for what is not there or can't be read."""
    slug, _, number = told.purchase.rpartition("/")
    org = directory.organization_by_slug(store, slug) if slug else None
    return (
        org.org_id if org else None,
        int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None,
    )


def act(store: Store, ledger: Ledger, told: Told, sale: SaleRow | None, *, chosen: bool = False) -> Deed:
    """Do what an event means to this purchase. Raises what the ledger refuses.

    ``chosen`` tells that a person said which purchase it is, or the payment that woke it.
    """
    if told.what is What.NOTHING:
        return Deed(IGNORED, "It changes nothing here.", sale)
    if sale is None:
        org_id, _ = marked_sale(store, told)
        if told.what in MONEY_MOVED:
            return Deed(UNMATCHED, "It matches no purchase.", org_id=org_id)
        return Deed(IGNORED, "It matches no purchase, and no money moved.", org_id=org_id)
    if told.what is What.PAID:
        return _renewed(store, ledger, told, sale) if told.renews else _paid(ledger, told, sale)
    if told.what is What.LINKED:
        return Deed(HANDLED, "Two names of one payment.", sale)
    if told.what is What.FAILED:
        return _failed(ledger, told, sale)
    if not sale.is_paid:
        return Deed(UNMATCHED, _EARLY, sale)
    if not chosen and not _its_payment(store, told, sale):
        # A purchase paid twice has given for one payment alone; what happens to the other takes nothing back.
        return Deed(UNMATCHED if told.what is not What.REFUNDED else IGNORED, _OTHER, sale)
    if told.what is What.REFUNDED:
        return _refunded(store, ledger, told, sale)
    return _disputed(ledger, told, sale)


def _its_payment(store: Store, told: Told, sale: SaleRow) -> bool:
    """Whether this is the payment that paid the purchase, perhaps under its other name."""
    return sale.provider_payment in told.payments or webhooks.is_linked(
        store, told.provider, told.payments, sale.purchase_id, kinds=LINKS
    )


def _paid(ledger: Ledger, told: Told, sale: SaleRow) -> Deed:
    receipt = ledger.pay_purchase(
        sale.account,
        sale.purchase_id,
        provider=told.provider,
        payment=told.payment,
        paid_minor=told.amount_minor,
        currency=told.currency or None,
        actor=told.provider,
        idempotency_key=f"{told.provider}/{told.event_id}",
    )
    return Deed(HANDLED, _said(receipt), sale)


def _renewed(store: Store, ledger: Ledger, told: Told, first: SaleRow) -> Deed:
    """A further term that the provider's subscription paid: a sale of its own, opened once for this payment.

    Where the plan has lapsed meanwhile (a card that was charged late), the money buys it anew.
    """
    own = webhooks.sale_of(store, first.org_id, told.provider, payments=told.payments)
    if own is None:
        running = ledger.program(first.slug).plans.get(first.plan)
        try:
            opened = ledger.open_purchase(
                first.account,
                first.item,
                kind="renewal" if running is not None and running.is_paid else "plan",
                provider=told.provider,
                actor=told.provider,
                idempotency_key=f"{told.provider}/{told.payment}",
            )
            own = webhooks.sale(store, first.org_id, opened.purchase_id)
        except IdempotencyConflict:  # the same payment's other event was faster, and the plan is another by now
            own = webhooks.sale_of(store, first.org_id, told.provider, payments=told.payments)
        if own is None:
            raise Conflict("The same payment is being handled. Replay this event.")
    return _paid(ledger, told, own)


def _failed(ledger: Ledger, told: Told, sale: SaleRow) -> Deed:
    if sale.status != "pending":
        return Deed(IGNORED, f"The purchase is {sale.status} already.", sale)
    receipt = ledger.fail_purchase(
        sale.account,
        sale.purchase_id,
        reason=told.why or f"{told.provider}: {told.kind}",
        actor=told.provider,
        idempotency_key=f"{told.provider}/{told.event_id}",
    )
    return Deed(HANDLED, _said(receipt), sale)


def _refunded(store: Store, ledger: Ledger, told: Told, sale: SaleRow) -> Deed:
    if told.refunded_minor is None:
        return Deed(FAILED, "It does not say how much was refunded.", sale)
    now: SaleRow | None = sale
    for _ in range(_TRIES):
        assert now is not None
        more = told.refunded_minor - now.refunded_minor
        if more <= 0:
            return Deed(HANDLED, "This much was refunded already.", sale)
        try:
            receipt = ledger.refund_purchase(
                sale.account,
                sale.purchase_id,
                amount_minor=more,
                reason=f"refunded through {told.provider}",
                actor=told.provider,
                idempotency_key=f"{told.provider}/{sale.purchase_id}/refunded/{now.refunded_minor}",
            )
        except IdempotencyConflict:  # another refund began from the same sum and was first
            now = webhooks.sale(store, sale.org_id, sale.purchase_id)
            continue
        return Deed(HANDLED, _said(receipt), sale)
    raise Conflict("Other refunds of this purchase kept coming. Replay this one.")


def _disputed(ledger: Ledger, told: Told, sale: SaleRow) -> Deed:
    steps = {
        What.DISPUTED: ("opened",),
        What.DISPUTE_WON: ("opened", "won"),
        What.DISPUTE_LOST: ("opened", "lost"),
    }[told.what]
    case = told.case or told.payment
    for step in steps:
        receipt = ledger.dispute_purchase(
            sale.account,
            sale.purchase_id,
            step,
            reason=f"dispute {case} {step} at {told.provider}",
            actor=told.provider,
            idempotency_key=f"{told.provider}/{case}/{step}",
        )
    return Deed(HANDLED, _said(receipt), sale)


def _said(receipt: PurchaseReceipt) -> str:
    return receipt.trouble or f"The purchase is {receipt.status}."
