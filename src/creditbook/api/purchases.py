"""Purchases as they stand: listed, marked as paid by hand, their money given back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, beside, replayed
from creditbook.api.callers import Administrator, IdempotencyKey, Reader
from creditbook.api.problems import documented
from creditbook.api.schemas import Given, Id, Name, OfAccount, Reason, Tokens, Word
from creditbook.domain.errors import NotFound
from creditbook.domain.sales import PurchaseStatus
from creditbook.ledger.ledger import Ledger
from creditbook.store import purchases as rows
from creditbook.store.purchases import Sold

router = APIRouter(prefix="/v1/purchases", tags=["purchases"], responses=documented(409))

PurchaseId = Annotated[Id, Path(description="The `purchase_id` that the purchase was answered with.")]


class PurchaseLine(BaseModel):
    """A purchase. Money is in minor units, tax included in the price.

    ``status`` is `pending`, `paid`, `granted`, `failed`, `refunded` or `disputed`; ``refunded_…`` are sums over all
    refunds. ``trouble`` says why a paid one could not be granted.
    """

    purchase_id: int
    account: str
    kind: str
    item: str
    title: str
    status: str
    tokens: int
    price_minor: int
    tax_minor: int
    tax_label: str
    currency: str
    provider: str
    payment: str
    created_at: datetime
    paid_at: datetime | None
    granted_at: datetime | None
    transaction_id: int | None
    grant_id: int | None
    refunded_minor: int
    refunded_tokens: int
    trouble: str

    @classmethod
    def of(cls, sold: Sold, slug: str) -> PurchaseLine:
        """A purchase as it is answered."""
        one = sold.purchase
        renamed: dict[str, Any] = {
            "account": f"{slug}/{sold.account}" if sold.account else slug, "kind": one.kind.value,
            "status": one.status.value, "payment": one.provider_payment, "transaction_id": one.txn_id,
        }  # fmt: skip
        return cls(**renamed, **{name: getattr(one, name) for name in cls.model_fields if name not in renamed})


class Purchases(BaseModel):
    """A page of purchases, newest first; ``next_cursor`` null where it ends."""

    purchases: list[PurchaseLine]
    next_cursor: int | None


class Paid(OfAccount):
    """The payment of a pending purchase, which an administrator has seen. Without an amount it is the whole price."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"account": "asha", "payment": "UPI 4411", "reason": "Seen on the statement"}}
    )
    payment: Word
    paid_minor: Tokens | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    reason: Reason


class GivenBack(OfAccount):
    """Money that went back: all of it, or a number of minor units."""

    model_config = ConfigDict(json_schema_extra={"example": {"account": "asha", "reason": "Bought twice"}})
    amount_minor: Given | None = None
    reason: Reason


@router.get("", summary="Purchases, newest first")
async def purchases(
    caller: Reader,
    books: Books,
    response: Response,
    account: Annotated[Name | None, Query(description="None, with an admin key: everybody's")] = None,
    status: Annotated[PurchaseStatus | None, Query()] = None,
    cursor: Annotated[Id | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Purchases:
    """Of one account; of the whole organization for an administrator's key that names none."""
    everybody = account is None and "admin" in caller.scopes and caller.bound_to is None
    named = None if everybody else caller.account(account)
    found = await run_in_threadpool(_page, books.sync, caller.org_id, named, status, cursor, limit + 1)
    if named is not None:
        await beside(response, books, named)
    page = [PurchaseLine.of(one, caller.org_slug) for one in found[:limit]]
    return Purchases(purchases=page, next_cursor=page[-1].purchase_id if len(found) > limit else None)


@router.post("/{purchase_id}/pay", summary="Record the payment of a purchase")
async def pay(
    purchase_id: PurchaseId, body: Paid, caller: Administrator, key: IdempotencyKey, books: Books, response: Response
) -> PurchaseLine:
    """Grants what it buys, once however often it is told. What does not fit is told in `trouble`, and waits."""
    account = caller.account(body.account)
    terms = body.model_dump(exclude={"account"})
    done = await books.pay_purchase(
        account, purchase_id, provider="manual", **terms, actor=caller.actor, idempotency_key=key
    )  # fmt: skip
    replayed(response, done)
    await beside(response, books, account)
    return await run_in_threadpool(_one, books.sync, caller.org_id, caller.org_slug, purchase_id)


@router.post("/{purchase_id}/refund", summary="Take back what money went back for")
async def refund(
    purchase_id: PurchaseId, body: GivenBack, caller: Administrator, key: IdempotencyKey, books: Books,
    response: Response,
) -> PurchaseLine:  # fmt: skip
    """Takes back what is left of the pack, pro rata of a part. The money itself is given back where it was paid."""
    account = caller.account(body.account)
    done = await books.refund_purchase(
        account, purchase_id, amount_minor=body.amount_minor, reason=body.reason, actor=caller.actor,
        idempotency_key=key,
    )  # fmt: skip
    replayed(response, done)
    await beside(response, books, account)
    return await run_in_threadpool(_one, books.sync, caller.org_id, caller.org_slug, purchase_id)


def _page(
    ledger: Ledger, org_id: int, account: str | None, status: PurchaseStatus | None, before: int | None, most: int
) -> list[Sold]:
    core = ledger.core
    account_id = None if account is None else core.account(account).account_id
    statuses = () if status is None else (status,)
    return rows.of_organization(
        core.store, org_id, statuses=statuses, account_id=account_id, before_id=before, most=most
    )  # fmt: skip


def _one(ledger: Ledger, org_id: int, slug: str, purchase_id: int) -> PurchaseLine:
    found = rows.find(ledger.core.store, org_id, purchase_id)
    if found is None:
        raise NotFound(f"There is no purchase {purchase_id} here.")
    return PurchaseLine.of(found, slug)
