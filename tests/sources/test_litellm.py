"""LiteLLM's records as its callback posted them, each read by what a person reads in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbook.domain.errors import InvalidRequest
from creditbook.sources import litellm
from creditbook.sources.foreign import Unreadable
from creditbook.sources.values import Event

DATA = Path(__file__).parents[1] / "data" / "litellm"
HAIKU = {"action": "chat", "agent": "planner", "model": "claude-haiku-4-5-20251001", "provider": "anthropic",
         "input_tokens": 10, "output_tokens": 20, "cost_usd": "0.00011"}  # fmt: skip
MINI = {"action": "chat", "agent": "planner", "model": "gpt-4o-mini", "provider": "openai", "input_tokens": 10,
        "output_tokens": 20, "cost_usd": "0.0000135"}  # fmt: skip
FAILED = {"action": "chat", "agent": "planner", "model": "gpt-4o-mini", "provider": "openai", "input_tokens": 0,
          "output_tokens": 0}  # fmt: skip


def of(name: str) -> list[Event]:
    return litellm.events(litellm.records((DATA / name).read_bytes()))


def one(**record: Any) -> Event:
    """The event of a record with this in it."""
    told = {"id": "r1", "status": "success", "call_type": "acompletion", "startTime": 1795233855.5, **record}
    [found] = litellm.events(litellm.records(json.dumps(told).encode()))
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("litellm_generic_api_single.json", [
            ("chatcmpl-62bbcd1b-3a56-41fd-b90e-fb2494dc0d56", 35, 6891, MINI),
        ]),
        ("litellm_generic_api_json_array.json", [
            ("chatcmpl-dc775771-6e2a-4f98-9590-6c0a951f188f", 14, 244031, HAIKU),
            ("792c5e86-5c80-4447-a89f-af21871bba55", 14, 794377, FAILED),
            ("chatcmpl-5c5a4850-e32b-4c2d-b388-2b4d805df743", 14, 722618, MINI),
        ]),
        ("litellm_generic_api_ndjson.ndjson", [
            ("chatcmpl-88c8f794-b948-4f66-a2c0-80cece1c41ba", 23, 643776, HAIKU),
            ("c250c361-036d-46d9-8f01-a343df90683b", 23, 795755, FAILED),
            ("chatcmpl-b5e001dc-642c-4788-931e-d87bc0c77f03", 23, 790976, MINI),
        ]),
    ],
)  # fmt: skip
def test_each_of_the_three_shapes_is_read_whole(
    name: str, expected: list[tuple[str, int, int, dict[str, Any]]]
) -> None:
    found = of(name)
    assert [(event.event_id, event.at, event.fields) for event in found] == [
        (event_id, datetime(2026, 11, 21, 4, 4, second, micro, UTC), fields)
        for event_id, second, micro, fields in expected
    ]
    assert [event.is_usage for event in found] == [fields is not FAILED for *_, fields in expected]
    assert {event.attributes["end_user"] for event in found} == {"customer-1"}
    assert {event.attributes["metadata.user_api_key_user_id"] for event in found} == {"u1"}
    assert not any(event.problem for event in found)


def test_the_proxys_record_names_the_model_without_its_provider_and_whom_it_served() -> None:
    [found] = of("litellm_proxy_json_array.json")
    assert found.fields == {**MINI, "agent": "behind the proxy", "project": "week 48"}
    assert found.attributes["end_user"] == "asha"
    assert not [name for name in found.attributes if "header" in name or "hash" in name or "ip_address" in name]


def test_what_an_application_logs_itself_is_read_with_the_agent_from_its_metadata() -> None:
    found = of("litellm_standard_logging_payload.json")
    assert [event.fields for event in found] == [HAIKU, MINI]
    assert [event.at for event in found] == [
        datetime(2026, 11, 21, 4, 2, 35, 904129, UTC),
        datetime(2026, 11, 21, 4, 2, 36, 105021, UTC),
    ]
    assert "end_user" not in found[0].attributes
    assert found[0].attributes["model_parameters.user"] == "customer-1"


def test_no_message_no_answer_and_no_address_is_kept() -> None:
    kept = json.dumps([dict(event.attributes) for file in DATA.iterdir() for event in of(file.name)])
    for said in ("Say hi", "नमस्ते", "slow down", "messages", "ip_address", "model_map"):
        assert said not in json.loads(json.dumps(kept))


def test_cached_and_reasoning_tokens_come_from_the_usage_object() -> None:
    usage = {"prompt_tokens_details": {"cached_tokens": 60, "cache_creation_tokens": 10},
             "completion_tokens_details": {"reasoning_tokens": 15}}  # fmt: skip
    found = one(prompt_tokens=100, completion_tokens=40, metadata={"usage_object": usage}).fields
    assert found == {"action": "chat", "input_tokens": 100, "output_tokens": 40, "cached_tokens": 60,
                     "cache_write_tokens": 10, "reasoning_tokens": 15}  # fmt: skip
    anthropic = {"cache_read_input_tokens": 90, "cache_creation_input_tokens": 30}
    assert one(prompt_tokens=100, metadata={"usage_object": anthropic}).fields["input_tokens"] == 220


def test_no_cost_is_left_to_the_price_list_but_for_an_answer_from_a_cache() -> None:
    counts = {"prompt_tokens": 5, "completion_tokens": 5}
    assert "cost_usd" not in one(**counts, response_cost=0.0).fields
    assert "cost_usd" not in one(**counts, response_cost=None).fields
    assert one(**counts, response_cost=0.0, cache_hit=True).fields["cost_usd"] == 0
    assert one(**counts, response_cost=9.999999999999999e-06).fields["cost_usd"] == "0.000009999999999999999"
    assert one(**counts, response_cost=2).fields["cost_usd"] == 2


def test_the_application_names_action_and_project_and_tags_fill_what_it_left_out() -> None:
    found = one(prompt_tokens=1, request_tags=["agent:writer", "action:srs", "plain", 5],
                metadata={"requester_metadata": {"action": "code", "project": "p1"}})  # fmt: skip
    assert (found.fields["action"], found.fields["agent"], found.fields["project"]) == ("code", "writer", "p1")
    assert found.attributes["tag.action"] == "srs"


def test_an_embedding_is_called_by_its_name_and_an_unknown_call_by_litellms() -> None:
    assert one(call_type="aembedding", prompt_tokens=4).fields["action"] == "embeddings"
    assert one(call_type="arerank", prompt_tokens=4).fields["action"] == "arerank"


def test_a_record_that_cannot_be_told_apart_or_dated_says_so() -> None:
    assert one(id="", litellm_call_id="call-1").event_id == "call-1"
    assert one(id=None, litellm_call_id=None).problem == litellm.NO_ID
    assert one(startTime="soon", endTime=True).problem == litellm.NO_TIME
    long = one(id="x" * 5_000)
    assert (len(long.event_id), long.event_id == one(id="x" * 5_000).event_id) == (64, True)
    [text] = litellm.events(litellm.records(b'["words"]'))
    assert text.problem == litellm.NOT_AN_OBJECT


def test_what_is_no_record_is_told_from_what_cannot_be_read() -> None:
    for body in (b"", b" \n", b"\xff", b"{", b'{"a": 1}\n{', b"[" * 100_000):
        with pytest.raises(Unreadable):
            litellm.records(body)
    for body in (b"3", b'"text"', b"null"):
        with pytest.raises(InvalidRequest, match="LiteLLM's record"):
            litellm.records(body)
    assert litellm.records(b"[]") == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)
NAMES = ["id", "call_type", "status", "startTime", "endTime", "prompt_tokens", "completion_tokens", "response_cost",
         "metadata", "request_tags", "model", "end_user", "model_parameters"]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(NAMES), ANYTHING), max_size=2))
def test_whatever_stands_in_a_record_its_event_can_be_kept_as_json(sent: list[dict[str, Any]]) -> None:
    found = litellm.events(litellm.records(json.dumps(sent).encode()))
    assert len(found) == len(sent)
    for event in found:
        kept = json.dumps([event.event_id, event.fields, dict(event.attributes)], allow_nan=False, ensure_ascii=False)
        assert "\\u0000" not in kept.encode().decode()
