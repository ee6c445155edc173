"""What an organization used, added up from the rollups (rule 36): never a scan of history.

Which rollup answers is decided by what is asked: days and names by `usage_org_day`, hours by `usage_org_hour`, accounts
by `usage_month_account` (whole months) and `usage_account_day` (the days at their edges). Hours of some names, and what
an account used under a plan, stand in no rollup: those come from the transactions of the days that have any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from creditbook.store.tables.ledger import (
    MEASURES,
    account,
    ledger_transaction,
    usage_account_day,
    usage_month_account,
    usage_org_day,
    usage_org_hour,
)
from creditbook.store.tables.people import membership, person

from .wanted import NAMED, Dimension, Wanted

t, d, h, m, a = ledger_transaction.c, usage_org_day.c, usage_org_hour.c, usage_month_account.c, usage_account_day.c
HOURS: set[Dimension] = {"hour", "weekday_hour"}
Source = Literal["org_day", "org_hour", "account_day", "month_account", "transaction"]
Terms = list[sa.ColumnElement[bool]]


def sums(
    connection: sa.Connection,
    org_id: int,
    wanted: Wanted,
    by: Sequence[Dimension] = (),
    *,
    most: str = "",
    limit: int | None = None,
) -> list[Any]:
    """The ten measures added up per `by`, whose columns lead each row in their order; one row when `by` is empty.

    `weekday_hour` is two columns: the weekday (0 is Monday) and the hour. `most` names the measure by which rows come,
    the most first, `limit` how many.
    """
    lines = _lines(org_id, wanted, by).subquery()
    keys = [key for dimension in by for key in _keys(lines.c, dimension, connection.dialect.name)]
    # PostgreSQL adds bigints into numeric; every total of ours is a 64-bit whole number.
    added = [sa.cast(sa.func.coalesce(sa.func.sum(lines.c[name]), 0), sa.BigInteger).label(name) for name in MEASURES]
    first: list[Any] = [sa.desc(most)] if most else []
    query = sa.select(*keys, *added).group_by(*keys).having(*_something(lines.c, wanted, by))
    return list(connection.execute(query.order_by(*first, *keys).limit(limit)).all())


def source(wanted: Wanted, by: Collection[Dimension]) -> Source:
    """Which table answers: a rollup, or the transactions themselves of the days asked for."""
    if "account" in by or wanted.accounts:
        if not wanted.is_filtered and set(by) <= {"account"}:
            return "month_account"
        return "account_day" if not wanted.plans and not HOURS & set(by) and "plan" not in by else "transaction"
    if HOURS & set(by):
        plain = wanted.basis == "event" and not wanted.is_filtered
        return "org_hour" if plain and not set(by) & set(NAMED) else "transaction"
    return "org_day"


def width(dimension: Dimension) -> int:
    """How many columns a dimension takes in a row of `sums`."""
    return 2 if dimension == "weekday_hour" else 1


def spenders(connection: sa.Connection, org_id: int, wanted: Wanted) -> int:
    """How many accounts have any of this usage."""
    by: tuple[Dimension, ...] = ("account",)
    lines = _lines(org_id, wanted, by).subquery()
    there = sa.select(lines.c.account_id).group_by(lines.c.account_id).having(*_something(lines.c, wanted, by))
    return int(connection.execute(sa.select(sa.func.count()).select_from(there.subquery())).scalar_one())


def names(connection: sa.Connection, org_id: int) -> list[Any]:
    """Every combination of agent, model, feature and plan that the organization ever used, for filters."""
    return list(connection.execute(sa.select(*(d[name] for name in NAMED)).distinct().where(d.org_id == org_id)).all())


def days(connection: sa.Connection, org_id: int) -> tuple[date, date] | None:
    """The organization's dates of its first and last usage; None when there is none."""
    ends = [
        sa.select(d.org_date).where(d.org_id == org_id).order_by(order).limit(1).scalar_subquery()
        for order in (d.org_date.asc(), d.org_date.desc())
    ]
    first, last = connection.execute(sa.select(*ends)).one()
    return None if first is None else (first, last)


def accounts(connection: sa.Connection, org_id: int, account_ids: Sequence[int]) -> list[Any]:
    """Who these accounts are: (account_id, name, kind, plan, the person's name or '')."""
    its = account.c
    query = (
        sa.select(its.account_id, its.name, its.kind, its.plan, sa.func.coalesce(person.c.display_name, ""))
        .select_from(account)
        .outerjoin(membership, sa.and_(membership.c.org_id == its.org_id, membership.c.account_id == its.account_id))
        .outerjoin(person, person.c.person_id == membership.c.person_id)
        .where(its.org_id == org_id, its.account_id.in_(account_ids))
    )
    return list(connection.execute(query).all())


def _keys(columns: Any, dimension: Dimension, dialect: str) -> list[sa.ColumnElement[Any]]:
    if dimension != "weekday_hour":
        return [columns["account_id" if dimension == "account" else dimension]]
    weekday = (
        (sa.cast(sa.func.strftime("%w", columns.happened_on), sa.Integer) + 6) % 7
        if dialect == "sqlite"
        else sa.cast(sa.extract("isodow", columns.happened_on), sa.Integer) - 1
    )
    return [weekday.label("weekday"), columns.hour]


def _lines(org_id: int, wanted: Wanted, by: Collection[Dimension]) -> Any:
    """Rows to add up: the keys that may be asked for, then the measures."""
    return _OF_SOURCE[source(wanted, by)](org_id, wanted)


def _org_hours(org_id: int, wanted: Wanted) -> Any:
    asked = h.org_date.between(wanted.first, wanted.last)
    keys = (h.org_date, h.org_date.label("happened_on"), h.org_hour.label("hour"))
    return sa.select(*keys, *_measures(h)).where(h.org_id == org_id, asked)


def _org_days(org_id: int, wanted: Wanted) -> Any:
    def of(day: sa.Column[date], *terms: sa.ColumnElement[bool]) -> sa.Select[Any]:
        keys = [day.label("org_date"), *(d[name] for name in NAMED)]
        asked = day.between(wanted.first, wanted.last)
        return sa.select(*keys, *_measures(d)).where(d.org_id == org_id, asked, *terms, *_named(d, wanted))

    if wanted.basis == "event":
        return of(d.org_date)
    # Nearly every row's two dates are one; the others have an index of their own.
    same = of(d.org_date, d.accounting_date == d.org_date)
    return sa.union_all(same, of(d.accounting_date, d.accounting_date != d.org_date))


def _something(columns: Any, wanted: Wanted, by: Collection[Dimension]) -> Terms:
    """Where days of accounts were put right by what is booked late, all that was there may be gone."""
    if not by or wanted.basis == "event" or source(wanted, by) not in _PUT_RIGHT:
        return []
    return [sa.or_(*(sa.func.sum(columns[name]) != 0 for name in MEASURES))]


def _put_right(lines: Callable[[int, Wanted], Any], *keys: str) -> Callable[[int, Wanted], Any]:
    """The same by accounting date: plus what was booked into these days late, less what of them was booked elsewhere.

    Both are few, and have an index of their own; books are closed forwards, so nothing is booked before it happened.
    """

    def of(org_id: int, wanted: Wanted) -> Any:
        if wanted.basis == "event":
            return lines(org_id, wanted)
        late = [t.org_id == org_id, IS_COUNTED, t.accounting_date != t.org_date, *_of(t, wanted), *_named(t, wanted)]
        booked = t.accounting_date.between(wanted.first, wanted.last)
        happened = [t.org_date.between(wanted.first, wanted.last), t.accounting_date >= wanted.first]
        came = [(t.accounting_date if key == "org_date" else t[key]).label(key) for key in keys]
        went = [t[key] for key in keys]
        less = [(-measure.element).label(measure.name) for measure in OF_TRANSACTION]
        by_event = lines(org_id, wanted).subquery().c
        return sa.union_all(
            sa.select(*(by_event[key] for key in keys), *_measures(by_event)),
            sa.select(*came, *OF_TRANSACTION).where(*late, booked),
            sa.select(*went, *less).where(*late, *happened),
        )

    return of


def _account_days(org_id: int, wanted: Wanted) -> Any:
    keys = (a.account_id, a.org_date, a.agent, a.model, a.feature)
    asked = a.org_date.between(wanted.first, wanted.last)
    return sa.select(*keys, *_measures(a)).where(a.org_id == org_id, asked, *_of(a, wanted), *_named(a, wanted))


def _by_account(org_id: int, wanted: Wanted) -> Any:
    """Whole months from the ranking table, the days before and after them one by one."""
    first = wanted.first if wanted.first.day == 1 else _next_month(wanted.first)
    end = _next_month(wanted.last) if (wanted.last + timedelta(days=1)).day == 1 else wanted.last.replace(day=1)
    if first >= end:
        return _account_days(org_id, wanted)
    months = [m.org_id == org_id, m.month >= first, m.month < end, *_of(m, wanted)]
    parts = [sa.select(m.account_id, *_measures(m)).where(*months)]
    for since, until in ((wanted.first, first - timedelta(days=1)), (end, wanted.last)):
        if since <= until:
            asked = [a.org_id == org_id, a.org_date.between(since, until), *_of(a, wanted)]
            parts.append(sa.select(a.account_id, *_measures(a)).where(*asked))
    return sa.union_all(*parts) if len(parts) > 1 else parts[0]


def transactions(org_id: int, wanted: Wanted) -> sa.Select[Any]:
    """The transactions themselves with the measures that they add to the rollups, of days that have any."""
    keys = (
        (t.org_date if wanted.basis == "event" else t.accounting_date).label("org_date"),
        t.org_date.label("happened_on"), t.org_hour.label("hour"), t.agent, t.model, t.feature, t.plan,
        t.account_id,
    )  # fmt: skip
    return sa.select(*keys, *OF_TRANSACTION).where(*counted(org_id, wanted))


_PUT_RIGHT = {"account_day", "month_account"}
_OF_SOURCE: dict[Source, Callable[[int, Wanted], Any]] = {
    "org_day": _org_days,
    "org_hour": _org_hours,
    "account_day": _put_right(_account_days, "account_id", "org_date", "agent", "model", "feature"),
    "month_account": _put_right(_by_account, "account_id"),
    "transaction": transactions,
}


def counted(org_id: int, wanted: Wanted) -> Terms:
    """Which transactions are meant: usage, its refunds, and corrections of its cost, of days that have any."""
    return [*_meant(org_id, wanted), t.org_date.in_(_event_days(org_id, wanted))]


def counted_on(org_id: int, wanted: Wanted, day: date) -> Terms:
    """The same of one day on which it happened, by whichever date is asked."""
    return [*_meant(org_id, wanted), t.org_date == day]


def days_with(connection: sa.Connection, org_id: int, wanted: Wanted) -> list[date]:
    """The days on which any of it happened, the newest first."""
    days_there = _event_days(org_id, wanted).subquery()
    query = sa.select(days_there.c.org_date).distinct().order_by(days_there.c.org_date.desc())
    return list(connection.execute(query).scalars())


def _meant(org_id: int, wanted: Wanted) -> Terms:
    by_books = [] if wanted.basis == "event" else [t.accounting_date.between(wanted.first, wanted.last)]
    # Plus nothing, so that no database walks an account's whole history where a day of everybody's is less.
    hers = [(t.account_id + 0).in_(wanted.accounts)] if wanted.accounts else []
    return [t.org_id == org_id, IS_COUNTED, *by_books, *hers, *_named(t, wanted)]


def _event_days(org_id: int, wanted: Wanted) -> Any:
    if wanted.accounts and wanted.basis == "event" and not wanted.plans:
        hers = [a.org_id == org_id, a.org_date.between(wanted.first, wanted.last), *_of(a, wanted), *_named(a, wanted)]
        return sa.select(a.org_date).distinct().where(*hers)

    def of(day: sa.Column[date], *terms: sa.ColumnElement[bool]) -> sa.Select[Any]:
        asked = [d.org_id == org_id, day.between(wanted.first, wanted.last), *terms, *_named(d, wanted)]
        return sa.select(d.org_date).distinct().where(*asked)

    if wanted.basis == "event":
        return of(d.org_date)
    return sa.union(
        of(d.org_date, d.accounting_date == d.org_date), of(d.accounting_date, d.accounting_date != d.org_date)
    )


IS_COUNTED = sa.or_(t.kind.in_(("usage", "refund")), sa.and_(t.kind == "adjustment", t.cost_usd_nanos.is_not(None)))
"""Rollups count usage, its refunds, and the adjustments that correct a cost."""

_unpriced = sa.case((t.unpriced, 1), else_=0)
_NOT_COPIED: dict[str, sa.ColumnElement[int]] = {
    "charged": sa.case((t.kind == "usage", t.charged), else_=0),
    "refunded": sa.case((t.kind == "refund", t.charged), else_=0),
    "cost_usd_nanos": sa.func.coalesce(t.cost_usd_nanos, 0),
    "cost_inr_nanos": sa.func.coalesce(t.cost_inr_nanos, 0),
    # A correction that is marked takes one unpriced request away.
    "unpriced": sa.case((t.kind == "adjustment", -_unpriced), else_=_unpriced),
}
OF_TRANSACTION = tuple((_NOT_COPIED[name] if name in _NOT_COPIED else t[name]).label(name) for name in MEASURES)
"""What one transaction adds to the rollups, in the order of `MEASURES`."""


def _measures(columns: Any) -> list[sa.ColumnElement[Any]]:
    return [columns[name] for name in MEASURES]


def _named(columns: Any, wanted: Wanted) -> Terms:
    return [columns[name].in_(wanted.names(name)) for name in NAMED if wanted.names(name)]


def _of(columns: Any, wanted: Wanted) -> Terms:
    return [columns.account_id.in_(wanted.accounts)] if wanted.accounts else []


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
