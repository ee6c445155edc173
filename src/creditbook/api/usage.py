"""Work charged or recorded: one at a time, or many in one batch; and given back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from creditbook.api.answering import Books, beside, replayed
from creditbook.api.callers import Caller, IdempotencyKey, Spender, SpendingProgram
from creditbook.api.outcomes import Outcomes, outcomes
from creditbook.api.problems import documented, unit_for
from creditbook.api.schemas import Batch, BatchedUsage, Charged, Refund, Usage

router = APIRouter(prefix="/v1", tags=["usage"])


@router.post("/usage", summary="Charge or record one piece of work", responses=documented(402, 409))
async def spend(body: Usage, caller: Spender, key: IdempotencyKey, books: Books, response: Response) -> Charged:
    """Charges by the program's price of the action; `meter` only records. The same key again is the first answer."""
    account = caller.account(body.account)
    terms = body.model_dump(exclude={"account"})
    receipt = await books.spend(account, **terms, actor=caller.actor, idempotency_key=key)
    await beside(response, books, account, receipt)
    replayed(response, receipt)
    return Charged.of(receipt)


@router.post("/usage/batch", summary="Charge or record many pieces of work", responses=documented())
async def spend_batch(
    body: Batch, caller: Spender, key: IdempotencyKey, books: Books, request: Request, response: Response
) -> Outcomes:
    """Decides them in order, in one transaction; a refused one keeps nothing and stops nobody else.

    A piece without a key of its own has `<Idempotency-Key>/<its place, from 0>`.
    """
    sent = [_one(caller, usage, f"{key}/{place}") for place, usage in enumerate(body.usage)]
    decided = await outcomes(books, sent, books.spend_many, await unit_for(request))
    names = {one["account"] for one in sent}
    if len(names) == 1 and books.core.knows(*names):
        await beside(response, books, *names)
    replayed(response, decided)
    return decided


def _one(caller: Caller, usage: BatchedUsage, key: str) -> dict[str, Any]:
    terms = usage.model_dump(exclude={"account", "idempotency_key"})
    return {**terms, "account": caller.account(usage.account), "actor": caller.actor,
            "idempotency_key": usage.idempotency_key or key}  # fmt: skip


@router.post("/refunds", summary="Give back what a usage charged", responses=documented(409))
async def refund(
    body: Refund, caller: SpendingProgram, key: IdempotencyKey, books: Books, response: Response
) -> Charged:
    """Gives all of it back, or a number of tokens, to where it came from. What the model cost stays a cost."""
    account = caller.account(body.account)
    receipt = await books.refund(account, body.transaction_id, reason=body.reason, tokens=body.tokens,
                                 actor=caller.actor, idempotency_key=key)  # fmt: skip
    await beside(response, books, account, receipt)
    replayed(response, receipt)
    return Charged.of(receipt)
