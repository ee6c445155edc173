"""Whether a program makes sense as a whole: what its fields' types can't say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from creditbook.domain.calendar import zone_info
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.program import Action, Allowance, Package, Plan, Pricing, Program, WalletType

from .reading import Misfit, Path

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MOST_TOKENS = 2**53  # what every JSON reader can still count


def check(program: Program) -> None:
    """Raise `Misfit` for the first thing that no program can mean."""
    for misfit in _misfits(program):
        raise misfit


def _misfits(program: Program) -> Iterator[Misfit]:
    if not SLUG.fullmatch(program.name):
        yield Misfit(("name",), "may have a–z, 0–9, hyphens and underscores only")
    try:
        zone_info(program.zone)
    except InvalidRequest as error:
        yield Misfit(("zone",), f"is none: {error}")
    if not re.fullmatch("[A-Z]{3}", program.currency):
        yield Misfit(("currency",), "has to be a currency's three letters, such as INR")
    for field, plan in (("default_plan", program.default_plan), ("pool_plan", program.pool_plan)):
        if plan is not None and plan not in program.plans:
            yield Misfit((field,), f"names no plan. There are: {', '.join(program.plans)}")
    if program.ready_action and program.ready_action not in program.actions:
        yield Misfit(("ready_action",), f"names no action. There are: {', '.join(program.actions)}")
    yield from _at_least(0, program.ready_tokens, ("ready_tokens",))
    yield from _at_least(0, program.approval_above, ("approval_above",))
    yield from _at_least(1, program.unit.tokens_per_credit, ("unit", "tokens_per_credit"))
    yield from _plans(program)
    for name, action in program.actions.items():
        yield from _action(action, ("actions", name))
    for slug, package in program.packages.items():
        yield from _package(package, ("packages", slug))


def _plans(program: Program) -> Iterator[Misfit]:
    features = {action.spends_for for action in program.actions.values()}
    ranks: dict[int, str] = {}
    for slug, plan in program.plans.items():
        path = ("plans", slug)
        yield from _plan(plan, path)
        yield from _known(plan.features, features, (*path, "features"))
        for place, allowance in enumerate(plan.allowances):
            yield from _known(allowance.features, features, (*path, "allowances", place, "features"))
        if plan.rank in ranks:
            yield Misfit((*path, "rank"), f"is that of {ranks[plan.rank]} too; an upgrade needs one of them above")
        ranks[plan.rank] = slug


def _plan(plan: Plan, path: Path) -> Iterator[Misfit]:
    if not SLUG.fullmatch(plan.slug):
        yield Misfit(path, "is no short name: use a–z, 0–9, hyphens and underscores")
    yield from _at_least(0, plan.price_minor, (*path, "price_minor"))
    yield from _at_least(1, plan.max_request_tokens, (*path, "max_request_tokens"))
    yield from _at_least(0, plan.requests_per_day, (*path, "requests_per_day"))
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


def _allowance(allowance: Allowance, path: Path) -> Iterator[Misfit]:
    yield from _at_least(0, allowance.tokens, (*path, "tokens"))
    yield from _at_least(0, allowance.rollover_cap, (*path, "rollover_cap"))
    if not 0 <= allowance.rollover <= 1:
        yield Misfit((*path, "rollover"), "is a share between 0% and 100%")
    if allowance.wallet is WalletType.ROLLOVER:
        yield Misfit((*path, "wallet"), "can't be ROLLOVER: that one is filled by what rolls over, never by a plan")


def _action(action: Action, path: Path) -> Iterator[Misfit]:
    yield from _at_least(0, action.tokens, (*path, "tokens"))
    yield from _at_least(0, action.estimate, (*path, "estimate"))
    if action.pricing is Pricing.ACTUAL and action.tokens:
        yield Misfit((*path, "tokens"), "is the price of a fixed action; this one takes what it used (use estimate)")


def _package(package: Package, path: Path) -> Iterator[Misfit]:
    yield from _at_least(1, package.tokens, (*path, "tokens"))
    yield from _at_least(0, package.price_minor, (*path, "price_minor"))
    yield from _at_least(1, package.lifetime_days, (*path, "lifetime_days"))


def _at_least(least: int, number: int | None, path: Path) -> Iterator[Misfit]:
    if number is not None and not least <= number < MOST_TOKENS:
        yield Misfit(path, f"has to be {least} or more" if number < least else "is more than can be counted")


def _known(named: frozenset[str] | None, features: set[str], path: Path) -> Iterator[Misfit]:
    for feature in sorted((named or frozenset()) - features):
        yield Misfit(path, f"names “{feature}”, which no action spends for")
