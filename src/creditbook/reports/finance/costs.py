"""Cost held against revenue: in all, by day, by plan, by package and by account. Every split adds up to the total.

A usage that packs paid for costs each of them its part by tokens, rounded half to even; what no pack paid is borne by
the plan under which it happened. Members who draw on a pool stand with it: it buys and they spend.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from creditbook.access.values import Principal
from creditbook.domain.money import half_even
from creditbook.reports.usage import Usage
from creditbook.store.engine import Store
from creditbook.store.finance import packs as rows
from creditbook.store.finance import subscriptions

from . import earned, usage
from .money import Booking
from .wanted import Wanted
from .yardstick import Yardstick, yardstick

PACKAGES, PLANS, ACCOUNTS = "package", "plan", "account"


@dataclass(frozen=True, slots=True)
class Margin:
    """Revenue and cost of one thing. ``key`` is a plan's or package's slug or an account's id; ``kind`` says which.

    ``revenue`` is minor units per currency, net of tax. In the organization's currency, in nanos: ``revenue_nanos`` and
    ``cost_nanos``, None where no rate is known. ``members`` counts those who spend from an account.
    """

    kind: str
    key: str
    title: str
    revenue: Mapping[str, int]
    usage: Usage
    revenue_nanos: int | None = None
    cost_nanos: int | None = None
    members: int = 0

    @property
    def margin_nanos(self) -> int | None:
        """Revenue less cost; None unless both are known and every request has a price."""
        if self.revenue_nanos is None or self.cost_nanos is None or self.usage.unpriced:
            return None
        return self.revenue_nanos - self.cost_nanos

    @property
    def at_most_nanos(self) -> int | None:
        """The margin if what has no price yet had cost nothing."""
        both = self.revenue_nanos is not None and self.cost_nanos is not None
        return (self.revenue_nanos or 0) - (self.cost_nanos or 0) if both else None

    def by(self, measure: Yardstick) -> Margin:
        """The same in the organization's currency."""
        return replace(self, revenue_nanos=measure.revenue(self.revenue), cost_nanos=measure.cost(self.usage))


@dataclass(frozen=True, slots=True)
class Costs:
    """What a period cost and earned: the total, and how it is measured."""

    wanted: Wanted
    measure: Yardstick
    total: Margin
    lines: tuple[earned.Line, ...] = field(repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was used and nothing earned."""
        return not self.lines and self.total.usage == Usage()


def costs(store: Store, who: Principal, wanted: Wanted, booking: Booking) -> Costs:
    """Cost and revenue of these days by the books, all of the organization."""
    asked = by_the_books(store, who, wanted)
    lines = earned.lines(store, who, asked.first, asked.last)
    revenue = earned.by_currency(lines)
    measure = yardstick(store, who.currency or "USD", revenue, asked.last, booking)
    total = Margin("total", "", "", revenue, usage.total(store, who, asked)).by(measure)
    return Costs(asked, measure, total, tuple(lines))


def by_the_books(store: Store, who: Principal, wanted: Wanted) -> Wanted:
    """The same days without names, by accounting date; by event where the two are one, which rollups answer for all."""
    with store.read(who.org_id) as connection:
        late = rows.has_late(connection, who.org_id, wanted.first, wanted.last)
    return Wanted(wanted.first, wanted.last, basis="accounting" if late else "event")


def by_plan(store: Store, who: Principal, found: Costs) -> list[Margin]:
    """Every plan with what it earned over time and what its usage cost, packs apart; and all packages together."""
    used = {str(plan): one for (plan,), one in usage.by(store, who, found.wanted, "plan").items()}
    paid = paid_by_packs(store, who, found.wanted)
    of_packs: dict[str, list[Usage]] = defaultdict(list)
    for (_, plan, _), one in paid.items():
        of_packs[plan].append(one.usage)
    plans = sorted({line.plan for line in found.lines if line.plan} | set(used))
    told = [
        Margin(
            PLANS, plan, plan, earned.by_currency(line for line in found.lines if line.plan == plan),
            less(used.get(plan, Usage()), of_packs[plan]),
        )
        for plan in plans
    ]  # fmt: skip
    packs = earned.by_currency(line for line in found.lines if not line.plan)
    if packs or paid:
        told.append(Margin(PACKAGES, "", "Packages", packs, _whole(paid.values())))
    return _ordered(found, told)


def by_package(store: Store, who: Principal, found: Costs) -> list[Margin]:
    """Every package with what its packs earned and paid for; and plans and allowances together."""
    paid = paid_by_packs(store, who, found.wanted)
    with store.read(who.org_id) as connection:
        packs = rows.packs(connection, who.org_id, {grant_id for grant_id, _, _ in paid})
    costing: dict[tuple[str, str], list[Paid]] = defaultdict(list)
    for (grant_id, _, _), one in paid.items():
        costing[packs[grant_id].item, packs[grant_id].title].append(one)
    things = {(line.item, line.title) for line in found.lines if not line.plan} | set(costing)
    told = [
        Margin(
            PACKAGES, item, title,
            earned.by_currency(line for line in found.lines if (line.plan, line.item, line.title) == ("", item, title)),
            _whole(costing[item, title]),
        )
        for item, title in sorted(things)
    ]  # fmt: skip
    rest = less(found.total.usage, (one.usage for one in paid.values()))
    plans = earned.by_currency(line for line in found.lines if line.plan)
    told.append(Margin(PLANS, "", "Plans and allowances", plans, rest))
    return _ordered(found, told)


def by_account(store: Store, who: Principal, found: Costs) -> list[Margin]:
    """Every account that earned or cost anything, most profitable first; members stand with the pool they draw on."""
    used = {int(account): one for (account,), one in usage.by(store, who, found.wanted, "account").items()}
    with store.read(who.org_id) as connection:
        roots = {row[0]: row[3] or row[0] for row in subscriptions.accounts(connection, who.org_id)}
    lines: dict[int, list[earned.Line]] = defaultdict(list)
    spent: dict[int, dict[int, Usage]] = defaultdict(dict)
    for line in found.lines:
        lines[roots[line.account_id]].append(line)
    for account_id, one in used.items():
        spent[roots[account_id]][account_id] = one
    names = usage.accounts(store, who, {*lines, *spent})
    return _ordered(
        found,
        [
            Margin(
                ACCOUNTS, str(root), names[root].shown, earned.by_currency(lines[root]),
                added(spent[root].values()), members=len(spent[root].keys() - {root}),
            )
            for root in {*lines, *spent}
        ],
    )  # fmt: skip


def by_day(store: Store, who: Principal, found: Costs) -> list[tuple[date, Margin]]:
    """Every day of the period with what it earned and cost."""
    used = usage.series(usage.by(store, who, found.wanted, "org_date"), found.wanted)
    revenue = earned.by_day(store, who, found.wanted.first, found.wanted.last)
    return [(day, Margin("day", day.isoformat(), "", revenue.get(day, {}), one).by(found.measure)) for day, one in used]


def added(figures: Iterable[Usage]) -> Usage:
    """Figures added up, every column for itself."""
    listed = list(figures)
    return Usage(*(sum(getattr(one, name) for one in listed) for name in Usage.__dataclass_fields__))


def less(whole: Usage, parts: Iterable[Usage]) -> Usage:
    """What is left of figures without some of them."""
    part = added(parts)
    return Usage(*(getattr(whole, name) - getattr(part, name) for name in Usage.__dataclass_fields__))


def _ordered(found: Costs, told: Iterable[Margin]) -> list[Margin]:
    """Measured, most profitable first as far as is known; what has no rate comes last."""
    measured = [one.by(found.measure) for one in told]
    kept = [one for one in measured if one.revenue or one.usage != Usage()]
    return sorted(kept, key=lambda one: (one.at_most_nanos is None, -(one.at_most_nanos or 0), one.title, one.key))


@dataclass(frozen=True, slots=True)
class Paid:
    """What usage that packs paid for cost. ``partly_unpriced`` requests without a price were paid by others too."""

    usage: Usage
    partly_unpriced: int


def _whole(paid: Iterable[Paid]) -> Usage:
    """All of it; whatever has no price, even in part, leaves it unknown."""
    listed = list(paid)
    usage = added(one.usage for one in listed)
    return replace(usage, unpriced=usage.unpriced + sum(one.partly_unpriced for one in listed))


def paid_by_packs(store: Store, who: Principal, wanted: Wanted) -> dict[tuple[int, str, int], Paid]:
    """By pack, plan and spender: what the usage that it paid for cost."""
    with store.read(who.org_id) as connection:
        whole = rows.paid_whole(connection, who.org_id, wanted.first, wanted.last)
        parts = rows.paid_parts(connection, who.org_id, wanted.first, wanted.last)
    found: dict[tuple[int, str, int], list[Paid]] = defaultdict(list)
    for one in whole:
        costing = Usage(cost_usd_nanos=one.cost_usd_nanos, cost_inr_nanos=one.cost_inr_nanos, unpriced=one.unpriced)
        found[one.grant_id, one.plan, one.account_id].append(Paid(costing, 0))
    for one in parts:
        part = Usage(
            cost_usd_nanos=half_even(one.cost_usd_nanos * one.paid, one.charged),
            cost_inr_nanos=half_even(one.cost_inr_nanos * one.paid, one.charged),
        )
        found[one.grant_id, one.plan, one.account_id].append(Paid(part, one.unpriced))
    return {
        key: Paid(added(one.usage for one in listed), sum(one.partly_unpriced for one in listed))
        for key, listed in found.items()
    }
