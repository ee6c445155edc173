"""How a refusal leaves the API: RFC 9457 problem details, one status for each error of the domain."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import Match

from creditbook.access.api_keys import KeyRefused
from creditbook.api.callers import NotSignedIn
from creditbook.domain import errors
from creditbook.domain.program import Unit
from creditbook.domain.units import insufficient, remaining_words
from creditbook.installation import installation

MEDIA_TYPE = "application/problem+json"

# The nearest ancestor that stands here decides (CONTRACT.md, "Python").
STATUS: dict[type[errors.LedgerError], HTTPStatus] = {
    errors.LedgerError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Refused: HTTPStatus.FORBIDDEN,
    errors.InsufficientTokens: HTTPStatus.PAYMENT_REQUIRED,
    errors.LimitExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    errors.CodeNotRedeemable: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    KeyRefused: HTTPStatus.UNAUTHORIZED,
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
}


class Printable(JSONResponse):
    """JSON that repeats what somebody sent: half a character in it is told as a question mark."""

    def render(self, content: Any) -> bytes:
        """The bytes of the answer."""
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(errors="replace")


class Problem(BaseModel):
    """RFC 9457 problem details. Of what is out of tokens or credits, the figures are whole tokens.

    ``code`` names the refusal for programs: `insufficient_tokens`, `account_frozen`, `hold_already_resolved` …
    """

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Payment Required"])
    status: int = Field(examples=[402])
    detail: str = Field(examples=["Insufficient tokens"])
    code: str | None = Field(default=None, examples=["insufficient_tokens"])
    error: str | None = Field(default=None, examples=["Insufficient tokens"])
    message: str | None = Field(default=None, examples=["Need 500 more tokens. Current balance: 1000"])
    required: int | None = Field(default=None, examples=[1500])
    available: int | None = Field(default=None, examples=[1000])
    shortage: int | None = Field(default=None, examples=[500])
    packages_url: str | None = None
    limit: str | None = None
    retry_after: int | None = None
    above: int | None = None
    errors: list[dict[str, str]] | None = None


_EXAMPLE = {"type": "about:blank", "title": "Payment Required", "status": 402, "detail": "Insufficient tokens",
            "code": "insufficient_tokens", "error": "Insufficient tokens",
            "message": "Need 500 more tokens. Current balance: 1000",
            "required": 1500, "available": 1000, "shortage": 500, "packages_url": "/packages"}  # fmt: skip
SAID: dict[int, str] = {
    400: "The body can't be read, or there is no Idempotency-Key.",
    401: "No API key, or one that is not valid.",
    402: "Not enough tokens or credits; nothing was charged.",
    403: "The key's scope, the account's plan or its state does not allow it.",
    404: "There is no such thing in the key's organization.",
    409: "The moment is not right: done before, closed or resolved.",
    413: "The body is larger than anything that is taken here.",
    415: "The body is of a kind, or packed in a way, that is not taken here.",
    422: "The request says something that is not possible, or its Idempotency-Key was used for another one.",
    429: "A limit of the plan or the API is used up: Retry-After says when to come again.",
    503: "The database does not answer; nothing was decided. Send it again with the same key.",
}
_SCHEMA = {"$ref": "#/components/schemas/Problem"}
"""Said once: in full it would stand some six hundred times in the document."""
UNREADABLE = "The body can't be read: send JSON in UTF-8."
_NO_TEXT = "There was an error parsing the body"  # FastAPI's own words for bytes that are not even text


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of a route's refusals: those that any route has, and these."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted({400, 401, 403, 404, 413, 422, 429, 503, *statuses}):
        example = _EXAMPLE if status == HTTPStatus.PAYMENT_REQUIRED else {
            "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": SAID[status]
        }  # fmt: skip
        content = {MEDIA_TYPE: {"schema": _SCHEMA, "example": example}}
        found[status] = {"description": SAID[status], "content": content}
    return found


def told(description: str) -> dict[str, Any]:
    """What OpenAPI says of one refusal in words of its own."""
    return {"description": description, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}


def status_of(error: errors.LedgerError) -> HTTPStatus:
    """The HTTP status of a domain error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def code_of(error: errors.LedgerError) -> str:
    """The refusal's name for programs: that of its class, as `insufficient_tokens`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


def problem(status: HTTPStatus, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem document. `detail` is a sentence for people; `more` are members of its own, such as `shortage`."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": printable(detail), **more}
    return Printable(body, int(status), headers, MEDIA_TYPE)


def described(error: errors.LedgerError, unit: Unit) -> dict[str, Any]:
    """A refusal as the members of a problem document, in the words of the program's unit."""
    status, detail = status_of(error), printable(str(error))
    more: dict[str, Any] = {}
    if isinstance(error, errors.LimitExceeded):
        more = {"limit": error.limit, "retry_after": error.retry_after}
    if isinstance(error, errors.NeedsApproval):
        more = {"above": error.above}
    if isinstance(error, errors.InsufficientTokens):
        # Where people count credits, a number of tokens alone would tell them nothing.
        message = detail if unit.tokens_per_credit == 1 else remaining_words(error.available, unit)
        detail = insufficient(unit)
        more = {"error": detail, "message": message, "required": error.required,
                "available": error.available, "shortage": error.shortage,
                "packages_url": error.packages_url}  # fmt: skip
    named = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return {**named, "code": code_of(error), **more}


async def unit_for(request: Request) -> Unit:
    """The unit of the program that the caller's organization runs; tokens where nobody is known to call."""
    slug = getattr(request.state, "organization", None)
    if slug is None:
        return Unit()
    return (await run_in_threadpool(installation().ledger.program, slug)).unit


async def refusal(request: Request, error: Exception) -> JSONResponse:
    """The answer to an error of the domain."""
    assert isinstance(error, errors.LedgerError)
    unit = await unit_for(request) if isinstance(error, errors.InsufficientTokens) else Unit()
    body = described(error, unit)
    headers: dict[str, str] = {}
    if body["status"] == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="creditbook"'
    if isinstance(error, errors.LimitExceeded) and error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return Printable(body, body["status"], headers, MEDIA_TYPE)


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        error.headers = {"Allow": ", ".join(_methods(request))}
    if error.detail == _NO_TEXT:
        return problem(HTTPStatus.BAD_REQUEST, UNREADABLE)
    return problem(HTTPStatus(error.status_code), str(error.detail), dict(error.headers or {}))


def _methods(request: Request) -> list[str]:
    """What may be asked of this address: the router itself names the methods of the first route that it finds."""
    asked = dict(request.scope)
    return [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if any(route.matches(asked | {"method": method})[0] == Match.FULL for route in request.app.routes)
    ]


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """What was sent is not what the route takes: one sentence for each place, and nothing of what was sent."""
    assert isinstance(error, RequestValidationError)
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return problem(HTTPStatus.BAD_REQUEST, UNREADABLE)
    wrong = [(".".join(printable(part) for part in one["loc"][1:]), str(one["msg"])) for one in error.errors()]
    said = "; ".join(f"{place}: {message}" if place else message for place, message in wrong)
    places = [{"field": place, "message": message} for place, message in wrong]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{said}.", code="invalid_request", errors=places)


def printable(part: object) -> str:
    """A text that may hold anything that was sent: half a character would not go out again."""
    return str(part).encode(errors="replace").decode()


def install(app: FastAPI) -> None:
    """Makes `app` answer domain errors, and those of routing and reading, as problem documents."""
    app.add_exception_handler(errors.LedgerError, refusal)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
