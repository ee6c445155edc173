"""Buying from the first click to the tokens: a pending purchase, a checkout, the provider's word."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from payments.conftest import PRICE, Shop
from support.listening import Listener, listening
from support.paying import session

from creditbook.domain.errors import InvalidRequest, Unavailable
from creditbook.payments.checkouts import begin
from creditbook.payments.manual import Manual
from creditbook.payments.razorpay_provider import Razorpay
from creditbook.payments.stripe_provider import Stripe
from creditbook.payments.values import ProviderOff

BACK = "https://credits.example/plans"


@pytest.fixture
def server() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def test_a_pack_is_bought_through_stripe(shop: Shop, server: Listener) -> None:
    url = "https://checkout.stripe.com/c/cs_1"
    server.answer = lambda _: (200, {"id": "cs_1", "object": "checkout.session", "url": url,
                                     "expires_at": int(time.time())})  # fmt: skip
    stripe = Stripe("sk_test_1", api_base=server.url)
    begun = begin(shop.ledger, stripe, "acme/asha", "starter", back_to=BACK, idempotency_key="click-1")
    again = begin(shop.ledger, stripe, "acme/asha", "starter", back_to=BACK, idempotency_key="click-1")
    assert (begun.url, begun.receipt.status) == (url, "pending")
    assert again.receipt.purchase_id == begun.receipt.purchase_id
    assert server.heard[0].headers["idempotency-key"] == server.heard[1].headers["idempotency-key"]
    assert server.heard[0].form["line_items[0][price_data][product_data][name]"] == "Starter pack"
    assert server.heard[0].form["line_items[0][price_data][unit_amount]"] == str(PRICE)
    reference = server.heard[0].form["client_reference_id"]
    shop.stripe("checkout.session.completed", session(reference, PRICE))
    assert shop.sale(reference).status == "granted"
    assert shop.available() == 1_005


def test_a_checkout_that_could_not_be_opened_leaves_a_failed_purchase_which_a_second_try_can_still_pay(
    shop: Shop, server: Listener
) -> None:
    server.answer = lambda _: (500, {"error": {"code": "SERVER_ERROR", "description": "Come back later"}})
    razorpay = Razorpay("rzp_test_1", "secret", api_base=server.url)
    with pytest.raises(Unavailable, match="Come back later"):
        begin(shop.ledger, razorpay, "acme/asha", "starter", back_to=BACK, idempotency_key="click-1")
    server.answer = lambda _: (200, {"id": "plink_1", "short_url": "https://rzp.io/i/1"})
    begun = begin(shop.ledger, razorpay, "acme/asha", "starter", back_to=BACK, idempotency_key="click-1")
    assert shop.sale(f"acme/{begun.receipt.purchase_id}").status == "failed"
    paid = shop.ledger.pay_purchase("acme/asha", begun.receipt.purchase_id, provider="razorpay", payment="pay_1")
    assert paid.status == "granted"


def test_payment_by_hand_waits_for_an_administrator_who_records_it(shop: Shop) -> None:
    begun = begin(shop.ledger, Manual(), "acme/asha", "starter", back_to=BACK)
    assert (begun.url, str(begun.receipt.purchase_id) in begun.note) == ("", True)
    assert shop.available() == 5
    shop.ledger.pay_purchase(
        "acme/asha", begun.receipt.purchase_id, provider="manual", payment="bank 77", reason="transfer", actor="ravi"
    )
    assert shop.available() == 1_005


def test_an_administrator_sells_in_one_act_and_no_payment_counts_twice(shop: Shop) -> None:
    sold = shop.ledger.sell("acme/asha", "starter", payment="bank 78", reason="transfer", actor="ravi")
    assert (sold.status, shop.available()) == ("granted", 1_005)
    with pytest.raises(InvalidRequest, match="recorded before"):
        shop.ledger.sell("acme/asha", "starter", payment="bank 78", reason="transfer", actor="ravi")


def test_what_is_not_for_sale_opens_no_checkout(shop: Shop, server: Listener) -> None:
    with pytest.raises(InvalidRequest, match="sells no package"):
        begin(shop.ledger, Stripe("sk", api_base=server.url), "acme/asha", "gold", back_to=BACK)
    with pytest.raises(ProviderOff, match="Stripe takes no payments here yet"):
        begin(shop.ledger, Stripe(), "acme/asha", "starter", back_to=BACK)
    assert server.heard == []
