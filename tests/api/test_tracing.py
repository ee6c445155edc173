"""Traces of our own: none unless asked for; else a span a request and one for its transaction, really sent."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
from api.door import open_door
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from support.listening import Heard, listening

from creditbook.api.tracing import close_tracing, tracing

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def spans_of(heard: list[Heard]) -> list[Span]:
    found: list[Span] = []
    for one in heard:
        body = gzip.decompress(one.body) if one.headers.get("content-encoding") == "gzip" else one.body
        sent = ExportTraceServiceRequest.FromString(body)
        names = {a.key: a.value.string_value for a in sent.resource_spans[0].resource.attributes}
        assert names["service.name"] == "creditbook"
        found += [span for resource in sent.resource_spans for scope in resource.scope_spans for span in scope.spans]
    return found


def test_nothing_is_traced_unless_somebody_says_where_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert tracing("/v1/usage") is None


def test_a_spend_is_a_span_with_its_transaction_within_the_callers_trace(
    sqlite_url: str, installed_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_at(sqlite_url)
    door = open_door(sqlite_url)
    with listening() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        door.client.headers["traceparent"] = PARENT
        answer = door.spend(tokens=3)
        door.spend(tokens=5_000, once="k2")
        door.get("/v1/accounts/asha/balance?feature=secret")
        assert tracing("/api/v1/otlp/v1/traces") is None
        close_tracing()
        assert receiver.heard[0].path == "/v1/traces"
        spans = spans_of(receiver.heard)
    by_name = {span.name: span for span in reversed(spans)}
    request, decided = by_name["POST /v1/usage"], by_name["ledger.transaction"]
    assert request.trace_id.hex() == decided.trace_id.hex() == PARENT.split("-")[1]
    assert (request.parent_span_id.hex(), decided.parent_span_id) == (PARENT.split("-")[2], request.span_id)
    assert request.start_time_unix_nano <= decided.start_time_unix_nano < decided.end_time_unix_nano
    assert decided.end_time_unix_nano <= request.end_time_unix_nano
    said = {one.key: one.value for one in request.attributes}
    assert said["http.route"].string_value == "/v1/usage"
    assert said["http.response.status_code"].int_value == 200
    assert said["creditbook.request_id"].string_value == answer.headers["x-request-id"]
    assert {one.key: one.value for one in decided.attributes}["creditbook.operation"].string_value == "spend"
    assert [span.name for span in spans].count("ledger.transaction") == 2
    assert by_name["GET /v1/accounts/{account:path}/balance"].trace_id == request.trace_id
    text = str(spans)
    assert "secret" not in text
    assert "asha" not in text
