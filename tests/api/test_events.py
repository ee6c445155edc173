"""CloudEvents through the API: 204 whatever can be kept, a problem for what is no event at all."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from api.door import Door, open_door
from support.ledgers import NOON

from creditbook.store import sources as rows
from creditbook.store.tables.sources import COUNTS

EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "e-1", "source": "app", "type": "work", "subject": "asha",
    "time": NOON.isoformat(), "data": {"model": "gpt-4o", "input_tokens": 10, "output_tokens": 5},
}  # fmt: skip
SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


@pytest.fixture(scope="module")
def here(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One installation for all of these tests: their events have ids of their own."""
    import shutil

    from creditbook.installation import close_installations

    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("events") / "creditbook.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", f"sqlite:///{path}")
        yield open_door(f"sqlite:///{path}")
        close_installations()


def send(door: Door, body: Any, sent_as: str = SINGLE, key: str = "spend", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"Authorization": f"Bearer {door.keys[key]}", "Content-Type": sent_as, **headers}
    return door.client.post("/v1/events", content=content, headers=told)


def counts(door: Door) -> dict[str, int]:
    org = door.ledger.core.organization("acme").org_id
    with door.ledger.core.store.read(org) as connection:
        found = list(rows.totals(connection, org).values())
    return {name: sum(int(getattr(row, name)) for row in found) for name in COUNTS}


def used(door: Door, account: str = "acme/asha") -> int:
    figures = door.ledger.figures.analytics(account)
    return figures.cost_usd_nanos


def test_one_event_and_the_same_again_are_204_and_one_usage(here: Door) -> None:
    before, cost = counts(here), used(here)
    for _ in range(2):
        answer = send(here, EVENT)
        assert (answer.status_code, answer.content) == (204, b"")
    after = counts(here)
    assert (after["booked"] - before["booked"], after["replayed"] - before["replayed"]) == (1, 1)
    assert used(here) - cost == 75_000  # 10 at $2.50 and 5 at $10 a million


def test_a_batch_in_each_of_its_types_packed_or_not(here: Door) -> None:
    before = counts(here)["booked"]
    two = [{**EVENT, "id": f"batch-{n}"} for n in range(2)]
    assert send(here, two, BATCH).status_code == 204
    assert send(here, [{**EVENT, "id": "batch-2"}], "application/json; charset=utf-8").status_code == 204
    packed = gzip.compress(json.dumps([{**EVENT, "id": "batch-3"}]).encode())
    assert send(here, packed, BATCH, **{"Content-Encoding": "gzip"}).status_code == 204
    assert send(here, [], BATCH).status_code == 204
    assert counts(here)["booked"] - before == 4


def test_binary_mode_is_taken(here: Door) -> None:
    before = counts(here)["booked"]
    headers = {"ce-specversion": "1.0", "ce-id": "bin-1", "ce-source": "app", "ce-type": "work", "ce-subject": "ben"}
    assert send(here, {"tokens": 5}, "application/json", **headers).status_code == 204
    assert counts(here)["booked"] - before == 1


def test_what_can_not_be_booked_yet_is_kept_and_is_no_refusal(here: Door) -> None:
    before = counts(here)
    odd = [{**EVENT, "id": "odd-1", "subject": "nobody"}, {**EVENT, "id": "odd-2", "subject": None},
           {**EVENT, "id": "odd-3", "time": "2199-01-01T00:00:00Z"},
           {**EVENT, "id": "odd-4", "data": {"input_tokens": -4}}]  # fmt: skip
    assert send(here, odd, BATCH).status_code == 204
    after = counts(here)
    assert (after["waiting"] - before["waiting"], after["rejected"] - before["rejected"]) == (2, 2)


def test_a_bound_key_speaks_of_its_own_account_alone(here: Door) -> None:
    before = counts(here)
    events = [{**EVENT, "id": "bound-1"}, {**EVENT, "id": "bound-2", "subject": None}]
    assert send(here, events, BATCH, "bound").status_code == 204
    after = counts(here)
    assert (after["booked"] - before["booked"], after["rejected"] - before["rejected"]) == (1, 1)


@pytest.mark.parametrize(
    ("body", "sent_as", "status", "said"),
    [
        (b"{", SINGLE, 400, "no JSON"),
        (b"", SINGLE, 400, "no JSON"),
        ({**EVENT, "id": None}, SINGLE, 422, "id: a text"),
        ([EVENT, {"id": "x"}], BATCH, 422, "Event 1: specversion"),
        ([EVENT], SINGLE, 422, "Many events"),
        (EVENT, "text/plain", 415, "Send application/cloudevents"),
        (b"x" * (20 * 1024 * 1024 + 1), SINGLE, 413, "20 MB"),
    ],
)
def test_what_is_no_event_is_a_problem_and_nothing_of_it_is_kept(
    here: Door, body: Any, sent_as: str, status: int, said: str
) -> None:
    before = counts(here)
    answer = send(here, body, sent_as)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]
    assert counts(here) == before
