"""Whose words are taken: only the provider's own, as it sent them, and in time."""

from __future__ import annotations

import json

import pytest
from support.paying import (
    RAZORPAY_SECRET,
    STRIPE_SECRET,
    razorpay_event,
    razorpay_payment,
    razorpay_signed,
    session,
    stripe_event,
    stripe_signed,
)

from creditbook.payments.manual import Manual
from creditbook.payments.providers import on_sale, provider, providers
from creditbook.payments.razorpay_provider import Razorpay
from creditbook.payments.stripe_provider import Stripe
from creditbook.payments.values import BadSignature, ProviderOff
from creditbook.settings import Settings

STRIPE = Stripe(webhook_secret=STRIPE_SECRET)
RAZORPAY = Razorpay(webhook_secret=RAZORPAY_SECRET)
SESSION = stripe_event("checkout.session.completed", session("acme/7", 9_900))
CAPTURED = razorpay_event("payment.captured", payment=razorpay_payment("acme/7", 9_900))


def test_an_event_signed_by_stripe_is_read() -> None:
    told = STRIPE.read(SESSION, stripe_signed(SESSION))
    assert (told.purchase, told.payment, told.amount_minor, told.currency) == ("acme/7", "pi_1", 9_900, "INR")


def test_an_event_signed_by_razorpay_is_read() -> None:
    told = RAZORPAY.read(CAPTURED, razorpay_signed(CAPTURED))
    assert (told.purchase, told.payment, told.amount_minor, told.currency) == ("acme/7", "pay_1", 9_900, "INR")


def test_stripe_takes_one_of_two_signatures_while_a_secret_is_rolled() -> None:
    old, new = stripe_signed(SESSION, secret="whsec_old"), stripe_signed(SESSION)
    both = old["stripe-signature"] + "," + new["stripe-signature"].split(",")[1]
    assert STRIPE.read(SESSION, {"stripe-signature": both}).purchase == "acme/7"


@pytest.mark.parametrize("change", [(b"9900", b"9901"), (b"acme/7", b"acme/8"), (b"}}", b"}} ")])
def test_a_body_that_was_changed_on_the_way_is_refused(change: tuple[bytes, bytes]) -> None:
    tampered = SESSION.replace(*change)
    assert tampered != SESSION
    with pytest.raises(BadSignature, match="signature does not hold"):
        STRIPE.read(tampered, stripe_signed(SESSION))
    with pytest.raises(BadSignature, match="signature does not hold"):
        RAZORPAY.read(CAPTURED.replace(*change), razorpay_signed(CAPTURED))


@pytest.mark.parametrize("header", ["", "t=1", "t=x,v1=00", "v1=00", "t=1,v0=00", "é"])
def test_a_header_of_stripes_that_says_nothing_is_refused(header: str) -> None:
    with pytest.raises(BadSignature):
        STRIPE.read(SESSION, {"stripe-signature": header})
    with pytest.raises(BadSignature):
        STRIPE.read(SESSION, {})


@pytest.mark.parametrize("header", ["", "00", "é" * 64, "0" * 64])
def test_a_header_of_razorpays_that_says_nothing_is_refused(header: str) -> None:
    with pytest.raises(BadSignature):
        RAZORPAY.read(CAPTURED, {"x-razorpay-signature": header})
    with pytest.raises(BadSignature):
        RAZORPAY.read(CAPTURED, {})


def test_another_secret_signs_for_nobody_here() -> None:
    with pytest.raises(BadSignature):
        STRIPE.read(SESSION, stripe_signed(SESSION, secret="whsec_other"))
    with pytest.raises(BadSignature):
        RAZORPAY.read(CAPTURED, razorpay_signed(CAPTURED, secret="other"))


def test_what_stripe_signed_more_than_five_minutes_ago_is_refused() -> None:
    assert STRIPE.read(SESSION, stripe_signed(SESSION, seconds_ago=240)).payment == "pi_1"
    with pytest.raises(BadSignature, match="tolerance"):
        STRIPE.read(SESSION, stripe_signed(SESSION, seconds_ago=360))


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"not json", b'"text"', b"{}", b'{"object": "event"}'])
def test_signed_words_that_are_no_event_are_refused_or_mean_nothing(body: bytes) -> None:
    headers = stripe_signed(body) if body != b"\xff\xfe" else {"stripe-signature": "t=1,v1=00"}
    with pytest.raises(BadSignature):
        STRIPE.read(body, headers)
    try:
        assert RAZORPAY.read(body, razorpay_signed(body)).what == "nothing"
    except BadSignature:
        assert not isinstance(_parsed(body), dict)


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def test_razorpays_events_go_by_their_signed_body_and_not_by_a_header_anybody_may_set() -> None:
    first = RAZORPAY.read(CAPTURED, {**razorpay_signed(CAPTURED), "x-razorpay-event-id": "one"})
    again = RAZORPAY.read(CAPTURED, {**razorpay_signed(CAPTURED), "x-razorpay-event-id": "two"})
    assert first.event_id == again.event_id


def test_a_provider_without_its_variables_is_off_and_names_them() -> None:
    everyone = providers(Settings())
    for name, variable in (("stripe", "CREDITBOOK_STRIPE_WEBHOOK"), ("razorpay", "CREDITBOOK_RAZORPAY_WEBHOOK")):
        assert not everyone[name].sells
        with pytest.raises(ProviderOff, match=variable):
            everyone[name].read(SESSION, stripe_signed(SESSION))
    assert [one.name for one in on_sale(Settings())] == ["manual"]
    with pytest.raises(ProviderOff, match="no webhooks"):
        Manual().read(b"", {})
    with pytest.raises(ProviderOff, match="“paypal”.*stripe, razorpay, manual"):
        provider(Settings(), "paypal")


def test_the_environment_turns_providers_on_and_secrets_are_not_shown() -> None:
    settings = Settings.from_environment(
        {
            "CREDITBOOK_STRIPE_API_KEY": "sk_test_hidden",
            "CREDITBOOK_STRIPE_WEBHOOK_SECRET": STRIPE_SECRET,
            "CREDITBOOK_RAZORPAY_KEY_ID": "rzp_test_1",
            "CREDITBOOK_RAZORPAY_KEY_SECRET": "hidden",
            "CREDITBOOK_RAZORPAY_WEBHOOK_SECRET": RAZORPAY_SECRET,
        }
    )
    assert [one.name for one in on_sale(settings)] == ["stripe", "razorpay", "manual"]
    assert provider(settings, "stripe").read(SESSION, stripe_signed(SESSION)).purchase == "acme/7"
    shown = repr(settings) + repr(providers(settings))
    assert not any(secret in shown for secret in ("hidden", STRIPE_SECRET, RAZORPAY_SECRET))
