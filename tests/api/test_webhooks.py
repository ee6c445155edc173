"""The two addresses that payment providers call, over HTTP, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from support.ledgers import MovedClock, a_ledger
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

from creditbook.api import api
from creditbook.domain.program import Package
from creditbook.installation import installation

PRICE = 9_900


@pytest.fixture
def client() -> TestClient:
    return TestClient(api)


@pytest.fixture
def reference(
    database_url: str, installed_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> str:  # fmt: skip
    """A pending purchase of `acme/asha`; both providers are set up."""
    with a_ledger(
        database_url, MovedClock(), packages={"starter": Package("starter", "Starter", 1_000, PRICE)}
    ) as made:
        made.open_account("acme/asha")
        opened = made.open_purchase("acme/asha", "starter", provider="stripe")
    installed_at(database_url)
    monkeypatch.setenv("CREDITBOOK_STRIPE_WEBHOOK_SECRET", STRIPE_SECRET)
    monkeypatch.setenv("CREDITBOOK_RAZORPAY_WEBHOOK_SECRET", RAZORPAY_SECRET)
    return f"acme/{opened.purchase_id}"


def available() -> int | None:
    return installation().ledger.balance("acme/asha").available


def test_a_signed_event_of_stripes_is_taken_once(client: TestClient, reference: str) -> None:
    body = stripe_event("checkout.session.completed", session(reference, PRICE))
    first = client.post("/webhooks/stripe", content=body, headers=stripe_signed(body))
    again = client.post("/webhooks/stripe", content=body, headers=stripe_signed(body))
    assert (first.status_code, first.json()) == (200, {"received": True, "status": "handled", "replayed": False})
    assert (again.status_code, again.json()) == (200, {"received": True, "status": "handled", "replayed": True})
    assert available() == 1_000


def test_a_signed_event_of_razorpays_is_taken(client: TestClient, reference: str) -> None:
    body = razorpay_event("payment.captured", payment=razorpay_payment(reference, PRICE))
    headers = {"X-Razorpay-Signature": razorpay_signed(body)["x-razorpay-signature"]}
    assert client.post("/webhooks/razorpay", content=body, headers=headers).status_code == 200
    assert available() == 1_000


@pytest.mark.parametrize("provider", ["stripe", "razorpay"])
def test_a_bad_signature_is_a_problem_document(client: TestClient, reference: str, provider: str) -> None:
    body = stripe_event("checkout.session.completed", session(reference, PRICE))
    for headers in ({}, stripe_signed(body + b" "), {"x-razorpay-signature": "00"}):
        answer = client.post(f"/webhooks/{provider}", content=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert answer.json()["status"] == 400
    late = client.post("/webhooks/stripe", content=body, headers=stripe_signed(body, seconds_ago=600))
    assert (late.status_code, available()) == (400, 0)


def test_an_event_that_matches_nothing_is_kept_and_not_sent_again(client: TestClient, reference: str) -> None:
    body = stripe_event("checkout.session.completed", session("acme/1", PRICE))
    answer = client.post("/webhooks/stripe", content=body, headers=stripe_signed(body))
    assert (answer.status_code, answer.json()["status"]) == (200, "unmatched")


@pytest.mark.parametrize(
    ("provider", "says"),
    [("stripe", "CREDITBOOK_STRIPE_WEBHOOK_SECRET"), ("razorpay", "CREDITBOOK_RAZORPAY"), ("manual", "no webhooks"),
     ("paypal", "no payment provider")],
)  # fmt: skip
def test_a_provider_that_is_off_is_not_found_and_says_what_to_set(
    client: TestClient, sqlite_url: str, installed_at: Callable[[str], None], provider: str, says: str
) -> None:
    installed_at(sqlite_url)
    answer = client.post(f"/webhooks/{provider}", content=b"{}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert says in answer.json()["detail"]


def test_a_body_larger_than_any_event_is_not_read_to_its_end(client: TestClient, reference: str) -> None:
    answer = client.post("/webhooks/stripe", content=b"x" * 1_000_001, headers=stripe_signed(b"x"))
    assert answer.status_code == 413


def test_a_database_that_does_not_answer_asks_the_provider_to_come_again(
    client: TestClient, installed_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_at("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    monkeypatch.setenv("CREDITBOOK_STRIPE_WEBHOOK_SECRET", STRIPE_SECRET)
    body = stripe_event("checkout.session.completed", session("acme/1", PRICE))
    answer = client.post("/webhooks/stripe", content=body, headers=stripe_signed(body))
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


def test_only_posts_are_taken(client: TestClient) -> None:
    assert client.get("/webhooks/stripe").status_code == 405
