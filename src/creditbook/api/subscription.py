"""A subscription through the API: how it stands, and up, down, renewed, cancelled, with what each of them does.

With an administrator's key a paid plan begins at once, and a manual payment stands in the books; with any other the
answer says where to pay, and the plan begins with the payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, Here, beside, replayed
from creditbook.api.asked import About, OptionalKey, Words, program_of
from creditbook.api.callers import Caller, Spender
from creditbook.api.problems import documented
from creditbook.api.purchases_begun import Payment, Provider, PurchaseAnswer, Till
from creditbook.api.schemas import OfAccount, Word
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.program import Plan, Program
from creditbook.domain.results import PlanReceipt
from creditbook.ledger.subscribing import Subscription

router = APIRouter(prefix="/v1/subscription", tags=["subscription"], responses=documented(409))


class NextPeriod(BaseModel):
    """What runs after the time that is paid for: from when, and what its renewal costs before tax."""

    plan: str
    starts_at: datetime
    price_minor: int
    currency: str


class SubscriptionAnswer(BaseModel):
    """A plan as it stands. ``ends_at`` is the end of the time paid for, null on a free plan.

    ``status`` is `active`, `cancelling`, `past_due` or `lapsed`; ``next_period`` is null where nothing follows.
    """

    account: str
    tier: str
    title: str
    of_team: bool
    status: str
    is_subscribed: bool
    is_unlimited: bool
    price_minor: int
    currency: str
    started_at: datetime | None
    ends_at: datetime | None
    term_first: date | None
    term_ends_at: datetime | None
    terms_paid_ahead: int
    grace_ends_at: datetime | None
    next_period: NextPeriod | None

    @classmethod
    def of(cls, found: Subscription, program: Program) -> SubscriptionAnswer:
        """The ledger's answer with the applications' names."""
        return cls(
            account=found.account, tier=found.plan, title=found.title, of_team=found.of_pool, status=found.status,
            is_subscribed=found.is_paid, is_unlimited=found.is_unlimited, price_minor=found.price_minor,
            currency=found.currency, started_at=found.started_at, ends_at=found.paid_until,
            term_first=found.term_first, term_ends_at=found.term_ends_at, terms_paid_ahead=found.paid_ahead,
            grace_ends_at=found.grace_ends_at, next_period=_next(found, program),
        )  # fmt: skip


class Changed(BaseModel):
    """What was done, in a sentence, with the plan as it stands now, and the purchase where there is one."""

    what: str
    message: str
    subscription: SubscriptionAnswer
    purchase: PurchaseAnswer | None


class Renewal(OfAccount):
    """A further term, or the one that is due. ``payment`` names a payment that an administrator received."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"account": "kim"}})
    provider: Provider = ""
    payment: Payment = ""
    reason: Words = ""


class Upgrade(Renewal):
    """A higher plan."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"account": "kim", "plan": "pro"}})
    plan: Word


class Downgrade(OfAccount):
    """A lower plan, which begins when the time paid for ends; the running one calls off what waits."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"account": "kim", "plan": "free"}})
    plan: Word
    reason: Words = ""


class Cancel(OfAccount):
    """The end of a paid plan, with the time that is paid for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"account": "kim"}})
    reason: Words = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every change needs: who asks, under which key, of which ledger, and the answer's headers."""

    caller: Caller
    key: str | None
    books: Books
    here: Here
    response: Response

    async def buy(self, account: str, item: str, kind: str, terms: Renewal) -> Changed:
        """Paid at once by an administrator's key, else where to pay."""
        till = Till(self.caller, account, self.key, self.books, self.here, self.response)
        if "admin" in self.caller.scopes:
            bought = await till.paid(item, kind, payment=terms.payment, reason=terms.reason)
        else:
            if terms.payment:
                raise InvalidRequest("Only an administrator's key records a payment: leave `payment` out.")
            bought = await till.opened(item, kind, way=terms.provider)
        done = "renewed" if kind == "renewal" else "upgraded"
        return await self.answer(account, done if bought.status == "granted" else "waits_for_payment", bought)

    async def changed(self, account: str, receipt: PlanReceipt) -> Changed:
        """What a change did that nobody had to pay."""
        replayed(self.response, receipt)
        return await self.answer(account, receipt.what)

    async def answer(self, account: str, what: str, bought: PurchaseAnswer | None = None) -> Changed:
        """The change in a sentence, beside the plan as it stands now."""
        found = await self.books.subscription(account)
        await beside(self.response, self.books, account)
        program = await run_in_threadpool(program_of, self.books.sync, self.caller)
        return Changed(
            what=what, message=_said(what, found, program, bought),
            subscription=SubscriptionAnswer.of(found, program), purchase=bought,
        )  # fmt: skip

    async def plan(self, slug: str) -> Plan:
        """A plan of the program in force. Raises `InvalidRequest` that names those there are."""
        program = await run_in_threadpool(program_of, self.books.sync, self.caller)
        if slug not in program.plans:
            raise InvalidRequest(f"This program has no plan “{slug}”. Its plans: {', '.join(sorted(program.plans))}.")
        return program.plans[slug]

    async def rank(self, account: str) -> int:
        """Where the plan stands that the account is under now."""
        found = await self.books.subscription(account)
        return (await self.plan(found.plan)).rank


def desk(caller: Spender, key: OptionalKey, books: Books, here: Here, response: Response) -> Desk:
    """A dependency: everything that a change of plan needs."""
    return Desk(caller, key, books, here, response)


AtDesk = Annotated[Desk, Depends(desk)]


@router.get("", summary="How a subscription stands")
async def subscription(about: About) -> SubscriptionAnswer:
    """As of now; what is due counts already."""
    found = await run_in_threadpool(about.ledger.subscription, about.account)
    return SubscriptionAnswer.of(found, await run_in_threadpool(program_of, about.ledger, about.caller))


@router.post("/upgrade", summary="Move to a higher plan")
async def upgrade(body: Upgrade, at: AtDesk) -> Changed:
    """It acts now, with the payment: whole allowances between kinds of plans, what it gives more within one."""
    account = at.caller.account(body.account)
    plan = await at.plan(body.plan)
    if plan.is_paid:
        return await at.buy(account, plan.slug, "plan", body)
    if plan.rank <= await at.rank(account):
        raise InvalidRequest(f"{plan.title} is no upgrade. Use POST /v1/subscription/downgrade or /cancel.")
    receipt = await at.books.change_plan(
        account, plan.slug, reason=body.reason, actor=at.caller.actor, idempotency_key=at.key
    )
    return await at.changed(account, receipt)


@router.post("/downgrade", summary="Move to a lower plan")
async def downgrade(body: Downgrade, at: AtDesk) -> Changed:
    """It waits for the end of the time paid for. Naming the running plan calls off what waits."""
    account = at.caller.account(body.account)
    plan = await at.plan(body.plan)
    if plan.rank > await at.rank(account):
        raise InvalidRequest(f"{plan.title} is no downgrade. Use POST /v1/subscription/upgrade.")
    receipt = await at.books.change_plan(
        account, plan.slug, reason=body.reason, actor=at.caller.actor, idempotency_key=at.key
    )
    return await at.changed(account, receipt)


@router.post("/renew", summary="Pay a further term")
async def renew(at: AtDesk, body: Renewal | None = None) -> Changed:
    """The term that is due, else the next one. It gives no allowance early; a cancelled subscription goes on."""
    terms = body or Renewal()
    return await at.buy(at.caller.account(terms.account), "", "renewal", terms)


@router.post("/cancel", summary="End a paid plan with the time paid for")
async def cancel(at: AtDesk, body: Cancel | None = None) -> Changed:
    """Nothing is taken away before the end; a renewal, or choosing the plan again, calls it off."""
    terms = body or Cancel()
    account = at.caller.account(terms.account)
    receipt = await at.books.cancel_plan(
        account, reason=terms.reason, actor=at.caller.actor, idempotency_key=at.key
    )  # fmt: skip
    return await at.changed(account, receipt)


def _next(found: Subscription, program: Program) -> NextPeriod | None:
    if found.paid_until is None:
        return None
    slug = found.next_plan or (program.default_plan if found.ends else found.plan)
    plan = program.plans.get(slug)
    if plan is None:
        return None
    return NextPeriod(
        plan=slug, starts_at=found.paid_until, price_minor=plan.price_minor, currency=program.currency
    )  # fmt: skip


def _said(what: str, found: Subscription, program: Program, bought: PurchaseAnswer | None) -> str:
    until = found.paid_until.isoformat() if found.paid_until else ""
    if bought is not None and what == "waits_for_payment":
        return bought.trouble or bought.pay_note or f"It happens as soon as the payment is confirmed: {bought.pay_url}"
    if what == "renewed":
        return f"{found.title} is paid until {until}."
    if what in ("scheduled", "cancelling"):
        follows = _next(found, program)
        title = program.plans[follows.plan].title if follows else "nothing"
        return f"{found.title} runs until {until}; then {title} begins."
    return f"{found.title} runs{f' until {until}' if until else ''}."
