"""What answers about an account carry beside it: what is left, what its day has seen, whether it was told before."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response
from starlette.concurrency import run_in_threadpool

from creditbook.api.here import Here
from creditbook.api.observing import decided
from creditbook.domain.results import HoldReceipt, Receipt
from creditbook.ledger.calls import ORIGIN
from creditbook.ledger.ledger import AsyncLedger

__all__ = ["Books", "Here", "beside", "ledger_of", "replayed"]


async def ledger_of(here: Here) -> AsyncLedger:
    """The process's ledger for event loops: the same core as the dashboard's, so that all share transactions."""
    ledger = here.ledger
    if ledger.core.executor.watch is None:
        ledger.core.executor.watch = decided
    return AsyncLedger(ledger)


Books = Annotated[AsyncLedger, Depends(ledger_of)]


async def beside(
    response: Response, books: AsyncLedger, account: str, receipt: Receipt | HoldReceipt | None = None
) -> None:
    """Put what is left of the account, and what its day has seen, into the answer's headers.

    A receipt that was just made says what is left, and its transaction what the day has seen; one that is told again
    said it long ago.
    """
    origin = ORIGIN.get()
    day = origin.days.get(books.core.account(account).account_id) if origin is not None else None
    if receipt is not None and not receipt.replayed and day is not None:
        left, (used, requests) = receipt.available, day
    else:
        today = await run_in_threadpool(books.sync.figures.today, account)
        left, used, requests = today.tokens_remaining, today.tokens_used_today, today.requests_today
    response.headers["X-Tokens-Remaining"] = "unlimited" if left is None else str(left)
    response.headers["X-Tokens-Used-Today"] = str(used)
    response.headers["X-Requests-Today"] = str(requests)


def replayed(response: Response, receipt: object) -> None:
    """Say that this is the first answer of a key again."""
    if getattr(receipt, "replayed", False):
        response.headers["Idempotency-Replayed"] = "true"
