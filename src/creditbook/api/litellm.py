"""Where LiteLLM's generic callback posts what it did. Nothing that is kept is answered with an error: it sends once."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Here
from creditbook.api.arriving import Arrived, take_from
from creditbook.api.bodies import unpacked, unreadable
from creditbook.api.callers import Caller, SpendingProgram
from creditbook.api.problems import documented
from creditbook.installation import Installation
from creditbook.sources import litellm
from creditbook.sources.foreign import Unreadable

router = APIRouter(prefix="/v1", tags=["sources"])

EXAMPLE: dict[str, Any] = {
    "id": "chatcmpl-62bbcd1b", "call_type": "acompletion", "status": "success", "custom_llm_provider": "openai",
    "model": "gpt-4o-mini", "startTime": 1795233875.006891, "prompt_tokens": 10, "completion_tokens": 20,
    "response_cost": 1.35e-05, "end_user": "asha", "request_tags": ["agent:planner"],
}  # fmt: skip
_OBJECT = {"type": "object", "additionalProperties": True}
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"anyOf": [_OBJECT, {"type": "array", "items": {}}]},
            "examples": {"one": {"value": EXAMPLE}, "many": {"value": [EXAMPLE]}},
        },
        "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"id": "chatcmpl-1"}\n{"id": "chatcmpl-2"}'},
    },
}


@router.post(
    "/litellm",
    summary="Usage as LiteLLM's generic callback posts it",
    responses=documented(415),
    openapi_extra={"requestBody": _BODY},
)
async def litellm_usage(request: Request, caller: SpendingProgram, here: Here) -> Arrived:
    """One record, an array of them, or one a line. Each counts once, by its `id`; messages are not kept.

    What can't be booked yet (an unknown account, say) waits and is shown on *Sources*.
    """
    return await run_in_threadpool(_take, here, caller, await unpacked(request))


def _take(here: Installation, caller: Caller, body: bytes) -> Arrived:
    try:
        found = litellm.events(litellm.records(body))
    except Unreadable as error:
        raise unreadable(str(error)) from None
    return Arrived.of(take_from(here, caller, "litellm", found))
