"""Tokens reserved before the work, taken from in parts, given back when it is done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, Here, beside, replayed
from creditbook.api.asked import About
from creditbook.api.callers import IdempotencyKey, Spender, SpendingProgram
from creditbook.api.problems import documented
from creditbook.api.schemas import Capture, Charged, Held, Hold, Id, OfAccount
from creditbook.domain.state import HoldStatus
from creditbook.reports.settled import settled

router = APIRouter(prefix="/v1/holds", tags=["holds"])
HoldId = Annotated[Id, Path(description="The `hold_id` that the hold was answered with.")]


@router.post("", summary="Reserve tokens for work to come", responses=documented(402, 409))
async def hold(body: Hold, caller: Spender, key: IdempotencyKey, books: Books, response: Response) -> Held:
    """Holds the estimate, or the action's price, for fifteen minutes unless told otherwise; then it goes back."""
    account = caller.account(body.account)
    terms = body.model_dump(exclude={"account", "ttl_seconds"})
    receipt = await books.hold(account, **terms, ttl=timedelta(seconds=body.ttl_seconds), actor=caller.actor,
                               idempotency_key=key)  # fmt: skip
    await beside(response, books, account, receipt)
    replayed(response, receipt)
    return Held.of(receipt)


class OpenHold(BaseModel):
    """A hold that still reserves tokens: what for, until when, what was taken from it already."""

    hold_id: int
    account: str
    action: str
    feature: str
    project: str
    estimate: int
    held: int
    captured: int
    metered: bool
    began_at: datetime
    ends_at: datetime


class OpenHolds(BaseModel):
    """The open holds of an account, oldest first."""

    holds: list[OpenHold]


@router.get("", summary="Open holds of an account", responses=documented())
async def open_holds(about: About, here: Here) -> OpenHolds:
    """What was reserved and not closed, for a program that was stopped in between."""
    core = about.ledger.core
    ref = await run_in_threadpool(core.account, about.account)
    found = await run_in_threadpool(settled, core.batches, ref, here.clock())
    mine = sorted(found.account.holds.values(), key=lambda one: one.hold_id)
    same = ("hold_id", "action", "feature", "project", "estimate", "held", "captured", "metered", "ends_at")
    return OpenHolds(holds=[
        OpenHold(account=about.account, began_at=one.effective_at, **{name: getattr(one, name) for name in same})
        for one in mine if one.status is HoldStatus.OPEN
    ])  # fmt: skip


@router.post("/{hold_id}/capture", summary="Take a part of a hold", responses=documented(402, 409))
async def capture(
    hold_id: HoldId, body: Capture, caller: SpendingProgram, key: IdempotencyKey, books: Books, response: Response
) -> Charged:
    """Charges what the part used; `final` false keeps the rest reserved for the next one."""
    account = caller.account(body.account)
    terms = body.model_dump(exclude={"account"})
    receipt = await books.capture(account, hold_id, **terms, actor=caller.actor, idempotency_key=key)
    await beside(response, books, account, receipt)
    replayed(response, receipt)
    return Charged.of(receipt)


@router.post("/{hold_id}/void", summary="Give a hold back", responses=documented(409))
async def void(
    hold_id: HoldId, body: OfAccount, caller: SpendingProgram, key: IdempotencyKey, books: Books, response: Response
) -> Held:
    """Closes the hold; what it still reserves can be spent again."""
    account = caller.account(body.account)
    receipt = await books.void(account, hold_id, actor=caller.actor, idempotency_key=key)
    await beside(response, books, account, receipt)
    replayed(response, receipt)
    return Held.of(receipt)
