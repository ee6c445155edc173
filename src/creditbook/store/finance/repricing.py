"""Usage whose cost may be corrected: which models are used, which are unpriced, and the usage itself in steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from creditbook.store.tables.ledger import account, ledger_transaction, organization, usage_org_day

t = ledger_transaction.c
STEP = 2_000
"""So much usage is read at a time; what corrected it earlier is looked up for as much at once."""


class ModelDay(NamedTuple):
    """What one model's rollup says of one of the organization's dates."""

    model: str
    day: date
    requests: int
    model_tokens: int
    unpriced: int
    cost_usd_nanos: int
    cost_inr_nanos: int


class Corrected(NamedTuple):
    """What earlier corrections changed a usage's cost by, all together."""

    cost_usd_nanos: int
    cost_inr_nanos: int


NOT_CORRECTED = Corrected(0, 0)


def model_days(connection: sa.Connection, org_id: int) -> list[ModelDay]:
    """Usage by model and day, from the rollup."""
    u = usage_org_day.c
    added = [
        sa.cast(sa.func.sum(column), sa.BigInteger)
        for column in (u.requests, u.input_tokens + u.output_tokens, u.unpriced, u.cost_usd_nanos, u.cost_inr_nanos)
    ]
    found = sa.select(u.model, u.org_date, *added).where(u.org_id == org_id).group_by(u.model, u.org_date)
    return [ModelDay(*row) for row in connection.execute(found)]


def closed_through(connection: sa.Connection, org_id: int) -> date | None:
    """The last day that is closed; None while none is."""
    found = sa.select(organization.c.closed_through).where(organization.c.org_id == org_id)
    return connection.execute(found).scalar_one_or_none()


_COLUMNS = (
    t.txn_id, t.account_id, account.c.name, t.event_at, t.org_date, t.model, t.input_tokens, t.output_tokens,
    t.cached_tokens, t.reasoning_tokens, t.cost_usd_nanos, t.cost_inr_nanos, t.fx_rate_id, t.unpriced,
    t.price_version, t.metadata,
)  # fmt: skip


def usage_of(
    connection: sa.Connection,
    org_id: int,
    models: Sequence[str],
    since: datetime,
    *,
    unpriced_only: bool,
    after: Any = None,
) -> list[tuple[Any, Corrected]]:
    """At most `STEP` of the usage of these models from an instant on, each with what corrected it so far.

    `after` is the last row of the step before. Unpriced usage comes along the index of what is unpriced, all of it by
    its days. Steps are read one by one, so that nobody holds a snapshot while corrections are written.
    """
    wanted = [t.org_id == org_id, t.kind == "usage", t.model.in_(models), t.event_at >= since]
    order: list[sa.ColumnElement[Any]] = [t.model, t.txn_id] if unpriced_only else [t.org_date, t.txn_id]
    if unpriced_only:
        wanted.append(t.unpriced)
    else:
        wanted.append(t.org_date >= since.date() - timedelta(days=1))  # no zone is further than a day from UTC
    if after is not None:
        wanted.append(sa.tuple_(*order) > sa.tuple_(*_place(after, unpriced_only=unpriced_only)))
    owner = sa.and_(account.c.org_id == t.org_id, account.c.account_id == t.account_id)
    query = sa.select(*_COLUMNS).join_from(ledger_transaction, account, owner).where(*wanted)
    found = connection.execute(query.order_by(*order).limit(STEP)).all()
    earlier = corrections(connection, org_id, [row.txn_id for row in found])
    return [(row, earlier.get(row.txn_id, NOT_CORRECTED)) for row in found]


def _place(row: Any, *, unpriced_only: bool) -> tuple[Any, ...]:
    first = sa.literal(row.model, t.model.type) if unpriced_only else sa.literal(row.org_date, t.org_date.type)
    return first, sa.literal(row.txn_id, t.txn_id.type)


def corrections(connection: sa.Connection, org_id: int, txn_ids: Sequence[int]) -> dict[int, Corrected]:
    """What corrected the cost of these, by the transaction that was corrected."""
    if not txn_ids:
        return {}
    added = [sa.cast(sa.func.coalesce(sa.func.sum(c), 0), sa.BigInteger) for c in (t.cost_usd_nanos, t.cost_inr_nanos)]
    found = (
        sa.select(t.reverses_txn_id, *added)
        .where(t.org_id == org_id, t.reverses_txn_id.in_(txn_ids), t.kind == "adjustment",
               t.cost_usd_nanos.is_not(None))
        .group_by(t.reverses_txn_id)
    )  # fmt: skip
    return {row[0]: Corrected(row[1], row[2]) for row in connection.execute(found)}
