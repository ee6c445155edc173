"""What every answer carries: a request's id, how long it took, and beside an account what is left of it."""

from __future__ import annotations

import re
import time
from typing import Annotated

from fastapi import Depends, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from creditbook.access.tokens import new_token
from creditbook.installation import Installation, installation
from creditbook.ledger.ledger import AsyncLedger

Here = Annotated[Installation, Depends(installation)]
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Traced:
    """Gives every request an id (its own `X-Request-Id`, where it brings a plain one) and tells its seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pure ASGI: no task of its own."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given if _GIVEN.fullmatch(given) else new_token()[:22].encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = f"{time.perf_counter() - began:.6f}".encode()
                message["headers"] = [*message["headers"], (b"x-request-id", request_id), (b"x-process-time", took)]
            await send(message)

        await self._app(scope, receive, sent)


def ledger_of(here: Here) -> AsyncLedger:
    """The process's ledger for event loops: the same core as the dashboard's, so that all share transactions."""
    return AsyncLedger(here.ledger)


Books = Annotated[AsyncLedger, Depends(ledger_of)]


async def beside(response: Response, books: AsyncLedger, account: str) -> None:
    """Put what is left of the account, and what its day has seen, into the answer's headers."""
    today = await run_in_threadpool(books.sync.figures.today, account)
    left = today.tokens_remaining
    response.headers["X-Tokens-Remaining"] = "unlimited" if left is None else str(left)
    response.headers["X-Tokens-Used-Today"] = str(today.tokens_used_today)
    response.headers["X-Requests-Today"] = str(today.requests_today)


def replayed(response: Response, receipt: object) -> None:
    """Say that this is the first answer of a key again."""
    if getattr(receipt, "replayed", False):
        response.headers["Idempotency-Replayed"] = "true"
