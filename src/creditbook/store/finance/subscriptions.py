"""Reading what happened to plans, for revenue: the events that begin, change or end one. Never writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.ledger import account, audit, organization, plan_event, program_version

e, a, u, v, o = plan_event.c, account.c, audit.c, program_version.c, organization.c


def events(connection: sa.Connection, org_id: int, until: datetime) -> list[Any]:
    """What changed plans before an instant, account by account, oldest first.

    Further terms of an unchanged plan, and what paid them on time, are left out: they change nothing, and are most of
    what there is. Rows: (account_id, event_id, at, what, plan_before, plan_after, program_id).
    """
    columns = (e.account_id, e.event_id, e.at, e.what, e.plan_before, e.plan_after, e.program_id)
    there = (e.org_id == org_id, e.at < until)

    def former(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.lag(column).over(partition_by=e.account_id, order_by=e.event_id)

    begun = sa.select(
        *columns,
        former(e.plan_after).label("was_plan"),
        former(e.program_id).label("was_program"),
        former(e.what).label("was"),
    ).where(*there, e.what != "renewed").subquery()  # fmt: skip
    b = begun.c
    changes = sa.or_(
        b.what != "term",
        b.was.is_(None),
        b.was == "past_due",
        b.was_plan != b.plan_after,
        b.was_program != b.program_id,
    )
    late = sa.select(e.account_id).where(*there, e.what == "past_due")
    kept = sa.select(b.account_id, b.event_id, b.at, b.what, b.plan_before, b.plan_after, b.program_id).where(changes)
    paid_late = sa.select(*columns).where(*there, e.what == "renewed", e.account_id.in_(late))
    rows = sa.union_all(kept, paid_late).subquery()
    return list(connection.execute(sa.select(rows).order_by(rows.c.account_id, rows.c.event_id)).all())


def closings(connection: sa.Connection, org_id: int, until: datetime) -> dict[int, datetime]:
    """When each account that is closed was closed, of those closed before an instant.

    A free plan's end is no event of a plan, so that the log of what administrators did tells it.
    """
    slug = sa.select(o.slug).where(o.org_id == org_id).scalar_subquery()
    named = sa.case((a.name == "", slug), else_=slug + "/" + a.name)
    query = (
        sa.select(a.account_id, sa.func.min(u.at, type_=u.at.type))
        .join_from(account, audit, sa.and_(u.org_id == a.org_id, u.subject == named))
        .where(a.org_id == org_id, a.status == "closed", u.act == "close", u.at < until)
        .group_by(a.account_id)
    )
    if not connection.execute(sa.select(a.account_id).where(a.org_id == org_id, a.status == "closed").limit(1)).first():
        return {}
    return {row[0]: row[1] for row in connection.execute(query)}


def accounts(connection: sa.Connection, org_id: int) -> list[Any]:
    """The organization's accounts: (account_id, name, kind, pool_id, status)."""
    query = sa.select(a.account_id, a.name, a.kind, a.pool_id, a.status).where(a.org_id == org_id)
    return list(connection.execute(query.order_by(a.account_id)).all())


def programs(connection: sa.Connection, org_id: int) -> list[Any]:
    """Every version of the program with its document, oldest first: (program_id, created_at, document)."""
    query = sa.select(v.program_id, v.created_at, v.document).where(v.org_id == org_id)
    return list(connection.execute(query.order_by(v.program_id)).all())
