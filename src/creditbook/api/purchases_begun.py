"""Purchases that a program begins: recorded as paid by an administrator's key, else opened where one can pay."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, Here, replayed
from creditbook.api.asked import BY_API
from creditbook.api.callers import Caller
from creditbook.api.schemas import Name
from creditbook.domain.results import PurchaseReceipt
from creditbook.payments import checkouts
from creditbook.payments.providers import on_sale, provider

Payment = Annotated[Name, Field(description="The reference of a payment that is there already")]
Provider = Annotated[str, Field(max_length=40, description="Where to pay; none is the best way that is set up")]


class PurchaseAnswer(BaseModel):
    """A purchase as it stands. Money is in minor units, tax included in the price.

    ``pay_url`` is where to pay, '' where nothing is to be paid online; ``pay_note`` says then who goes on with it.
    ``trouble`` says why a paid one could not be granted.
    """

    purchase_id: int
    kind: str
    item: str
    status: str
    tokens: int
    price_minor: int
    tax_minor: int
    currency: str
    provider: str
    pay_url: str
    pay_note: str
    trouble: str

    @classmethod
    def of(cls, receipt: PurchaseReceipt, way: str, pay_url: str = "", pay_note: str = "") -> PurchaseAnswer:
        """A receipt as it is answered."""
        return cls(
            purchase_id=receipt.purchase_id, kind=receipt.kind, item=receipt.item, status=receipt.status,
            tokens=receipt.tokens, price_minor=receipt.price_minor, tax_minor=receipt.tax_minor,
            currency=receipt.currency, provider=way, pay_url=pay_url, pay_note=pay_note, trouble=receipt.trouble,
        )  # fmt: skip


class Till:
    """One purchase of one request: who buys for whom, and under which key."""

    def __init__(
        self, caller: Caller, account: str, key: str | None, books: Books, here: Here, response: Response
    ) -> None:
        self._caller, self._account, self._key = caller, account, key
        self._books, self._here, self._response = books, here, response

    async def paid(self, item: str, kind: str, *, payment: str, reason: str) -> PurchaseAnswer:
        """Record a manual payment: opened, paid and granted in one operation, or refused whole."""
        receipt = await self._books.sell(
            self._account, item, kind=kind, payment=payment, reason=reason.strip() or BY_API,
            actor=self._caller.actor, idempotency_key=self._key,
        )  # fmt: skip
        replayed(self._response, receipt)
        return PurchaseAnswer.of(receipt, "manual")

    async def opened(self, item: str, kind: str, *, way: str = "") -> PurchaseAnswer:
        """Open the purchase and its checkout; nothing is granted before the provider's signed word."""
        settings = self._here.settings
        chosen = provider(settings, way) if way else on_sale(settings)[0]
        begun = await run_in_threadpool(
            checkouts.begin, self._books.sync, chosen, self._account, item, kind=kind,
            back_to=settings.link() + "plans", actor=self._caller.actor, idempotency_key=self._key,
        )  # fmt: skip
        replayed(self._response, begun.receipt)
        return PurchaseAnswer.of(begun.receipt, begun.provider, begun.url, begun.note)
