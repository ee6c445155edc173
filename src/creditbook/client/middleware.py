"""ASGI middleware for Starlette, FastAPI and others: routes that cost tokens.

    app.add_middleware(
        Charging, books=ledger, account=lambda visit: f"studio/{visit.scope['user'].name}",
        routes={"POST /answers": Work("answer"), "POST /reports/{name}": Work("report", estimate=20_000)},
    )

Tokens are held before the route runs, captured when it answers well, given back when it fails. What it really used it
says by `request.state.creditbook.used(tokens=…, model=…, input_tokens=…)`.
"""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from creditbook.client.either import AnyJob, Source, reserve
from creditbook.client.refusals import described, status_for_visitors
from creditbook.domain.errors import LedgerError, NotFound
from creditbook.domain.program import Unit
from creditbook.domain.results import HoldReceipt, Receipt

log = logging.getLogger(__name__)
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Who = str | None
TOKENS = Unit()


@dataclass(frozen=True, slots=True)
class Work:
    """What a route does, in the program's words, and what is held while it runs (None: the action's own price).

    ``streams`` charges at the end of a streamed answer rather than before its first byte.
    """

    action: str
    estimate: int | None = None
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as it arrives: header names in lower case, the path's `{parts}` by name, and the ASGI scope itself."""

    method: str
    path: str
    headers: Mapping[str, str]
    parts: Mapping[str, str]
    scope: Mapping[str, Any]


@dataclass(slots=True)
class Tab:
    """What a route writes down of what it used: `request.state.creditbook`."""

    account: str
    hold: HoldReceipt
    part: dict[str, Any] = field(default_factory=dict)

    def used(self, **part: Any) -> None:
        """Say what the work took (`capture`'s names: ``tokens``, ``model``, ``agent``, ``input_tokens`` …)."""
        self.part.update(part)


class Charging:
    """Checks, holds, charges and says what is left. Routes that are not named pass untouched.

    ``account`` tells whose tokens a visit takes (None is answered 401, one that is not there 403), ``key`` an
    idempotency key of your own: an answer under a key that was charged before is not charged again, so never take one
    that a visitor chose.
    """

    def __init__(
        self,
        app: App,
        *,
        books: Source,
        account: Callable[[Visit], Who | Awaitable[Who]],
        routes: Mapping[str, Work],
        unit: Unit = TOKENS,
        key: Callable[[Visit], str | None] | None = None,
    ) -> None:
        self._app, self._books, self._account, self._unit, self._key = app, books, account, unit, key
        self._routes = [(*_route(written), work) for written, work in routes.items()]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pure ASGI: streams stay streams, and nothing is read of a body."""
        found = self._found(scope) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        work, visit = found
        named = self._account(visit)
        account = await named if inspect.isawaitable(named) else named
        if account is None:
            await _answer(send, {"title": "Unauthorized", "status": 401, "detail": "Sign in first."}, [])
            return
        try:
            key = self._key(visit) if self._key else None
            job = await reserve(self._books, account, action=work.action, estimate=work.estimate, idempotency_key=key)
        except NotFound:
            await _answer(send, {"title": "Forbidden", "status": 403, "detail": "You have no account here."}, [])
            return
        except LedgerError as error:
            await _refused(send, error, self._unit)
            return
        tab = Tab(account, job.receipt)
        scope.setdefault("state", {})["creditbook"] = tab
        await _Answering(work, job, tab, send, self._unit, key).run(self._app, scope, receive)

    def _found(self, scope: Mapping[str, Any]) -> tuple[Work, Visit] | None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        for method, pattern, work in self._routes:
            match = pattern.fullmatch(path) if method == scope["method"] else None
            if match:
                headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
                return work, Visit(method, path, headers, match.groupdict(), scope)
        return None


class _Answering:
    """One answer on its way out, and the charge that goes with it."""

    def __init__(self, work: Work, job: AnyJob, tab: Tab, send: Send, unit: Unit, key: str | None) -> None:
        self._work, self._job, self._tab, self._send, self._unit, self._key = work, job, tab, send, unit, key
        self._open = True  # nothing is captured or voided yet
        self._streaming = False
        self._instead = False  # a refusal went out in place of the route's own answer

    async def run(self, app: App, scope: MutableMapping[str, Any], receive: Receive) -> None:
        try:
            await app(scope, receive, self._sent)
        except BaseException as error:
            if self._open:
                await self._job.abandon(error)
            raise
        # A visitor who hung up on a stream pays for what the route had written down by then.
        if self._open and self._streaming and self._tab.part:
            await self._capture_late()
        elif self._open:
            await self._job.abandon(None)

    async def _sent(self, message: Message) -> None:
        if self._instead:
            return
        if message["type"] == "http.response.start":
            begun = await self._begun(message)
            if begun is None:
                return
            message = begun
        elif message["type"] == "http.response.body" and self._streaming and not message.get("more_body", False):
            await self._capture_late()
        await self._send(message)

    async def _begun(self, message: Message) -> Message | None:
        """The answer's start with what is left; None where a refusal went out in its place."""
        if message["status"] >= HTTPStatus.BAD_REQUEST:
            self._open = False
            return _with(message, await self._voided())
        if self._work.streams:
            self._streaming = True
            return _with(message, _left(self._job.receipt))
        try:
            receipt = await self._capture()
        except LedgerError as error:
            # Nobody is answered who did not pay; what could not be captured is given back.
            await self._job.abandon(error)
            self._open, self._instead = False, True
            await _refused(self._send, error, self._unit)
            return None
        return _with(message, [*_left(receipt), (b"x-tokens-charged", str(receipt.charged).encode())])

    async def _capture(self) -> Receipt:
        receipt = await self._job.capture(**{"idempotency_key": self._key, **self._tab.part})
        self._open = False
        return receipt

    async def _capture_late(self) -> None:
        self._streaming = False
        try:
            await self._capture()
        except LedgerError as error:
            # The answer is out already: the hold goes back by itself.
            log.warning("A streamed answer of %s was not charged: %s", self._tab.account, error)
            self._open = False

    async def _voided(self) -> list[tuple[bytes, bytes]]:
        try:
            return _left(await self._job.void())
        except LedgerError as error:
            log.warning("A hold of %s was not given back, it will time out: %s", self._tab.account, error)
            return []


def _route(written: str) -> tuple[str, re.Pattern[str]]:
    method, _, path = written.partition(" ")
    if not method.isupper() or not path.startswith("/"):
        raise ValueError(f"“{written}” is no route. Write it as POST /reports/{{name}}.")
    parts = re.split(r"\{(\w+)\}", path)
    return method, re.compile(
        "".join(f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    )


def _left(receipt: HoldReceipt | Receipt) -> list[tuple[bytes, bytes]]:
    left = "unlimited" if receipt.available is None else str(receipt.available)
    return [(b"x-tokens-remaining", left.encode())]


def _with(message: Message, headers: list[tuple[bytes, bytes]]) -> Message:
    """The message with these headers in place of the route's own of the same names."""
    names = {name for name, _ in headers}
    kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in names]
    return {**message, "headers": [*kept, *headers]}


async def _refused(send: Send, error: LedgerError, unit: Unit) -> None:
    """The refusal as a problem document; what is not the visitor's business is raised for the log."""
    status = status_for_visitors(error)
    if status is None:
        raise error
    wait = getattr(error, "retry_after", None)
    headers = [] if wait is None else [(b"retry-after", str(wait).encode())]
    await _answer(send, described(error, status, unit), headers)


async def _answer(send: Send, problem: Mapping[str, Any], headers: list[tuple[bytes, bytes]]) -> None:
    body = json.dumps({"type": "about:blank", **problem}).encode()
    told = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": problem["status"], "headers": told})
    await send({"type": "http.response.body", "body": body})
