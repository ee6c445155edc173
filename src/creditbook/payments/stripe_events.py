"""What Stripe's events mean to a purchase. Pure: a verified document in, a value out.

A payment goes by its PaymentIntent, one of a subscription by its invoice (newer invoices no longer name the intent;
`invoice_payment.paid` links the two). Refunds are read from the charge, which says how much went back in all: that
holds whatever was missed or came in another order. The `refund.*` events say the same once more and are left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .values import Told, What, dig, marked, minor, name_of, names

PROVIDER = "stripe"
Parts = dict[str, Any]


def understand(event: dict[str, Any]) -> Told:
    """One event as Stripe sends it (`object: event`)."""
    kind = str(event.get("type", ""))
    thing = dig(event, "data", "object")
    read = _READERS.get(kind)
    parts = read(thing) if read is not None and isinstance(thing, dict) else {"what": What.NOTHING}
    return Told(provider=PROVIDER, event_id=str(event.get("id", "")), kind=kind, payload=event, **parts)


def _session(what: What) -> Callable[[dict[str, Any]], Parts]:
    def read(session: dict[str, Any]) -> Parts:
        return {
            "what": what,
            # Not `client_reference_id`: a buyer may write into that of a Payment Link what she likes.
            "purchase": marked(session.get("metadata")),
            "payments": names(session.get("payment_intent"), session.get("invoice")) or names(session),
            "orders": names(session),
            **_money(session, "amount_total"),
        }

    return read


def _completed(session: dict[str, Any]) -> Parts:
    """A checkout may be completed before its money is there (bank debits): then a later event tells."""
    settled = session.get("payment_status") in {"paid", "no_payment_required"}
    return _session(What.PAID if settled else What.NOTHING)(session)


def _intent(what: What) -> Callable[[dict[str, Any]], Parts]:
    def read(intent: dict[str, Any]) -> Parts:
        why = dig(intent, "last_payment_error", "message") or intent.get("cancellation_reason") or ""
        return {
            "what": what,
            "purchase": marked(intent.get("metadata")),
            "payments": names(intent, intent.get("latest_charge"), intent.get("invoice")),
            "why": str(why),
            **_money(intent, "amount_received" if what is What.PAID else "amount"),
        }

    return read


def _charge_refunded(charge: dict[str, Any]) -> Parts:
    return {
        "what": What.REFUNDED,
        "purchase": marked(charge.get("metadata")),
        "payments": names(charge.get("payment_intent"), charge, charge.get("invoice")),
        "refunded_minor": minor(charge.get("amount_refunded")),
        **_money(charge, "amount"),
    }


def _disputed(dispute: dict[str, Any]) -> Parts:
    """An inquiry (`warning_…`) has taken no money yet; it becomes a dispute when the funds are withdrawn."""
    inquiry = str(dispute.get("status", "")).startswith("warning_")
    return _dispute(dispute, What.NOTHING if inquiry else What.DISPUTED)


def _withdrawn(dispute: dict[str, Any]) -> Parts:
    return _dispute(dispute, What.DISPUTED)


def _dispute_closed(dispute: dict[str, Any]) -> Parts:
    ends = {"won": What.DISPUTE_WON, "lost": What.DISPUTE_LOST}
    return _dispute(dispute, ends.get(str(dispute.get("status")), What.NOTHING))


def _dispute(dispute: dict[str, Any], what: What) -> Parts:
    charge = dispute.get("charge")
    return {
        "what": what,
        "purchase": marked(dispute.get("metadata"), dig(charge, "metadata")),
        "payments": names(dispute.get("payment_intent"), charge),
        "case": name_of(dispute),
        "why": str(dispute.get("reason") or ""),
        **_money(dispute, "amount"),
    }


def _invoice_paid(invoice: dict[str, Any]) -> Parts:
    """The first invoice of a subscription pays the sale itself, one of a cycle a further term of it."""
    reason = invoice.get("billing_reason")
    first_line = next(iter(dig(invoice, "lines", "data") or ()), None)
    mark = marked(
        dig(invoice, "parent", "subscription_details", "metadata"),
        dig(invoice, "subscription_details", "metadata"),
        invoice.get("metadata"),
        dig(first_line, "metadata"),
    )
    return {
        "what": What.PAID,
        # A mid-term change made at Stripe is nothing our plans know: a person decides what it is for.
        "purchase": "" if reason == "subscription_update" else mark,
        "payments": names(invoice, invoice.get("payment_intent"), invoice.get("charge")),
        "renews": reason == "subscription_cycle",
        **_money(invoice, "amount_paid"),
    }


def _invoice_payment(link: dict[str, Any]) -> Parts:
    found = names(dig(link, "payment", "payment_intent"), dig(link, "payment", "charge"), link.get("invoice"))
    return {"what": What.LINKED if len(found) > 1 else What.NOTHING, "payments": found}


def _money(thing: dict[str, Any], amount: str) -> Parts:
    return {"amount_minor": minor(thing.get(amount)), "currency": str(thing.get("currency") or "").upper()}


_READERS: dict[str, Callable[[dict[str, Any]], Parts]] = {
    "checkout.session.completed": _completed,
    "checkout.session.async_payment_succeeded": _session(What.PAID),
    "checkout.session.async_payment_failed": _session(What.FAILED),
    "checkout.session.expired": _session(What.FAILED),
    "payment_intent.succeeded": _intent(What.PAID),
    "payment_intent.payment_failed": _intent(What.FAILED),
    "payment_intent.canceled": _intent(What.FAILED),
    "invoice.paid": _invoice_paid,
    "invoice.payment_succeeded": _invoice_paid,
    "invoice_payment.paid": _invoice_payment,
    "charge.refunded": _charge_refunded,
    "charge.dispute.created": _disputed,
    "charge.dispute.funds_withdrawn": _withdrawn,
    "charge.dispute.closed": _dispute_closed,
}
KINDS = tuple(_READERS)
"""The events to choose for the endpoint at Stripe; any others are kept and ignored."""
