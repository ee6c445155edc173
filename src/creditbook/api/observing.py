"""What is known of every request: its id and seconds in the answer, a line in the log, counts, a span when asked for.

Neither keys nor bodies nor the values of a query are written down; a route goes by its template.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from http import HTTPStatus
from itertools import count
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from creditbook.access.tokens import new_token
from creditbook.api import metrics
from creditbook.api.problems import problem
from creditbook.api.tracing import RequestSpan, tracing
from creditbook.ledger.calls import ORIGIN, Call, Origin
from creditbook.logs import ACCESS

log = logging.getLogger(ACCESS)
NOWHERE = "(none)"
"""The route of an address that does not exist: an attacker's addresses must not fill the metrics."""
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PROCESS = new_token()[:16].encode()
_numbers = count(1)
"""An id is the process and a number in it: the system's dice at every request cost more than all else here."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: written at DEBUG only."""


def decided(calls: Sequence[Call], took: float) -> None:
    """A transaction of the ledger was committed: count it, and give each request that waited for it its span."""
    metrics.decided(calls, took)
    traces = tracing()
    if traces is not None:
        traces.decided(calls, took)


class Observed:
    """Gives every request an id (its own `X-Request-Id`, where it brings a plain one) and watches it. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What the application raises is written down and answered as a problem; nothing of it is told."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = Origin()
        watched, token = _Watched(scope, send, origin), ORIGIN.set(origin)
        metrics.under_way.inc()
        try:
            await self._app(scope, receive, watched.sent)
        except Exception as error:  # noqa: BLE001 - the last place where anybody could answer
            await watched.failed(error, receive)
        finally:
            ORIGIN.reset(token)
            metrics.under_way.dec()
            watched.done()


class _Watched:
    """One request while it is answered."""

    def __init__(self, scope: Scope, send: Send, origin: Origin) -> None:
        self._scope, self._send = scope, send
        self._began = time.perf_counter()
        self._took, self._status = 0.0, 0
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        self._id = given if _GIVEN.fullmatch(given) else b"%s-%d" % (_PROCESS, next(_numbers))
        self._state: dict[str, Any] = scope.setdefault("state", {})
        self._state["request_id"] = self._id.decode()
        traces = tracing(scope["path"])
        self._span: RequestSpan | None = traces.begin(scope, origin) if traces is not None else None

    async def sent(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._took, self._status = time.perf_counter() - self._began, message["status"]
            headers = [*message["headers"], (b"x-request-id", self._id), (b"x-process-time", b"%.6f" % self._took)]
            window = self._state.get("window")
            message["headers"] = headers + window.headers() if window is not None else headers
        await self._send(message)

    async def failed(self, error: Exception, receive: Receive) -> None:
        fields = {"request_id": self._id.decode(), "route": self._route()}
        log.error("A request failed.", exc_info=error, extra={"fields": fields})
        if not self._status:
            sorry = "Something went wrong here; the log has it under this answer's X-Request-Id. Send it again."
            await problem(HTTPStatus.INTERNAL_SERVER_ERROR, sorry)(self._scope, receive, self.sent)

    def done(self) -> None:
        # Nothing was answered: the caller went away.
        status = self._status or 499
        took = self._took or time.perf_counter() - self._began
        method = self._scope["method"] if self._scope["method"] in _METHODS else "OTHER"
        route = self._route()
        metrics.answered(method, route, status, took)
        if self._span is not None:
            self._span.end(method, route, status, self._id.decode())
        level = logging.DEBUG if route in _QUIET else logging.INFO
        if log.isEnabledFor(level):
            fields = {
                "request_id": self._id.decode(), "method": method, "route": route, "status": status,
                "seconds": round(took, 6), "organization": self._state.get("organization"),
                "key_id": self._state.get("key_id"),
            }  # fmt: skip
            log.log(level, "", extra={"fields": fields})

    def _route(self) -> str:
        return getattr(self._scope.get("route"), "path", NOWHERE)
