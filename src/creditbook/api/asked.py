"""What the routes of the applications share: an optional idempotency key, camelCase names, answers of success."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, beside
from creditbook.api.callers import LONGEST_KEY, Caller, Reader
from creditbook.api.schemas import Name
from creditbook.domain.program import Program
from creditbook.ledger.ledger import Ledger

T = TypeVar("T")
BY_API = "Recorded through the API"
"""The reason in the audit log of an act whose caller gave none; the key's name stands beside it as the actor."""

Words = Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")]
"""A reason or a description that may be left out."""


async def optional_key(request: Request) -> str | None:
    """The `Idempotency-Key`, where the caller sends one; else the ledger makes its own. Raises a 400 for a long one."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > LONGEST_KEY:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
    return key or None


OptionalKey = Annotated[str | None, Depends(optional_key)]


class Camel(BaseModel):
    """An answer or a body whose names are written in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Success(BaseModel, Generic[T]):
    """How the oldest of the applications are answered."""

    success: Literal[True] = True
    data: T


class Asked:
    """A question about the account that `?account=` names, with the figures to answer it from."""

    def __init__(self, caller: Caller, account: str, books: Books) -> None:
        self.caller, self.account, self.ledger = caller, account, books.sync

    async def figures(self, question: str) -> Any:
        """One of `Ledger.figures`, read off the event loop."""
        return await run_in_threadpool(getattr(self.ledger.figures, question), self.account)


async def asked(
    caller: Reader,
    books: Books,
    response: Response,
    account: Annotated[
        Name | None, Query(description="A user name; none is the key's own account, else the pool.")
    ] = None,
) -> Asked:
    """The account asked about; what is left of it goes into the headers. Raises `NotFound`."""
    found = Asked(caller, caller.account(account), books)
    await beside(response, books, found.account)
    return found


About = Annotated[Asked, Depends(asked)]


def program_of(ledger: Ledger, caller: Caller) -> Program:
    """The program that the caller's organization runs."""
    return ledger.program(caller.org_slug)
