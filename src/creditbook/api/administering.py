"""What administrators' programs do: give and take back tokens, make promo codes, reset allowances."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, beside, replayed
from creditbook.api.asked import OptionalKey
from creditbook.api.callers import Administrator, Caller, IdempotencyKey
from creditbook.api.outcomes import Outcomes, outcomes
from creditbook.api.problems import documented
from creditbook.api.schemas import Charged, Day, Given, Instant, Metadata, Name, OfAccount, Reason, Sent, Word
from creditbook.domain.program import GrantClass, PromoTerms, Unit, WalletType
from creditbook.ledger.promo import create_codes

router = APIRouter(prefix="/v1", tags=["administration"])
WholeId = Annotated[StrictInt, Field(ge=1, le=2**63 - 1)]
Features = Annotated[list[Word], Field(min_length=1, max_length=100)]


class Grant(OfAccount):
    """Tokens to give. A date as `expires_at` includes that local day; without one they never expire."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"account": "asha", "tokens": 5_000, "reason": "Sorry for the outage"}}
    )
    tokens: Given
    reason: Reason
    wallet: WalletType = WalletType.BONUS
    wallet_id: WholeId | None = None
    grant_class: GrantClass = GrantClass.PROMOTIONAL
    expires_at: Instant | Day | None = None
    features: Features | None = None
    label: Name = ""
    metadata: Metadata | None = None


class BatchedGrant(Grant):
    """One grant among many. Its own key makes it the same grant in whatever batch it comes again."""

    idempotency_key: Annotated[Word, Field(max_length=255)] | None = None


class Grants(Sent):
    """Many grants within one organization, given in this order in one transaction."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"grants": [{"account": "asha", "tokens": 500, "reason": "Spring gift",
                                                   "idempotency_key": "spring-2026/asha"}]}}
    )  # fmt: skip
    grants: Annotated[list[BatchedGrant], Field(min_length=1, max_length=1_000)]


class Revocation(OfAccount):
    """A grant to take back: a number of its free tokens, or all of it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"account": "asha", "grant_id": 17, "reason": "Given by mistake"}}
    )

    grant_id: WholeId
    tokens: Given | None = None
    reason: Reason


class PromoCode(Sent):
    """A code's terms; with a `count`, so many codes that begin with `code` and end with letters nobody guesses.

    Days are local days of the organization, both included. `total_limit` null is without limit.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"code": "LAUNCH50", "tokens": 50_000, "valid_through": "2026-12-31", "reason": "The launch"}
        }
    )
    code: Annotated[Word, Field(max_length=60)]
    tokens: Given
    reason: Reason
    wallet: WalletType = WalletType.BONUS
    features: Features | None = None
    lifetime_days: Annotated[StrictInt, Field(ge=1, le=36_500)] | None = None
    valid_from: Day | None = None
    valid_through: Day | None = None
    total_limit: Given | None = None
    per_account: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = 1
    plans: Features | None = None
    first_purchase: StrictBool = False
    label: Name = ""
    count: Annotated[StrictInt, Field(ge=1, le=10_000)] = 1
    batch: Name = ""

    @model_validator(mode="after")
    def names_its_batch(self) -> Self:
        """Many codes have a batch, by which sending them again is seen."""
        if self.count > 1 and not self.batch.strip():
            raise ValueError("Name the batch: many codes of one batch are made once.")
        return self

    def terms(self) -> PromoTerms:
        """The terms as the program knows them."""
        said: dict[str, Any] = self.model_dump(exclude={"reason", "count", "batch"})
        for name in ("features", "plans"):
            said[name] = frozenset(said[name]) if said[name] else None
        return PromoTerms(**said)


class Codes(BaseModel):
    """The codes that were made."""

    codes: list[str]


class Reset(OfAccount):
    """An account whose allowances to begin anew (or one wallet of it), or all that is due in the organization."""

    model_config = ConfigDict(json_schema_extra={"example": {"account": "asha", "reason": "Her import came in twice"}})
    wallet_id: WholeId | None = None
    everything_due: StrictBool = False
    reason: Reason

    @model_validator(mode="after")
    def says_one_thing(self) -> Self:
        """All that is due belongs to nobody in particular."""
        if self.everything_due and (self.account is not None or self.wallet_id is not None):
            raise ValueError("Name an account, or reset everything that is due, not both.")
        return self


class WasReset(BaseModel):
    """What was written: for one account its transactions, for everything due how much of each there was."""

    account: str | None = None
    transaction_ids: list[int] = []
    replayed: bool = False
    accounts: int = 1
    resets: int | None = None
    tokens_granted: int | None = None
    tokens_expired: int | None = None


@router.post("/grants", summary="Give tokens", responses=documented(409))
async def grant(body: Grant, caller: Administrator, key: IdempotencyKey, books: Books, response: Response) -> Charged:
    """Gives tokens to an account. Above the program's bound for approvals this is 403: a person has to ask for it."""
    account = caller.account(body.account)
    terms = body.model_dump(exclude={"account", "tokens"})
    receipt = await books.grant(account, body.tokens, **terms, actor=caller.actor, idempotency_key=key)
    await beside(response, books, account, receipt)
    replayed(response, receipt)
    return Charged.of(receipt)


@router.post("/grants/batch", summary="Give tokens to many", responses=documented())
async def grant_batch(
    body: Grants, caller: Administrator, key: IdempotencyKey, books: Books, response: Response
) -> Outcomes:
    """Decides them in order, in one transaction; a refused one gives nothing and stops nobody else.

    A grant without a key of its own has `<Idempotency-Key>/<its place, from 0>`.
    """
    sent = [_given(caller, one, f"{key}/{place}") for place, one in enumerate(body.grants)]
    decided = await outcomes(books, sent, books.grant_many, Unit())
    replayed(response, decided)
    return decided


def _given(caller: Caller, one: BatchedGrant, key: str) -> dict[str, Any]:
    terms = one.model_dump(exclude={"account", "idempotency_key"})
    return {**terms, "account": caller.account(one.account), "actor": caller.actor,
            "idempotency_key": one.idempotency_key or key}  # fmt: skip


@router.post("/revocations", summary="Take a grant back", responses=documented(409))
async def revoke(
    body: Revocation, caller: Administrator, key: IdempotencyKey, books: Books, response: Response
) -> Charged:
    """Takes back what is free of a grant; what is held of it goes when it is released."""
    account = caller.account(body.account)
    receipt = await books.revoke(account, body.grant_id, reason=body.reason, tokens=body.tokens, actor=caller.actor,
                                 idempotency_key=key)  # fmt: skip
    await beside(response, books, account, receipt)
    replayed(response, receipt)
    return Charged.of(receipt)


@router.post("/promo-codes", summary="Make promo codes", status_code=201, responses=documented(409))
async def make_codes(
    body: PromoCode, caller: Administrator, key: OptionalKey, books: Books, response: Response
) -> Codes:
    """Makes one code, or a batch of them. Without a key a code, or a batch, that is there already is 409."""
    slug = caller.whole_organization()
    make = partial(create_codes, books.core, slug, body.terms(), reason=body.reason, count=body.count,
                   batch=body.batch.strip(), actor=caller.actor, idempotency_key=key, new_batch=True)  # fmt: skip
    made = await run_in_threadpool(make)
    replayed(response, made)
    return Codes(codes=made.codes)


@router.post("/resets", summary="Reset allowances", responses=documented(409))
async def reset(body: Reset, caller: Administrator, key: IdempotencyKey, books: Books, response: Response) -> WasReset:
    """Begins an account's allowances anew within their period, or settles everything that is due by now."""
    if body.everything_due:
        did = await books.sweep(caller.whole_organization(), actor=caller.actor, reason=body.reason)
        return WasReset(accounts=did.accounts, resets=did.resets, tokens_granted=did.tokens_granted,
                        tokens_expired=did.tokens_expired)  # fmt: skip
    account = caller.account(body.account)
    done = await books.reset(account, reason=body.reason, wallet_id=body.wallet_id, actor=caller.actor,
                             idempotency_key=key)  # fmt: skip
    await beside(response, books, account)
    replayed(response, done)
    return WasReset(account=account, transaction_ids=list(done.transaction_ids), replayed=done.replayed)
