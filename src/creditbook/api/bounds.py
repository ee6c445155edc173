"""How large a body may be, for every route: nobody makes the server read what it would never take."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from creditbook.api.problems import problem

LARGEST_BODY_BYTES = 20 * 1024 * 1024
"""Room for a thousand pieces of work with all the metadata that they may carry."""
_OF_THEIR_OWN = ("/v1/uploads",)
"""Routes that bound what they read themselves."""
_SAID = f"A body has at most {LARGEST_BODY_BYTES // 1024**2} MB. Send it in smaller parts."


class TooLarge(HTTPException):
    """There is more of a body than is taken."""


class Bounded:
    """Answers 413 to a body that is too large: at once where its length is told, else when it is read. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts what the application reads; keeps nothing."""
        if scope["type"] != "http" or scope["path"].endswith(_OF_THEIR_OWN):
            await self._app(scope, receive, send)
            return
        if _told(scope) > LARGEST_BODY_BYTES:
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _SAID)(scope, receive, send)
            return
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST_BODY_BYTES:
                raise TooLarge(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _SAID)
            return message

        try:
            await self._app(scope, bounded, send)
        except TooLarge:  # read by what answers before any route does
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _SAID)(scope, receive, send)


def _told(scope: Scope) -> int:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(length) if length.isdigit() else 0
