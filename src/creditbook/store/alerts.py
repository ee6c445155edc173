"""Alert rules, what was sent for them, and what a check has to know of the accounts they watch.

Every function takes a connection of `Store.read` or `Store.write` with the organization set; none commits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from . import ids
from .tables.administration import alert_rule, alert_sent
from .tables.ledger import account, organization, usage_account_day
from .tables.people import membership

Connection = sa.Connection
Row = sa.Row[*tuple[Any, ...]]


def rules(connection: Connection, org_id: int, account_id: int) -> Sequence[Row]:
    """An account's rules, oldest first."""
    mine = (alert_rule.c.org_id == org_id) & (alert_rule.c.account_id == account_id)
    return connection.execute(sa.select(alert_rule).where(mine).order_by(alert_rule.c.alert_id)).all()


def rule(connection: Connection, org_id: int, account_id: int, alert_id: int) -> Row | None:
    """One rule of an account."""
    found = sa.select(alert_rule).where(_is(org_id, alert_id), alert_rule.c.account_id == account_id)
    return connection.execute(found).one_or_none()


def add(connection: Connection, org_id: int, account_id: int, **columns: Any) -> int:
    """A new rule, armed; returns its id."""
    (alert_id,) = ids.take(connection, 1)
    row = {"org_id": org_id, "alert_id": alert_id, "account_id": account_id, "is_on": True, "is_armed": True}
    connection.execute(sa.insert(alert_rule).values(row | columns))
    return alert_id


def change(connection: Connection, org_id: int, alert_id: int, **columns: Any) -> None:
    """New values for some of a rule's columns."""
    connection.execute(sa.update(alert_rule).where(_is(org_id, alert_id)).values(columns))


def remove(connection: Connection, org_id: int, alert_id: int) -> None:
    """Forget a rule and the address in it; what was sent stays on record."""
    connection.execute(sa.delete(alert_rule).where(_is(org_id, alert_id)))


def claim(
    connection: Connection, org_id: int, alert_id: int, *, armed: bool, last_fired_at: datetime | None, now: datetime
) -> bool:
    """Take a rule for sending, once: False when it is no longer as it was read."""
    as_read = alert_rule.c.last_fired_at.is_(None) if last_fired_at is None else (
        alert_rule.c.last_fired_at == last_fired_at
    )  # fmt: skip
    mine = sa.update(alert_rule).where(
        _is(org_id, alert_id), alert_rule.c.is_on, alert_rule.c.is_armed if armed else sa.not_(alert_rule.c.is_armed),
        as_read,
    )  # fmt: skip
    return connection.execute(mine.values(is_armed=False, last_fired_at=now)).rowcount == 1


def rearm(connection: Connection, org_id: int, alert_id: int, *, last_fired_at: datetime) -> int:
    """Let a rule fire again, unless it has fired since it was read. Returns how many were armed: 1 or 0."""
    mine = sa.update(alert_rule).where(
        _is(org_id, alert_id), sa.not_(alert_rule.c.is_armed), alert_rule.c.last_fired_at == last_fired_at
    )
    return connection.execute(mine.values(is_armed=True)).rowcount


def record(connection: Connection, org_id: int, **columns: Any) -> None:
    """Write down that an alert was sent, or could not be."""
    (sent_id,) = ids.take(connection, 1)
    connection.execute(sa.insert(alert_sent).values(org_id=org_id, sent_id=sent_id, **columns))


def sent(connection: Connection, org_id: int, account_id: int, limit: int) -> Sequence[Row]:
    """The newest alerts of an account."""
    mine = (alert_sent.c.org_id == org_id) & (alert_sent.c.account_id == account_id)
    return connection.execute(
        sa.select(alert_sent).where(mine).order_by(alert_sent.c.sent_id.desc()).limit(limit)
    ).all()


def sent_since(connection: Connection, org_id: int, account_id: int, kind: str, since: datetime) -> int:
    """How many alerts of a kind an account has had since then."""
    mine = (alert_sent.c.org_id == org_id) & (alert_sent.c.account_id == account_id)
    counted = sa.select(sa.func.count()).select_from(alert_sent)
    return connection.scalar(counted.where(mine, alert_sent.c.kind == kind, alert_sent.c.at >= since)) or 0


def watched(connection: Connection, org_id: int) -> Sequence[Row]:
    """Every rule that is on, with whom it is about; not of closed accounts, nor of people who may not sign in here."""
    holder = (membership.c.org_id == alert_rule.c.org_id) & (membership.c.account_id == alert_rule.c.account_id)
    query = (
        sa.select(
            alert_rule,
            account.c.name,
            sa.func.coalesce(account.c.pool_id, account.c.account_id).label("root_id"),
            sa.func.coalesce(account.c.zone, organization.c.zone).label("zone"),
        )
        .join(account, (account.c.org_id == alert_rule.c.org_id) & (account.c.account_id == alert_rule.c.account_id))
        .join(organization, organization.c.org_id == alert_rule.c.org_id)
        .outerjoin(membership, holder)
        .where(alert_rule.c.org_id == org_id, alert_rule.c.is_on, account.c.status != "closed")
        .where(sa.or_(membership.c.person_id.is_(None), membership.c.is_active))
    )
    return connection.execute(query.order_by(alert_rule.c.alert_id)).all()


def latest_sent(connection: Connection, org_id: int, alert_id: int, kind: str, limit: int) -> Sequence[Row]:
    """The newest attempts for a rule, tests left out."""
    its_own = (alert_sent.c.org_id == org_id) & (alert_sent.c.alert_id == alert_id) & (alert_sent.c.kind == kind)
    return connection.execute(
        sa.select(alert_sent).where(its_own).order_by(alert_sent.c.sent_id.desc()).limit(limit)
    ).all()


def used(
    connection: Connection, org_id: int, account_ids: Collection[int], first: date
) -> dict[int, list[tuple[date, int]]]:
    """Charged tokens, refunds off, by account and local date, from a date on."""
    day = usage_account_day.c
    query = (
        sa.select(day.account_id, day.account_date, sa.func.sum(day.charged - day.refunded).label("net"))
        .where(day.org_id == org_id, day.account_id.in_(account_ids), day.account_date >= first)
        .group_by(day.account_id, day.account_date)
    )
    found: dict[int, list[tuple[date, int]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.account_id, []).append((row.account_date, int(row.net)))
    return found


def first_use(connection: Connection, org_id: int, account_ids: Collection[int]) -> dict[int, date]:
    """The first local date on which each account used anything."""
    day = usage_account_day.c
    query = (
        sa.select(day.account_id, sa.func.min(day.account_date).label("first"))
        .where(day.org_id == org_id, day.account_id.in_(account_ids))
        .group_by(day.account_id)
    )
    return {row.account_id: row.first for row in connection.execute(query)}


def _is(org_id: int, alert_id: int) -> sa.ColumnElement[bool]:
    return (alert_rule.c.org_id == org_id) & (alert_rule.c.alert_id == alert_id)
