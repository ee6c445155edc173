"""Whether what a program sells and gives away makes sense: packages, tax, promo codes, referral, rewards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from creditbook.domain.program import Package, Paid, Program, PromoTerms, Referral, Reward, Tax

from .bounds import at_least, fillable, known, one_popular, short_names
from .reading import Misfit, Path

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,62}")


def offers(program: Program, features: set[str]) -> Iterator[Misfit]:
    """Everything wrong with a program's offers; ``features`` are those that its actions spend for."""
    yield from short_names(program.packages, ("packages",))
    yield from one_popular({name: one.popular for name, one in program.packages.items()}, ("packages",))
    for slug, package in program.packages.items():
        yield from _package(package, features, ("packages", slug))
    if program.tax is not None:
        yield from _tax(program.tax, ("tax",))
    yield from _codes(program, features)
    if program.referral is not None:
        yield from _referral(program.referral, program, ("referral",))
    yield from short_names(program.rewards, ("rewards",))
    for slug, reward in program.rewards.items():
        yield from _reward(reward, ("rewards", slug))


def _package(package: Package, features: set[str], path: Path) -> Iterator[Misfit]:
    yield from at_least(1, package.tokens, (*path, "tokens"))
    yield from at_least(0, package.price_minor, (*path, "price_minor"))
    yield from at_least(1, package.lifetime_days, (*path, "lifetime_days"))
    yield from fillable(package.wallet, (*path, "wallet"))
    yield from known(package.features, features, (*path, "features"))


def _tax(tax: Tax, path: Path) -> Iterator[Misfit]:
    if not 0 <= tax.rate <= 1:
        yield Misfit((*path, "rate"), "is a share between 0% and 100%")
    if not tax.label.strip():
        yield Misfit((*path, "label"), "has to name the tax, such as GST")


def _codes(program: Program, features: set[str]) -> Iterator[Misfit]:
    seen: dict[str, str] = {}
    for code, terms in program.promo_codes.items():
        path = ("promo_codes", code)
        if not CODE.fullmatch(code):
            yield Misfit(path, "is no code: use letters, digits, hyphens and underscores, two at least")
        if code.casefold() in seen:
            yield Misfit(path, f"is the same as {seen[code.casefold()]}: case makes no difference")
        seen[code.casefold()] = code
        yield from _terms(terms, features, path)
        for plan in sorted((terms.plans or frozenset()) - program.plans.keys()):
            yield Misfit((*path, "plans"), f"names “{plan}”, which is no plan. There are: {', '.join(program.plans)}")


def _terms(terms: PromoTerms, features: set[str], path: Path) -> Iterator[Misfit]:
    yield from at_least(1, terms.tokens, (*path, "tokens"))
    yield from at_least(1, terms.lifetime_days, (*path, "lifetime_days"))
    yield from at_least(1, terms.total_limit, (*path, "total_limit"))
    yield from at_least(1, terms.per_account, (*path, "per_account"))
    yield from fillable(terms.wallet, (*path, "wallet"))
    yield from known(terms.features, features, (*path, "features"))
    first, last = terms.valid_from, terms.valid_through
    if first is not None and last is not None and last < first:
        yield Misfit((*path, "valid_through"), f"lies before {first}, the first day of the code")


def _referral(referral: Referral, program: Program, path: Path) -> Iterator[Misfit]:
    yield from at_least(0, referral.referrer_tokens, (*path, "referrer_tokens"))
    yield from at_least(0, referral.friend_tokens, (*path, "friend_tokens"))
    if not referral.referrer_tokens and not referral.friend_tokens:
        yield Misfit(path, "pays nobody: give one of both sides tokens, or leave the table out")
    if referral.action and referral.when is Paid.SIGN_UP:
        yield Misfit((*path, "action"), "means nothing at sign_up: leave it out, or pay at first_spend")
    if referral.action and referral.action not in program.actions:
        yield Misfit((*path, "action"), f"names no action. There are: {', '.join(program.actions)}")
    yield from at_least(1, referral.lifetime_days, (*path, "lifetime_days"))
    yield from fillable(referral.wallet, (*path, "wallet"))


def _reward(reward: Reward, path: Path) -> Iterator[Misfit]:
    yield from at_least(1, reward.tokens, (*path, "tokens"))
    yield from at_least(1, reward.lifetime_days, (*path, "lifetime_days"))
    yield from fillable(reward.wallet, (*path, "wallet"))
