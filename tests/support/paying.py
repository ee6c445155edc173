"""Events of Stripe and Razorpay as they send them, signed by their own libraries' schemes."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from itertools import count
from typing import Any

import stripe

STRIPE_SECRET = "whsec_test_of_creditbook"
RAZORPAY_SECRET = "razorpay test secret"
_numbers = count(1)


def stripe_event(kind: str, thing: dict[str, Any], event_id: str = "") -> bytes:
    """The body of one event about this object."""
    event = {
        "id": event_id or f"evt_{next(_numbers)}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "livemode": False,
        "type": kind,
        "data": {"object": thing},
    }
    return json.dumps(event).encode()


def stripe_signed(body: bytes, *, secret: str = STRIPE_SECRET, seconds_ago: int = 0) -> dict[str, str]:
    """The headers that Stripe sends with a body."""
    at = int(time.time()) - seconds_ago
    return {"stripe-signature": stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)}


def session(
    reference: str, amount: int, *, payment: str = "pi_1", currency: str = "inr", **more: Any
) -> dict[str, Any]:
    """A completed Checkout Session in `payment` mode."""
    return {
        "id": f"cs_{payment}", "object": "checkout.session", "mode": "payment", "payment_status": "paid",
        "payment_intent": payment, "invoice": None, "amount_total": amount, "currency": currency,
        "client_reference_id": reference, "metadata": {"creditbook_purchase": reference}, **more,
    }  # fmt: skip


def intent(reference: str, amount: int, *, payment: str = "pi_1", **more: Any) -> dict[str, Any]:
    """A PaymentIntent."""
    return {
        "id": payment, "object": "payment_intent", "amount": amount, "amount_received": amount, "currency": "inr",
        "latest_charge": f"ch_{payment}", "metadata": {"creditbook_purchase": reference} if reference else {}, **more,
    }  # fmt: skip


def charge(amount: int, refunded: int, *, payment: str = "pi_1", **more: Any) -> dict[str, Any]:
    """A charge of which some went back; it carries no mark of ours."""
    return {
        "id": f"ch_{payment}", "object": "charge", "amount": amount, "amount_refunded": refunded, "currency": "inr",
        "payment_intent": payment, "metadata": {}, "refunded": refunded == amount, **more,
    }  # fmt: skip


def dispute(status: str, *, payment: str = "pi_1", amount: int = 9_900) -> dict[str, Any]:
    """A dispute of that payment's charge."""
    return {
        "id": f"dp_{payment}", "object": "dispute", "status": status, "amount": amount, "currency": "inr",
        "charge": f"ch_{payment}", "payment_intent": payment, "reason": "fraudulent", "metadata": {},
    }  # fmt: skip


def invoice(reference: str, amount: int, reason: str, *, number: str = "in_1") -> dict[str, Any]:
    """A paid invoice of a subscription whose metadata names the sale that began it."""
    mark = {"creditbook_purchase": reference}
    return {
        "id": number, "object": "invoice", "amount_paid": amount, "currency": "inr", "billing_reason": reason,
        "metadata": {}, "parent": {"type": "subscription_details", "subscription_details": {
            "subscription": "sub_1", "metadata": mark}}, "lines": {"object": "list", "data": []},
    }  # fmt: skip


def razorpay_event(kind: str, **entities: dict[str, Any]) -> bytes:
    """The body of one event with these entities."""
    event = {
        "entity": "event", "account_id": "acc_test", "event": kind, "contains": list(entities),
        "payload": {name: {"entity": thing} for name, thing in entities.items()},
        "created_at": int(time.time()), "number": next(_numbers),
    }  # fmt: skip
    return json.dumps(event).encode()


def razorpay_signed(body: bytes, *, secret: str = RAZORPAY_SECRET) -> dict[str, str]:
    """The headers that Razorpay sends; its library can only check a signature, so it checks ours in every test."""
    return {"x-razorpay-signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def razorpay_payment(reference: str, amount: int, *, payment: str = "pay_1", **more: Any) -> dict[str, Any]:
    """A payment entity."""
    return {
        "id": payment, "entity": "payment", "amount": amount, "currency": "INR", "status": "captured",
        "order_id": f"order_{payment}", "amount_refunded": 0, "refund_status": None,
        "notes": {"creditbook_purchase": reference} if reference else [], **more,
    }  # fmt: skip
