"""Opening a place to pay, through the providers' own clients, to a real server on loopback that answers as they do."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Iterator

import pytest
from support.listening import Listener, listening

from creditbook.domain.errors import Unavailable
from creditbook.payments.manual import Manual
from creditbook.payments.razorpay_provider import Razorpay
from creditbook.payments.stripe_provider import Stripe
from creditbook.payments.values import ProviderOff, Sale

SALE = Sale("acme/7", 7, "Starter pack", 9_900, "INR", "https://credits.example/plans")


@pytest.fixture
def server() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def test_stripe_opens_a_checkout_that_carries_our_mark_wherever_its_events_may_be_read_from(server: Listener) -> None:
    expires = int(time.time()) + 86_400
    answer = {"id": "cs_1", "object": "checkout.session", "url": "https://checkout.stripe.com/c/cs_1"}
    server.answer = lambda _: (200, {**answer, "expires_at": expires})
    checkout = Stripe("sk_test_1", api_base=server.url).checkout(SALE)
    assert (checkout.order, checkout.url) == ("cs_1", "https://checkout.stripe.com/c/cs_1")
    assert checkout.expires_at is not None
    assert checkout.expires_at.timestamp() == expires
    (asked,) = server.heard
    assert (asked.method, asked.path) == ("POST", "/v1/checkout/sessions")
    assert asked.headers["authorization"] == "Bearer sk_test_1"
    assert asked.headers["idempotency-key"] == "creditbook/acme/7"
    assert asked.form["line_items[0][price_data][unit_amount]"] == "9900"
    assert asked.form["line_items[0][price_data][currency]"] == "inr"
    assert asked.form["metadata[creditbook_purchase]"] == "acme/7"
    assert asked.form["payment_intent_data[metadata][creditbook_purchase]"] == "acme/7"
    assert asked.form["success_url"] == "https://credits.example/plans"


def test_razorpay_opens_a_payment_link_that_carries_our_mark(server: Listener) -> None:
    server.answer = lambda _: (200, {"id": "plink_1", "short_url": "https://rzp.io/i/1"})
    checkout = Razorpay("rzp_test_1", "secret", api_base=server.url).checkout(SALE)
    assert (checkout.order, checkout.url) == ("plink_1", "https://rzp.io/i/1")
    (asked,) = server.heard
    assert asked.path == "/v1/payment_links"
    assert b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"rzp_test_1:secret"
    assert asked.json["amount"] == 9_900
    assert asked.json["currency"] == "INR"
    assert asked.json["notes"] == {"creditbook_purchase": "acme/7"}
    assert len(asked.json["reference_id"]) <= 40


def test_what_a_provider_says_against_it_reaches_the_buyer_as_a_sentence(server: Listener) -> None:
    server.answer = lambda _: (400, {"error": {"message": "Amount is too small", "type": "invalid_request_error"}})
    with pytest.raises(Unavailable, match="Stripe opened no checkout: .*Amount is too small"):
        Stripe("sk_test_1", api_base=server.url).checkout(SALE)
    server.answer = lambda _: (400, {"error": {"code": "BAD_REQUEST_ERROR", "description": "Amount is too small"}})
    with pytest.raises(Unavailable, match="Razorpay opened no payment link: Amount is too small"):
        Razorpay("rzp_test_1", "secret", api_base=server.url).checkout(SALE)


def test_a_provider_that_cannot_be_reached_is_unavailable() -> None:
    nowhere = "http://127.0.0.1:9"
    with pytest.raises(Unavailable, match="Stripe opened no checkout"):
        Stripe("sk_test_1", api_base=nowhere).checkout(SALE)
    with pytest.raises(Unavailable, match="could not be reached"):
        Razorpay("rzp_test_1", "secret", api_base=nowhere).checkout(SALE)


def test_a_provider_without_keys_opens_nothing_and_payment_by_hand_says_who_goes_on() -> None:
    with pytest.raises(ProviderOff, match="CREDITBOOK_STRIPE_API_KEY"):
        Stripe().checkout(SALE)
    with pytest.raises(ProviderOff, match="CREDITBOOK_RAZORPAY_KEY_ID"):
        Razorpay("rzp_test_1").checkout(SALE)
    assert "purchase 7" in Manual().checkout(SALE).note
