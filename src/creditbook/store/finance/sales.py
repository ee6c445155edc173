"""Reading what was sold and paid back: sums by month, the purchases beneath them, money that went back. Never writes.

A sale counts when it is granted, and belongs to that instant: money that could give nothing is no sale yet. Months come
as the instants at which they begin in the zone of the organization, so that no query converts a zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.ledger import account, ledger_transaction, purchase

p, a, t = purchase.c, account.c, ledger_transaction.c


def _whole(added: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    # PostgreSQL adds bigints into numeric; every total of ours is a 64-bit whole number.
    return sa.cast(sa.func.coalesce(sa.func.sum(added), 0), sa.BigInteger)


def sold(connection: sa.Connection, org_id: int, starts: Sequence[datetime]) -> list[Any]:
    """Granted purchases added up between each two neighbours of ``starts``, which rise.

    Rows: (bucket from 0, kind, item, currency, title, purchases, gross_minor, tax_minor), in that order.
    """
    inner = starts[1:-1]
    steps: list[Any] = [
        (p.granted_at < instant, sa.literal_column(str(number))) for number, instant in enumerate(inner)
    ]
    last: sa.ColumnElement[Any] = sa.literal_column(str(len(inner)))
    bucket: sa.ColumnElement[Any] = sa.case(*steps, else_=last) if steps else last
    paid = (
        sa.select(bucket.label("bucket"), p.kind, p.item, p.currency, p.title, p.price_minor, p.tax_minor)
        .where(p.org_id == org_id, p.granted_at >= starts[0], p.granted_at < starts[-1])
        .subquery()
    )
    s = paid.c
    query = (
        sa.select(
            s.bucket, s.kind, s.item, s.currency, sa.func.max(s.title), sa.func.count(),
            _whole(s.price_minor), _whole(s.tax_minor),
        )
        .group_by(s.bucket, s.kind, s.item, s.currency)
        .order_by(s.bucket, s.kind, s.item, s.currency)
    )  # fmt: skip
    return list(connection.execute(query).all())


def first_sale(connection: sa.Connection, org_id: int) -> datetime | None:
    """When the first purchase was granted; None when none was."""
    query = sa.select(sa.func.min(p.granted_at, type_=p.granted_at.type)).where(p.org_id == org_id)
    found: datetime | None = connection.execute(query).scalar_one()
    return found


_LISTED = (
    p.purchase_id, p.account_id, a.name.label("account"), p.kind, p.item, p.title, p.tokens, p.price_minor, p.tax_minor,
    p.tax_label, p.currency, p.status, p.provider, p.provider_payment, p.paid_at, p.granted_at, p.grant_id,
    p.refunded_minor, p.trouble,
)  # fmt: skip


def purchases(
    connection: sa.Connection,
    org_id: int,
    since: datetime,
    until: datetime,
    *,
    kind: str = "",
    item: str = "",
    currency: str = "",
    account_id: int | None = None,
    before_id: int | None = None,
    limit: int,
) -> list[Any]:
    """Purchases that were granted from ``since`` until before ``until``, newest first, by keyset."""
    terms = [p.org_id == org_id, p.granted_at >= since, p.granted_at < until]
    for column, wanted in ((p.kind, kind), (p.item, item), (p.currency, currency)):
        if wanted:
            terms.append(column == wanted)
    if account_id is not None:
        terms.append(p.account_id == account_id)
    if before_id is not None:
        terms.append(p.purchase_id < before_id)
    query = _with_names(sa.select(*_LISTED)).where(*terms).order_by(p.purchase_id.desc()).limit(limit)
    return list(connection.execute(query).all())


def _with_names(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.join_from(purchase, account, sa.and_(a.org_id == p.org_id, a.account_id == p.account_id))


def stuck(connection: sa.Connection, org_id: int, until: datetime) -> list[Any]:
    """Purchases that were paid before an instant and have given nothing yet, oldest first."""
    terms = [p.org_id == org_id, p.status == "paid", p.paid_at < until]
    return list(connection.execute(_with_names(sa.select(*_LISTED)).where(*terms).order_by(p.purchase_id)).all())


def paid_back(connection: sa.Connection, org_id: int) -> list[Any]:
    """Every transaction that paid money back, oldest first: (txn_id, accounting_date, metadata, actor, reason).

    They have a small index of their own, which SQLite uses only where the condition is a literal.
    """
    of_money = t.kind == sa.literal_column("'purchase_refund'")
    query = (
        sa.select(t.txn_id, t.accounting_date, t.metadata, t.actor, t.reason)
        .where(t.org_id == org_id, of_money)
        .order_by(t.txn_id)
    )
    return list(connection.execute(query).all())


def refunded(connection: sa.Connection, org_id: int) -> list[Any]:
    """Every purchase that was granted and of which money went back."""
    wanted = (p.org_id == org_id, p.refunded_minor > 0, p.granted_at.is_not(None))
    query = _with_names(sa.select(*_LISTED)).where(*wanted)
    return list(connection.execute(query.order_by(p.purchase_id)).all())


def first_paid(connection: sa.Connection, org_id: int, until: datetime) -> dict[int, datetime]:
    """When each account's first purchase was paid, of those that paid before an instant."""
    first = sa.func.min(p.paid_at, type_=p.paid_at.type)
    query = sa.select(p.account_id, first).where(p.org_id == org_id, p.paid_at < until).group_by(p.account_id)
    return {row[0]: row[1] for row in connection.execute(query)}
