"""An account's balance as it changes: server-sent events, for whoever shows it without asking again and again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from creditbook.api.accounts import Standing
from creditbook.api.answering import Books, Here, beside
from creditbook.api.callers import Reader, may_still
from creditbook.api.problems import documented
from creditbook.api.schemas import Name
from creditbook.api.watching import Watcher, watching_of
from creditbook.domain.balance import Balance

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])

LONGEST = 3_600
CALLER_LOOKED_AT_EVERY = 2.0
HEARTBEAT = 15
TOO_SLOW = 30
"""Seconds for which nothing of a stream could be sent: then it ends, and its reader may connect anew."""

_EXAMPLE = (
    "event: balance\r\nid: 3f0c9a61d2b7\r\n"
    'data: {"account":"acme/asha","posted":1000,"held":0,"available":1000,"debt":0}\r\n\r\n'
    ": ping\r\n\r\nevent: end\r\ndata: {\"reason\":\"time\"}\r\n\r\n"
)  # fmt: skip
_EVENT = {
    "description": "One event of the stream.",
    "type": "object",
    "properties": {"event": {"enum": ["balance", "end"]}, "id": {"type": "string"}, "data": {"type": "string"}},
    "required": ["event", "data"],
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`balance` events, heartbeats as comments, and one `end` event with its reason: "
        "`time` (connect again), or `refused` (the key or session ended).",
        "content": {"text/event-stream": {"schema": _EVENT, "example": _EXAMPLE}},
    }
}


class Stream(EventSourceResponse):
    """A stream that gives its place back. A reader who is gone or asleep is no error of ours."""

    def __init__(self, events: AsyncIterator[ServerSentEvent], place: ExitStack, **more: Any) -> None:
        self._place = place
        super().__init__(events, ping=HEARTBEAT, send_timeout=TOO_SLOW, **more)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until the events end, or nobody reads them."""
        with self._place, suppress(SendTimeoutError):
            await super().__call__(scope, receive, send)


@router.get("/{account:path}/events", summary="An account's balance, live", response_class=EventSourceResponse,
            responses={**_STREAM, **documented()})  # fmt: skip
async def events(
    account: Annotated[Name, Path(description="A user name, `ORG/USERNAME`, or the organization's slug: its pool.")],
    caller: Reader,
    here: Here,
    books: Books,
    request: Request,
    response: Response,
    seconds: Annotated[int, Query(ge=0, le=LONGEST, description="How long at most; 0 tells what is, and ends.")] = 600,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """A `balance` event at once, and one whenever it changes, whichever process changed it.

    Its data is what `GET …/balance` answers; its id names the state: sent back as `Last-Event-ID`, the same state is
    not told again. Of changes that follow each other quickly only the last may be told.
    """
    named = caller.account(account)
    ref, balance = books.core.account(named), await books.balance(named)
    await beside(response, books, named)
    owner = f"{caller.org_slug} {caller.key_id or caller.actor}"
    place = ExitStack()
    # Taken here, so that one stream too many is refused by a status and not by an empty stream.
    watcher = place.enter_context(watching_of(here, named, ref, balance, owner))

    async def allowed() -> bool:
        return await may_still(request, here, caller)

    headers = {name: value for name, value in response.headers.items() if name.startswith("x-")}
    return Stream(_told(watcher, allowed, seconds, last_event_id), place, headers=headers)


async def _told(
    watcher: Watcher, allowed: Callable[[], Awaitable[bool]], seconds: int, last: str | None
) -> AsyncIterator[ServerSentEvent]:
    """What is, what becomes of it, and why it ends."""
    end = time.monotonic() + seconds
    while True:
        state, data = _state(watcher.watched.balance)
        if state != last:
            last = state
            yield ServerSentEvent(data, event="balance", id=state)
        left = end - time.monotonic()
        if left <= 0:
            yield ServerSentEvent('{"reason":"time"}', event="end")
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(watcher.changed.wait(), min(left, CALLER_LOOKED_AT_EVERY))
        watcher.changed.clear()
        if not await allowed():
            yield ServerSentEvent('{"reason":"refused"}', event="end")
            return


def _state(balance: Balance) -> tuple[str, str]:
    """The state's name, the same in every process, and what is told of it."""
    said = Standing.of(balance).model_dump(mode="json")
    figures = json.dumps({name: value for name, value in said.items() if name != "at"}, sort_keys=True)
    return hashlib.sha256(figures.encode()).hexdigest()[:24], json.dumps(said, separators=(",", ":"))
