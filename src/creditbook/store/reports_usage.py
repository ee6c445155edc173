"""Reading what an account used, from the rollup by day. History is never scanned here, and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from .tables.ledger import usage_account_day

u = usage_account_day.c

Dimension = Literal["account_date", "agent", "model", "feature"]

_FIGURES = (
    "requests",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "charged",
    "refunded",
    "cost_usd_nanos",
    "cost_inr_nanos",
    "unpriced",
)


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which usage is wanted: local dates of the account, both included; an empty list lets every name pass."""

    first: date
    last: date
    agents: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


def sums(
    connection: sa.Connection, org_id: int, account_id: int, wanted: UsageFilter, by: tuple[Dimension, ...] = ()
) -> list[Any]:
    """The figures of a period added up per `by`, which lead each row in their order; one row when `by` is empty."""
    keys = [u[name] for name in by]
    # PostgreSQL adds bigints into numeric; every total of ours is a 64-bit whole number.
    added = [sa.cast(sa.func.coalesce(sa.func.sum(u[name]), 0), sa.BigInteger).label(name) for name in _FIGURES]
    query = sa.select(*keys, *added).where(*_matching(org_id, account_id, wanted)).group_by(*keys).order_by(*keys)
    return list(connection.execute(query).all())


def names(connection: sa.Connection, org_id: int, account_id: int, dimension: Dimension) -> list[str]:
    """Every name that the account ever used in a dimension, for filters; the unnamed one is left out."""
    column = u[dimension]
    query = sa.select(column).distinct().where(u.org_id == org_id, u.account_id == account_id, column != "")
    return list(connection.execute(query.order_by(column)).scalars())


def days(connection: sa.Connection, org_id: int, account_id: int) -> tuple[date, date] | None:
    """The local dates of the account's first and last usage; None when there is none."""
    ends = [edge(u.account_date, type_=u.account_date.type) for edge in (sa.func.min, sa.func.max)]
    row = connection.execute(sa.select(*ends).where(u.org_id == org_id, u.account_id == account_id)).one()
    return None if row[0] is None else (row[0], row[1])


def _matching(org_id: int, account_id: int, wanted: UsageFilter) -> list[sa.ColumnElement[bool]]:
    terms: list[sa.ColumnElement[bool]] = [
        u.org_id == org_id,
        u.account_id == account_id,
        u.account_date >= wanted.first,
        u.account_date <= wanted.last,
    ]
    for column, names_wanted in ((u.agent, wanted.agents), (u.model, wanted.models), (u.feature, wanted.features)):
        if names_wanted:
            terms.append(column.in_(names_wanted))
    return terms
