"""LiteLLM's record of a request (its standard logging payload), as its generic callback posts it: one or many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from creditbook.domain.errors import InvalidRequest

from .fields import Record
from .foreign import Unreadable, attributes, counted, flat, instant, number, plain, read_json
from .values import Event

OPERATIONS = {
    "completion": "chat", "acompletion": "chat", "responses": "chat", "aresponses": "chat",
    "anthropic_messages": "chat", "text_completion": "text_completion", "atext_completion": "text_completion",
    "embedding": "embeddings", "aembedding": "embeddings", "generate_content": "generate_content",
    "agenerate_content": "generate_content",
}  # fmt: skip
"""LiteLLM's `call_type` in OpenTelemetry's words, so that one action has one name whoever tells of it."""

NOT_AN_OBJECT = "The record is no JSON object."
NO_ID = "The record has no id, so it could not be told from another one."
NO_TIME = "The record does not say when the request began."

_ASIDE = ("requester_metadata", "spend_logs_metadata")
"""Where LiteLLM puts what the application gave as `metadata`: agent, action and project are read there."""
_KEPT = (
    "id", "litellm_call_id", "trace_id", "session_id", "call_type", "status", "custom_llm_provider", "model",
    "model_group", "model_id", "end_user", "cache_hit", "stream", "user_agent",
)  # fmt: skip
_LONGEST_ID = 150


def records(body: bytes) -> list[object]:
    """The records of a body: one object, an array, or one object a line. Raises Unreadable, InvalidRequest."""
    try:
        found = read_json(body)
    except ValueError:
        found = _lines(body)
    if isinstance(found, list):
        return found
    if not isinstance(found, dict):
        raise InvalidRequest("Send LiteLLM's record: one JSON object, an array of them, or one a line.")
    return [found]


def _lines(body: bytes) -> list[object]:
    try:
        found = [read_json(line) for line in body.splitlines() if line.strip()]
    except ValueError:
        found = []
    if not found:
        raise Unreadable("The body is neither JSON nor one JSON object a line.")
    return found


def events(found: list[object]) -> list[Event]:
    """An event for every record, in their order."""
    return [_event(record) if isinstance(record, dict) else _nothing(record) for record in found]


def _event(record: dict[str, Any]) -> Event:
    event_id = plain(record.get("id"), 10_000) or plain(record.get("litellm_call_id"), 10_000)
    at = _instant(record.get("startTime")) or _instant(record.get("endTime"))
    fields = _fields(record)
    has_usage = any(fields.get(name) for name in ("input_tokens", "output_tokens", "tokens", "cost_usd"))
    problem = "" if event_id else NO_ID
    if not problem and at is None:
        problem = NO_TIME
    return Event(
        event_id=event_id if 0 < len(event_id) <= _LONGEST_ID else _digest(event_id or repr(record)),
        at=at,
        fields=fields,
        attributes=attributes(_attributes(record)),
        problem=problem,
        is_usage=bool(problem) or has_usage,
    )


def _fields(record: dict[str, Any]) -> Record:
    metadata = _object(record, "metadata")
    usage = _object(metadata, "usage_object")
    into, out = _object(usage, "prompt_tokens_details"), _object(usage, "completion_tokens_details")
    call = plain(record.get("call_type"))
    given = _given(record, metadata)
    provider = plain(record.get("custom_llm_provider"))
    fields: Record = {
        "action": given.get("action") or OPERATIONS.get(call, call),
        "agent": given.get("agent"),
        "project": given.get("project"),
        "model": plain(record.get("model")).removeprefix(f"{provider}/"),  # the proxy's router writes it before
        "provider": provider,
        "input_tokens": number(record.get("prompt_tokens")),
        "output_tokens": number(record.get("completion_tokens")),
        "cached_tokens": _some(into.get("cached_tokens"), usage.get("cache_read_input_tokens")),
        "cache_write_tokens": _some(into.get("cache_creation_tokens"), usage.get("cache_creation_input_tokens")),
        "reasoning_tokens": number(out.get("reasoning_tokens")),
        "cost_usd": _cost(record),
    }
    return counted({name: value for name, value in fields.items() if value is not None and value != ""})


def _cost(record: dict[str, Any]) -> object:
    """What LiteLLM says it cost. Nothing is its word for an unknown price too, unless a cache has answered."""
    told = record.get("response_cost")
    if told in (None, 0) or isinstance(told, bool):
        return 0 if record.get("cache_hit") is True else None
    return number(told)


def _given(record: dict[str, Any], metadata: Mapping[str, Any]) -> dict[str, str]:
    """What the application told of its request: in its metadata, else as a tag such as `agent:planner`."""
    said = dict(_tags(record))
    for aside in _ASIDE:
        for name in ("agent", "action", "project"):
            said[name] = plain(_object(metadata, aside).get(name)) or said.get(name, "")
    return said


def _tags(record: dict[str, Any]) -> list[tuple[str, str]]:
    told = record.get("request_tags")
    tags = [tag.partition(":") for tag in told if isinstance(tag, str)] if isinstance(told, list) else []
    return [(plain(name), plain(value)) for name, colon, value in tags if colon and plain(name)]


def _attributes(record: dict[str, Any]) -> list[tuple[str, object]]:
    kept = [(name, record.get(name)) for name in _KEPT]
    kept += [(f"metadata.{name}", value) for name, value in flat(_object(record, "metadata"))]
    kept.append(("model_parameters.user", _object(record, "model_parameters").get("user")))
    return kept + [(f"tag.{name}", value) for name, value in _tags(record)]


def _instant(told: object) -> datetime | None:
    """LiteLLM counts seconds since 1970 with their fraction."""
    if isinstance(told, bool) or not isinstance(told, int | Decimal) or not 0 < told < 10**11:
        return None
    return instant(int(told * 1_000_000))


def _some(*values: object) -> object:
    return next((number(value) for value in values if value is not None), None)


def _object(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inside = found.get(name)
    return inside if isinstance(inside, dict) else {}


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _nothing(record: object) -> Event:
    return Event(event_id=_digest(repr(record)), at=None, fields={}, attributes={}, problem=NOT_AN_OBJECT)
