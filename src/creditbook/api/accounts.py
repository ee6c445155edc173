"""Accounts: opened, listed page by page, and what one has now or had at any moment."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, Here, beside, replayed
from creditbook.api.callers import Administrator, IdempotencyKey, Reader
from creditbook.api.problems import documented
from creditbook.api.schemas import Id, Instant, Name, OfAccount, Tokens
from creditbook.domain.balance import Balance
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.state import AccountStatus
from creditbook.store import directory

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])

FARTHEST = timedelta(days=731)
"""Every allowance until then is settled in the head: further ahead one request would keep a core busy."""


class NewAccount(OfAccount):
    """An account to open; no name opens the organization's pool. The plan is the program's unless named."""

    model_config = ConfigDict(json_schema_extra={"example": {"account": "asha", "external_id": "user-1017"}})
    plan: Name = ""
    zone: Name | None = None
    draws_on_pool: StrictBool = False
    quota: Tokens | None = None
    external_id: Annotated[Name, Field(min_length=1)] | None = None
    referred_by: Name | None = None


class Pocket(BaseModel):
    """One wallet of an account, in whole tokens; `features` null may be spent on everything."""

    wallet_id: int
    type: str
    label: str
    features: list[str] | None
    is_active: bool
    posted: int
    held: int
    blocked: int
    available: int
    allowance: int
    expires_at: datetime | None
    next_reset: datetime | None
    last_reset_at: datetime | None


class Standing(BaseModel):
    """What an account has at an instant, in whole tokens. `available` and `from_pool` null are unlimited.

    `pending` tells that something due is counted here and not written yet.
    """

    account: str
    at: datetime
    zone: str
    plan: str
    status: str
    posted: int
    held: int
    blocked: int
    available: int | None
    debt: int
    from_pool: int | None
    quota_left: int | None
    by_feature: dict[str, int | None]
    next_reset: datetime | None
    pending: bool
    wallets: list[Pocket]

    @classmethod
    def of(cls, balance: Balance) -> Standing:
        """A balance as it is answered."""
        said = asdict(balance)
        for pocket in said["wallets"]:
            pocket["features"] = sorted(pocket["features"]) if pocket["features"] is not None else None
        return cls(**said)


class Opened(BaseModel):
    """An account that was opened, with what the program opened in it."""

    account: str
    external_id: str | None
    transaction_ids: list[int]
    replayed: bool
    balance: Standing


class Listed(BaseModel):
    """One account of the organization; `quota` null is none, `plan` empty is its pool's."""

    account: str
    external_id: str | None
    kind: str
    plan: str
    status: str
    zone: str
    draws_on_pool: bool
    quota: int | None
    opened_at: datetime


class Accounts(BaseModel):
    """A page of accounts in the order in which they were opened; `next_cursor` null: it was the last one."""

    accounts: list[Listed]
    next_cursor: str | None


@router.post("", summary="Open an account", status_code=201, responses=documented(409))
async def open_account(
    body: NewAccount, caller: Administrator, key: IdempotencyKey, books: Books, response: Response
) -> Opened:
    """Opens what the program opens at sign-up. `external_id` is your application's own id, once an organization."""
    account = caller.account(body.account)
    terms = body.model_dump(exclude={"account"})
    done = await books.open_account(account, **terms, actor=caller.actor, idempotency_key=key)
    balance = await books.balance(account)
    await beside(response, books, account)
    replayed(response, done)
    return Opened(account=account, external_id=body.external_id, transaction_ids=list(done.transaction_ids),
                  replayed=done.replayed, balance=Standing.of(balance))  # fmt: skip


@router.get("", summary="List accounts", responses=documented())
async def list_accounts(
    caller: Administrator,
    here: Here,
    cursor: Annotated[Id | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    status: Annotated[AccountStatus | None, Query(description="Without it all that are not closed.")] = None,
    external_id: Annotated[Name | None, Query(description="Your application's own id: that one account.")] = None,
) -> Accounts:
    """The organization's accounts in the order in which they were opened; closed ones when asked for."""
    slug = caller.whole_organization()
    read = partial(directory.accounts, here.store, caller.org_id, after=cursor or 0, limit=limit + 1, status=status,
                   external_id=external_id)  # fmt: skip
    rows = await run_in_threadpool(read)
    more = str(rows[limit - 1].account_id) if len(rows) > limit else None
    return Accounts(accounts=[_listed(slug, row) for row in rows[:limit]], next_cursor=more)


def _listed(slug: str, row: Any) -> Listed:
    return Listed(
        account=f"{slug}/{row.name}" if row.name else slug, external_id=row.external_id, kind=row.kind, plan=row.plan,
        status=row.status, zone=row.zone, draws_on_pool=row.pool_id is not None, quota=row.quota_tokens,
        opened_at=row.created_at,
    )  # fmt: skip


@router.get("/{account:path}/balance", summary="What an account has, now or at a moment", responses=documented())
async def balance(
    account: Annotated[Name, Path(description="A user name, `ORG/USERNAME`, or the organization's slug: its pool.")],
    caller: Reader,
    books: Books,
    here: Here,
    response: Response,
    as_of: Annotated[Instant | None, Query(description="An instant with its offset; in the future: projected.")] = None,
    feature: Annotated[Name | None, Query(description="`available` is then what may be spent on this feature.")] = None,
) -> Standing:
    """Posted, held, blocked, available and debt, with its wallets; the headers say how it stands now."""
    named = caller.account(account)
    if as_of is not None and as_of > here.clock() + FARTHEST:
        raise InvalidRequest("A balance is projected two years ahead at most. Ask for an earlier moment.")
    found = await books.balance(named, as_of, feature)
    await beside(response, books, named)
    return Standing.of(found)
