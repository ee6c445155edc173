"""How a refusal leaves the API: RFC 9457 problem details, one status for each error of the domain."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from creditbook.access.api_keys import KeyRefused
from creditbook.api.callers import NotSignedIn
from creditbook.domain import errors

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


def status_of(error: errors.LedgerError) -> HTTPStatus:
    """The HTTP status of a domain error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(status: HTTPStatus, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem document. `detail` is a sentence for people; `more` are members of its own, such as `shortage`."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **more}
    return JSONResponse(body, int(status), headers, MEDIA_TYPE)


def _refusal(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.LedgerError)
    status = status_of(error)
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="creditbook"'
    if isinstance(error, errors.LimitExceeded):
        more["limit"] = error.limit
        if error.retry_after is not None:
            headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.InsufficientTokens):
        more = {"error": "Insufficient tokens", "message": str(error), "required": error.required,
                "available": error.available, "shortage": error.shortage,
                "packages_url": error.packages_url}  # fmt: skip
    return problem(status, str(error), headers, **more)


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(HTTPStatus(error.status_code), str(error.detail), dict(error.headers or {}))


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """What was sent is not what the route takes: one sentence for each place, and nothing of what was sent."""
    assert isinstance(error, RequestValidationError)
    wrong = [(".".join(str(part) for part in one["loc"][1:]), str(one["msg"])) for one in error.errors()]
    said = "; ".join(f"{place}: {message}" if place else message for place, message in wrong)
    places = [{"field": place, "message": message} for place, message in wrong]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{said}.", errors=places)


def install(app: FastAPI) -> None:
    """Makes `app` answer domain errors, and those of routing and reading, as problem documents."""
    app.add_exception_handler(errors.LedgerError, _refusal)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
