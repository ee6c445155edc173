"""CloudEvents as their senders write them, and what is read out of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from creditbook.sources.cloudevents import BATCH, JSON, SINGLE, NoEvent, events
from creditbook.sources.foreign import Unreadable
from creditbook.sources.values import Event

WHOLE: dict[str, Any] = {
    "specversion": "1.0", "id": "e-1", "source": "my-app", "type": "srs", "subject": "asha",
    "time": "2026-03-04T17:30:00.25+05:30",
    "data": {"model": "gpt-4o", "input_tokens": 900, "output_tokens": 2_600, "messages": [{"content": "secret"}]},
}  # fmt: skip


def one(**changes: Any) -> Event:
    (found,) = events(json.dumps({**WHOLE, **changes}).encode(), SINGLE, {})
    return found


def test_an_event_is_read_with_its_id_time_fields_and_attributes() -> None:
    found = one()
    assert found.event_id == "my-app e-1"
    assert found.at == datetime(2026, 3, 4, 12, 0, 0, 250_000, tzinfo=UTC)
    assert found.fields == {"action": "srs", "model": "gpt-4o", "input_tokens": 900, "output_tokens": 2_600}
    assert found.attributes["subject"] == "asha"
    assert found.attributes["data.model"] == "gpt-4o"
    assert "secret" not in str(found)


def test_ids_of_two_sources_are_never_the_same() -> None:
    assert one(source="a b", id="c").event_id != one(source="a", id="b c").event_id


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        # LiteLLM's own openmeter callback
        ({"model": "gpt-4o-mini", "cost": 0.0000135, "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
         {"model": "gpt-4o-mini", "cost_usd": "0.0000135", "input_tokens": 10, "output_tokens": 20}),
        # a gateway that knows no price
        ({"model": "gpt-4o", "cost": 0, "prompt_tokens": 1}, {"model": "gpt-4o", "input_tokens": 1}),
        # OpenMeter's examples
        ({"tokens": 100, "model": "gpt4-turbo", "type": "input"}, {"model": "gpt4-turbo", "input_tokens": 100}),
        ({"tokens": "100", "type": "output"}, {"output_tokens": 100}),
        ({"tokens": 100}, {"input_tokens": 100}),
        ({"total_tokens": 30}, {"input_tokens": 30}),
        ({"tokens": 7, "input_tokens": 3, "output_tokens": 2}, {"tokens": 7, "input_tokens": 3, "output_tokens": 2}),
        # a provider's usage object, in either spelling
        ({"usage": {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}}},
         {"input_tokens": 9, "output_tokens": 4, "cached_tokens": 8}),
        ({"inputTokens": 9, "outputTokens": 4, "agentName": "planner"},
         {"input_tokens": 9, "output_tokens": 4, "agent": "planner"}),
        ({"action": "report", "projectId": 17}, {"action": "report", "project": "17"}),
        ({"duration_ms": 123}, {}),
    ],
)  # fmt: skip
def test_the_fields_are_found_under_the_names_that_senders_use(data: dict[str, Any], fields: dict[str, Any]) -> None:
    assert one(data=data).fields == {"action": "srs", **fields}


@pytest.mark.parametrize("data", [None, "text", 7, ["a"], {}])
def test_data_that_is_no_object_leaves_the_event_itself(data: Any) -> None:
    assert one(data=data).fields == {"action": "srs"}


def test_a_batch_keeps_its_order_and_an_empty_one_is_nothing() -> None:
    body = json.dumps([{**WHOLE, "id": str(n)} for n in range(3)]).encode()
    for sent_as in (BATCH, JSON):
        assert [found.event_id for found in events(body, sent_as, {})] == ["my-app 0", "my-app 1", "my-app 2"]
    assert events(b"[]", BATCH, {}) == []


def test_binary_mode_reads_the_attributes_from_headers() -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "e-9", "ce-source": "my-app", "ce-type": "srs",
               "ce-subject": "asha%20k", "ce-team": "red"}  # fmt: skip
    (found,) = events(b'{"tokens": 5}', JSON, headers)
    assert (found.event_id, found.at, found.fields) == ("my-app e-9", None, {"action": "srs", "input_tokens": 5})
    assert (found.attributes["subject"], found.attributes["team"]) == ("asha k", "red")
    (bare,) = events(b"", JSON, headers)
    assert bare.fields == {"action": "srs"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": ""}, "id: a text"),
        ({"id": 7}, "id: a text"),
        ({"source": None}, "source: a text"),
        ({"type": " "}, "type: a text"),
        ({"specversion": "0.3"}, "specversion"),
        ({"subject": 7}, "subject"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-03-04T12:00:00"}, "time"),
        ({"time": 17}, "time"),
        ({"time": "0001-01-01T00:00:00+23:00"}, "time"),
    ],
)
def test_what_is_no_event_says_what_it_lacks(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(NoEvent, match=said):
        one(**changes)


@pytest.mark.parametrize(
    ("body", "sent_as", "said"),
    [
        (b"[1]", BATCH, "Event 0: An event is a JSON object"),
        (b"{}", BATCH, "A batch is a list"),
        (b"[]", SINGLE, "Many events are sent as"),
        (b"{", SINGLE, "no JSON"),
        (b"\xff\xfe", JSON, "no JSON"),
        (b"[" * 100_000, JSON, "no JSON"),
        (b"[" + b"0," * 10_000 + b"0]", BATCH, "too many"),
    ],
)
def test_a_body_that_is_none_is_refused(body: bytes, sent_as: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        events(body, sent_as, {})
