"""OTLP over HTTP: spans of generative AI become usage; what exporters send beside them is answered politely."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Here
from creditbook.api.arriving import take_from
from creditbook.api.bodies import media_type, unpacked, unreadable
from creditbook.api.callers import Caller, SpendingProgram
from creditbook.api.problems import documented
from creditbook.installation import Installation
from creditbook.sources import otlp
from creditbook.sources.foreign import Unreadable
from creditbook.sources.otlp import Span
from creditbook.sources.values import Taken

router = APIRouter(prefix="/v1/otlp/v1", tags=["sources"])

JSON, PROTOBUF = "application/json", "application/x-protobuf"
READ: dict[str, Callable[[bytes], list[Span]]] = {JSON: otlp.from_json, PROTOBUF: otlp.from_protobuf}


def _said(rejected: str) -> dict[int | str, dict[str, Any]]:
    """The answers, in OpenAPI: success in the encoding of the request, and refusals as everywhere."""
    partial = {"type": "object", "properties": {rejected: {"type": "string"}, "errorMessage": {"type": "string"}}}
    schema = {"type": "object", "properties": {"partialSuccess": partial}}
    whole = {"description": "Taken; `partialSuccess` tells what was no usage or has to wait",
             "content": {JSON: {"schema": schema, "example": {"partialSuccess": {}}},
                         PROTOBUF: {"schema": {"type": "string", "format": "binary"}}}}  # fmt: skip
    return {200: whole, **documented(415)}


def _asks(name: str, example: dict[str, Any]) -> dict[str, Any]:
    """The body, in OpenAPI."""
    listed = {"type": "array", "items": {"type": "object", "additionalProperties": True}}
    schema = {"type": "object", "properties": {name: listed}, "additionalProperties": True}
    content = {
        JSON: {"schema": schema, "example": example},
        PROTOBUF: {"schema": {"type": "string", "format": "binary"}},
    }
    return {"requestBody": {"required": True, "content": content}}


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


_SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "chat gpt-4o", "kind": 3,
    "startTimeUnixNano": "1795241024045836153", "endTimeUnixNano": "1795241024056333892", "status": {},
    "attributes": [
        _text("gen_ai.operation.name", "chat"), _text("gen_ai.provider.name", "openai"),
        _text("gen_ai.response.model", "gpt-4o-2024-08-06"), _text("user.id", "asha"),
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "1000"}},
        {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "50"}},
    ],
}  # fmt: skip
_EXAMPLE = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"spans": [_SPAN]}]}]}


@router.post(
    "/traces",
    summary="Spans of OpenTelemetry: requests to models become usage",
    response_class=Response,
    response_model=None,
    responses=_said("rejectedSpans"),
    openapi_extra=_asks("resourceSpans", _EXAMPLE),
)
async def traces(request: Request, caller: SpendingProgram, here: Here) -> Response:
    """Reads `chat`, `text_completion`, `generate_content` and `embeddings` spans with `gen_ai.usage.*`, each once.

    Other spans (an agent around its requests, tools, web servers) are passed over; messages are not kept.
    """
    kind = _encoding(request)
    taken = await run_in_threadpool(_take, here, caller, kind, await unpacked(request))
    rejected, words = taken.rejected, _words(taken)
    if kind == JSON:
        told = {"rejectedSpans": str(rejected), "errorMessage": words} if words else {}
        return JSONResponse({"partialSuccess": told})
    partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=words) if words else None
    return Response(ExportTraceServiceResponse(partial_success=partial).SerializeToString(), media_type=PROTOBUF)


@router.post(
    "/metrics",
    summary="Metrics of OpenTelemetry: passed over",
    response_class=Response,
    response_model=None,
    responses=_said("rejectedDataPoints"),
    openapi_extra=_asks("resourceMetrics", {"resourceMetrics": []}),
)
async def metrics(request: Request, caller: SpendingProgram) -> Response:
    """Sums of what the spans have told: nothing is taken from them, and the exporter need not be switched off."""
    del caller
    return await _passed_over(request)


@router.post(
    "/logs",
    summary="Logs of OpenTelemetry: passed over",
    response_class=Response,
    response_model=None,
    responses=_said("rejectedLogRecords"),
    openapi_extra=_asks("resourceLogs", {"resourceLogs": []}),
)
async def logs(request: Request, caller: SpendingProgram) -> Response:
    """May hold what people said; nothing of it is looked at."""
    del caller
    return await _passed_over(request)


async def _passed_over(request: Request) -> Response:
    """Success in the encoding of the request. An empty message is its own in protobuf whatever its type."""
    kind = _encoding(request)
    await unpacked(request)
    return JSONResponse({"partialSuccess": {}}) if kind == JSON else Response(b"", media_type=PROTOBUF)


def _encoding(request: Request) -> str:
    kind = media_type(request)
    if kind not in READ:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"OTLP comes as {PROTOBUF} or {JSON}.")
    return kind


def _take(here: Installation, caller: Caller, kind: str, body: bytes) -> Taken:
    try:
        spans = READ[kind](body)
    except Unreadable as error:
        raise unreadable(str(error)) from None
    return take_from(here, caller, "otlp", otlp.events(spans))


def _words(taken: Taken) -> str:
    """What its operator should know of this export; nothing where all of it is booked."""
    counts = [
        (taken.rejected, "is no usage", "are no usage"),
        (taken.waiting, "waits for an administrator (Sources)", "wait for an administrator (Sources)"),
    ]
    told = [f"1 span {one}" if count == 1 else f"{count} spans {many}" for count, one, many in counts if count]
    return " ".join([f"{'; '.join(told)}.", *taken.reasons]) if told else ""
