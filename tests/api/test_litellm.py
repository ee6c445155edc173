"""LiteLLM's generic callback comes in: what a real one posted, in its three shapes, and whatever else may come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from api.door import Door, open_door

from creditbook.installation import close_installations

DATA = Path(__file__).parents[1] / "data" / "litellm"
BOOKED = {"received": 1, "booked": 1, "replayed": 0, "waiting": 0, "rejected": 0, "empty": 0, "reasons": []}


@pytest.fixture(scope="module")
def shared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    url = f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('litellm') / 'creditbook.db')}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", url)
        yield open_door(url)
        close_installations()


def posted(door: Door, body: bytes, key: str = "spend", kind: str = "application/json") -> Any:
    """As LiteLLM posts it: whatever the shape, it calls it JSON."""
    headers = {"Authorization": f"Bearer {door.keys[key]}", "Content-Type": kind}
    return door.client.post("/v1/litellm", content=body, headers=headers)


def record(**changed: Any) -> dict[str, Any]:
    return {"id": "r1", "status": "success", "call_type": "acompletion", "startTime": 1795233855.5, "model": "gpt-4o",
            "custom_llm_provider": "openai", "prompt_tokens": 10, "completion_tokens": 20, "response_cost": 0.00011,
            "end_user": "asha", **changed}  # fmt: skip


def used(door: Door, account: str) -> dict[str, Any]:
    """What an account used by model: requests, tokens in and out, cost in nano-dollars, how much of it is unpriced."""
    rows = door.get(f"/v1/usage?account={account}&by=model&first=2026-11-01&last=2027-12-31").json()["usage"]
    names = ("requests", "input_tokens", "output_tokens", "cost_usd_nanos", "unpriced")
    return {row["model"]: tuple(row[name] for name in names) for row in rows}


def test_what_litellm_posted_waits_for_its_customer_and_is_booked_once_there_is_one(door: Door) -> None:
    bodies = [(DATA / f"litellm_generic_api_{name}").read_bytes() for name in
              ("single.json", "json_array.json", "ndjson.ndjson")]  # fmt: skip
    first = [posted(door, body).json() for body in bodies]
    counts = [tuple(answer[name] for name in ("booked", "waiting", "empty")) for answer in first]
    assert counts == [(0, 1, 0), (0, 2, 1), (0, 2, 1)]
    door.ledger.open_account("acme/asha-of-ours", external_id="customer-1")
    for body in bodies:
        posted(door, body)
        posted(door, body)
    assert used(door, "asha-of-ours") == {
        "gpt-4o-mini": (3, 30, 60, 3 * 13_500, 0),
        "claude-haiku-4-5-20251001": (2, 20, 40, 2 * 110_000, 0),
    }


def test_a_record_is_booked_with_the_cost_that_litellm_states(shared: Door) -> None:
    assert posted(shared, json.dumps(record()).encode()).json() == BOOKED
    assert posted(shared, json.dumps([record()]).encode()).json() == {**BOOKED, "booked": 0, "replayed": 1}
    assert used(shared, "asha") == {"gpt-4o": (1, 10, 20, 110_000, 0)}


def test_a_failure_is_an_arrival_without_usage(shared: Door) -> None:
    failed = record(id="f1", status="failure", prompt_tokens=0, completion_tokens=0, response_cost=0.0)
    assert posted(shared, json.dumps(failed).encode()).json() == {**BOOKED, "booked": 0, "empty": 1}


def test_nothing_in_a_readable_body_is_answered_with_an_error(shared: Door) -> None:
    odd = [
        record(id=""), record(id="o1", startTime=None), record(id="o2", prompt_tokens="many"),
        record(id="o3", model=None), record(id="o4", end_user=None), record(id="o5", response_cost=-1),
        record(id="o6", startTime=9e9), 7, None, [],
    ]  # fmt: skip
    answer = posted(shared, json.dumps(odd).encode())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["received"], told["booked"]) == (len(odd), 1)  # the one without a model is costed when it has a price
    assert told["waiting"] + told["rejected"] == len(odd) - 1


def test_what_cannot_be_read_is_400_and_what_is_no_record_422(shared: Door) -> None:
    for body, status in ((b"", 400), (b"{", 400), (b'{"id": 1}\n}', 400), (b"3", 422)):
        answer = posted(shared, body)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert posted(shared, b'{"id": "n1"}\n{"id": "n2"}\n', kind="application/x-ndjson").json()["received"] == 2
