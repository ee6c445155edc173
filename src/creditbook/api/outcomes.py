"""What became of a batch: in the order in which it was sent, a receipt or a problem for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from creditbook.api.problems import Problem, described
from creditbook.api.schemas import Charged
from creditbook.domain.errors import LedgerError, NotFound
from creditbook.domain.program import Unit
from creditbook.domain.results import Receipt
from creditbook.ledger.ledger import AsyncLedger


class Outcome(BaseModel):
    """What became of one of a batch: its receipt, or the problem for which it was refused."""

    receipt: Charged | None = None
    problem: Problem | None = None


class Outcomes(BaseModel):
    """What became of a batch, in the order in which it was sent."""

    results: list[Outcome]

    @property
    def replayed(self) -> bool:
        """Whether every piece is the first answer of its key again."""
        return all(one.receipt is not None and one.receipt.replayed for one in self.results)


Sent = Sequence[dict[str, Any]]


async def outcomes(
    books: AsyncLedger, sent: Sent, verb: Callable[[Sent], Awaitable[list[Receipt | LedgerError]]], unit: Unit
) -> Outcomes:
    """Gives what may be decided to the verb; those whose account is not there refuse their own work only."""
    strange = {one["account"] for one in sent if not books.core.knows(one["account"])}
    unknown = await run_in_threadpool(_unknown, books, strange) if strange else {}
    known = [one for one in sent if one["account"] not in unknown]
    found = iter(await verb(known) if known else [])
    return Outcomes(results=[_outcome(unknown.get(one["account"]) or next(found), unit) for one in sent])


def _outcome(one: Receipt | LedgerError, unit: Unit) -> Outcome:
    if isinstance(one, LedgerError):
        return Outcome(problem=Problem(**described(one, unit)))
    return Outcome(receipt=Charged.of(one))


def _unknown(books: AsyncLedger, names: set[str]) -> dict[str, LedgerError]:
    refused: dict[str, LedgerError] = {}
    for name in names:
        try:
            books.core.account(name)
        except NotFound as error:
            refused[name] = error
    return refused
