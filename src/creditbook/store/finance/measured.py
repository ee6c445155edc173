"""What is added up of usage, and which of it is meant: the same of rollups and of the transactions beneath them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.ledger import MEASURES, ledger_transaction

from .wanted import NAMED, Wanted

t = ledger_transaction.c
Terms = list[sa.ColumnElement[bool]]

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


def measures(columns: Any) -> list[sa.ColumnElement[Any]]:
    """The columns of a rollup that are added up."""
    return [columns[name] for name in MEASURES]


def named(columns: Any, wanted: Wanted) -> Terms:
    """The conditions on names."""
    return [columns[name].in_(wanted.names(name)) for name in NAMED if wanted.names(name)]


def of_accounts(columns: Any, wanted: Wanted) -> Terms:
    """The condition on accounts."""
    return [columns.account_id.in_(wanted.accounts)] if wanted.accounts else []
