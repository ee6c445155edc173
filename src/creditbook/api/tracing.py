"""OpenTelemetry traces of our own: a span for each request, a child for the ledger's transaction that answered it.

Off unless the standard's variables name where they go (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or
`OTEL_EXPORTER_OTLP_ENDPOINT`): then over OTLP/HTTP, joined to the caller's trace where it sends a `traceparent`. The
library is imported only then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from creditbook.ledger.calls import Call, Origin

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

_WHERE = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NEVER = "/v1/otlp/"
"""Spans that come in make none: an exporter that was pointed at ourselves would never end."""


class Tracing:
    """Makes spans and hands them to an exporter in the background."""

    def __init__(self, exporter: SpanExporter) -> None:
        from opentelemetry.propagate import get_global_textmap
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        named = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "creditbook")}
        self._provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=True)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("creditbook")
        self._propagator = get_global_textmap()

    def begin(self, scope: Any, origin: Origin) -> RequestSpan:
        """The span of a request that has just come."""
        from opentelemetry.trace import SpanKind, set_span_in_context

        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
                   if name in (b"traceparent", b"tracestate", b"baggage")}  # fmt: skip
        parent = self._propagator.extract(carrier)
        span = self._tracer.start_span(scope["method"], context=parent, kind=SpanKind.SERVER)
        origin.span = set_span_in_context(span, parent)
        return RequestSpan(span)

    def decided(self, calls: Sequence[Call], took: float) -> None:
        """A child span, for each call that a request made, of the transaction that answered them all."""
        end = time.time_ns()
        for call in calls:
            if call.origin is not None and call.origin.span is not None:
                attributes: dict[str, Any] = {
                    "creditbook.operation": call.operations[0].name if call.operations else "",
                    "creditbook.operations": len(call.operations),
                    "creditbook.batch.calls": len(calls),
                }
                span = self._tracer.start_span(
                    "ledger.transaction",
                    context=call.origin.span,
                    attributes=attributes,
                    start_time=end - int(took * 1e9),
                )
                span.end(end)

    def flush(self) -> None:
        """Send what waits."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send what waits, and end."""
        self._provider.shutdown()


class RequestSpan:
    """The span of one request while it is answered."""

    def __init__(self, span: Any) -> None:
        self._span = span

    def end(self, method: str, route: str, status: int, request_id: str) -> None:
        """The answer is known: name it by its route's template, never by its address."""
        from opentelemetry.trace import Status, StatusCode

        self._span.update_name(f"{method} {route}")
        self._span.set_attributes({
            "http.request.method": method, "http.route": route, "http.response.status_code": status,
            "creditbook.request_id": request_id,
        })  # fmt: skip
        if status >= 500:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


_by_endpoint: dict[str, Tracing] = {}


def tracing(path: str = "") -> Tracing | None:
    """The tracing that the environment asks for now, None for none; and none for what brings traces itself."""
    endpoint = os.environ.get(_WHERE[0]) or os.environ.get(_WHERE[1])
    if not endpoint or _NEVER in path or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    found = _by_endpoint.get(endpoint)
    if found is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        found = _by_endpoint[endpoint] = Tracing(OTLPSpanExporter())
    return found


def close_tracing() -> None:
    """Send what waits before the process ends."""
    while _by_endpoint:
        _by_endpoint.popitem()[1].close()
