"""Where payment providers tell us what became of a payment: signed, and answered with 200 once it is kept.

No session and no key: the signature is the caller's name. The raw body is what was signed, so it is read as it came.
"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from creditbook.api.here import Here
from creditbook.api.problems import problem, told
from creditbook.payments.providers import provider
from creditbook.payments.values import BadSignature, ProviderOff
from creditbook.payments.webhooks import Outcome, Webhooks

LARGEST_BODY_BYTES = 1_000_000

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.post(
    "/{name}",
    summary="A payment provider's signed event",
    response_model=None,
    responses={
        200: {"description": "Kept; `status` says what became of it"},
        400: told("The signature does not hold"),
        404: told("This provider is not set up here"),
        413: told("No event is as large"),
        422: told("What came is no event of this provider"),
        503: told("Not kept: send it again"),
    },
)
async def take(name: str, request: Request, here: Here) -> dict[str, object] | JSONResponse:
    """`stripe` or `razorpay`. What the ledger refuses is kept for a person and answered with 200."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "No event is larger than a megabyte.")
    headers = {header.lower(): value for header, value in request.headers.items()}

    def handle() -> Outcome:
        teller = provider(here.settings, name)
        return Webhooks(here.store, here.ledger, here.clock).take(teller, body, headers)

    try:
        outcome = await run_in_threadpool(handle)
    except ProviderOff as error:
        return problem(HTTPStatus.NOT_FOUND, str(error))
    except BadSignature as error:
        return problem(HTTPStatus.BAD_REQUEST, str(error))
    return {"received": True, "status": outcome.status, "replayed": outcome.replayed}
