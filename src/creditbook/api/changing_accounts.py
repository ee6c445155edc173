"""Accounts changed and closed, wallets switched off and on, activities rewarded: an administrator's acts."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, StrictBool, model_validator

from creditbook.api.accounts import Standing
from creditbook.api.answering import Books, beside, replayed
from creditbook.api.asked import Words
from creditbook.api.callers import Administrator, IdempotencyKey
from creditbook.api.problems import documented
from creditbook.api.schemas import Charged, Id, Name, OfAccount, Reason, Sent, Tokens, Word
from creditbook.domain.results import Done, PlanReceipt

router = APIRouter(prefix="/v1", tags=["accounts"], responses=documented(409))

ThatAccount = Annotated[Name, Path(description="A user name, `ORG/USERNAME`, or the organization's slug: its pool.")]
CHANGES = ("status", "quota", "zone", "plan")


class Change(Sent):
    """One change of an account. ``quota`` null lifts it, ``zone`` null is the organization's.

    A frozen account starts nothing; its time runs on. ``plan`` begins a full new term of a free or a lower plan at
    once: what costs more is sold by `POST /v1/subscription/upgrade`.
    """

    model_config = ConfigDict(json_schema_extra={"example": {"quota": 500, "reason": "The trial is over"}})
    status: Literal["active", "frozen"] | None = None
    quota: Tokens | None = None
    zone: Word | None = None
    plan: Word | None = None
    reason: Reason

    @model_validator(mode="after")
    def says_one_thing(self) -> Self:
        """One key stands for one act: several changes are several requests."""
        said = self.model_fields_set & set(CHANGES)
        if len(said) != 1:
            raise ValueError(f"Change one thing a request: one of {', '.join(CHANGES)}.")
        if said & {"status", "plan"} and getattr(self, next(iter(said))) is None:
            raise ValueError(f"Say which {next(iter(said))}.")
        return self


class WalletSwitch(OfAccount):
    """A wallet that is off is blocked and not reset; on again, it gets once what its plan would open in it."""

    model_config = ConfigDict(json_schema_extra={"example": {"account": "asha", "is_active": False, "reason": "Abuse"}})
    is_active: StrictBool
    reason: Reason


class Activity(OfAccount):
    """An activity that the program rewards; with a reason the audit log says why."""

    model_config = ConfigDict(json_schema_extra={"example": {"account": "asha", "activity": "published_site"}})
    activity: Word
    reason: Words = ""


class Changed(BaseModel):
    """What was done, the transactions that it wrote, and the account as it stands now."""

    account: str
    what: str
    transaction_ids: list[int]
    replayed: bool
    balance: Standing


@router.patch("/accounts/{account:path}", summary="Freeze, thaw, limit, move or re-plan an account")
async def change(
    account: ThatAccount, body: Change, caller: Administrator, key: IdempotencyKey, books: Books, response: Response
) -> Changed:
    """One change a request, so that its key stands for one act."""
    named = caller.account(account)
    (what,) = body.model_fields_set & set(CHANGES)
    value, terms = getattr(body, what), {"reason": body.reason, "actor": caller.actor, "idempotency_key": key}
    done: Done | PlanReceipt
    if what == "status":
        done = await (books.freeze if value == "frozen" else books.unfreeze)(named, **terms)
    elif what == "plan":
        done = await books.change_plan(named, value, at_once=True, **terms)
    else:
        done = await (books.set_quota if what == "quota" else books.set_zone)(named, value, **terms)
    return await _changed(response, books, named, done)


@router.delete("/accounts/{account:path}", summary="Close an account for good")
async def close(
    account: ThatAccount,
    caller: Administrator,
    key: IdempotencyKey,
    books: Books,
    response: Response,
    reason: Annotated[Reason, Query(description="For the audit log.")],
) -> Changed:
    """Voids its holds and takes back what is left. It can't be opened again, so a key bound to it may not."""
    caller.whole_organization()
    named = caller.account(account)
    done = await books.close_account(named, reason=reason, actor=caller.actor, idempotency_key=key)
    return await _changed(response, books, named, done)


@router.patch("/wallets/{wallet_id}", summary="Switch a wallet off or on")
async def switch(
    wallet_id: Annotated[Id, Path(description="`wallet_id` of a balance.")], body: WalletSwitch, caller: Administrator,
    key: IdempotencyKey, books: Books, response: Response,
) -> Changed:  # fmt: skip
    """What is in a wallet that is off can't be spent; its expiries run on."""
    named = caller.account(body.account)
    done = await books.set_wallet_active(
        named, wallet_id, body.is_active, reason=body.reason, actor=caller.actor, idempotency_key=key
    )
    return await _changed(response, books, named, done)


@router.post("/rewards", summary="Reward an activity")
async def reward(
    body: Activity, caller: Administrator, key: IdempotencyKey, books: Books, response: Response
) -> Charged:
    """Gives what the program says, once per account and period; had already is 409."""
    named = caller.account(body.account)
    receipt = await books.reward(
        named, body.activity, reason=body.reason.strip(), actor=caller.actor, idempotency_key=key
    )  # fmt: skip
    await beside(response, books, named)
    replayed(response, receipt)
    return Charged.of(receipt)


async def _changed(response: Response, books: Books, account: str, done: Any) -> Changed:
    balance = await books.balance(account)
    await beside(response, books, account)
    replayed(response, done)
    return Changed(account=account, what=done.what, transaction_ids=list(done.transaction_ids),
                   replayed=done.replayed, balance=Standing.of(balance))  # fmt: skip
