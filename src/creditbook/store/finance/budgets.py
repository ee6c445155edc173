"""Budgets, what was told of them, and what has been spent of each, from the rollup by day.

Every function takes a connection of `Store.read` or `Store.write` with the organization set; none commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from creditbook.store import ids
from creditbook.store.tables.ledger import budget, budget_alert, usage_org_day

Connection = sa.Connection
Row = sa.Row[*tuple[Any, ...]]

b, t, d = budget.c, budget_alert.c, usage_org_day.c
_COST = {"USD": d.cost_usd_nanos, "INR": d.cost_inr_nanos}
_NAMED = {"agent": d.agent, "model": d.model, "feature": d.feature}
CLAIMED, SENT, FAILED = "claimed", "sent", "failed"


def add(connection: Connection, org_id: int, **columns: Any) -> int:
    """A new budget, alerts on; returns its id."""
    (budget_id,) = ids.take(connection, 1)
    connection.execute(sa.insert(budget).values({"org_id": org_id, "budget_id": budget_id, "is_on": True} | columns))
    return budget_id


def change(connection: Connection, org_id: int, budget_id: int, **columns: Any) -> bool:
    """New values for some columns of a budget that has not ended; False where there is none."""
    mine = sa.update(budget).where(b.org_id == org_id, b.budget_id == budget_id, b.ended_at.is_(None))
    return connection.execute(mine.values(columns)).rowcount == 1


def one(connection: Connection, org_id: int, budget_id: int) -> Row | None:
    """A budget, ended or not."""
    return connection.execute(sa.select(budget).where(b.org_id == org_id, b.budget_id == budget_id)).one_or_none()


def every(connection: Connection, org_id: int) -> Sequence[Row]:
    """All budgets, newest first, ended ones too."""
    return connection.execute(sa.select(budget).where(b.org_id == org_id).order_by(b.budget_id.desc())).all()


def watched(connection: Connection, org_id: int) -> Sequence[Row]:
    """Budgets that run, whose alerts are on and go somewhere; oldest first."""
    running = (b.org_id == org_id, b.ended_at.is_(None), b.is_on, b.channel != "")
    return connection.execute(sa.select(budget).where(*running).order_by(b.budget_id)).all()


def told(connection: Connection, org_id: int, since: date) -> Sequence[Row]:
    """What was told, or tried, of months from `since` on, in the order of the attempts."""
    query = sa.select(budget_alert).where(t.org_id == org_id, t.month >= since)
    return connection.execute(query.order_by(t.budget_id, t.month, t.percent, t.attempt, t.at)).all()


def tell(
    connection: Connection,
    org_id: int,
    budget_id: int,
    month: date,
    percent: int,
    *,
    attempt: int,
    step: str,
    at: datetime,
    error: str = "",
) -> bool:
    """Write down a step of an attempt. False where somebody else was faster."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = insert(budget_alert).values(
        org_id=org_id, budget_id=budget_id, month=month, percent=percent, attempt=attempt, step=step, at=at, error=error
    )
    return connection.execute(row.on_conflict_do_nothing().returning(t.attempt)).first() is not None


def costs(
    connection: Connection, org_id: int, scope: str, subject: str, currency: str, first: date, last: date
) -> dict[date, int]:
    """Nanos of a currency by the organization's date, as booked; days that cost nothing are left out."""
    spent = sa.cast(sa.func.sum(_COST[currency]), sa.BigInteger)
    query = sa.select(d.org_date, spent).where(*_about(org_id, scope, subject), d.org_date.between(first, last))
    found = connection.execute(query.group_by(d.org_date)).all()
    return {row[0]: int(row[1]) for row in found if row[1]}


def unpriced(connection: Connection, org_id: int, scope: str, subject: str, first: date, last: date) -> int:
    """How many requests of these days have no price yet, and so are in no cost."""
    query = sa.select(sa.func.coalesce(sa.func.sum(d.unpriced), 0)).where(*_about(org_id, scope, subject))
    return int(connection.scalar(query.where(d.org_date.between(first, last))) or 0)


def known_since(connection: Connection, org_id: int, scope: str, subject: str) -> date | None:
    """The first date on which what a budget is about was used; None before."""
    query = sa.select(d.org_date).where(*_about(org_id, scope, subject)).order_by(d.org_date).limit(1)
    return connection.scalar(query)


def _about(org_id: int, scope: str, subject: str) -> tuple[sa.ColumnElement[bool], ...]:
    mine = d.org_id == org_id
    return (mine,) if scope == "total" else (mine, _NAMED[scope] == subject)
