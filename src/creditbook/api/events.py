"""Where CloudEvents come in: from OpenMeter's SDK, from whatever speaks the specification, one or a batch."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Here
from creditbook.api.arriving import take_from
from creditbook.api.bodies import media_type, unpacked, unreadable
from creditbook.api.callers import Caller, SpendingProgram
from creditbook.api.problems import documented
from creditbook.installation import Installation
from creditbook.sources import cloudevents
from creditbook.sources.cloudevents import BATCH, JSON, SINGLE, NoEvent
from creditbook.sources.foreign import Unreadable

router = APIRouter(prefix="/v1", tags=["sources"])

EXAMPLE: dict[str, Any] = {
    "specversion": "1.0", "id": "5c10fade-1c9e-4d6c-8275-c52c36731d3c", "source": "my-app", "type": "srs",
    "subject": "asha", "time": "2026-03-04T12:00:00Z",
    "data": {"model": "gpt-4o", "input_tokens": 900, "output_tokens": 2600},
}  # fmt: skip
_TEXT = {"type": "string", "minLength": 1}
_NULLABLE = {"type": ["string", "null"]}
_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"}, "id": _TEXT, "source": _TEXT, "type": _TEXT, "subject": _NULLABLE,
        "time": {"type": ["string", "null"], "format": "date-time"}, "data": {},
    },
    "additionalProperties": True,
}  # fmt: skip
_BATCH = {"type": "array", "items": _EVENT, "maxItems": cloudevents.MOST_EVENTS}
_BODY = {
    "required": True,
    "content": {
        SINGLE: {"schema": _EVENT, "example": EXAMPLE},
        BATCH: {"schema": _BATCH, "example": [EXAMPLE]},
        JSON: {"schema": {"anyOf": [_EVENT, _BATCH]}, "example": EXAMPLE},
    },
}


@router.post(
    "/events",
    summary="Usage as CloudEvents",
    status_code=204,
    response_class=Response,
    responses=documented(413, 415),
    openapi_extra={"requestBody": _BODY},
)
async def ingest(request: Request, caller: SpendingProgram, here: Here) -> Response:
    """One event or a batch, as OpenMeter's SDK sends them. Each counts once, by its `source` and `id`: 204 again.

    `subject` names the account, by its name or its `external_id`. What can't be booked yet (an unknown account, say)
    waits and is shown on *Sources*. A batch in which anything is no CloudEvent is refused whole.
    """
    body = await unpacked(request)
    await run_in_threadpool(_take, here, caller, body, media_type(request), dict(request.headers))
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _take(here: Installation, caller: Caller, body: bytes, sent_as: str, headers: dict[str, str]) -> None:
    if "ce-specversion" not in headers and sent_as not in {SINGLE, BATCH, JSON}:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {SINGLE}, {BATCH} or {JSON}.")
    try:
        found = cloudevents.events(body, sent_as, headers)
    except NoEvent:
        raise
    except Unreadable as error:
        raise unreadable(str(error)) from None
    if found:
        take_from(here, caller, "cloudevents", found)
