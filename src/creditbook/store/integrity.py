"""How much of an organization there is to prove, read in one snapshot. Never writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from .tables.ledger import entry, ledger_transaction, organization


@dataclass(frozen=True, slots=True)
class Extent:
    """What stands in the books: whole counts, the newest transaction, the last closed day."""

    transactions: int
    entries: int
    last_txn_id: int
    closed_through: date | None


def extent(connection: sa.Connection, org_id: int) -> Extent:
    """Counts rows: a scan of two keys, as any proof is."""
    t, e, o = ledger_transaction.c, entry.c, organization.c
    asked = sa.select(
        sa.select(sa.func.count()).where(t.org_id == org_id).scalar_subquery(),
        sa.select(sa.func.count()).where(e.org_id == org_id).scalar_subquery(),
        sa.select(sa.func.coalesce(sa.func.max(t.txn_id), 0)).where(t.org_id == org_id).scalar_subquery(),
        sa.select(o.closed_through).where(o.org_id == org_id).scalar_subquery(),
    )
    return Extent(*connection.execute(asked).one())


def is_small(connection: sa.Connection, org_id: int, most: int) -> bool:
    """Whether there are no more transactions than that; looks at no more of them."""
    t = ledger_transaction.c
    some = sa.select(t.txn_id).where(t.org_id == org_id).limit(most + 1).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()) <= most
