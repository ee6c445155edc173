"""Problem documents (RFC 9457) as the errors that the library raises for the same refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from creditbook.domain import errors
from creditbook.domain.program import Unit
from creditbook.domain.units import insufficient, remaining_words

FINAL = "limit_exceeded"
"""The program's own limits: they reopen tomorrow or next month, so nobody waits for them here."""


class NoAnswer(errors.Unavailable):
    """The last try had no answer, so what became of the call is not known here.

    Repeat it with ``idempotency_key``: it has its effect once, whether or not the tries before had it. '' for a read.
    """

    def __init__(self, message: str, idempotency_key: str = "") -> None:
        self.idempotency_key = idempotency_key
        super().__init__(message)


def _named(kind: type[errors.LedgerError]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


KINDS: dict[str, type[errors.LedgerError]] = {
    _named(kind): kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.LedgerError)
}
"""Every error of the ledger by the `code` of its problem."""

_BY_STATUS: dict[int, type[errors.LedgerError]] = {
    HTTPStatus.BAD_REQUEST: errors.InvalidRequest,
    HTTPStatus.UNAUTHORIZED: errors.Refused,
    HTTPStatus.FORBIDDEN: errors.Refused,
    HTTPStatus.NOT_FOUND: errors.NotFound,
    HTTPStatus.CONFLICT: errors.Conflict,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: errors.InvalidRequest,
    HTTPStatus.UNPROCESSABLE_ENTITY: errors.InvalidRequest,
    HTTPStatus.TOO_MANY_REQUESTS: errors.LimitExceeded,
}


def refusal(status: int, problem: Any) -> errors.LedgerError:
    """The error that a problem document tells of; of one that is none, what its status says."""
    said: Mapping[str, Any] = problem if isinstance(problem, dict) else {}
    detail = str(said.get("detail") or f"The server answered {status} {_phrase(status)}.")
    kind = KINDS.get(str(said.get("code"))) or _BY_STATUS.get(status)
    if kind is None:
        kind = errors.Unavailable if status >= HTTPStatus.INTERNAL_SERVER_ERROR else errors.LedgerError
    if kind is errors.InsufficientTokens:
        return errors.InsufficientTokens(said["required"], said["available"], said.get("packages_url") or "")
    if kind is errors.LimitExceeded:
        return errors.LimitExceeded(detail, str(said.get("limit") or "api"), said.get("retry_after"))
    if kind is errors.NeedsApproval:
        return errors.NeedsApproval(said["above"])
    return errors.CodeNotRedeemable() if kind is errors.CodeNotRedeemable else kind(detail)


# What a visitor of an application may be told; all else is the application's own mistake.
_FOR_VISITORS: dict[type[errors.LedgerError], HTTPStatus] = {
    errors.InsufficientTokens: HTTPStatus.PAYMENT_REQUIRED,
    errors.LimitExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    errors.FeatureNotInPlan: HTTPStatus.FORBIDDEN,
    errors.AccountFrozen: HTTPStatus.FORBIDDEN,
    errors.AccountClosed: HTTPStatus.FORBIDDEN,
    errors.RequestTooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_for_visitors(error: errors.LedgerError) -> HTTPStatus | None:
    """The status by which an application tells its visitor of a refusal; None for its own mistakes."""
    return next((_FOR_VISITORS[kind] for kind in type(error).__mro__ if kind in _FOR_VISITORS), None)


def described(error: errors.LedgerError, status: HTTPStatus, unit: Unit) -> dict[str, Any]:
    """A refusal as a problem document of the API's own shape, in the words of the program's unit."""
    code = next(name for kind in type(error).__mro__ for name, known in KINDS.items() if known is kind)
    said: dict[str, Any] = {"title": status.phrase, "status": int(status), "detail": str(error), "code": code}
    if isinstance(error, errors.InsufficientTokens):
        message = str(error) if unit.tokens_per_credit == 1 else remaining_words(error.available, unit)
        detail = insufficient(unit)
        figures = {name: getattr(error, name) for name in ("required", "available", "shortage", "packages_url")}
        return {**said, "detail": detail, "error": detail, "message": message, **figures}
    if isinstance(error, errors.LimitExceeded):
        return {**said, "limit": error.limit, "retry_after": error.retry_after}
    return said


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
