"""What was sold, its tax, and what went back, in minor units and per currency; the purchases beneath every figure.

A sale stands on the organization's day on which it was granted (money that could give nothing is no sale yet), money
back on the accounting date of its transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from creditbook.access.values import Principal
from creditbook.domain.calendar import start_of_day
from creditbook.domain.money import half_even
from creditbook.store.engine import Store
from creditbook.store.finance import sales as rows

from .periods import Period, months, today


@dataclass(frozen=True, slots=True)
class Sale:
    """Purchases of one item that were granted in one month (of the days asked for), added up."""

    month: date
    kind: str
    item: str
    title: str
    currency: str
    purchases: int
    gross_minor: int
    tax_minor: int

    @property
    def net_minor(self) -> int:
        """The price less its tax: what can become revenue."""
        return self.gross_minor - self.tax_minor


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """Money that went back to whoever paid, with the tax in it."""

    txn_id: int
    purchase_id: int
    account_id: int
    account: str
    kind: str
    item: str
    title: str
    day: date
    currency: str
    amount_minor: int
    tax_minor: int
    actor: str
    reason: str

    @property
    def net_minor(self) -> int:
        """What went back less its tax."""
        return self.amount_minor - self.tax_minor


@dataclass(frozen=True, slots=True)
class Bought:
    """One purchase, as a row shows it; `refunded_minor` is what of it went back by now."""

    purchase_id: int
    account_id: int
    account: str
    kind: str
    item: str
    title: str
    tokens: int
    price_minor: int
    tax_minor: int
    tax_label: str
    currency: str
    status: str
    provider: str
    provider_payment: str
    paid_at: datetime
    granted_at: datetime | None
    grant_id: int | None
    refunded_minor: int
    trouble: str

    @property
    def net_minor(self) -> int:
        """The price less its tax."""
        return self.price_minor - self.tax_minor


def zone_of(who: Principal) -> str:
    """The organization's zone, by whose days finance counts."""
    return who.org_zone or who.zone


def edges(who: Principal, first: date, last: date) -> list[datetime]:
    """The instants at which the months that these days touch begin, from the first day on, and where the last ends."""
    inner = [month for month in months(first, last) if month > first]
    return [start_of_day(day, zone_of(who)) for day in (first, *inner, last + timedelta(days=1))]


def sold(store: Store, who: Principal, period: Period) -> list[Sale]:
    """What was sold on these days, by month, kind, item and currency."""
    with store.read(who.org_id) as connection:
        found = rows.sold(connection, who.org_id, edges(who, period.first, period.last))
    at = list(months(period.first, period.last))
    return [
        Sale(at[bucket], kind, item, title, currency, count, int(gross), int(tax))
        for bucket, kind, item, currency, title, count, gross, tax in found
    ]


def purchases(
    store: Store,
    who: Principal,
    period: Period,
    *,
    kind: str = "",
    item: str = "",
    currency: str = "",
    account_id: int | None = None,
    before_id: int | None = None,
    limit: int = 25,
) -> list[Bought]:
    """The purchases beneath a figure, newest first; the next page begins before the last one's id."""
    since, until = start_of_day(period.first, zone_of(who)), start_of_day(period.last + timedelta(days=1), zone_of(who))
    with store.read(who.org_id) as connection:
        found = rows.purchases(
            connection, who.org_id, since, until, kind=kind, item=item, currency=currency, account_id=account_id,
            before_id=before_id, limit=limit,
        )  # fmt: skip
    return [Bought(*row) for row in found]


def ungranted(store: Store, who: Principal, last: date) -> list[Bought]:
    """Purchases that were paid by the end of a day and have given nothing yet: money held for nothing."""
    with store.read(who.org_id) as connection:
        found = rows.stuck(connection, who.org_id, start_of_day(last + timedelta(days=1), zone_of(who)))
    return [Bought(*row) for row in found]


def money_back(store: Store, who: Principal, period: Period) -> list[MoneyBack]:
    """What went back on these days, oldest first."""
    with store.read(who.org_id) as connection:
        paid_back = rows.paid_back(connection, who.org_id)
        bought = {row.purchase_id: Bought(*row) for row in rows.refunded(connection, who.org_id)}
    return [one for one in _money_back(paid_back, bought) if period.first <= one.day <= period.last]


def _money_back(paid_back: Sequence[Any], bought: dict[int, Bought]) -> list[MoneyBack]:
    so_far: dict[int, int] = {}
    told = []
    for txn_id, day, metadata, actor, reason in paid_back:
        sale = bought.get(int(metadata["purchase_id"]))
        if sale is None:
            continue  # it had never given anything, so it was no sale
        before = so_far.get(sale.purchase_id, 0)
        amount = int(metadata["amount_minor"])
        so_far[sale.purchase_id] = before + amount
        tax = tax_back(sale.price_minor, sale.tax_minor, before, before + amount)
        told.append(
            MoneyBack(
                txn_id, sale.purchase_id, sale.account_id, sale.account, sale.kind, sale.item, sale.title, day,
                sale.currency, amount, tax, actor, reason,
            )
        )  # fmt: skip
    return told


def tax_back(price_minor: int, tax_minor: int, before_minor: int, after_minor: int) -> int:
    """The tax in what goes back when refunds of a purchase rise from one sum to another: all of it with all the money.

    Cumulative, so that refunds in parts give back the tax to the last minor unit.
    """
    if not price_minor:
        return 0
    return half_even(tax_minor * after_minor, price_minor) - half_even(tax_minor * before_minor, price_minor)


def first_day(store: Store, who: Principal, now: datetime) -> date:
    """The organization's day of its first sale; today when there was none."""
    with store.read(who.org_id) as connection:
        found = rows.first_sale(connection, who.org_id)
    return today(who, found or now)
