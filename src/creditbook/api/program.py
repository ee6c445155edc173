"""The program that an organization runs: what its applications need to know of it, and may show."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books
from creditbook.api.asked import program_of
from creditbook.api.callers import Reader
from creditbook.api.problems import documented
from creditbook.domain.program import Action, Allowance, Plan, Program
from creditbook.domain.purchasing import with_tax

router = APIRouter(prefix="/v1", tags=["program"], responses=documented())


class UnitAnswer(BaseModel):
    """How tokens are shown to people: ``tokens_per_credit`` 1 is tokens themselves."""

    tokens_per_credit: int
    singular: str
    plural: str


class AllowanceAnswer(BaseModel):
    """What a plan gives anew every period. ``rollover`` is the share of the unspent that moves on."""

    wallet: str
    tokens: int
    every: str
    features: list[str] | None
    rollover: float

    @classmethod
    def of(cls, one: Allowance) -> AllowanceAnswer:
        """An allowance as it is answered."""
        return cls(wallet=one.wallet, tokens=one.tokens, every=one.every, features=_names(one.features),
                   rollover=float(one.rollover))  # fmt: skip


class PlanAnswer(BaseModel):
    """A plan; its price per ``term`` in minor units, tax included. ``features`` null is all, a limit null is none."""

    plan: str
    title: str
    tagline: str
    rank: int
    popular: bool
    price_minor: int
    tax_minor: int
    term: str | None
    unlimited: bool
    features: list[str] | None
    max_request_tokens: int | None
    requests_per_day: int | None
    allowances: list[AllowanceAnswer]

    @classmethod
    def of(cls, one: Plan, program: Program) -> PlanAnswer:
        """A plan as it is answered."""
        price_minor, tax_minor = with_tax(one.price_minor, program.tax)
        return cls(
            plan=one.slug, title=one.title, tagline=one.tagline, rank=one.rank, popular=one.popular,
            price_minor=price_minor, tax_minor=tax_minor, term=one.term, unlimited=one.unlimited,
            features=_names(one.features), max_request_tokens=one.max_request_tokens,
            requests_per_day=one.requests_per_day, allowances=[AllowanceAnswer.of(each) for each in one.allowances],
        )  # fmt: skip


class ActionAnswer(BaseModel):
    """What can be done. ``tokens`` is the price of a `fixed` one; ``estimate`` what a typical run takes."""

    action: str
    title: str
    feature: str
    pricing: str
    tokens: int
    formula: str
    estimate: int

    @classmethod
    def of(cls, one: Action) -> ActionAnswer:
        """An action as it is answered."""
        return cls(action=one.name, title=one.title, feature=one.spends_for, pricing=one.pricing, tokens=one.tokens,
                   formula=one.formula, estimate=one.estimate)  # fmt: skip


class RewardAnswer(BaseModel):
    """An activity that is rewarded, and how often."""

    activity: str
    title: str
    tokens: int
    once: str


class ReferralAnswer(BaseModel):
    """What a referral pays to both sides, and when."""

    referrer_tokens: int
    friend_tokens: int
    when: str
    action: str


class ProgramAnswer(BaseModel):
    """A program. Packages stand at `GET /v1/tokens/packages`; promo codes are not told."""

    organization: str
    program: str
    title: str
    zone: str
    currency: str
    enforcement: str
    unit: UnitAnswer
    default_plan: str
    pool_plan: str
    ready_action: str
    ready_tokens: int
    grace_days: int
    plans: list[PlanAnswer]
    actions: list[ActionAnswer]
    rewards: list[RewardAnswer]
    referral: ReferralAnswer | None


@router.get("/program", summary="The program: plans, actions, limits, rewards")
async def program(caller: Reader, books: Books) -> ProgramAnswer:
    """As it is in force now. An edit touches no running period."""
    found = await run_in_threadpool(program_of, books.sync, caller)
    unit, referral = found.unit, found.referral
    return ProgramAnswer(
        organization=caller.org_slug, program=found.name, title=found.title, zone=found.zone,
        currency=found.currency, enforcement=found.enforcement,
        unit=UnitAnswer(tokens_per_credit=unit.tokens_per_credit, singular=unit.singular, plural=unit.plural),
        default_plan=found.default_plan, pool_plan=found.pool_plan or found.default_plan,
        ready_action=found.ready_action, ready_tokens=found.ready_tokens, grace_days=found.grace_days,
        plans=[PlanAnswer.of(one, found) for one in sorted(found.plans.values(), key=lambda one: one.rank)],
        actions=[ActionAnswer.of(one) for one in found.actions.values()],
        rewards=[RewardAnswer(activity=one.slug, title=one.title, tokens=one.tokens, once=one.once)
                 for one in found.rewards.values()],
        referral=None if referral is None else ReferralAnswer(
            referrer_tokens=referral.referrer_tokens, friend_tokens=referral.friend_tokens, when=referral.when,
            action=referral.action,
        ),
    )  # fmt: skip


def _names(features: frozenset[str] | None) -> list[str] | None:
    return None if features is None else sorted(features)
