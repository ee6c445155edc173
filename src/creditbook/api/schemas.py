"""What bodies of requests are made of, and the answers that several routes share.

Nothing unknown is accepted, numbers are whole and bounded, texts have an end and can be stored by every database.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from creditbook.domain.program import WalletType
from creditbook.domain.results import HoldReceipt, Receipt

MOST_METADATA = 16_000
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_NO_NUL = r"^[^\x00]*$"


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
    except (ValueError, RecursionError) as error:
        raise ValueError("has to be plain JSON: finite numbers and whole characters") from error
    if "\\u0000" in text:
        raise ValueError("has a NUL character in it, which no text can keep")
    if size > MOST_METADATA:
        raise ValueError(f"is {size:,} bytes of JSON; keep it within {MOST_METADATA:,}")
    return value


def _as_text(value: Any) -> Any:
    """A time is written out: a bare number, which would be taken for seconds since 1970, is mostly a mistake."""
    try:
        float(value)
    except (TypeError, ValueError):
        return value
    raise ValueError("has to be written like 2026-12-31T18:30:00Z, or 2026-12-31 for a day")


def _in_range(value: datetime) -> datetime:
    if not _FIRST <= value < _LAST:
        raise ValueError("has to be between 1970 and 2200")
    return value


Tokens = Annotated[StrictInt, Field(ge=0, le=10**15)]
Given = Annotated[StrictInt, Field(ge=1, le=10**15)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Name = Annotated[str, Field(max_length=200, pattern=_NO_NUL)]
Word = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_NUL)]
Reason = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
Instant = Annotated[AwareDatetime, BeforeValidator(_as_text), AfterValidator(_in_range)]
Day = Annotated[date, BeforeValidator(_as_text), Field(ge=date(1970, 1, 1), lt=date(2200, 1, 1))]
Metadata = Annotated[dict[str, Any], AfterValidator(_storable)]


class Sent(BaseModel):
    """What every body of ours is: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid")


class OfAccount(Sent):
    """A body that names an account: a user name, `ORG/USERNAME`, or none for the organization's pool."""

    account: Name | None = None


class Counted(OfAccount):
    """What was done, and with which model. Tokens are whole; cached ones are among the input, reasoning the output."""

    tokens: Tokens | None = None
    agent: Name = ""
    model: Name = ""
    project: Name = ""
    description: Annotated[str, Field(max_length=2_000, pattern=_NO_NUL)] = ""
    input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    cached_tokens: Tokens = 0
    reasoning_tokens: Tokens = 0
    event_at: Instant | None = None
    metadata: Metadata | None = None


class Usage(Counted):
    """One piece of work of an account. Without `tokens` the program's price of the action is charged."""

    model_config = ConfigDict(
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
    action: Word
    wallet: WalletType | None = None
    only_wallet: StrictBool = False
    meter: StrictBool = False


class BatchedUsage(Usage):
    """One piece of work among many. Its own key makes it the same piece in whatever batch it comes again."""

    idempotency_key: Annotated[Word, Field(max_length=255)] | None = None


class Batch(Sent):
    """Many pieces of work of one organization, decided in this order in one transaction."""

    usage: Annotated[list[BatchedUsage], Field(min_length=1, max_length=1_000)]


class Hold(OfAccount):
    """Tokens to reserve before the work; without an estimate the action's price, or its typical run."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"account": "asha", "action": "project", "estimate": 20_000, "ttl_seconds": 900}}
    )
    action: Word
    estimate: Tokens | None = None
    ttl_seconds: Annotated[StrictInt, Field(ge=1, le=86_400)] = 900
    wallet: WalletType | None = None
    only_wallet: StrictBool = False
    project: Name = ""
    metadata: Metadata | None = None


class Capture(Counted):
    """One part of a hold's work; the final one, which is the default, gives the rest back."""

    model_config = ConfigDict(json_schema_extra={"example": {"account": "asha", "tokens": 3_300, "agent": "srs"}})
    action: Word | None = None
    final: StrictBool = True


class Refund(OfAccount):
    """What to give back of a usage: all that is left of it, or a number of tokens."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"account": "asha", "transaction_id": 42, "reason": "The run failed."}}
    )
    transaction_id: Annotated[StrictInt, Field(ge=1, le=2**63 - 1)]
    tokens: Given | None = None
    reason: Reason


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
        # Our own values need no second look.
        lines = [Moved.model_construct(**line._asdict()) for line in receipt.lines]
        named = {name: getattr(receipt, name) for name in _OF_RECEIPT}
        return cls.model_construct(**named, lines=lines)


_OF_RECEIPT = tuple(name for name in Charged.model_fields if name != "lines")


class Held(BaseModel):
    """A hold as it stands after the call. ``held`` is what it still reserves; ``available`` what is left beside it."""

    hold_id: int
    account: str
    status: str
    estimate: int
    held: int
    captured: int
    ends_at: datetime
    available: int | None
    metered: bool
    replayed: bool

    @classmethod
    def of(cls, receipt: HoldReceipt) -> Held:
        """A hold's receipt as it is answered."""
        return cls(**{name: getattr(receipt, name) for name in cls.model_fields})
