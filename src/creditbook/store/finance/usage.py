"""What an organization used, added up from the rollups (rule 36): never a scan of history.

Which rollup answers is decided by what is asked: days and names by `usage_org_day`, hours by `usage_org_hour`, accounts
by `usage_month_account` (whole months) and `usage_account_day` (the days at their edges). Hours of some names, and what
an account used under a plan, stand in no rollup: those come from the transactions of the days that have any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from creditbook.store.tables.ledger import (
    MEASURES,
    account,
    ledger_transaction,
    usage_account_day,
    usage_org_day,
    usage_org_hour,
)
from creditbook.store.tables.people import membership, person

from .measured import IS_COUNTED, OF_TRANSACTION, Terms, measures, named, of_accounts
from .ranking import account_days, by_account, near, put_right
from .wanted import NAMED, Dimension, Wanted

t, d, h, a = ledger_transaction.c, usage_org_day.c, usage_org_hour.c, usage_account_day.c
HOURS: set[Dimension] = {"hour", "weekday_hour"}
Source = Literal["org_day", "org_hour", "account_day", "month_account", "transaction"]


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
    return list(connection.execute(_added(connection, org_id, wanted, by, most).limit(limit)).all())


def ranked(connection: sa.Connection, org_id: int, wanted: Wanted, most: str, limit: int) -> tuple[list[Any], int]:
    """The accounts with the most of a measure, as `sums` by account tells them, and how many have any usage at all."""
    query = _added(connection, org_id, wanted, ("account",), most).add_columns(sa.func.count().over()).limit(limit)
    rows = connection.execute(query).all()
    return [row[:-1] for row in rows], int(rows[0][-1]) if rows else 0


def _added(
    connection: sa.Connection, org_id: int, wanted: Wanted, by: Sequence[Dimension], most: str
) -> sa.Select[Any]:
    lines = _lines(org_id, wanted, by).subquery()
    keys = [key for dimension in by for key in _keys(lines.c, dimension, connection.dialect.name)]
    # PostgreSQL adds bigints into numeric; every total of ours is a 64-bit whole number.
    added = [sa.cast(sa.func.coalesce(sa.func.sum(lines.c[name]), 0), sa.BigInteger).label(name) for name in MEASURES]
    first: list[Any] = [sa.desc(most)] if most else []
    query = sa.select(*keys, *added).group_by(*keys).having(*_something(lines.c, wanted, by))
    return query.order_by(*first, *keys)


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
    return sa.select(*keys, *measures(h)).where(h.org_id == org_id, asked)


def _org_days(org_id: int, wanted: Wanted) -> Any:
    def of(day: sa.Column[date], *terms: sa.ColumnElement[bool]) -> sa.Select[Any]:
        keys = [day.label("org_date"), *(d[name] for name in NAMED)]
        asked = day.between(wanted.first, wanted.last)
        return sa.select(*keys, *measures(d)).where(d.org_id == org_id, asked, *terms, *named(d, wanted))

    if wanted.basis == "event":
        return of(d.org_date)
    # Nearly every row's two dates are one; the others have an index of their own.
    same = of(d.org_date, d.accounting_date == d.org_date)
    return sa.union_all(same, of(d.accounting_date, d.accounting_date != d.org_date))


def _something(columns: Any, wanted: Wanted, by: Collection[Dimension]) -> Terms:
    """Where days of accounts were taken off or put right by what is booked late, all that was there may be gone."""
    if not by or source(wanted, by) not in _PUT_RIGHT:
        return []
    return [sa.or_(*(sa.func.sum(columns[name]) != 0 for name in MEASURES))]


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
    "account_day": put_right(account_days, "account_id", "org_date", "agent", "model", "feature"),
    "month_account": put_right(by_account, "account_id"),
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
    return [t.org_id == org_id, IS_COUNTED, *by_books, *hers, *named(t, wanted)]


def _event_days(org_id: int, wanted: Wanted) -> Any:
    if wanted.accounts and wanted.basis == "event" and not wanted.plans:
        hers = [a.org_id == org_id, *of_accounts(a, wanted), *near(wanted), *named(a, wanted)]
        return sa.select(a.org_date).distinct().where(*hers)

    def of(day: sa.Column[date], *terms: sa.ColumnElement[bool]) -> sa.Select[Any]:
        asked = [d.org_id == org_id, day.between(wanted.first, wanted.last), *terms, *named(d, wanted)]
        return sa.select(d.org_date).distinct().where(*asked)

    if wanted.basis == "event":
        return of(d.org_date)
    return sa.union(
        of(d.org_date, d.accounting_date == d.org_date), of(d.accounting_date, d.accounting_date != d.org_date)
    )
