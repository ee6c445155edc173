"""The road of a spend that is right in every way, past all that the others need: it is what applications do all day.

It answers what the route in `usage` answers, to the letter (`tests/api/test_quick.py` compares). Whatever is not plain
(a key that has to be looked up, a body that is not right, a browser) takes that route, with nothing done before.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from creditbook.api.answering import beside, ledger_of, replayed
from creditbook.api.callers import LONGEST_KEY, Caller, admit, at_hand
from creditbook.api.problems import refusal
from creditbook.api.schemas import Charged, Usage
from creditbook.domain.errors import LedgerError
from creditbook.installation import Installation, installation

PATH = "/v1/usage"
_WANTED = {b"authorization", b"idempotency-key", b"content-type", b"content-length"}


@dataclass(frozen=True, slots=True)
class _Route:
    """What the log and the metrics call it by."""

    path: str = PATH


@dataclass(frozen=True, slots=True)
class _Spend:
    """A spend that may be done."""

    here: Installation
    caller: Caller
    account: str
    usage: Usage
    key: str


class Quick:
    """Answers plain spends itself and lets everything else through. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reads the body of a spend; another route's it never touches."""
        path = scope["path"] if scope["type"] == "http" and scope["method"] == "POST" else ""
        if not path.endswith(PATH) or path.removeprefix(scope.get("root_path", "")) != PATH:
            await self._app(scope, receive, send)
            return
        message = await receive()
        plain = message["type"] == "http.request" and not message.get("more_body", False)
        wanted = _plain(scope, message["body"]) if plain else None
        if wanted is None:
            await self._app(scope, _again(message, receive), send)
            return
        scope["route"] = _Route()
        answer = await _answer(scope, wanted)
        await answer(scope, receive, send)


def _again(message: Message, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """A `receive` that begins with what was read."""
    read = [message]

    async def again() -> Message:
        return read.pop() if read else await receive()

    return again


def _plain(scope: Scope, body: bytes) -> _Spend | None:
    """What is asked for, where nothing about it is unusual. Changes nothing."""
    sent = {name: value for name, value in scope["headers"] if name in _WANTED}
    kind, _, text = sent.get(b"authorization", b"").decode("latin-1").partition(" ")
    key = sent.get(b"idempotency-key", b"").decode("latin-1").strip()
    if sent.get(b"content-type") != b"application/json" or kind != "Bearer" or not 0 < len(key) <= LONGEST_KEY:
        return None
    here = installation()
    caller = at_hand(here, text)
    if caller is None or "spend" not in caller.scopes:
        return None
    try:
        usage = Usage.model_validate(json.loads(body))
        account = caller.account(usage.account)
    except (ValueError, ValidationError, RecursionError, LedgerError):
        return None
    return _Spend(here, caller, account, usage, key) if here.ledger.core.knows(account) else None


async def _answer(scope: Scope, wanted: _Spend) -> Response:
    state: dict[str, Any] = scope["state"]
    try:
        admit(state, wanted.here, wanted.caller)
        books = await ledger_of(wanted.here)
        terms = wanted.usage.model_dump(exclude={"account"})
        receipt = await books.spend(wanted.account, **terms, actor=wanted.caller.actor, idempotency_key=wanted.key)
    except LedgerError as error:
        return await refusal(Request(scope), error)
    answer = Response(Charged.of(receipt).model_dump_json(), media_type="application/json")
    await beside(answer, books, wanted.account, receipt)
    replayed(answer, receipt)
    return answer
