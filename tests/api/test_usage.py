"""A spend through the API: who may, for whom, once however often it is sent, and what a refusal says."""

from __future__ import annotations

from typing import Any

import pytest
from api.door import Door


def test_a_spend_is_charged_once_and_told_again(door: Door) -> None:
    first, again = door.spend(tokens=300), door.spend(tokens=300)
    assert (first.status_code, first.json()["charged"], first.json()["available"]) == (200, 300, 700)
    assert again.json() == first.json() | {"replayed": True}
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert door.ledger.balance("acme/asha").available == 700
    assert first.headers["x-tokens-remaining"] == "700"
    assert (first.headers["x-tokens-used-today"], first.headers["x-requests-today"]) == ("300", "1")
    assert float(first.headers["x-process-time"]) > 0
    assert first.headers["x-request-id"] != again.headers["x-request-id"]


def test_a_key_that_was_used_for_another_request_is_told(door: Door) -> None:
    door.spend(tokens=300)
    other = door.spend(tokens=301)
    assert other.status_code == 422
    assert door.ledger.balance("acme/asha").available == 700


def test_out_of_tokens_is_402_with_what_is_missing_and_charges_nothing(door: Door) -> None:
    refused = door.spend(tokens=1_500)
    assert refused.status_code == 402
    assert refused.headers["content-type"] == "application/problem+json"
    said = refused.json()
    assert (said["required"], said["available"], said["shortage"]) == (1_500, 1_000, 500)
    assert door.ledger.balance("acme/asha").available == 1_000


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [
        ("read", {}, 403),
        ("wrong", {}, 401),
        ("bound", {}, 404),
        ("bound", {"account": "ben", "tokens": 0}, 200),
        ("spend", {"account": "other/asha"}, 404),
        ("spend", {"account": "nobody"}, 404),
        ("spend", {"tokens": -1}, 422),
        ("spend", {"tokens": 1.5}, 422),
        ("spend", {"surprise": 1}, 422),
    ],
)
def test_what_is_not_allowed_or_not_understood_is_refused(
    door: Door, key: str, body: dict[str, Any], status: int
) -> None:
    assert door.spend(key, **{"tokens": 10, **body}).status_code == status
    assert door.ledger.balance("acme/asha").available == 1_000


def test_a_call_without_a_key_or_without_an_idempotency_key_is_refused(door: Door) -> None:
    body = {"account": "asha", "action": "work", "tokens": 10}
    nobody = door.client.post("/v1/usage", json=body, headers={"Idempotency-Key": "k"})
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="creditbook"')
    bare = door.client.post("/v1/usage", json=body, headers={"Authorization": f"Bearer {door.keys['spend']}"})
    assert bare.status_code == 400
