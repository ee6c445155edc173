"""What the examples share: the ledger of this process, and refusals as answers that say what to do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse

from creditbook import (
    FeatureNotInPlan,
    InsufficientTokens,
    InvalidRequest,
    Ledger,
    LedgerError,
    LimitExceeded,
    NotFound,
    open_ledger,
)

User = Annotated[str, Header(alias="X-User", description="Who is signed in; your own sign-in says so.")]
Key = Annotated[str | None, Header(alias="Idempotency-Key", description="The same key has its effect once.")]

Words = Callable[[InsufficientTokens], dict[str, object]]

_opening = threading.Lock()
_ledgers: list[Ledger] = []


def ledger() -> Ledger:
    """The ledger at `CREDITBOOK_DATABASE_URL`: one a process, so that its callers commit together."""
    with _opening:
        if not _ledgers:
            _ledgers.append(open_ledger())
        return _ledgers[0]


def use(opened: Ledger) -> None:
    """Work on this ledger instead: for tests, and for applications that have opened one."""
    with _opening:
        _ledgers[:] = [opened]


def application(title: str, words: Words) -> FastAPI:
    """An application whose refusals are answers. ``words`` puts "out of tokens" into the program's own words."""
    app = FastAPI(title=title)

    @app.exception_handler(LedgerError)
    async def refused(_request: Request, error: LedgerError) -> JSONResponse:
        if isinstance(error, InsufficientTokens):
            return JSONResponse(words(error), 402)
        if isinstance(error, LimitExceeded):
            wait = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
            return JSONResponse({"error": "Too many requests", "detail": str(error)}, 429, wait)
        if isinstance(error, FeatureNotInPlan):
            return JSONResponse({"error": "Not in your plan", "detail": str(error), "upgrade_url": "/plans"}, 403)
        status = 404 if isinstance(error, NotFound) else 422 if isinstance(error, InvalidRequest) else 409
        return JSONResponse({"error": type(error).__name__, "detail": str(error)}, status)

    return app
