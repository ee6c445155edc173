"""The books by accounting date: the roll-forward of every class in tokens and deferred money, and what was earned.

A closed month reads as it was frozen, whatever was booked since: late things book in the open month (rule 34).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from creditbook.access.values import Principal
from creditbook.domain.closing import ClosedMonth, last_day, next_month
from creditbook.domain.earning import NOTHING, PlanFigures, PlanSale
from creditbook.domain.flow import ClassFlow, Flow, Moved, Revenue, flows
from creditbook.domain.rollups import MEASURES
from creditbook.store import closing
from creditbook.store.engine import Store
from creditbook.store.finance import books as rows
from creditbook.store.finance import usage
from creditbook.store.finance.wanted import Wanted

PLAN = "plan"
"""The class of a paid plan's tokens; the money of plans' prices stands beside them."""


@dataclass(frozen=True, slots=True)
class Books:
    """An organization's books over some accounting dates, both included."""

    first: date
    last: date
    flows: tuple[ClassFlow, ...]
    revenue: dict[str, Revenue]


def books(store: Store, who: Principal, first: date, last: date) -> Books:
    """The books of any days by accounting date, both included."""
    with store.read(who.org_id) as connection:
        return read(connection, who.org_id, first, last)


def books_by_month(store: Store, who: Principal, first: date, last: date) -> list[Books]:
    """The books of every calendar month that these days touch, each cut to them."""
    with store.read(who.org_id) as connection:
        sales = rows.sales_of_plans(connection, who.org_id)
        return [read(connection, who.org_id, since, until, sales) for since, until in _months(first, last)]


def closings(store: Store, who: Principal) -> list[ClosedMonth]:
    """Every closed month with its frozen figures, oldest first."""
    with store.read(who.org_id) as connection:
        return closing.closed_months(connection, who.org_id)


def next_to_close(store: Store, who: Principal, today: date) -> date | None:
    """The first day of the month to be closed next, once it is over; None while there is none."""
    with store.read(who.org_id) as connection:
        through = closing.closed_through(connection, who.org_id)
        month = next_month(through, closing.first_booked(connection, who.org_id))
    return month if month is not None and last_day(month) < today else None


def first_booked(store: Store, who: Principal) -> date | None:
    """The organization's date of the first thing that is booked, a grant or a sale before any usage; None: nothing."""
    with store.read(who.org_id) as connection:
        return closing.first_booked(connection, who.org_id)


def plan_sales(store: Store, who: Principal) -> list[PlanSale]:
    """Every payment for a plan with the term it pays; `PlanSale.between` tells what it earned when."""
    with store.read(who.org_id) as connection:
        return rows.sales_of_plans(connection, who.org_id)


def read(connection: Any, org_id: int, first: date, last: date, sales: list[PlanSale] | None = None) -> Books:
    """The books of some days, on an open connection."""
    before, during = (
        rows.moved(connection, org_id, None, rows.day_before(first)),
        rows.moved(connection, org_id, first, last),
    )
    back = rows.paid_back(connection, org_id, last)
    sold = rows.sales_of_plans(connection, org_id) if sales is None else sales
    plans = {currency: _of_plans(its, first, last) for currency, its in _by_currency(sold).items()}
    found = flows(before, during)
    for currency, (opening, its) in plans.items():
        flow = Flow(opening.deferred, sold=its.sold, used=its.earned, revoked=its.breakage, refunded=its.released)
        if not flow.is_empty:
            of = found.setdefault(PLAN, ClassFlow(PLAN, Flow()))
            of.money[currency] = of.money.get(currency, Flow()).and_also(flow)
    taxed, money = rows.taxes(connection, org_id, first, last), rows.tax_back(connection, org_id, back, first)
    revenue = _revenue(before, during, plans, taxed, money)
    return Books(first, last, tuple(found[name] for name in sorted(found)), revenue)


def figures(connection: Any, org_id: int, month: date) -> dict[str, Any]:
    """What a closing freezes of a month: plain values, the books' and the usage's by accounting date."""
    last = last_day(month)
    of = read(connection, org_id, month, last)
    (used,) = usage.sums(connection, org_id, Wanted(month, last, basis="accounting"))
    return {
        "month": month.isoformat(),
        "flows": {
            one.grant_class: {
                "tokens": _plain(one.tokens),
                "money": {currency: _plain(flow) for currency, flow in sorted(one.money.items())},
            }
            for one in of.flows
        },
        "revenue": {currency: asdict(one) for currency, one in sorted(of.revenue.items())},
        "usage": dict(zip(MEASURES, used, strict=True)),
    }


def _plain(flow: Flow) -> dict[str, int]:
    return {**asdict(flow), "closing": flow.closing}


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        end = min(last_day(first), last)
        yield first, end
        first = end + timedelta(days=1)


def _by_currency(sales: list[PlanSale]) -> dict[str, list[PlanSale]]:
    found: dict[str, list[PlanSale]] = defaultdict(list)
    for one in sales:
        found[one.currency].append(one)
    return found


def _of_plans(sales: list[PlanSale], first: date, last: date) -> tuple[PlanFigures, PlanFigures]:
    """What these sales owe before some days, and what happened on them: of those alone that still owe anything then."""
    before, through = NOTHING, NOTHING
    for one in sales:
        settled_on = one.settled_on
        if one.on > last or (settled_on is not None and settled_on < first):
            continue
        before, through = before.and_also(one.through(rows.day_before(first))), through.and_also(one.through(last))
    return before, through.since(before)


def _revenue(
    before: list[Moved],
    during: list[Moved],
    plans: dict[str, tuple[PlanFigures, PlanFigures]],
    taxed: dict[str, int],
    back: dict[str, tuple[int, int]],
) -> dict[str, Revenue]:
    opening, now = _by_money(before), _by_money(during)
    found = {}
    for currency in sorted({*opening, *now, *plans, *back}):
        had, packs = opening.get(currency, Flow()), now.get(currency, Flow())
        then, its = plans.get(currency, (NOTHING, NOTHING))
        paid_back, paid_back_tax = back.get(currency, (0, 0))
        one = Revenue(
            currency,
            packs_sold_minor=packs.sold,
            plans_sold_minor=its.sold,
            tax_minor=taxed.get(currency, 0) + its.tax,
            earned_packs_minor=packs.used,
            earned_plans_minor=its.earned,
            returned_minor=packs.returned,
            breakage_packs_minor=packs.expired + packs.revoked,
            breakage_plans_minor=its.breakage,
            paid_back_minor=paid_back,
            paid_back_tax_minor=paid_back_tax,
            released_minor=packs.refunded + its.released,
            deferred_opening_minor=had.closing + then.deferred,
        )
        closing_minor = had.closing + packs.closing + then.and_also(its).deferred
        found[currency] = replace(one, deferred_closing_minor=closing_minor)
    return {currency: one for currency, one in found.items() if any(asdict(one)[name] for name in _AMOUNTS)}


_AMOUNTS = [name for name in Revenue.__dataclass_fields__ if name != "currency"]


def _by_money(moved: list[Moved]) -> dict[str, Flow]:
    """The money of all classes together, by currency."""
    found: dict[str, Flow] = {}
    for one in flows([], moved).values():
        for currency, flow in one.money.items():
            found[currency] = found.get(currency, Flow()).and_also(flow)
    return found
