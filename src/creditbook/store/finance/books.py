"""Reading the books: what moved by class and kind, what was sold with its tax, what went back. Never writes.

Days are accounting dates (rule 34). Sums come from `books_day`; packs are found by `pack_month`, money that went back
by its own small index; nothing here scans history.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from creditbook.domain.closing import ClosedMonth, booked_on
from creditbook.domain.earning import PaidBack, PlanSale, Price, Turned, plan_sales
from creditbook.domain.flow import Moved
from creditbook.domain.money import half_even
from creditbook.store.closing import closed_months
from creditbook.store.tables.ledger import (
    books_day,
    ledger_transaction,
    organization,
    pack_month,
    plan_event,
    purchase,
    token_grant,
)

b, m, g, t, p, e = books_day.c, pack_month.c, token_grant.c, ledger_transaction.c, purchase.c, plan_event.c


def moved(connection: sa.Connection, org_id: int, first: date | None, last: date) -> list[Moved]:
    """What entries moved by kind, class and currency on these days, both included; from the beginning without one."""
    keys = (b.kind, b["class"], b.currency)
    sums = [_added(b[name]) for name in ("tokens_in", "tokens_out", "deferred_in_minor", "deferred_out_minor")]
    days = [b.accounting_date <= last] + ([b.accounting_date >= first] if first else [])
    query = sa.select(*keys, *sums).where(b.org_id == org_id, *days).group_by(*keys).order_by(*keys)
    return [Moved(*row) for row in connection.execute(query)]


def taxes(connection: sa.Connection, org_id: int, first: date, last: date) -> dict[str, int]:
    """The tax in packs that were sold on these days, by currency."""
    active = (
        sa.select(m.grant_id)
        .where(m.org_id == org_id, m.month >= first.replace(day=1), m.month <= last, m.tokens_in > 0)
        .distinct()
        .subquery()
    )
    query = (
        sa.select(g.currency, _added(g.tax_minor))
        .join_from(active, token_grant, sa.and_(g.org_id == org_id, g.grant_id == active.c.grant_id))
        .join(ledger_transaction, sa.and_(t.org_id == org_id, t.txn_id == g.txn_id))
        .where(g.tax_minor > 0, t.accounting_date.between(first, last))
        .group_by(g.currency)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def paid_back(connection: sa.Connection, org_id: int, last: date) -> list[PaidBack]:
    """Every payment that went back by a day, oldest first, of purchases that had been granted."""
    # As a literal: SQLite uses a partial index only where it sees that the condition holds.
    of_money = t.kind == sa.literal_column("'purchase_refund'")
    query = sa.select(t.txn_id, t.account_id, t.accounting_date, t.metadata).where(
        t.org_id == org_id, of_money, t.accounting_date <= last, t.metadata.is_not(None)
    )
    found = [
        PaidBack(
            row.txn_id, row.account_id, row.metadata["purchase_id"], row.accounting_date, row.metadata["amount_minor"]
        )
        for row in connection.execute(query.order_by(t.txn_id))
        if row.metadata and "amount_minor" in row.metadata
    ]
    granted = _granted(connection, org_id, {one.purchase_id for one in found})
    return [one for one in found if one.purchase_id in granted]


def _granted(connection: sa.Connection, org_id: int, purchase_ids: set[int]) -> set[int]:
    asked, found = sorted(purchase_ids), set[int]()
    for start in range(0, len(asked), _AT_ONCE):
        some = p.purchase_id.in_(asked[start : start + _AT_ONCE])
        found |= set(
            connection.scalars(sa.select(p.purchase_id).where(p.org_id == org_id, some, p.granted_at.is_not(None)))
        )
    return found


_AT_ONCE = 5_000
"""Ids in one statement: a database takes so many parameters and no more."""


def tax_back(
    connection: sa.Connection, org_id: int, back: Iterable[PaidBack], first: date
) -> dict[str, tuple[int, int]]:
    """Money that went back from a day on, and the tax in it, by currency: a purchase's tax is shared cumulatively."""
    by_purchase: dict[int, list[PaidBack]] = {}
    for one in back:
        by_purchase.setdefault(one.purchase_id, []).append(one)
    sums: dict[str, tuple[int, int]] = {}
    for purchase_id, price in prices(connection, org_id, by_purchase).items():
        so_far = 0
        for one in by_purchase[purchase_id]:
            tax = _tax(price, so_far + one.amount_minor) - _tax(price, so_far)
            so_far += one.amount_minor
            if one.on >= first:
                money, its_tax = sums.get(price.currency, (0, 0))
                sums[price.currency] = (money + one.amount_minor, its_tax + tax)
    return sums


def _tax(price: Price, back: int) -> int:
    return half_even(price.tax_minor * back, price.price_minor) if price.price_minor else 0


def prices(connection: sa.Connection, org_id: int, purchase_ids: Iterable[int]) -> dict[int, Price]:
    """What these purchases cost."""
    asked, found = sorted(purchase_ids), dict[int, Price]()
    for start in range(0, len(asked), _AT_ONCE):
        query = sa.select(p.purchase_id, p.item, p.currency, p.price_minor, p.tax_minor).where(
            p.org_id == org_id, p.purchase_id.in_(asked[start : start + _AT_ONCE])
        )
        found |= {row[0]: Price(*row[1:]) for row in connection.execute(query)}
    return found


def sales_of_plans(connection: sa.Connection, org_id: int, back: Iterable[PaidBack] | None = None) -> list[PlanSale]:
    """Every payment for a plan, with the term that it pays, as it is known by now (`domain.earning`)."""
    of_org = sa.select(organization.c.zone).where(organization.c.org_id == org_id)
    zone = ZoneInfo(connection.execute(of_org).scalar_one())
    bought = sa.select(p.purchase_id, p.account_id, p.item, p.currency, p.price_minor, p.tax_minor).where(
        p.org_id == org_id, p.kind != "package", p.granted_at.is_not(None)
    )
    rows = connection.execute(bought).all()
    known = {row.purchase_id: Price(row.item, row.currency, row.price_minor, row.tax_minor) for row in rows}
    if not known:
        return []
    closed = closed_months(connection, org_id)
    whose = sa.select(p.account_id).where(p.org_id == org_id, p.kind != "package", p.granted_at.is_not(None))
    happened = (
        sa.select(e.event_id, e.account_id, e.what, e.plan_after, e.purchase_id, e.at, e.term_first, e.term_ends_at)
        .where(e.org_id == org_id, e.account_id.in_(whose))
        .order_by(e.event_id)
    )
    turns = [_turned(row, zone, closed) for row in connection.execute(happened)]
    repaid = paid_back(connection, org_id, date.max) if back is None else back
    return plan_sales(turns, known, repaid)


def _turned(row: Any, zone: ZoneInfo, closed: list[ClosedMonth]) -> Turned:
    day = row.at.astimezone(zone).date()
    ends = row.term_ends_at.astimezone(zone).date() if row.term_ends_at else None
    return Turned(
        row.event_id, row.account_id, row.what, row.plan_after, row.purchase_id, row.at,
        booked_on(day, row.event_id, closed), day, row.term_first, row.term_ends_at, ends,
    )  # fmt: skip


def day_before(day: date) -> date:
    """The day before."""
    return day - timedelta(days=1)


def _added(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    # PostgreSQL adds bigints into numeric; every total of ours is a 64-bit whole number.
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)
