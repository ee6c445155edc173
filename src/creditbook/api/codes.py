"""Promo codes that are there: listed with how often each was redeemed, switched off and on again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, StrictBool
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, Here
from creditbook.api.callers import Administrator
from creditbook.api.problems import documented
from creditbook.api.schemas import Id, Name, Reason, Sent, Word
from creditbook.domain.errors import NotFound
from creditbook.store import promo
from creditbook.store.promo import CodeRow

router = APIRouter(prefix="/v1/promo-codes", tags=["administration"], responses=documented(409))


class Code(BaseModel):
    """A code with its terms. Days are the organization's, both included; ``total_limit`` null is without limit."""

    code: str
    tokens: int
    wallet: str
    features: list[str] | None
    lifetime_days: int | None
    valid_from: date | None
    valid_through: date | None
    total_limit: int | None
    per_account: int
    plans: list[str] | None
    first_purchase: bool
    label: str
    batch: str
    redeemed: int
    is_disabled: bool
    created_at: datetime

    @classmethod
    def of(cls, row: CodeRow) -> Code:
        """A code as it is answered."""
        terms = row.terms
        return cls(
            code=terms.code, tokens=terms.tokens, wallet=terms.wallet, features=_names(terms.features),
            lifetime_days=terms.lifetime_days, valid_from=terms.valid_from, valid_through=terms.valid_through,
            total_limit=terms.total_limit, per_account=terms.per_account, plans=_names(terms.plans),
            first_purchase=terms.first_purchase, label=terms.label, batch=row.batch, redeemed=row.redeemed,
            is_disabled=row.is_disabled, created_at=row.created_at,
        )  # fmt: skip


class CodePage(BaseModel):
    """A page of codes, newest first; ``next_cursor`` null where it ends."""

    codes: list[Code]
    next_cursor: int | None


class CodeSwitch(Sent):
    """Whether a code may be redeemed; what it has given stays either way."""

    model_config = ConfigDict(json_schema_extra={"example": {"is_disabled": True, "reason": "It leaked"}})
    is_disabled: StrictBool
    reason: Reason


@router.get("", summary="List promo codes, newest first")
async def listed(
    caller: Administrator,
    here: Here,
    batch: Annotated[Name | None, Query(description="Those of one batch only")] = None,
    cursor: Annotated[Id | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> CodePage:
    """The organization's, disabled and used up ones too."""
    caller.whole_organization()
    rows = await run_in_threadpool(
        promo.codes, here.store, caller.org_id, batch=batch, before_id=cursor, most=limit + 1
    )  # fmt: skip
    more = rows[limit - 1].code_id if len(rows) > limit else None
    return CodePage(codes=[Code.of(row) for row in rows[:limit]], next_cursor=more)


@router.patch("/{code}", summary="Switch a promo code off or on")
async def switch(
    code: Annotated[Word, Path(description="However it is typed.")], body: CodeSwitch, caller: Administrator,
    here: Here, books: Books,
) -> Code:  # fmt: skip
    """A code that is so already stays so."""
    slug = caller.whole_organization()
    found = await run_in_threadpool(promo.codes, here.store, caller.org_id, code=code)
    if not found:
        raise NotFound(f"There is no code “{code.strip()}” here.")
    if found[0].is_disabled != body.is_disabled:
        await books.disable_code(slug, code, reason=body.reason, disabled=body.is_disabled, actor=caller.actor)
    return Code.of(replace(found[0], is_disabled=body.is_disabled))


def _names(some: frozenset[str] | None) -> list[str] | None:
    return None if some is None else sorted(some)
