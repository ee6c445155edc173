"""What a line of Costs & margin is made of: by sale and by spender, adding up to it to the last nano."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from creditbook.access.values import Principal
from creditbook.reports.usage import Usage
from creditbook.store.engine import Store
from creditbook.store.finance import packs as rows
from creditbook.store.finance import subscriptions

from . import earned, usage
from .costs import ACCOUNTS, PLANS, Costs, added, less, paid_by_packs

WHOLE = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What one account earned with one thing, or what its usage cost. ``what`` is the thing sold, '' for usage.

    Revenue is what was used up or passed, what lapsed, and what went back although it was earned.
    """

    account_id: int
    account: str
    what: str
    currency: str
    used_minor: int
    breakage_minor: int
    reversed_minor: int
    usage: Usage
    revenue_nanos: int | None
    cost_nanos: int | None


def parts(store: Store, who: Principal, found: Costs, kind: str, key: str) -> list[Part]:
    """The parts of a line: of a plan, a package or (``key`` '') all plans or all packages, or of an account."""
    if kind == ACCOUNTS:
        lines, spent = _of_account(store, who, found, int(key))
    else:
        lines = [line for line in found.lines if bool(line.plan) is (kind == PLANS) and key in (WHOLE, line.item)]
        spent = _of_plan(store, who, found, key) if kind == PLANS else _of_package(store, who, found, key)
    return _named(store, who, found, lines, spent)


def of_days(store: Store, who: Principal, found: Costs, first: date, last: date) -> list[Part]:
    """What was earned on some of the days, by sale, and what was spent on them, by account."""
    asked = found.wanted.on(first, last)
    used = {int(one): of for (one,), of in usage.by(store, who, asked, "account").items()}
    return _named(store, who, found, earned.lines(store, who, asked.first, asked.last), used)


def family(store: Store, who: Principal, root: int) -> tuple[int, ...]:
    """An account and the members who draw on it."""
    with store.read(who.org_id) as connection:
        found = {row[0] for row in subscriptions.accounts(connection, who.org_id) if root in (row[0], row[3])}
    return tuple(sorted(found | {root}))


def _of_account(store: Store, who: Principal, found: Costs, root: int) -> tuple[list[earned.Line], dict[int, Usage]]:
    accounts = family(store, who, root)
    used = usage.by(store, who, replace(found.wanted, accounts=accounts), "account")
    return [line for line in found.lines if line.account_id in accounts], {int(one): of for (one,), of in used.items()}


def _of_plan(store: Store, who: Principal, found: Costs, plan: str) -> dict[int, Usage]:
    """What usage under a plan, or under all, cost each account beyond what packs paid of it."""
    asked = found.wanted.of("plan", plan) if plan else found.wanted
    used = {int(one): of for (one,), of in usage.by(store, who, asked, "account").items()}
    paid: dict[int, list[Usage]] = defaultdict(list)
    for (_, its, spender), one in paid_by_packs(store, who, found.wanted).items():
        if plan in (WHOLE, its):
            paid[spender].append(one.usage)
    return {account: less(used.get(account, Usage()), paid[account]) for account in {*used, *paid}}


def _of_package(store: Store, who: Principal, found: Costs, item: str) -> dict[int, Usage]:
    """What usage that packs of a package, or all, paid for cost: by the account that spent."""
    paid = paid_by_packs(store, who, found.wanted)
    with store.read(who.org_id) as connection:
        packs = rows.packs(connection, who.org_id, {grant_id for grant_id, _, _ in paid})
    spent: dict[int, list[Usage]] = defaultdict(list)
    for (grant_id, _, spender), one in paid.items():
        if item in (WHOLE, packs[grant_id].item):
            spent[spender].append(replace(one.usage, unpriced=one.usage.unpriced + one.partly_unpriced))
    return {account: added(listed) for account, listed in spent.items()}


def _named(
    store: Store, who: Principal, found: Costs, lines: Iterable[earned.Line], spent: dict[int, Usage]
) -> list[Part]:
    listed = [line for line in lines if line.minor or line.used_minor or line.breakage_minor]
    costing = {account: one for account, one in spent.items() if one.cost_usd_nanos or one.unpriced}
    names = usage.accounts(store, who, {line.account_id for line in listed} | set(costing))
    sold = [
        Part(
            line.account_id, names[line.account_id].shown, line.title, line.currency, line.used_minor,
            line.breakage_minor, line.reversed_minor, Usage(), found.measure.revenue({line.currency: line.minor}), 0,
        )
        for line in listed
    ]  # fmt: skip
    used = [
        Part(account, names[account].shown, "", "", 0, 0, 0, one, 0, found.measure.cost(one))
        for account, one in costing.items()
    ]
    ordered = sorted(sold, key=lambda part: (-(part.revenue_nanos or 0), part.account, part.what))
    return [*ordered, *sorted(used, key=lambda part: (-part.usage.cost_usd_nanos, part.account))]
