"""What plans' prices have earned (rule 35): each payment evenly over the days of the term it pays, and nothing before.

Nothing of it is stored. It follows from what is: what happened to plans, what was paid for them and what went back,
each under the date on which the books count it (rule 34), so that what a closed month has earned never moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from .money import half_even


@dataclass(frozen=True, slots=True)
class Turned:
    """One thing that happened to a plan (`plans.PlanEvent`), with its dates in the organization's zone.

    ``on`` is the date under which the books count it, ``day`` that of ``at``, ``ends`` that of ``ends_at``, where the
    running term ends; ``first`` is the term's own first date.
    """

    event_id: int
    account_id: int
    what: str
    plan: str
    purchase_id: int | None
    at: datetime
    on: date
    day: date
    first: date | None
    ends_at: datetime | None
    ends: date | None


@dataclass(frozen=True, slots=True)
class Price:
    """What a purchase of a plan cost: minor units of its currency, the tax in it among them."""

    item: str
    currency: str
    price_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class PaidBack:
    """Money of a purchase that went back, tax among it; the books count it ``on`` this date."""

    txn_id: int
    account_id: int
    purchase_id: int
    on: date
    amount_minor: int


class PlanFigures(NamedTuple):
    """Sums over a sale's life up to a day, in minor units; all but ``tax`` and what is named so are without the tax.

    ``deferred`` = ``sold`` − ``earned`` − ``breakage`` − ``released``; of what was paid back, ``released`` had not been
    earned yet and ``reversed`` had. ``paid_back`` is the money, ``paid_back_tax`` the tax in it.
    """

    sold: int = 0
    tax: int = 0
    earned: int = 0
    breakage: int = 0
    released: int = 0
    reversed: int = 0
    paid_back: int = 0
    paid_back_tax: int = 0

    @property
    def deferred(self) -> int:
        """What the sale still owes."""
        return self.sold - self.earned - self.breakage - self.released

    def since(self, before: PlanFigures) -> PlanFigures:
        """What happened after another day of the same sale, or of the same sales."""
        return PlanFigures(*(now - then for now, then in zip(self, before, strict=True)))

    def and_also(self, other: PlanFigures) -> PlanFigures:
        """The sums of two sales."""
        return PlanFigures(*(one + another for one, another in zip(self, other, strict=True)))


NOTHING = PlanFigures()


@dataclass(slots=True)
class PlanSale:
    """A payment for a plan and the term that it pays; `plan_sales` makes them.

    Sold ``on`` a date. The term runs from ``first`` up to ``next``, which is not of it (None: it has no end, and all is
    earned at once); from ``known`` on the books count it, with the days that were over by then (None: it waits its
    turn). What is left of it is lost to the buyer on ``forfeited``, by a change of plan or the account's end.
    """

    purchase_id: int
    account_id: int
    plan: str
    currency: str
    price_minor: int
    tax_minor: int
    on: date
    first: date | None = None
    next: date | None = None
    known: date | None = None
    forfeited: date | None = None
    repaid: list[PaidBack] = field(default_factory=list)

    def through(self, day: date) -> PlanFigures:
        """What the sale had brought and earned by the end of a day."""
        if day < self.on:
            return NOTHING
        net = self.price_minor - self.tax_minor
        sold, earned, breakage, released, reversed_, back, back_tax = net, 0, 0, 0, 0, 0, 0
        standing, lost = 0, False  # revenue as it stands; whether all that is left was forfeited
        for on, repaid in self._steps(day):
            grown = net if lost else self._share(net, on)
            earned, standing = earned + grown - standing, grown
            if repaid is None:
                breakage, standing, lost = breakage + net - standing, net, True
                continue
            tax = self._tax(back + repaid.amount_minor) - back_tax
            less = net - (repaid.amount_minor - tax)
            left = less if lost else self._share(less, on)
            reversed_ += standing - left
            released += (net - less) - (standing - left)
            back, back_tax, net, standing = back + repaid.amount_minor, back_tax + tax, less, left
        grown = net if lost else self._share(net, day)
        return PlanFigures(
            sold, self.tax_minor, earned + grown - standing, breakage, released, reversed_, back, back_tax
        )

    def deferred(self, day: date) -> int:
        """What the sale still owes at the end of a day."""
        return self.through(day).deferred

    @property
    def settled_on(self) -> date | None:
        """The day after which nothing of it moves any more and nothing is owed; None while that is not known."""
        back = [one.on for one in self.repaid]
        if self.forfeited is not None:
            return max(self.forfeited, *back, self.on)
        if self.known is None:
            return None
        last = self.known if self.next is None else date.fromordinal(self.next.toordinal() - 1)
        return max(last, self.known, self.on, *back)

    def between(self, first: date, last: date) -> PlanFigures:
        """What happened from one day to another, both included."""
        return self.through(last).since(self.through(date.fromordinal(first.toordinal() - 1)))

    def _steps(self, day: date) -> list[tuple[date, PaidBack | None]]:
        """What changed the price or the term by then, in order; None is the forfeiture."""
        steps: list[tuple[date, PaidBack | None]] = [(one.on, one) for one in self.repaid if one.on <= day]
        if self.forfeited is not None and self.forfeited <= day:
            steps.append((self.forfeited, None))
        return sorted(steps, key=lambda step: step[0])

    def _share(self, net: int, day: date) -> int:
        """What a price has earned by the end of a day: evenly over the days of the term, half to even, cumulatively."""
        if self.known is None or day < self.known:
            return 0
        if self.first is None or self.next is None:
            return net
        days = max((self.next - self.first).days, 1)
        return half_even(net * min(max((day - self.first).days + 1, 0), days), days)

    def _tax(self, back: int) -> int:
        """The tax in what has been paid back by then, cumulatively."""
        return half_even(self.tax_minor * back, self.price_minor) if self.price_minor else 0


def plan_sales(
    turns: Iterable[Turned], prices: Mapping[int, Price], paid_back: Iterable[PaidBack] = ()
) -> list[PlanSale]:
    """Every payment for a plan with the term it pays, from what happened to accounts' plans and payments.

    ``prices`` are the purchases' of plans and renewals, by id. A payment of which nothing came is no sale.
    """
    accounts: dict[int, _Account] = {}
    steps: list[tuple[int, Turned | PaidBack]] = [(one.event_id, one) for one in turns]
    steps += [(one.txn_id, one) for one in paid_back if one.purchase_id in prices]
    for _, step in sorted(steps, key=lambda step: step[0]):
        account = accounts.setdefault(step.account_id, _Account(prices))
        if isinstance(step, Turned):
            account.turn(step)
        else:
            account.pay_back(step)
    sales = {number: sale for account in accounts.values() for number, sale in account.sales.items()}
    return [sale for _, sale in sorted(sales.items())]


class _Account:
    """One account's plan while its events are read: which payments pay the running term, and which wait."""

    def __init__(self, prices: Mapping[int, Price]) -> None:
        self._prices = prices
        self.sales: dict[int, PlanSale] = {}
        self._running: list[PlanSale] = []
        self._waiting: list[PlanSale] = []
        self._renewals: set[int] = set()
        self._unpaid = False
        self._term: Turned | None = None  # what began the running term

    def turn(self, turned: Turned) -> None:
        """Read the next event."""
        match turned.what:
            case "upgraded":
                self._upgrade(turned)
            case "renewed":
                self._renew(turned)
            case "downgraded" if self._term and self._term.ends_at and turned.at < self._term.ends_at:
                self._lose(turned, [*self._running, *self._waiting])
                self._begin(turned)
            case "term" | "downgraded":
                self._begin(turned)
                self._take_next(turned)
            case "started" | "past_due":
                self._begin(turned)
                self._unpaid = turned.what == "past_due"
            case "lapsed" | "ended":
                self._lose(turned, [*self._running, *self._waiting])
                self._begin(turned)

    def _begin(self, turned: Turned) -> None:
        self._running, self._unpaid, self._term = [], False, turned
        if turned.ends_at is None:
            self._lose(turned, self._waiting)

    def _upgrade(self, turned: Turned) -> None:
        """Beside the running term, whose payment goes on being earned, or afresh; what was paid ahead is lost."""
        term = self._term
        beside = term is not None and (term.first, term.ends_at) == (turned.first, turned.ends_at) and turned.ends_at
        goes_on = list(self._running) if beside else []
        self._lose(turned, [*([] if beside else self._running), *self._waiting])
        self._begin(turned)
        self._running = goes_on
        sale = self._sell(turned)
        if sale is not None:
            self._pays(sale, turned.day, turned.ends, turned.on)

    def _renew(self, turned: Turned) -> None:
        sale = self._sell(turned)
        if sale is None:
            return
        self._renewals.add(sale.purchase_id)
        if self._unpaid and self._term is not None:
            self._unpaid = False
            self._pays(sale, self._term.day, self._term.ends, turned.on)
        else:
            self._waiting.append(sale)

    def _sell(self, turned: Turned) -> PlanSale | None:
        price = self._prices.get(turned.purchase_id or 0)
        if price is None or turned.purchase_id is None:
            return None
        sale = PlanSale(
            turned.purchase_id, turned.account_id, price.item, price.currency, price.price_minor, price.tax_minor,
            turned.on,
        )  # fmt: skip
        self.sales[sale.purchase_id] = sale
        return sale

    def _pays(self, sale: PlanSale, first: date | None, following: date | None, known: date) -> None:
        sale.first, sale.next, sale.known = first, following, known
        self._running.append(sale)

    def _take_next(self, turned: Turned) -> None:
        """The term that begins was paid ahead by the payment that has waited longest."""
        sale = next((one for one in self._waiting if one.plan == turned.plan), None)
        if sale is not None:
            self._waiting.remove(sale)
            self._pays(sale, turned.day, turned.ends, turned.on)

    def _lose(self, turned: Turned, sales: list[PlanSale]) -> None:
        for sale in sales:
            sale.forfeited = turned.on
        self._waiting = [sale for sale in self._waiting if sale.forfeited is None]

    def pay_back(self, repaid: PaidBack) -> None:
        """A renewal whose whole price went back pays no term any more: one that waits takes its place (rule 30)."""
        sale = self.sales.get(repaid.purchase_id)
        if sale is None:
            return
        sale.repaid.append(repaid)
        if sum(one.amount_minor for one in sale.repaid) < sale.price_minor:
            return
        if sale in self._waiting:
            self._waiting.remove(sale)
            return
        other = next((one for one in self._waiting if one.plan == sale.plan), None)
        if sale.purchase_id in self._renewals and other is not None:
            self._waiting.remove(other)
            self._pays(other, sale.first, sale.next, repaid.on)
