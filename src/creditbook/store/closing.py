"""Closed months: rows of `period_close`, and the day through which an organization's books are closed (rule 34)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from creditbook.domain.closing import ClosedMonth

from . import audit, ids
from .tables.finance import period_close
from .tables.ledger import ledger_transaction, organization

c, o, t = period_close.c, organization.c, ledger_transaction.c


def closed_months(connection: sa.Connection, org_id: int) -> list[ClosedMonth]:
    """Every closed month, oldest first."""
    wanted = sa.select(c.month, c.closed_at, c.actor, c.reason, c.figures, c.digest)
    rows = connection.execute(wanted.where(c.org_id == org_id).order_by(c.month))
    return [ClosedMonth(*row) for row in rows]


def closed_through(connection: sa.Connection, org_id: int) -> date | None:
    """The last closed day; None while nothing is closed."""
    found: date | None = connection.scalar(sa.select(o.closed_through).where(o.org_id == org_id))
    return found


def first_booked(connection: sa.Connection, org_id: int) -> date | None:
    """The organization's date of the first thing that is booked; None while nothing is."""
    wanted = sa.select(t.org_date).where(t.org_id == org_id).order_by(t.org_date).limit(1)
    found: date | None = connection.scalar(wanted)
    return found


def mark(connection: sa.Connection) -> int:
    """An id above all that was booked before. Take it where nobody else writes: after `locks.stand_still`."""
    return ids.take(connection, 1)[0]


def close(
    connection: sa.Connection,
    org_id: int,
    slug: str,
    last: date,
    *,
    at: datetime,
    actor: str,
    reason: str,
    figures: dict[str, Any],
    digest: str,
) -> None:
    """Freeze a month's figures and move the day through which the books are closed, with a line in the audit log."""
    month, before = last.replace(day=1), closed_through(connection, org_id)
    connection.execute(
        sa.insert(period_close).values(
            org_id=org_id, month=month, closed_at=at, actor=actor, reason=reason, figures=figures, digest=digest
        )
    )
    connection.execute(sa.update(organization).where(o.org_id == org_id).values(closed_through=last))
    audit.record(
        connection, org_id, at=at, actor=actor, act="month.close", subject=slug, reason=reason,
        before={"closed_through": before.isoformat() if before else None},
        after={"closed_through": last.isoformat(), "digest": digest},
    )  # fmt: skip
