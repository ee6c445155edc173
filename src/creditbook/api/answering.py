"""What answers about an account carry beside it: what is left, what its day has seen, whether it was told before."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response
from starlette.concurrency import run_in_threadpool

from creditbook.api.observing import decided
from creditbook.installation import Installation, installation
from creditbook.ledger.ledger import AsyncLedger

Here = Annotated[Installation, Depends(installation)]


def ledger_of(here: Here) -> AsyncLedger:
    """The process's ledger for event loops: the same core as the dashboard's, so that all share transactions."""
    ledger = here.ledger
    if ledger.core.executor.watch is None:
        ledger.core.executor.watch = decided
    return AsyncLedger(ledger)


Books = Annotated[AsyncLedger, Depends(ledger_of)]


async def beside(response: Response, books: AsyncLedger, account: str) -> None:
    """Put what is left of the account, and what its day has seen, into the answer's headers."""
    today = await run_in_threadpool(books.sync.figures.today, account)
    left = today.tokens_remaining
    response.headers["X-Tokens-Remaining"] = "unlimited" if left is None else str(left)
    response.headers["X-Tokens-Used-Today"] = str(today.tokens_used_today)
    response.headers["X-Requests-Today"] = str(today.requests_today)


def replayed(response: Response, receipt: object) -> None:
    """Say that this is the first answer of a key again."""
    if getattr(receipt, "replayed", False):
        response.headers["Idempotency-Replayed"] = "true"
