"""Revenue as it is earned (rule 35), by whom and for what: packs as they are used, plans evenly over their days.

Net of tax, in minor units, each line in the currency of its sale; lines of two currencies are never added. What lapses
is earned as breakage; what was paid back although it was earned already is taken off again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from creditbook.access.values import Principal
from creditbook.store.engine import Store
from creditbook.store.finance import packs as rows
from creditbook.store.finance.packs import Pack

from .books import plan_sales
from .periods import CUSTOM, Period
from .sales import MoneyBack, money_back

EARNED = ("usage", "debt_repayment", "refund", "adjustment")
"""Kinds of transactions whose entries earn a pack's price by its use; a refund of usage takes it back."""
NOT_REVENUE = ("purchase", "grant", "purchase_refund")
"""Kinds that sell a pack or pay it back; all others end what is left of one, which is breakage."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one account's sales of one thing earned. ``plan`` is '' for packs, ``item`` '' where no sale names one."""

    account_id: int
    plan: str
    item: str
    title: str
    currency: str
    used_minor: int
    breakage_minor: int
    reversed_minor: int

    @property
    def minor(self) -> int:
        """Revenue: earned by use or by time, and by lapsing, less what of it went back."""
        return self.used_minor + self.breakage_minor - self.reversed_minor


def lines(store: Store, who: Principal, first: date, last: date) -> list[Line]:
    """Every account's revenue of these days of the organization, by accounting date, both included."""
    period = Period(CUSTOM, first, last)
    with store.read(who.org_id) as connection:
        moved = rows.moved(connection, who.org_id, first, last)
        back = money_back(store, who, period)
        packs = rows.packs(connection, who.org_id, [one.grant_id for one in moved])
    return [*_of_packs(moved, packs, back), *_of_plans(store, who, first, last)]


def by_day(store: Store, who: Principal, first: date, last: date) -> dict[date, dict[str, int]]:
    """Revenue by accounting date and currency, net; days that earned nothing are left out."""
    found: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with store.read(who.org_id) as connection:
        for day, kind, currency, deferred in rows.by_day(connection, who.org_id, first, last):
            # What is released by a refund of money is no revenue; the money that went back beyond it is less of it.
            if kind not in ("purchase", "grant"):
                found[day][currency] -= deferred
    for one in money_back(store, who, Period(CUSTOM, first, last)):
        if one.kind == "package":
            found[one.day][one.currency] -= one.net_minor
    for sale in plan_sales(store, who):
        earlier = sale.through(first - timedelta(days=1))
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
            through = sale.through(day)
            of_day, earlier = through.since(earlier), through
            minor = of_day.earned + of_day.breakage - of_day.reversed
            if minor:
                found[day][sale.currency] += minor
    return {day: {name: minor for name, minor in of.items() if minor} for day, of in found.items() if any(of.values())}


def by_currency(found: Iterable[Line]) -> dict[str, int]:
    """Revenue per currency; a currency that comes to nothing is left out."""
    sums: dict[str, int] = defaultdict(int)
    for line in found:
        sums[line.currency] += line.minor
    return {currency: minor for currency, minor in sorted(sums.items()) if minor}


def _of_packs(moved: Iterable[rows.Moved], packs: Mapping[int, Pack], back: Iterable[MoneyBack]) -> list[Line]:
    """Packs' lines; money that went back is held against what of it was still owed."""
    used: dict[tuple[int, str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for grant_id, kind, deferred in moved:
        pack = packs[grant_id]
        sums = used[pack.account_id, pack.item, pack.title, pack.currency]
        if kind in EARNED:
            sums[0] -= deferred
        elif kind not in NOT_REVENUE:
            sums[1] -= deferred
        elif kind == "purchase_refund":
            sums[2] += deferred
    for one in back:
        if one.kind == "package":
            used[one.account_id, one.item, one.title, one.currency][2] += one.net_minor
    return [
        Line(account_id, "", item, title, currency, *sums)
        for (account_id, item, title, currency), sums in sorted(used.items())
        if any(sums)
    ]


def _of_plans(store: Store, who: Principal, first: date, last: date) -> list[Line]:
    found: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for sale in plan_sales(store, who):
        of = sale.between(first, last)
        sums = found[sale.account_id, sale.plan, sale.currency]
        for place, minor in enumerate((of.earned, of.breakage, of.reversed)):
            sums[place] += minor
    return [
        Line(account_id, plan, plan, plan, currency, *sums)
        for (account_id, plan, currency), sums in sorted(found.items())
        if any(sums)
    ]
