"""API keys through the API: listed, made, replaced with an overlap, ended; all with an administrator's key."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.concurrency import run_in_threadpool

from creditbook.access.api_keys import LONGEST_NAME, ApiKey, ApiKeys, Scope
from creditbook.access.people import console
from creditbook.access.values import Principal
from creditbook.api.answering import Here
from creditbook.api.callers import Administrator, Caller
from creditbook.api.problems import documented
from creditbook.api.schemas import Id, Instant, Name, Reason, Sent, Word
from creditbook.installation import Installation

router = APIRouter(prefix="/v1/keys", tags=["keys"])
KeyId = Annotated[Id, Path(description="The `key_id` of the list.")]
MOST_OVERLAP = 30 * 86_400


class KeyToMake(Sent):
    """A key for one program; without an `account` it speaks of the whole organization."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "The shop's server", "scope": "spend", "reason": "A new application",
                                       "expires_at": "2027-12-31T00:00:00Z"}}
    )  # fmt: skip
    name: Annotated[Word, Field(max_length=LONGEST_NAME)]
    scope: Scope
    account: Name | None = None
    expires_at: Instant | None = None
    reason: Reason


class Rotation(Sent):
    """How long the old key works on beside the new one; a day unless told."""

    model_config = ConfigDict(json_schema_extra={"example": {"overlap_seconds": 86_400, "reason": "Every quarter"}})
    overlap_seconds: Annotated[StrictInt, Field(ge=0, le=MOST_OVERLAP)] = 86_400
    reason: Reason


class Ended(Sent):
    """Why a key ends."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "It was in a log"}})
    reason: Reason


class ListedKey(BaseModel):
    """A key as it is told of; `shown` are its first characters. `ending` is a rotated one whose overlap runs."""

    key_id: int
    name: str
    shown: str
    scope: Scope
    account: str | None
    state: Literal["active", "ending", "expired", "revoked"]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaced_by: int | None


class ListedKeys(BaseModel):
    """All keys of the organization, newest first."""

    keys: list[ListedKey]


class MadeKey(BaseModel):
    """A key that was just made. `key` is the key itself: it is never to be had again."""

    key_id: int
    name: str
    key: str = Field(examples=["cb_acme_…"])
    scope: Scope
    account: str | None
    expires_at: datetime | None


@router.get("", summary="List API keys", responses=documented())
async def list_keys(caller: Administrator, here: Here) -> ListedKeys:
    """Revoked and expired ones too; none of them tells the key itself."""
    found = await run_in_threadpool(_service(here).every, _boss(caller))
    return ListedKeys(keys=[_listed(one, here.clock()) for one in found])


@router.post("", summary="Make an API key", status_code=201, responses=documented())
async def make_key(body: KeyToMake, caller: Administrator, here: Here) -> MadeKey:
    """Shown once, in this answer; only its hash is kept."""
    boss, service = _boss(caller), _service(here)
    bound = None if body.account is None else caller.account(body.account).partition("/")[2]
    made = await run_in_threadpool(
        lambda: service.create(boss, body.name, body.scope, reason=body.reason, account=bound,
                               expires_at=body.expires_at)
    )  # fmt: skip
    return MadeKey(key_id=made.key_id, name=made.name, key=made.text, scope=body.scope, account=bound,
                   expires_at=made.expires_at)  # fmt: skip


@router.post("/{key_id}/rotate", summary="Replace an API key", status_code=201, responses=documented(409))
async def rotate_key(key_id: KeyId, body: Rotation, caller: Administrator, here: Here) -> MadeKey:
    """The new key may do what the old one may, and ends when it would have; the old one ends with the overlap."""
    boss, service = _boss(caller), _service(here)

    def rotated() -> MadeKey:
        made = service.rotate(boss, key_id, overlap=timedelta(seconds=body.overlap_seconds), reason=body.reason)
        old = next(one for one in service.every(boss) if one.key_id == key_id)
        return MadeKey(key_id=made.key_id, name=made.name, key=made.text, scope=old.scope, account=old.account,
                       expires_at=made.expires_at)  # fmt: skip

    return await run_in_threadpool(rotated)


@router.post("/{key_id}/revoke", summary="End an API key", responses=documented(409))
async def revoke_key(key_id: KeyId, body: Ended, caller: Administrator, here: Here) -> ListedKey:
    """For good, and in this process within a second; a key may end itself."""
    boss, service = _boss(caller), _service(here)

    def revoked() -> ListedKey:
        service.revoke(boss, key_id, reason=body.reason)
        return _listed(next(one for one in service.every(boss) if one.key_id == key_id), here.clock())

    return await run_in_threadpool(revoked)


def _service(here: Installation) -> ApiKeys:
    return ApiKeys(here.store, here.clock)


def _boss(caller: Caller) -> Principal:
    """The organization's key as who acts, under its own name in the audit log. Raises `Refused` for a bound one."""
    slug = caller.whole_organization()
    return replace(console(caller.org_id, slug, zone=caller.zone), user_name=caller.actor)


def _listed(key: ApiKey, now: datetime) -> ListedKey:
    return ListedKey(
        key_id=key.key_id, name=key.name, shown=key.shown, scope=key.scope, account=key.account, state=key.state(now),
        created_at=key.created_at, created_by=key.created_by, expires_at=key.expires_at, revoked_at=key.revoked_at,
        last_used_at=key.last_used_at, replaced_by=key.replaced_by,
    )  # fmt: skip
