"""How a refusal leaves the API: RFC 9457 problem details, one status for each error of the domain."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

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
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
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
    return problem(status_of(error), str(error))


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(HTTPStatus(error.status_code), str(error.detail), dict(error.headers or {}))


def install(app: FastAPI) -> None:
    """Makes `app` answer domain errors, and those of routing, as problem documents."""
    app.add_exception_handler(errors.LedgerError, _refusal)
    app.add_exception_handler(HTTPException, _http_error)
