"""OpenTelemetry's exporters come in: what real ones sent, played again, and one that runs here over a real socket."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from api.door import Door, open_door
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from creditbook.api import bodies
from creditbook.installation import close_installations

DATA = Path(__file__).parents[1] / "data" / "otlp"
JSON, PROTOBUF = "application/json", "application/x-protobuf"
TRACES = "/v1/otlp/v1/traces"
RUN = {"otlp_pydantic_ai_{}_traces.pb": PROTOBUF, "otlp_json_{}_traces.json": JSON}


@pytest.fixture(scope="module")
def shared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    url = f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('otlp') / 'creditbook.db')}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", url)
        yield open_door(url)
        close_installations()


def export(door: Door, body: bytes, kind: str, key: str = "spend", path: str = TRACES, **headers: str) -> Any:
    """An export; "bound" is the key of an application whose users are all ben."""
    sent = {"Authorization": f"Bearer {door.keys[key]}", "Content-Type": kind}
    return door.client.post(path, content=body, headers=sent | {n.replace("_", "-"): v for n, v in headers.items()})


def said(answer: Any, kind: str) -> tuple[int, str]:
    """How many spans were rejected, and what was said, by the answer's own encoding."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind), answer.text
    if kind == JSON:
        partial = answer.json()["partialSuccess"]
        return int(partial.get("rejectedSpans", 0)), partial.get("errorMessage", "")
    response = ExportTraceServiceResponse()
    response.ParseFromString(answer.content)
    return response.partial_success.rejected_spans, response.partial_success.error_message


def used(door: Door, account: str = "ben") -> dict[str, Any]:
    """What an account used today and in the days before, by agent and model."""
    [*rows] = door.get(f"/v1/usage?account={account}&by=agent&by=model&first=2026-11-01&last=2027-12-31").json()[
        "usage"
    ]
    names = ("requests", "input_tokens", "output_tokens", "charged", "unpriced")
    return {f"{row['agent']}/{row['model']}": tuple(row[name] for name in names) for row in rows}


def span(name: str, number: int, **attributes: Any) -> dict[str, Any]:
    told = {"gen_ai.operation.name": "chat", **{k.replace("__", "."): v for k, v in attributes.items()}}
    pairs = [{"key": k, "value": {"intValue" if type(v) is int else "stringValue": v}} for k, v in told.items()]
    return {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": name, "attributes": pairs,
            "startTimeUnixNano": "1795233600000000000"}  # fmt: skip


def spans(*them: dict[str, Any]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(them)}]}]}).encode()


@pytest.mark.parametrize(("names", "kind"), RUN.items(), ids=["protobuf", "json"])
def test_a_recorded_run_is_booked_once_by_its_requests_and_not_by_the_agent_around_them(
    door: Door, names: str, kind: str
) -> None:
    for _ in range(2):
        for number in range(4):
            body = (DATA / names.format(number)).read_bytes()
            assert said(export(door, body, kind, "bound"), kind) == (0, "")
            packed = export(door, gzip.compress(body), kind, "bound", Content_Encoding="gzip")
            assert said(packed, kind) == (0, "")
    assert used(door) == {"planner/claude-haiku-4-5": (2, 107, 12, 0, 2)}


def test_openais_instrumentation_is_priced_and_its_stream_without_tokens_is_told_of(shared: Door) -> None:
    bodies_ = [(DATA / f"otlp_openai_v2_{number}.pb").read_bytes() for number in range(3)]
    answers = [said(export(shared, body, PROTOBUF, "bound"), PROTOBUF) for body in bodies_]
    assert [rejected for rejected, _ in answers] == [0, 1, 0]
    assert "include_usage" in answers[1][1]
    assert used(shared)["/gpt-4o-2024-08-06"] == (2, 2000, 100, 0, 0)


def test_a_span_of_somebody_unknown_waits_and_the_answer_says_so_without_an_error(shared: Door) -> None:
    counts = {"gen_ai__usage__input_tokens": 3, "user__id": "nobody"}
    rejected, words = said(export(shared, spans(span("chat", 7, **counts)), JSON), JSON)
    assert (rejected, words) == (0, "1 span waits for an administrator (Sources). There is no such account.")


def test_who_it_was_stands_on_the_span_by_any_of_the_usual_names(shared: Door) -> None:
    sent = spans(*(span("chat", 20 + i, gen_ai__usage__input_tokens=10, gen_ai__agent__name="who", **{name: "asha"})
                   for i, name in enumerate(("user__id", "enduser__id"))))  # fmt: skip
    assert said(export(shared, sent, JSON), JSON) == (0, "")
    assert used(shared, "asha")["who/"] == (2, 20, 0, 0, 2)


def test_a_bound_key_speaks_of_its_own_account_only(shared: Door) -> None:
    sent = spans(span("chat", 30, gen_ai__usage__input_tokens=10, gen_ai__agent__name="thief", user__id="asha"))
    assert said(export(shared, sent, JSON, "bound"), JSON)[0] == 1
    assert "thief/" not in used(shared, "asha")


def test_other_spans_metrics_and_logs_are_answered_and_nothing_comes_of_them(shared: Door) -> None:
    before = used(shared)
    inside = [{"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}},
              {"key": "gen_ai.usage.input_tokens", "value": {"intValue": 5}}]  # fmt: skip
    tool = spans({**span("GET /", 40), "attributes": []}, {**span("run", 41), "attributes": inside})
    assert said(export(shared, tool, JSON, "bound"), JSON) == (0, "")
    metrics = (DATA / "otlp_pydantic_ai_4_metrics.pb").read_bytes()
    for name in ("metrics", "logs"):
        answer = export(shared, metrics, PROTOBUF, "bound", f"/v1/otlp/v1/{name}")
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"", PROTOBUF)
        answer = export(shared, b"{}", JSON, "bound", f"/v1/otlp/v1/{name}")
        assert (answer.status_code, answer.json()) == (200, {"partialSuccess": {}})
    assert used(shared) == before


def test_what_cannot_be_taken_is_refused_by_the_status_that_says_why(shared: Door, monkeypatch: Any) -> None:
    wrong = [
        (b"\x0a\xff\xff", PROTOBUF, {}, 400), (b"{", JSON, {}, 400), (b"[]", JSON, {}, 422),
        (b"{}", "text/plain", {}, 415), (b"{}", JSON, {"Content_Encoding": "br"}, 415),
        (b"{}", JSON, {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"{}")[:-9], JSON, {"Content_Encoding": "gzip"}, 400),
    ]  # fmt: skip
    for body, kind, headers, status in wrong:
        answer = export(shared, body, kind, **headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    monkeypatch.setattr(bodies, "LARGEST_BODY_BYTES", 1_000)
    for packing, packed in (("gzip", gzip.compress(b" " * 1_001)), ("deflate", zlib.compress(b" " * 10**6))):
        assert export(shared, packed, JSON, Content_Encoding=packing).status_code == 413
    fits = zlib.compress(b"{}" + b" " * 998)
    assert export(shared, fits, JSON, Content_Encoding="deflate").status_code == 200
