"""Usage by model and UTC day, which is how providers bill, and the purchases that a settlement may be of."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from creditbook.store.tables.ledger import account, ledger_transaction, purchase

t = ledger_transaction.c
_DAY_MICROSECONDS = 86_400_000_000


class UsedOnDay(NamedTuple):
    """What was booked of one model on one UTC day, corrections of its cost among it."""

    model: str
    day: date
    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    usd_nanos: int
    unpriced: int


def used(connection: sa.Connection, org_id: int, first: date, last: date) -> list[UsedOnDay]:
    """Usage between two UTC dates, both included. Read along the organization's dates, which are at most a day off."""
    if connection.dialect.name == "sqlite":
        day: sa.ColumnElement[Any] = sa.type_coerce(t.event_at, sa.Integer).op("/")(_DAY_MICROSECONDS)
    else:
        day = sa.cast(t.event_at, sa.Date)
    corrected = t.kind == "adjustment"
    none_yet = sa.case((sa.and_(t.unpriced, corrected), -1), (t.unpriced, 1), else_=0)
    sums = (t.requests, t.input_tokens, t.output_tokens, t.cached_tokens, t.cost_usd_nanos, none_yet)
    added = [sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger) for column in sums]
    query = (
        sa.select(t.model, day.label("day"), *added)
        .where(
            t.org_id == org_id,
            t.org_date >= first - timedelta(days=1),
            t.org_date <= last + timedelta(days=1),
            t.event_at >= _midnight(first),
            t.event_at < _midnight(last + timedelta(days=1)),
            sa.or_(t.kind == "usage", sa.and_(corrected, t.cost_usd_nanos.is_not(None))),
        )
        .group_by(t.model, sa.text("day"))
    )
    return [UsedOnDay(row[0], _date(row[1]), *row[2:]) for row in connection.execute(query)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _date(told: Any) -> date:
    return told if isinstance(told, date) else date(1970, 1, 1) + timedelta(days=told)


class PaidFor(NamedTuple):
    """A purchase as a settlement is held against it; money in minor units of its currency."""

    purchase_id: int
    account: str
    title: str
    price_minor: int
    currency: str
    provider: str
    provider_order: str
    provider_payment: str
    status: str
    paid_at: datetime | None
    refunded_minor: int


def paid(connection: sa.Connection, org_id: int) -> list[PaidFor]:
    """Every purchase that was ever paid, by its number."""
    p = purchase.c
    query = (
        sa.select(p.purchase_id, account.c.name, p.title, p.price_minor, p.currency, p.provider, p.provider_order,
                  p.provider_payment, p.status, p.paid_at, p.refunded_minor)
        .join_from(purchase, account, sa.and_(account.c.org_id == p.org_id, account.c.account_id == p.account_id))
        .where(p.org_id == org_id, p.paid_at.is_not(None))
        .order_by(p.purchase_id)
    )  # fmt: skip
    return [PaidFor(*row) for row in connection.execute(query)]
