"""Exports of real instrumentations, each read by what a person reads in it; and whatever else a sender may write."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbook.domain.errors import InvalidRequest
from creditbook.sources import otlp
from creditbook.sources.foreign import Unreadable
from creditbook.sources.values import Event

DATA = Path(__file__).parents[1] / "data" / "otlp"


def of(name: str) -> list[Event]:
    body = (DATA / name).read_bytes()
    return otlp.events(otlp.from_protobuf(body) if name.endswith(".pb") else otlp.from_json(body))


def span(**changed: Any) -> dict[str, Any]:
    """A span as OTLP's JSON writes it."""
    return {
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174",
        "startTimeUnixNano": "1795241026511261095", "status": {}, **changed,
    }  # fmt: skip


def attribute(name: str, value: Any) -> dict[str, Any]:
    kind = {str: "stringValue", bool: "boolValue", float: "doubleValue", int: "intValue"}[type(value)]
    return {"key": name, "value": {kind: str(value) if kind == "intValue" else value}}


def one(attributes: dict[str, Any], resource: dict[str, Any] | None = None, **changed: Any) -> Event:
    """The event of one span with these attributes."""
    told = [attribute(name, value) for name, value in attributes.items()]
    held = [attribute(name, value) for name, value in (resource or {}).items()]
    body = {"resourceSpans": [{"resource": {"attributes": held},
                               "scopeSpans": [{"spans": [span(attributes=told, **changed)]}]}]}  # fmt: skip
    [found] = otlp.events(otlp.from_json(json.dumps(body).encode()))
    return found


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20}
PLANNER = {"action": "chat", "agent": "planner", "model": "claude-haiku-4-5", "provider": "test"}
OPENAI = {"action": "chat", "model": "gpt-4o-2024-08-06", "provider": "openai"}


@pytest.mark.parametrize(
    ("name", "event_id", "at", "fields"),
    [
        ("otlp_pydantic_ai_0_traces.pb", "720133ff25ad3c50631259be04f3b8d7:b0e82533045612f2",
         datetime(2026, 11, 21, 4, 4, 43, 714140, UTC),
         {**PLANNER, "input_tokens": 53, "output_tokens": 4, "project": "01a1fc47-2613-73f4-8be2-fc2913d8d949"}),
        ("otlp_pydantic_ai_2_traces.pb", "720133ff25ad3c50631259be04f3b8d7:1054113bc08da555",
         datetime(2026, 11, 21, 4, 4, 43, 736682, UTC),
         {**PLANNER, "input_tokens": 54, "output_tokens": 8, "project": "01a1fc47-2613-73f4-8be2-fc2913d8d949"}),
        ("otlp_json_0_traces.json", "212b5446cac08265cdb18f5c1d0f608e:ef63f3167c34542c",
         datetime(2026, 11, 21, 6, 3, 46, 511261, UTC),
         {**PLANNER, "input_tokens": 53, "output_tokens": 4, "project": "01a1fcb4-23af-7626-89aa-ed3f38e38f86"}),
        ("otlp_json_2_traces.json", "212b5446cac08265cdb18f5c1d0f608e:7c3b1afa63949dc4",
         datetime(2026, 11, 21, 6, 3, 46, 530729, UTC),
         {**PLANNER, "input_tokens": 54, "output_tokens": 8, "project": "01a1fcb4-23af-7626-89aa-ed3f38e38f86"}),
        ("otlp_openai_v2_0.pb", "46e4701b7f55aeafdbf655df488a9e18:52c3882ba136317d",
         datetime(2026, 11, 21, 6, 3, 44, 45836, UTC), {**OPENAI, "input_tokens": 1000, "output_tokens": 50}),
        ("otlp_openai_v2_2.pb", "1bd56a1b720a4575a801b9638270a821:487b482b31c2652d",
         datetime(2026, 11, 21, 6, 3, 44, 108964, UTC), {**OPENAI, "input_tokens": 1000, "output_tokens": 50}),
    ],
)  # fmt: skip
def test_a_request_to_a_model_is_read_with_its_id_its_time_and_its_tokens(
    name: str, event_id: str, at: datetime, fields: dict[str, object]
) -> None:
    [found] = of(name)
    assert (found.event_id, found.at, found.fields) == (event_id, at, fields)
    assert (found.problem, found.is_usage) == ("", True)


@pytest.mark.parametrize(
    "name",
    ["otlp_pydantic_ai_1_traces.pb", "otlp_pydantic_ai_3_traces.pb", "otlp_json_1_traces.json",
     "otlp_json_3_traces.json", "otlp_json_4_metrics.json"],
)  # fmt: skip
def test_a_tool_the_agent_around_it_and_metrics_are_no_usage_of_their_own(name: str) -> None:
    assert of(name) == []


def test_a_whole_run_adds_up_to_what_its_agent_says_in_both_encodings() -> None:
    for names in ("otlp_pydantic_ai_{}_traces.pb", "otlp_json_{}_traces.json"):
        found = [event.fields for number in range(4) for event in of(names.format(number))]
        assert sum(int(str(fields["input_tokens"])) for fields in found) == 107
        assert sum(int(str(fields["output_tokens"])) for fields in found) == 12


def test_protobuf_printed_as_json_is_the_same_events_under_the_same_ids() -> None:
    decoded = json.loads((DATA / "otlp_pydantic_ai_decoded.json").read_text(encoding="utf-8"))
    printed = [event for part in decoded for event in otlp.events(otlp.from_json(json.dumps(part).encode()))]
    assert printed == [event for number in (0, 2) for event in of(f"otlp_pydantic_ai_{number}_traces.pb")]


def test_a_streamed_answer_without_tokens_is_told_how_to_get_them() -> None:
    [found] = of("otlp_openai_v2_1.pb")
    assert found.fields == OPENAI
    assert "include_usage" in found.problem


def test_nothing_that_a_person_or_a_model_said_is_kept() -> None:
    kept = [name for file in DATA.glob("*_traces.*") for event in of(file.name) for name in event.attributes]
    assert kept
    assert not [name for name in kept if "messages" in name or "definitions" in name or "schema" in name]
    asked = {
        "gen_ai.prompt": "My secret", "gen_ai.completion.0.content": "Yours", "openai.api_key": "sk", "note": "x" * 500,
        "http.request.header.authorization": "Bearer cb_x", "final": '{"answer": 1}', "tenant": "north",
    }  # fmt: skip
    assert one({**CHAT, **asked}).attributes == {**CHAT, "tenant": "north"}


def test_who_it_was_may_stand_on_the_span_or_on_what_sent_it_and_the_span_wins() -> None:
    found = one({**CHAT, "user.id": "asha"}, {"user.id": "service", "service.name": "shop"})
    assert (found.attributes["user.id"], found.attributes["service.name"]) == ("asha", "shop")


def test_cached_and_thought_tokens_are_read_by_the_names_of_several_years() -> None:
    today = {"gen_ai.usage.cache_read.input_tokens": 40, "gen_ai.usage.cache_creation.input_tokens": 10,
             "gen_ai.usage.details.reasoning_tokens": 7}  # fmt: skip
    assert one({**CHAT, **today}).fields == {
        "action": "chat", "input_tokens": 100, "output_tokens": 20, "cached_tokens": 40, "cache_write_tokens": 10,
        "reasoning_tokens": 7,
    }  # fmt: skip
    older = {
        "llm.request.type": "completion", "gen_ai.usage.prompt_tokens": 5, "gen_ai.usage.completion_tokens": 6,
        "gen_ai.usage.cache_read_input_tokens": 2, "gen_ai.request.model": "m", "gen_ai.system": "openai",
    }  # fmt: skip
    assert one(older).fields == {
        "action": "text_completion", "input_tokens": 5, "output_tokens": 6, "cached_tokens": 2, "model": "m",
        "provider": "openai",
    }  # fmt: skip


def test_parts_that_are_more_than_their_whole_were_counted_apart_and_are_added() -> None:
    apart = {"gen_ai.usage.cache_read.input_tokens": 90, "gen_ai.usage.cache_creation.input_tokens": 30,
             "gen_ai.usage.reasoning.output_tokens": 25}  # fmt: skip
    fields = one({**CHAT, **apart}).fields
    assert (fields["input_tokens"], fields["output_tokens"]) == (220, 45)


def test_a_failed_request_without_tokens_has_arrived_and_is_nothing_to_book() -> None:
    failed = {"gen_ai.operation.name": "chat", "error.type": "429"}
    assert (one(failed).is_usage, one(failed).problem) == (False, "")
    by_status = one({"gen_ai.operation.name": "chat"}, status={"code": 2})
    assert (by_status.is_usage, by_status.problem) == (False, "")
    assert one({**CHAT, "error.type": "cut"}).is_usage


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"traceId": ""}, otlp.NO_ID), ({"spanId": "0000000000000000"}, otlp.NO_ID), ({"spanId": 7}, otlp.NO_ID),
        ({"startTimeUnixNano": "0"}, otlp.NO_TIME), ({"startTimeUnixNano": "soon"}, otlp.NO_TIME),
        ({"startTimeUnixNano": "99999999999999999999"}, otlp.NO_TIME),
    ],
)  # fmt: skip
def test_a_span_that_cannot_be_told_apart_or_dated_says_so(changed: dict[str, Any], why: str) -> None:
    found = one(CHAT, **changed)
    assert found.problem == why
    assert found.event_id


def test_what_is_no_otlp_is_told_from_what_cannot_be_read() -> None:
    for body in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(Unreadable):
            otlp.from_json(body)
    for text in ("[]", "3", '{"resourceSpans": 5}', '{"resourceSpans": [{"scopeSpans": [{"spans": [1]}]}]}'):
        with pytest.raises(InvalidRequest, match="no OTLP"):
            otlp.from_json(text.encode())
    with pytest.raises(Unreadable):
        otlp.from_protobuf(b"\x0a\xff\xff\xff")
    assert otlp.from_json(b"{}") == otlp.from_protobuf(b"") == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(tokens=ANYTHING, text=ANYTHING, ids=ANYTHING, time=ANYTHING)
def test_whatever_stands_in_a_span_its_event_can_be_kept_as_json(tokens: Any, text: Any, ids: Any, time: Any) -> None:
    pairs = [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": tokens}},
        {"key": "gen_ai.usage.output_tokens", "value": {"doubleValue": tokens}},
        {"key": "gen_ai.request.model", "value": {"stringValue": text}},
        {"key": "user.id", "value": text},
    ]
    told = span(attributes=pairs, spanId=ids, startTimeUnixNano=time, status=text)
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [told]}]}]}).encode()
    [found] = otlp.events(otlp.from_json(body))
    kept = json.dumps([found.event_id, found.fields, dict(found.attributes)], allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in kept.encode().decode()
