"""Work charged or recorded: one at a time, or many in one batch."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from creditbook.api.answering import Books, beside, replayed
from creditbook.api.callers import IdempotencyKey, Spender
from creditbook.domain.results import Receipt

router = APIRouter(prefix="/v1", tags=["usage"])

Tokens = Annotated[StrictInt, Field(ge=0, le=10**15)]
Name = Annotated[str, Field(max_length=200)]


class Sent(BaseModel):
    """What every body of ours is: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid")


class Work(Sent):
    """What was done, and with which model. Tokens are whole; cached ones are among the input, reasoning the output."""

    action: Annotated[str, Field(min_length=1, max_length=200)]
    tokens: Tokens | None = None
    agent: Name = ""
    model: Name = ""
    project: Name = ""
    description: Annotated[str, Field(max_length=2_000)] = ""
    input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    cached_tokens: Tokens = 0
    reasoning_tokens: Tokens = 0
    event_at: AwareDatetime | None = None
    wallet: Name | None = None
    only_wallet: StrictBool = False
    meter: StrictBool = False
    metadata: dict[str, Any] | None = None


class Usage(Work):
    """One piece of work of an account: a user name, `ORG/USERNAME`, or none for the organization's pool."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "account": "asha",
                "action": "srs",
                "tokens": 3500,
                "model": "claude-sonnet-4-5",
                "input_tokens": 900,
                "output_tokens": 2600,
            }
        },
    )
    account: Name | None = None


class Moved(BaseModel):
    """One grant that a transaction moved, and what remained of it."""

    grant_id: int
    wallet: str
    amount: int
    remaining_after: int


class Charged(BaseModel):
    """What a transaction did. ``available`` null is unlimited; ``debt`` is what became debt of it."""

    transaction_id: int
    account: str
    kind: str
    charged: int
    tokens: int
    metered: bool
    available: int | None
    debt: int
    lines: list[Moved]
    effective_at: datetime
    hold_id: int | None
    late_capture: bool
    would_refuse: str | None
    replayed: bool

    @classmethod
    def of(cls, receipt: Receipt) -> Charged:
        """A receipt as it is answered."""
        lines = [Moved(**line._asdict()) for line in receipt.lines]
        named = {name: getattr(receipt, name) for name in cls.model_fields if name != "lines"}
        return cls(**named, lines=lines)


@router.post("/usage", summary="Charge or record one piece of work", status_code=200)
async def spend(body: Usage, caller: Spender, key: IdempotencyKey, books: Books, response: Response) -> Charged:
    """Charges by the program's price of the action; `meter` only records. The same key again is the first answer."""
    account = caller.account(body.account)
    terms = body.model_dump(exclude={"account"})
    receipt = await books.spend(account, **terms, actor=caller.actor, idempotency_key=key)
    await beside(response, books, account)
    replayed(response, receipt)
    return Charged.of(receipt)
