"""Whether a program makes sense as a whole: what its fields' types can't say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from babel.numbers import list_currencies

from creditbook.domain import formula
from creditbook.domain.calendar import zone_info
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.program import Action, Allowance, GrantClass, Plan, Pricing, Program, WalletType

from .bounds import SLUG, at_least, fillable, known, one_popular, short_names
from .offers import offers
from .reading import Misfit, Path


def check(program: Program) -> None:
    """Raise `Misfit` for the first thing that no program can mean."""
    for misfit in _misfits(program):
        raise misfit


def _misfits(program: Program) -> Iterator[Misfit]:
    features = {action.spends_for for action in program.actions.values()}
    yield from _head(program)
    yield from _numbers(program)
    yield from _plans(program, features)
    for name, action in program.actions.items():
        yield from _action(action, ("actions", name))
    yield from offers(program, features)


def _head(program: Program) -> Iterator[Misfit]:
    if not SLUG.fullmatch(program.name):
        yield Misfit(("name",), "may have a–z, 0–9, hyphens and underscores only")
    try:
        zone_info(program.zone)
    except InvalidRequest as error:
        yield Misfit(("zone",), f"is none: {error}")
    if not re.fullmatch("[A-Z]{3}", program.currency):
        yield Misfit(("currency",), "has to be a currency's three letters, such as INR")
    if program.currency not in list_currencies("en"):
        yield Misfit(("currency",), f"is none: nobody knows {program.currency}. Use an ISO 4217 code such as INR")
    for field, plan in (("default_plan", program.default_plan), ("pool_plan", program.pool_plan)):
        if plan is not None and plan not in program.plans:
            yield Misfit((field,), f"names no plan. There are: {', '.join(program.plans)}")
        if plan is not None and program.plans[plan].is_paid:
            yield Misfit((field,), "has to cost nothing: everybody begins there, and falls back there unpaid")
    if program.ready_action and program.ready_action not in program.actions:
        yield Misfit(("ready_action",), f"names no action. There are: {', '.join(program.actions)}")
    for field in ("singular", "plural"):
        if not getattr(program.unit, field).strip():
            yield Misfit(("unit", field), "has to be a word")


def _numbers(program: Program) -> Iterator[Misfit]:
    for field in ("ready_tokens", "approval_above", "grace_days", "wallet_tokens", "low_balance_tokens"):
        yield from at_least(0, getattr(program, field), (field,))
    yield from at_least(1, program.unit.tokens_per_credit, ("unit", "tokens_per_credit"))


def _plans(program: Program, features: set[str]) -> Iterator[Misfit]:
    yield from short_names(program.plans, ("plans",))
    yield from one_popular({name: plan.popular for name, plan in program.plans.items()}, ("plans",))
    ranks: dict[int, str] = {}
    for slug, plan in program.plans.items():
        path = ("plans", slug)
        yield from _plan(plan, path)
        yield from known(plan.features, features, (*path, "features"))
        for place, allowance in enumerate(plan.allowances):
            yield from known(allowance.features, features, (*path, "allowances", place, "features"))
        if plan.rank in ranks:
            yield Misfit((*path, "rank"), f"is that of {ranks[plan.rank]} too; an upgrade needs one of them above")
        ranks[plan.rank] = slug


def _plan(plan: Plan, path: Path) -> Iterator[Misfit]:
    yield from at_least(0, plan.price_minor, (*path, "price_minor"))
    yield from at_least(1, plan.max_request_tokens, (*path, "max_request_tokens"))
    yield from at_least(0, plan.requests_per_day, (*path, "requests_per_day"))
    if plan.is_paid:
        yield from _paid(plan, path)
    pockets: set[object] = set()
    for place, allowance in enumerate(plan.allowances):
        here = (*path, "allowances", place)
        yield from _allowance(allowance, here)
        # One resetting STANDARD wallet per account (rule 23); elsewhere a wallet is known by its type and features.
        is_standard = allowance.wallet is WalletType.STANDARD
        pocket = allowance.wallet if is_standard else (allowance.wallet, allowance.features)
        if pocket in pockets:
            yield Misfit((*here, "wallet"), f"has a second allowance for the same {allowance.wallet} wallet")
        pockets.add(pocket)


def _paid(plan: Plan, path: Path) -> Iterator[Misfit]:
    """What is paid per term has to have one: all its allowances begin anew together (rule 31)."""
    if plan.term is None:
        yield Misfit((*path, "price_minor"), "is paid per term, and this plan has none: give it allowances, or every")
    for place, allowance in enumerate(plan.allowances):
        if allowance.every is not plan.term:
            here = (*path, "allowances", place, "every")
            yield Misfit(here, f"is not the plan's term, {plan.term}; all allowances of a paid plan share one")
    if plan.grant_class is not GrantClass.PLAN:
        yield Misfit((*path, "grant_class"), "has to be plan for a plan that costs money")


def _allowance(allowance: Allowance, path: Path) -> Iterator[Misfit]:
    yield from at_least(0, allowance.tokens, (*path, "tokens"))
    yield from at_least(0, allowance.rollover_cap, (*path, "rollover_cap"))
    if not 0 <= allowance.rollover <= 1:
        yield Misfit((*path, "rollover"), "is a share between 0% and 100%")
    yield from fillable(allowance.wallet, (*path, "wallet"))


def _action(action: Action, path: Path) -> Iterator[Misfit]:
    yield from at_least(0, action.tokens, (*path, "tokens"))
    yield from at_least(0, action.estimate, (*path, "estimate"))
    if action.pricing is not Pricing.FIXED and action.tokens:
        wanted = "what it used" if action.pricing is Pricing.ACTUAL else "what its formula says"
        yield Misfit((*path, "tokens"), f"is the price of a fixed action; this one takes {wanted} (use estimate)")
    if action.pricing is Pricing.FORMULA and not action.formula.strip():
        yield Misfit((*path, "formula"), "is missing: an action priced by formula needs one")
    elif action.pricing is Pricing.FORMULA:
        yield from _formula(action.formula, (*path, "formula"))
    if action.pricing is not Pricing.FORMULA and action.formula:
        yield Misfit((*path, "formula"), f"means nothing where pricing is {action.pricing}")


def _formula(text: str, path: Path) -> Iterator[Misfit]:
    try:
        formula.check(text)
    except InvalidRequest as error:
        yield Misfit(path, f"is none: {str(error).rstrip('.')}")
