"""Tokens as applications ask for them: figures, history, analytics, packages, codes, and what a feature costs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from creditbook.access.api_keys import ScopeMissing
from creditbook.api.answering import Books, Here, beside, replayed
from creditbook.api.asked import About, OptionalKey, Words, program_of
from creditbook.api.callers import Reader, Spender
from creditbook.api.features import Costs, Wanted, as_spend, costs, left_for
from creditbook.api.problems import documented
from creditbook.api.purchases_begun import Payment, Provider, PurchaseAnswer, Till
from creditbook.api.schemas import Charged, Id, Metadata, Name, OfAccount, Tokens, Word
from creditbook.domain.purchasing import with_tax
from creditbook.domain.results import Receipt
from creditbook.domain.units import amount
from creditbook.reports.answers import TokenFigures
from creditbook.store import reports_history

router = APIRouter(prefix="/v1/tokens", tags=["tokens"], responses=documented(402, 409))

TYPES = {"grant": "bonus", "promo": "bonus", "referral": "bonus", "reward": "bonus"}
"""A transaction's kind → what applications call it, where that is another word."""
NANOS = 1_000_000_000


class Cost(BaseModel):
    """Money as plain numbers of dollars and rupees, for showing; null while a model's price is not known."""

    usd: float | None
    inr: float | None

    @classmethod
    def of(cls, usd_nanos: int | None, inr_nanos: int | None) -> Cost:
        """The same from whole nano-units."""
        return cls(usd=_units(usd_nanos), inr=_units(inr_nanos))


class TokenTransaction(BaseModel):
    """One line of a history. ``tokens`` is signed: what came or went."""

    id: int
    type: str
    tokens: int
    description: str
    agent: str
    model: str
    project: str
    timestamp: datetime
    feature: str
    input_tokens: int
    output_tokens: int
    cost: Cost
    balance_before: int | None
    balance_after: int | None


class TokenTransactions(BaseModel):
    """A page of a history, newest first; ``next_cursor`` null where it ends."""

    transactions: list[TokenTransaction]
    next_cursor: int | None


class TokenAnalytics(BaseModel):
    """What was used and given, ever. Breakdowns are charged tokens, refunds off."""

    total_tokens_used: int
    total_tokens_added: int
    total_transactions: int
    agent_usage_breakdown: dict[str, int]
    model_usage_breakdown: dict[str, int]
    estimated_cost: Cost
    average_tokens_per_request: float


class Pack(BaseModel):
    """A package for sale; its price in minor units of the currency, tax included."""

    id: str
    name: str
    tokens: int
    price_minor: int
    tax_minor: int
    currency: str
    wallet: str
    lifetime_days: int | None
    features: list[str] | None
    most_popular: bool
    tagline: str


class Packs(BaseModel):
    """Everything that the program sells by the package, cheapest first."""

    packages: list[Pack]


class Buy(OfAccount):
    """A package to buy. ``payment``, with an admin key, says that it is paid already: then it is granted at once."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"account": "asha", "package_id": "starter"}}
    )
    package_id: Word
    provider: Provider = ""
    payment: Payment = ""
    reason: Words = ""


class Redeem(OfAccount):
    """A promo code, however it is typed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"account": "asha", "promo_code": "WELCOME2024"}}
    )
    promo_code: Word


class Redeemed(BaseModel):
    """What a code gave; ``new_balance`` null is unlimited."""

    message: str
    bonus_tokens: int
    new_balance: int | None
    receipt: Charged


class SpendFeature(OfAccount):
    """Work on one feature, or an action by its name."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"account": "asha", "feature": "goal_generation"}}
    )
    feature: Word
    tokens: Tokens | None = None
    description: Words = ""
    project: Name = ""
    metadata: Metadata | None = None


class Deducted(BaseModel):
    """What was taken, and what the feature has left; null is unlimited."""

    feature: str
    deducted: int
    remaining: int | None
    transaction_id: int


class Feature(BaseModel):
    """One feature: what may be spent on it, what its period gave, what of that is used, when it begins anew."""

    feature: str
    balance: int | None
    total_allocated: int
    used: int
    refresh_date: datetime | None


class Stats(BaseModel):
    """Every feature of the program, in its order."""

    features: list[Feature]


@router.get("/balance", summary="The thirteen figures of a token balance")
async def balance(about: About) -> TokenFigures:
    """remaining = monthly remaining + rollover + premium remaining; total = used + remaining; null is unlimited."""
    found: TokenFigures = await about.figures("tokens")
    return found


@router.get("/transactions", summary="An account's history, newest first")
async def transactions(
    about: About,
    cursor: Annotated[Id | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> TokenTransactions:
    """Pages by cursor, so that nothing is seen twice or missed while more is written."""
    rows = await run_in_threadpool(_history, about, cursor, limit + 1)
    page = [_line(row) for row in rows[:limit]]
    return TokenTransactions(transactions=page, next_cursor=page[-1].id if len(rows) > limit else None)


@router.get("/analytics", summary="What was used and given, ever")
async def analytics(about: About) -> TokenAnalytics:
    """By agent and by model, with the estimated cost and the tokens that a request takes on average."""
    found = await about.figures("analytics")
    named = {name: getattr(found, name) for name in TokenAnalytics.model_fields if name != "estimated_cost"}
    return TokenAnalytics(**named, estimated_cost=Cost.of(found.cost_usd_nanos, found.cost_inr_nanos))


@router.get("/packages", summary="What the program sells")
async def packages(caller: Reader, books: Books) -> Packs:
    """Packages of tokens with their prices, cheapest first."""
    program = await run_in_threadpool(program_of, books.sync, caller)
    packs = []
    for one in sorted(program.packages.values(), key=lambda one: one.price_minor):
        price_minor, tax_minor = with_tax(one.price_minor, program.tax)
        packs.append(Pack(
            id=one.slug, name=one.title, tokens=one.tokens, price_minor=price_minor, tax_minor=tax_minor,
            currency=program.currency, wallet=one.wallet, lifetime_days=one.lifetime_days,
            features=sorted(one.features) if one.features is not None else None, most_popular=one.popular,
            tagline=one.tagline,
        ))  # fmt: skip
    return Packs(packages=packs)


@router.post("/purchase", summary="Buy a package", status_code=201)
async def purchase(
    body: Buy, caller: Spender, key: OptionalKey, books: Books, here: Here, response: Response
) -> PurchaseAnswer:
    """The purchase, and where to pay for it. Nothing is granted before the payment is there."""
    account = caller.account(body.account)
    till = Till(caller, account, key, books, here, response)
    if body.payment:
        if "admin" not in caller.scopes:
            raise ScopeMissing("admin")
        bought = await till.paid(body.package_id, "package", payment=body.payment, reason=body.reason)
    else:
        bought = await till.opened(body.package_id, "package", way=body.provider)
    await beside(response, books, account)
    return bought


@router.post("/redeem-code", summary="Redeem a promo code")
async def redeem_code(body: Redeem, caller: Spender, key: OptionalKey, books: Books, response: Response) -> Redeemed:
    """Blanks around the code and its case make no difference. A code counts once per account."""
    account = caller.account(body.account)
    receipt: Receipt = await books.redeem(account, body.promo_code, actor=caller.actor, idempotency_key=key)
    program = await run_in_threadpool(program_of, books.sync, caller)
    await beside(response, books, account)
    replayed(response, receipt)
    given = amount(receipt.tokens, program.unit)
    return Redeemed(message=f"The code gave {given}.", bonus_tokens=receipt.tokens, new_balance=receipt.available,
                    receipt=Charged.of(receipt))  # fmt: skip


@router.get("/check-balance", summary="Whether work on a feature may start, and what it costs")
async def check(
    about: About,
    feature: Annotated[Word, Query()],
    tokens: Annotated[int | None, Query(ge=0, le=10**15, description="For work that is priced by use")] = None,
) -> Costs:
    """Asks the ledger's own rules, and charges nothing. ``reason`` says why it is not allowed."""
    return await run_in_threadpool(costs, about.ledger, about.account, Wanted(feature, tokens))


@router.post("/check-balance", summary="Spend on a feature")
async def deduct(body: SpendFeature, caller: Spender, key: OptionalKey, books: Books, response: Response) -> Deducted:
    """Charges what the program says that the feature costs. Refused with 402 or 403, it charges nothing."""
    account = caller.account(body.account)
    terms = as_spend(await run_in_threadpool(program_of, books.sync, caller), Wanted(body.feature, body.tokens))
    receipt = await books.spend(
        account, **terms, description=body.description, project=body.project, metadata=body.metadata,
        actor=caller.actor, idempotency_key=key,
    )  # fmt: skip
    remaining = await run_in_threadpool(left_for, books.sync, account, body.feature)
    await beside(response, books, account)
    replayed(response, receipt)
    return Deducted(
        feature=body.feature, deducted=receipt.charged, remaining=remaining, transaction_id=receipt.transaction_id
    )


@router.get("/stats", summary="Every feature: balance, allocation, use, refresh")
async def stats(about: About) -> Stats:
    """As the account has them, or the pool that it draws on."""
    found = await about.figures("features")
    return Stats(features=[Feature.model_validate(one, from_attributes=True) for one in found])


def _history(about: About, before: int | None, limit: int) -> list[Any]:
    core = about.ledger.core
    ref = core.account(about.account)
    with core.store.read(ref.org_id) as connection:
        return reports_history.page(
            connection, ref.org_id, ref.account_id, reports_history.NO_FILTER, older_than=before, limit=limit
        )


def _line(row: Any) -> TokenTransaction:
    return TokenTransaction(
        id=row.txn_id, type=TYPES.get(row.kind, row.kind), tokens=row.tokens, description=row.description,
        agent=row.agent, model=row.model, project=row.project, timestamp=row.effective_at, feature=row.feature,
        input_tokens=row.input_tokens, output_tokens=row.output_tokens,
        cost=Cost.of(row.cost_usd_nanos, row.cost_inr_nanos), balance_before=row.available_before,
        balance_after=row.available_after,
    )  # fmt: skip


def _units(nanos: int | None) -> float | None:
    return None if nanos is None else nanos / NANOS
