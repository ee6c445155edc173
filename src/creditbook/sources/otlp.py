"""OpenTelemetry's spans of generative AI, out of OTLP's two encodings, as events.

Only spans of one request to a model count: what holds several of them (`invoke_agent`) repeats their tokens.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from creditbook.domain.errors import InvalidRequest

from .fields import Record
from .foreign import Unreadable, attributes, counted, instant, number, plain, read_json
from .values import Event

OPERATIONS = frozenset({"chat", "text_completion", "generate_content", "embeddings"})
"""What `gen_ai.operation.name` says of a request to a model."""
_BY_REQUEST_TYPE = {"chat": "chat", "completion": "text_completion", "embedding": "embeddings"}
"""OpenLLMetry's older word for it, under `llm.request.type`."""

NAMES: dict[str, tuple[str, ...]] = {
    "agent": ("gen_ai.agent.name", "agent_name"),
    "model": ("gen_ai.response.model", "gen_ai.request.model"),
    "provider": ("gen_ai.provider.name", "gen_ai.system"),
    "project": ("gen_ai.conversation.id",),
}
COUNTS: dict[str, tuple[str, ...]] = {
    "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
    "cached_tokens": ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"),
    "cache_write_tokens": ("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens"),
    "reasoning_tokens": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.details.reasoning_tokens",
        "gen_ai.usage.details.thoughts_tokens", "gen_ai.usage.reasoning_tokens",
    ),
}  # fmt: skip
"""Field → attributes that tell it, today's name first. Instrumentations write names of several years."""

NO_TOKENS = "The span counts no tokens. A streamed answer tells them only when asked: include_usage in stream_options."
NO_ID = "The span has no trace id and span id, so it could not be told from another one."
NO_TIME = "The span does not say when it began."

_HEX = {16: re.compile("[0-9a-fA-F]{32}"), 8: re.compile("[0-9a-fA-F]{16}")}
_FAILED = 2
_WHOLE_NUMBER = re.compile(r"-?\d{1,20}")


@dataclass(frozen=True, slots=True)
class Span:
    """One span of either encoding: ids in hexadecimal ('' where there is no valid one), times in nanoseconds."""

    trace_id: str
    span_id: str
    started: int
    failed: bool
    attributes: Mapping[str, object]
    resource: Mapping[str, object]


def from_protobuf(body: bytes) -> list[Span]:
    """The spans of an `ExportTraceServiceRequest`. Raises Unreadable."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError:
        raise Unreadable("The body is no ExportTraceServiceRequest of OTLP in protobuf.") from None
    found: list[Span] = []
    for of_resource in request.resource_spans:
        resource = {pair.key: _value(pair.value) for pair in of_resource.resource.attributes}
        found += [
            Span(
                trace_id=_hex(span.trace_id, 16),
                span_id=_hex(span.span_id, 8),
                started=span.start_time_unix_nano or span.end_time_unix_nano,
                failed=span.status.code == _FAILED,
                attributes={pair.key: _value(pair.value) for pair in span.attributes},
                resource=resource,
            )
            for scope in of_resource.scope_spans
            for span in scope.spans
        ]
    return found


def from_json(body: bytes) -> list[Span]:
    """The same out of OTLP's JSON, where ids are hexadecimal and large numbers are texts.

    Raises Unreadable for what is no JSON, InvalidRequest for JSON that is something else.
    """
    try:
        request = read_json(body)
    except ValueError:
        raise Unreadable("The body is no JSON.") from None
    if not isinstance(request, dict):
        raise InvalidRequest("This is no OTLP: send one object with resourceSpans.")
    found: list[Span] = []
    for of_resource in _objects(request, "resourceSpans"):
        told = of_resource.get("resource")
        resource = dict(_pairs(told)) if isinstance(told, dict) else {}
        for scope in _objects(of_resource, "scopeSpans"):
            found += [_of_json(span, resource) for span in _objects(scope, "spans")]
    return found


def _of_json(span: dict[str, Any], resource: Mapping[str, object]) -> Span:
    status = span.get("status")
    code = status.get("code") if isinstance(status, dict) else None
    return Span(
        trace_id=_hex(span.get("traceId"), 16),
        span_id=_hex(span.get("spanId"), 8),
        started=_integer(span.get("startTimeUnixNano")) or _integer(span.get("endTimeUnixNano")),
        failed=code in (_FAILED, "STATUS_CODE_ERROR"),
        attributes=dict(_pairs(span)),
        resource=resource,
    )


def events(spans: Iterable[Span]) -> list[Event]:
    """An event for every span of a request to a model; other spans are none of ours."""
    return [_event(span, operation) for span in spans if (operation := _operation(span))]


def _operation(span: Span) -> str:
    named = span.attributes.get("gen_ai.operation.name")
    if isinstance(named, str):
        return named if named in OPERATIONS else ""
    return _BY_REQUEST_TYPE.get(str(span.attributes.get("llm.request.type")), "")


def _event(span: Span, operation: str) -> Event:
    fields: Record = {"action": operation}
    for name, told in NAMES.items():
        if text := next((text for one in told if (text := plain(span.attributes.get(one)))), ""):
            fields[name] = text
    counts = {name: _first(span.attributes, told) for name, told in COUNTS.items()}
    fields |= {name: count for name, count in counts.items() if count is not None}
    says_tokens = "input_tokens" in fields or "output_tokens" in fields
    failed = span.failed or "error.type" in span.attributes
    at = instant(span.started // 1_000)
    problem = "" if span.trace_id and span.span_id else NO_ID
    if not problem and at is None:
        problem = NO_TIME
    if not problem and not says_tokens and not failed:
        problem = NO_TOKENS
    return Event(
        event_id=f"{span.trace_id}:{span.span_id}" if span.trace_id and span.span_id else _digest(span),
        at=at,
        fields=counted(fields),
        attributes=attributes([*span.attributes.items(), *span.resource.items()]),
        problem=problem,
        is_usage=bool(problem) or says_tokens or not failed,
    )


def _first(found: Mapping[str, object], names: Iterable[str]) -> object:
    return next((number(found[name]) for name in names if found.get(name) is not None), None)


def _digest(span: Span) -> str:
    text = repr((span.started, sorted(span.attributes.items(), key=repr)))
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _hex(told: object, size: int) -> str:
    """An id in hexadecimal; '' for none. Exporters that print protobuf as JSON write base64."""
    raw = told if isinstance(told, bytes) else b""
    if isinstance(told, str) and _HEX[size].fullmatch(told):
        raw = bytes.fromhex(told)
    elif isinstance(told, str):
        try:
            raw = base64.b64decode(told, validate=True)
        except (binascii.Error, ValueError):
            return ""
    return raw.hex() if len(raw) == size and any(raw) else ""


def _integer(told: object) -> int:
    """A number that JSON writes as a text, or as itself; 0 for anything else."""
    if type(told) is int:
        return told
    return int(told) if isinstance(told, str) and _WHOLE_NUMBER.fullmatch(told) else 0


def _objects(found: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    inside = found.get(name)
    if inside is None:
        return
    if not isinstance(inside, list) or not all(isinstance(one, dict) for one in inside):
        raise InvalidRequest(f"This is no OTLP: {name} has to be a list of objects.")
    yield from inside


def _pairs(found: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for pair in _objects(found, "attributes"):
        value = pair.get("value")
        if isinstance(pair.get("key"), str) and isinstance(value, dict):
            yield pair["key"], _json_value(value)


def _json_value(value: dict[str, Any]) -> object:
    if "intValue" in value:
        told = value["intValue"]
        return int(told) if isinstance(told, str) and _WHOLE_NUMBER.fullmatch(told) else told
    return next((value[kind] for kind in ("stringValue", "boolValue", "doubleValue") if kind in value), None)


def _value(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    if kind in {"string_value", "int_value", "bool_value", "double_value"}:
        told: object = getattr(value, kind)
        return told
    return None
