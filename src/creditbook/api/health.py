"""Is the process alive, and can it work? For supervisors and load balancers; neither answer needs a key."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from creditbook.api.here import Here
from creditbook.api.problems import problem, told

log = logging.getLogger(__name__)
router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process answers")
async def healthz() -> dict[str, str]:
    """Says that the process is alive and nothing about the database."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="The database answers and is migrated",
    response_model=None,
    responses={503: told("Not ready; the detail says what to do")},
)
def readyz(here: Here) -> dict[str, str] | JSONResponse:
    """200 when the database can be reached and stands at the newest migration, else a 503 problem."""
    try:
        ready = here.store.is_current()
    except Exception:  # whatever keeps us from the database is "not ready", never a 500
        log.exception("The database can't be used.")
        ready = False
    if ready:
        return {"status": "ready"}
    # The database's address is no business of whoever asks here: the log has it.
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE, "The database can't be reached, or is not migrated: run `creditbook init`."
    )
