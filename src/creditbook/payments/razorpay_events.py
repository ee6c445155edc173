"""What Razorpay's events mean to a purchase. Pure: a verified document in, a value out.

Razorpay signs the body and nothing else: neither its event id (a header) nor a time. So an event goes by the hash of
its body, which nobody can change, and what comes late is judged by what the ledger knows already.
"""

from __future__ import annotations

from typing import Any

from .values import Told, What, dig, marked, minor, name_of, names

PROVIDER = "razorpay"
Parts = dict[str, Any]


def understand(event: dict[str, Any], event_id: str) -> Told:
    """One event as Razorpay sends it (`entity: event`)."""
    kind = str(event.get("event", ""))
    what = _MEANINGS.get(kind, What.NOTHING)
    payload = event.get("payload")
    parts = _read(payload) if isinstance(payload, dict) else {}
    return Told(provider=PROVIDER, event_id=event_id, kind=kind, what=what, payload=event, **parts)


def _read(payload: dict[str, Any]) -> Parts:
    """The event's entities beside each other: what one of them leaves out stands in another."""
    payment, order, link, refund, dispute, subscription, invoice = (
        dig(payload, name, "entity") or {}
        for name in ("payment", "order", "payment_link", "refund", "dispute", "subscription", "invoice")
    )
    paid_count = minor(subscription.get("paid_count"))
    return {
        "purchase": marked(*(one.get("notes") for one in (payment, link, order, subscription, invoice, refund))),
        "payments": names(payment, refund.get("payment_id"), dispute.get("payment_id")),
        "orders": names(link, order, payment.get("order_id")),
        "amount_minor": _amount(payment, order, link),
        "currency": str(payment.get("currency") or order.get("currency") or link.get("currency") or "").upper(),
        "refunded_minor": minor(payment.get("amount_refunded")) if refund else None,
        "renews": bool(subscription) and paid_count is not None and paid_count > 1,
        "case": name_of(dispute),
        "why": str(payment.get("error_description") or dispute.get("reason_code") or ""),
    }


def _amount(*things: dict[str, Any]) -> int | None:
    """What was paid: the payment says it, else the order or link that was paid."""
    for thing in things:
        if thing:
            return minor(thing.get("amount_paid") if "amount_paid" in thing else thing.get("amount"))
    return None


_MEANINGS: dict[str, What] = {
    "payment.captured": What.PAID,
    "order.paid": What.PAID,
    "payment_link.paid": What.PAID,
    "subscription.charged": What.PAID,
    "payment.failed": What.FAILED,
    "payment_link.expired": What.FAILED,
    "payment_link.cancelled": What.FAILED,
    "refund.processed": What.REFUNDED,
    "payment.dispute.created": What.DISPUTED,
    "payment.dispute.won": What.DISPUTE_WON,
    "payment.dispute.closed": What.DISPUTE_WON,
    "payment.dispute.lost": What.DISPUTE_LOST,
}
KINDS = tuple(_MEANINGS)
"""The events to choose for the webhook at Razorpay; any others are kept and ignored."""
