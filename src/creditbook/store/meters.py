"""Usage added up over any time, in steps that fit every zone's hours and days, for whoever draws it in windows.

Figures go by `event_at`, gross of refunds. Costs count what was corrected later too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.base import EPOCH, Big
from creditbook.store.tables.ledger import account, ledger_transaction

Row = sa.Row[*tuple[Any, ...]]
t, a = ledger_transaction.c, account.c

MEASURES: Mapping[str, sa.ColumnElement[int]] = {
    "tokens": t.input_tokens + t.output_tokens,
    "input_tokens": t.input_tokens,
    "output_tokens": t.output_tokens,
    "cached_tokens": t.cached_tokens,
    "reasoning_tokens": t.reasoning_tokens,
    "charged_tokens": t.charged,
    "requests": t.requests,
    "cost": sa.func.coalesce(t.cost_usd_nanos, 0),
}
"""What can be metered; tokens are the model's, but for the charged ones; cost is in nano-dollars."""

DIMENSIONS: Mapping[str, sa.ColumnElement[str]] = {
    "model": t.model, "agent": t.agent, "feature": t.feature, "action": t.action, "project": t.project, "plan": t.plan,
}  # fmt: skip
"""What usage is told apart by, besides the account."""

MINUTE, QUARTER = 60, 900
"""Steps in seconds: a quarter of an hour, from which hours and days of every zone are made."""


def usage(
    connection: sa.Connection,
    org_id: int,
    measure: str,
    *,
    since: datetime | None,
    until: datetime,
    step: int | None,
    by: Sequence[str],
    by_account: bool,
    accounts: Collection[int] | None,
    equal: Mapping[str, Collection[str]],
    limit: int,
) -> list[Row]:
    """At most `limit` rows `(step number or None, account name or None, each of by…, value, first event)`."""
    stepped = sa.null() if step is None else _step(connection, step)
    named = a.name if by_account else sa.null()
    columns: list[sa.ColumnElement[Any]] = [stepped, named, *(DIMENSIONS[name] for name in by)]
    value = sa.cast(sa.func.coalesce(sa.func.sum(MEASURES[measure]), 0), sa.BigInteger)
    query = sa.select(*columns, value, sa.func.min(t.event_at)).where(*_counted(org_id, measure, since, until))
    if by_account:
        query = query.join_from(
            ledger_transaction, account, sa.and_(a.org_id == t.org_id, a.account_id == t.account_id)
        )
    if accounts is not None:
        query = query.where(t.account_id.in_(accounts))
    for name, values in equal.items():
        query = query.where(DIMENSIONS[name].in_(values))
    groups = [column for column in columns if not isinstance(column, sa.Null)]
    query = query.group_by(*groups).order_by(*groups) if groups else query.having(sa.func.count() > 0)
    return list(connection.execute(query.limit(limit)))


def ids(connection: sa.Connection, org_id: int, names: Collection[str]) -> dict[str, int]:
    """Accounts by their names."""
    query = sa.select(a.name, a.account_id).where(a.org_id == org_id, a.name.in_(names))
    return {row.name: row.account_id for row in connection.execute(query)}


def _step(connection: sa.Connection, seconds: int) -> sa.ColumnElement[int]:
    if connection.dialect.name == "sqlite":
        return sa.type_coerce(t.event_at, Big).op("/")(sa.literal_column(str(seconds * 1_000_000)))
    epoch = sa.func.extract("epoch", t.event_at)
    return sa.cast(sa.func.floor(epoch / sa.literal_column(str(seconds))), sa.BigInteger)


def at_step(number: int, seconds: int) -> datetime:
    """When a step begins."""
    return EPOCH + timedelta(seconds=number * seconds)


def _counted(org_id: int, measure: str, since: datetime | None, until: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    # A day of the organization's begins at most 14 hours before, and ends at most 14 hours after, that of UTC.
    last: date = until.astimezone(UTC).date() + timedelta(days=1)
    kinds = ("usage", "adjustment") if measure == "cost" else ("usage",)
    found = [t.org_id == org_id, t.kind.in_(kinds), t.org_date <= last, t.event_at < until]
    if since is not None:
        found += [t.org_date >= since.astimezone(UTC).date() - timedelta(days=1), t.event_at >= since]
    return tuple(found)
