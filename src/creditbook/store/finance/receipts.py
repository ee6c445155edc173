"""Receipts: a purchase that was paid gets the next number of its fiscal year, and never another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from creditbook.domain.sales import Purchase, PurchaseKind, PurchaseStatus
from creditbook.store.catalog import lock_versions
from creditbook.store.engine import Store
from creditbook.store.tables.finance import receipt
from creditbook.store.tables.ledger import account, purchase

MOST = 500
r, p = receipt.c, purchase.c


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt with its purchase. ``account`` is the user name of the account that bought, '' for the pool."""

    fiscal_year: str
    number: int
    issued_at: datetime
    account: str
    purchase: Purchase


def issue(store: Store, org_id: int, year_of: Callable[[datetime], str], at: datetime) -> int:
    """Number every paid purchase that has no receipt yet, in the order of payment. Returns how many there were.

    ``year_of`` names the fiscal year of a payment. Two that issue at once wait for each other on the organization's
    row, so that no number is left out or given twice.
    """
    if not _waiting(store, org_id):
        return 0

    def numbered() -> int:
        with store.write(org_id) as connection:
            lock_versions(connection, org_id)
            rows = connection.execute(_unnumbered(org_id)).all()
            last: dict[str, int] = {row.fiscal_year: row.number for row in connection.execute(_last(org_id))}
            made = []
            for row in rows:
                year = year_of(row.paid_at)
                last[year] = last.get(year, 0) + 1
                made.append(
                    {"org_id": org_id, "fiscal_year": year, "number": last[year], "purchase_id": row.purchase_id,
                     "issued_at": at}
                )  # fmt: skip
            if made:
                connection.execute(sa.insert(receipt), made)
        return len(made)

    return store.retrying(numbered)


def _waiting(store: Store, org_id: int) -> bool:
    with store.read(org_id) as connection:
        return connection.execute(_unnumbered(org_id).limit(1)).first() is not None


def _unnumbered(org_id: int) -> sa.Select[Any]:
    has = sa.exists().where(r.org_id == p.org_id, r.purchase_id == p.purchase_id)
    return (
        sa.select(p.purchase_id, p.paid_at)
        .where(p.org_id == org_id, p.paid_at.is_not(None), ~has)
        .order_by(p.paid_at, p.purchase_id)
    )


def _last(org_id: int) -> sa.Select[Any]:
    last = sa.select(r.fiscal_year, sa.func.max(r.number).label("number"))
    return last.where(r.org_id == org_id).group_by(r.fiscal_year)


def of_account(store: Store, org_id: int, account_id: int, most: int = MOST) -> list[Receipt]:
    """An account's receipts, newest payment first."""
    return _read(store, org_id, p.account_id == account_id, most=most)


def find(store: Store, org_id: int, fiscal_year: str, number: int) -> Receipt | None:
    """One receipt by its number."""
    found = _read(store, org_id, r.fiscal_year == fiscal_year, r.number == number, most=1)
    return found[0] if found else None


def of_purchase(store: Store, org_id: int, purchase_id: int) -> Receipt | None:
    """The receipt of a purchase; None while it has none."""
    found = _read(store, org_id, r.purchase_id == purchase_id, most=1)
    return found[0] if found else None


def numbers(connection: sa.Connection, org_id: int, purchase_ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Fiscal year and number of the receipts of these purchases."""
    mine = sa.select(r.purchase_id, r.fiscal_year, r.number).where(r.org_id == org_id, r.purchase_id.in_(purchase_ids))
    return {row.purchase_id: (row.fiscal_year, row.number) for row in connection.execute(mine)}


def _read(store: Store, org_id: int, *wanted: sa.ColumnElement[bool], most: int) -> list[Receipt]:
    a = account.c
    query = (
        sa.select(r.fiscal_year, r.number, r.issued_at, a.name.label("account"), purchase)
        .join_from(receipt, purchase, sa.and_(p.org_id == r.org_id, p.purchase_id == r.purchase_id))
        .join(account, sa.and_(a.org_id == p.org_id, a.account_id == p.account_id))
        .where(r.org_id == org_id, *wanted)
        .order_by(p.paid_at.desc(), p.purchase_id.desc())
        .limit(most)
    )
    with store.read(org_id) as connection:
        return [_receipt(dict(row)) for row in connection.execute(query).mappings()]


def _receipt(row: dict[str, Any]) -> Receipt:
    own = {name: row.pop(name) for name in ("fiscal_year", "number", "issued_at", "account")}
    del row["org_id"]
    row["kind"], row["status"] = PurchaseKind(row["kind"]), PurchaseStatus(row["status"])
    return Receipt(**own, purchase=Purchase(**row))
