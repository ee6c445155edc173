"""The short road of a plain spend answers what the long one does, and leaves everything else to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from api.door import Door, open_door

from creditbook.api import callers, quick

CHANGES = {"x-request-id", "x-process-time", "ratelimit-remaining", "ratelimit-reset"}
"""Headers that differ from one answer to the next."""


@pytest.fixture(params=["short", "long"])
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "long":
        monkeypatch.setattr(quick, "PATH", "/nowhere")
    monkeypatch.setattr(callers, "SECONDS_UNTIL_ASKED_AGAIN", 60.0)
    return str(request.param)


TOLD: dict[str, list[Any]] = {}


def everything(door: Door) -> list[Any]:
    """What a plain spend, its replay, a conflict, each refusal and each malformed one are answered with."""
    said = []
    work: dict[str, Any] = {"tokens": 30, "model": "gpt-4o", "input_tokens": 20, "output_tokens": 10,
                            "metadata": {"é": [1.5, None]}, "event_at": "2026-03-04T12:00:00+05:30"}  # fmt: skip
    for once, key, body in [
        ("warm", "spend", {"tokens": 1}),  # the key and the account are looked up
        ("k1", "spend", work), ("k1", "spend", work), ("k1", "spend", {**work, "tokens": 31}),
        ("k2", "spend", {"tokens": 9_999}), ("k3", "spend", {"account": "acme/asha", "tokens": 2}),
        ("k4", "spend", {"meter": True, "tokens": 5}), ("k5", "spend", {"action": "nothing"}),
        ("k6", "spend", {"tokens": -1}), ("k7", "spend", {"tokens": 1.0}), ("k8", "spend", {"surprise": 1}),
        ("k9", "spend", {"account": "nobody"}), ("k10", "spend", {"account": "other/asha"}), ("k11", "read", {}),
        ("k12", "bound", {"account": "ben", "tokens": 0}), ("k13", "bound", {}), ("x" * 256, "spend", {}),
        ("k14", "spend", {"wallet": "BONUS", "only_wallet": True, "tokens": 3}), ("k15", "wrong", {}),
    ]:  # fmt: skip
        answer = door.spend(key, once, **body)
        headers = {name: value for name, value in answer.headers.items() if name not in CHANGES}
        told = answer.json()
        for changing in ("effective_at", "transaction_id"):
            told.pop(changing, None)
        said.append((answer.status_code, headers, told))
    return said


def test_both_roads_answer_alike(road: str, sqlite_url: str, installed_at: Callable[[str], None]) -> None:
    installed_at(sqlite_url)
    TOLD[road] = everything(open_door(sqlite_url))
    assert [status for status, _, _ in TOLD[road]] == [
        200, 200, 200, 422, 402, 200, 200, 422, 422, 422, 422, 404, 404, 403, 200, 404, 400, 200, 401,
    ]  # fmt: skip
    if len(TOLD) == 2:
        assert TOLD["short"] == TOLD["long"]


def test_a_plain_spend_takes_the_short_road(
    sqlite_url: str, installed_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_at(sqlite_url)
    monkeypatch.setattr(callers, "SECONDS_UNTIL_ASKED_AGAIN", 60.0)
    door, taken = open_door(sqlite_url), []
    answer = quick._answer

    async def noted(scope: Any, wanted: Any) -> Any:
        taken.append(wanted.key)
        return await answer(scope, wanted)

    monkeypatch.setattr(quick, "_answer", noted)
    for once in ("k1", "k2", "k2"):
        assert door.spend(once=once, tokens=1).status_code == 200
    assert taken == ["k2", "k2"]
    assert door.ledger.balance("acme/asha").available == 998


def test_the_headers_beside_a_receipt_are_those_of_the_books(door: Door) -> None:
    """On each database: what the transaction told of the day is what is read afterwards."""
    door.spend(tokens=1, once="k1")
    answers = [door.spend(tokens=n, once=f"k{n}") for n in (5, 6, 7)]
    answers.append(door.post("/v1/refunds", {"account": "asha", "reason": "x",
                                             "transaction_id": answers[1].json()["transaction_id"]}))  # fmt: skip
    answers.append(door.post("/v1/holds", {"account": "asha", "action": "work", "estimate": 10}))
    answers.append(door.get("/v1/accounts/asha/balance"))
    told = [tuple(one.headers[f"x-{name}"] for name in ("tokens-remaining", "tokens-used-today", "requests-today"))
            for one in answers]  # fmt: skip
    assert told == [("994", "6", "2"), ("988", "12", "3"), ("981", "19", "4"), ("987", "13", "4"),
                    ("977", "13", "5"), ("977", "13", "5")]  # fmt: skip
