"""Purchases for people to look at: an account's, an organization's, and those that wait for somebody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from creditbook.domain.sales import Purchase, PurchaseKind, PurchaseStatus

from .engine import Store
from .tables.ledger import account, purchase

MOST = 200


@dataclass(frozen=True, slots=True)
class Sold:
    """A purchase with its account's user name ('' for the pool)."""

    account: str
    purchase: Purchase


def find(store: Store, org_id: int, purchase_id: int) -> Sold | None:
    """One purchase of an organization."""
    found = _read(store, org_id, purchase.c.purchase_id == purchase_id, most=1)
    return found[0] if found else None


def of_account(store: Store, org_id: int, account_id: int, *, most: int = MOST) -> list[Purchase]:
    """An account's purchases, newest first."""
    return [sold.purchase for sold in _read(store, org_id, purchase.c.account_id == account_id, most=most)]


def of_organization(
    store: Store,
    org_id: int,
    *,
    statuses: Collection[PurchaseStatus] = (),
    account_id: int | None = None,
    before_id: int | None = None,
    most: int = MOST,
) -> list[Sold]:
    """An organization's purchases, newest first; of some statuses or one account only, and before an id to page on."""
    wanted: list[sa.ColumnElement[bool]] = []
    if statuses:
        wanted.append(purchase.c.status.in_([status.value for status in statuses]))
    if account_id is not None:
        wanted.append(purchase.c.account_id == account_id)
    if before_id is not None:
        wanted.append(purchase.c.purchase_id < before_id)
    return _read(store, org_id, *wanted, most=most)


def waiting(store: Store, org_id: int, *, pending_before: datetime, most: int = MOST) -> list[Sold]:
    """What a person should look at, newest first: paid and not granted, in trouble, disputed, or pending for too long.

    ``pending_before``: a purchase that was opened earlier and is still not paid waits too long.
    """
    stuck = sa.or_(
        purchase.c.status == PurchaseStatus.PAID.value,
        purchase.c.trouble != "",
        purchase.c.dispute_open,
        sa.and_(purchase.c.status == PurchaseStatus.PENDING.value, purchase.c.created_at < pending_before),
    )
    return _read(store, org_id, stuck, most=most)


def _read(store: Store, org_id: int, *wanted: sa.ColumnElement[bool], most: int) -> list[Sold]:
    query = (
        sa.select(account.c.name, purchase)
        .join(account, (account.c.org_id == purchase.c.org_id) & (account.c.account_id == purchase.c.account_id))
        .where(purchase.c.org_id == org_id, *wanted)
        .order_by(purchase.c.purchase_id.desc())
        .limit(most)
    )
    with store.read(org_id) as connection:
        return [_sold(dict(row)) for row in connection.execute(query).mappings()]


def _sold(row: dict[str, Any]) -> Sold:
    name = row.pop("name")
    del row["org_id"]
    row["kind"], row["status"] = PurchaseKind(row["kind"]), PurchaseStatus(row["status"])
    return Sold(name, Purchase(**row))
