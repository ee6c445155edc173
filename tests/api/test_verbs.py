"""The ledger's other verbs through the API: batches, holds, refunds; and what being out of credits is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from api.door import Door, open_door

from creditbook.domain.program import Unit


def test_a_batch_is_answered_in_order_a_receipt_or_a_problem_for_each(door: Door) -> None:
    work = {"account": "asha", "action": "work"}
    batch = {"usage": [{**work, "tokens": 400}, {**work, "tokens": 700}, {**work, "account": "nobody", "tokens": 1},
                       {**work, "account": "ben", "tokens": 1}, {**work, "tokens": 600}]}  # fmt: skip
    answer = door.post("/v1/usage/batch", batch, once="batch 1")
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [one["receipt"]["charged"] if one["receipt"] else one["problem"]["status"] for one in results] == [
        400, 402, 404, 402, 600,
    ]  # fmt: skip
    assert results[1]["problem"]["shortage"] == 100
    assert door.ledger.balance("acme/asha").available == 0
    again = door.post("/v1/usage/batch", batch, once="batch 1").json()["results"]
    assert [one["receipt"]["replayed"] for one in again if one["receipt"]] == [True, True]
    assert door.ledger.balance("acme/asha").available == 0


def test_a_piece_with_a_key_of_its_own_is_the_same_in_another_batch(door: Door) -> None:
    piece = {"account": "asha", "action": "work", "tokens": 100, "idempotency_key": "run-1"}
    first = door.post("/v1/usage/batch", {"usage": [piece]})
    again = door.post("/v1/usage/batch", {"usage": [piece]})
    assert ["idempotency-replayed" in one.headers for one in (first, again)] == [False, True]
    second = door.post("/v1/usage/batch", {"usage": [{**piece, "tokens": 5, "idempotency_key": "run-2"}, piece]})
    assert first.headers["x-tokens-remaining"] == "900"
    assert [one["receipt"]["replayed"] for one in second.json()["results"]] == [False, True]
    assert door.ledger.balance("acme/asha").available == 895


def test_a_batch_that_names_what_its_key_may_never_name_is_refused_whole(door: Door) -> None:
    work = {"account": "asha", "action": "work", "tokens": 10}
    batch = {"usage": [work, {**work, "account": "other/asha"}]}
    assert door.post("/v1/usage/batch", batch).status_code == 404
    assert door.post("/v1/usage/batch", {"usage": [work]}, "bound").status_code == 404
    assert door.post("/v1/usage/batch", {"usage": []}).status_code == 422
    assert door.ledger.balance("acme/asha").available == 1_000


def test_a_hold_is_captured_in_parts_and_the_rest_goes_back(door: Door) -> None:
    held = door.post("/v1/holds", {"account": "asha", "action": "work", "estimate": 500}, once="h").json()
    assert (held["held"], held["available"], held["status"], held["replayed"]) == (500, 500, "open", False)
    again = door.post("/v1/holds", {"account": "asha", "action": "work", "estimate": 500}, once="h")
    assert (again.json()["hold_id"], again.headers["idempotency-replayed"]) == (held["hold_id"], "true")
    at = f"/v1/holds/{held['hold_id']}"
    part = door.post(f"{at}/capture", {"account": "asha", "tokens": 120, "final": False})
    assert (part.json()["charged"], part.json()["hold_id"]) == (120, held["hold_id"])
    last = door.post(f"{at}/capture", {"account": "asha", "tokens": 80, "agent": "srs"})
    assert (last.json()["available"], last.headers["x-tokens-remaining"]) == (800, "800")
    assert door.post(f"{at}/capture", {"account": "asha", "tokens": 1}).status_code == 409
    assert door.post(f"{at}/void", {"account": "asha"}).status_code == 409


def test_a_hold_that_is_voided_gives_everything_back(door: Door) -> None:
    held = door.post("/v1/holds", {"account": "asha", "action": "work", "estimate": 500, "ttl_seconds": 60}).json()
    voided = door.post(f"/v1/holds/{held['hold_id']}/void", {"account": "asha"})
    assert (voided.json()["status"], voided.json()["available"]) == ("voided", 1_000)
    assert door.post("/v1/holds", {"account": "asha", "action": "work", "estimate": 1_001}).status_code == 402
    assert door.post("/v1/holds/77/void", {"account": "asha"}).status_code == 404
    assert door.post(f"/v1/holds/{held['hold_id']}/void", {"account": "ben"}).status_code == 404


def test_a_refund_gives_back_what_a_usage_charged_and_no_more(door: Door) -> None:
    spent = door.spend(tokens=300).json()["transaction_id"]
    back = {"account": "asha", "transaction_id": spent, "tokens": 100, "reason": "a failed run"}
    first = door.post("/v1/refunds", back)
    assert (first.json()["kind"], first.json()["charged"], first.json()["available"]) == ("refund", 100, 800)
    assert door.post("/v1/refunds", {**back, "tokens": 201}).status_code == 422
    assert door.post("/v1/refunds", {**back, "reason": " "}).status_code == 422
    assert door.post("/v1/refunds", {**back, "account": "ben"}).status_code == 404
    assert door.ledger.balance("acme/asha").available == 800


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        (Unit(), ("Insufficient tokens", "Need 500 more tokens. Current balance: 1000")),
        (Unit(2_000, "credit", "credits"), ("Insufficient credits", "You have 0 credits remaining (1,000 tokens)")),
    ],
)
def test_being_out_is_said_in_the_unit_of_the_program(
    unit: Unit, said: tuple[str, str], sqlite_url: str, installed_at: Callable[[str], None]
) -> None:
    installed_at(sqlite_url)
    door = open_door(sqlite_url, unit)
    problem = door.spend(tokens=1_500).json()
    assert (problem["error"], problem["message"]) == said
    assert (problem["detail"], problem["status"], problem["code"]) == (said[0], 402, "insufficient_tokens")
    figures: Any = (problem["required"], problem["available"], problem["shortage"], problem["packages_url"])
    assert figures == (1_500, 1_000, 500, "")
    batch = {"usage": [{"account": "asha", "action": "work", "tokens": 1_500}]}
    assert door.post("/v1/usage/batch", batch).json()["results"][0]["problem"]["error"] == said[0]


UNSTORABLE: list[dict[str, Any]] = [
    {"metadata": {"nul": "a\x00"}},
    {"metadata": {"half": "\ud800"}},
    {"metadata": {"long": "x" * 20_000}},
    {"description": "a\x00b"},
    {"event_at": "0001-01-01T00:00:00+00:00"},
    {"event_at": "2026-03-04T12:00:00"},
    {"wallet": "POCKET"},
    {"half \ud800 a name": 1},
]


def test_what_no_database_could_keep_is_refused_in_words(door: Door) -> None:
    for wrong in UNSTORABLE:
        refused = door.spend(tokens=1, **wrong)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), wrong
    assert door.ledger.balance("acme/asha").available == 1_000
