"""Usage that is named to be corrected: whose it is, and what its corrections came to."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from creditbook.store.engine import Store
from creditbook.store.tables.ledger import account, ledger_transaction

t = ledger_transaction.c


def owners(store: Store, org_id: int, txn_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """The account and its family's root of every usage among these transactions."""
    its = sa.and_(account.c.org_id == t.org_id, account.c.account_id == t.account_id)
    wanted = (
        sa.select(t.txn_id, t.account_id, sa.func.coalesce(account.c.pool_id, t.account_id))
        .join_from(ledger_transaction, account, its)
        .where(t.org_id == org_id, t.txn_id.in_(txn_ids), t.kind == "usage")
    )
    with store.read(org_id) as connection:
        return {txn_id: (account_id, root_id) for txn_id, account_id, root_id in connection.execute(wanted)}


def cost_of(store: Store, org_id: int, txn_ids: Sequence[int]) -> tuple[int, int]:
    """What these transactions cost together, in nano-dollars and nano-rupees; corrections may be negative."""
    wanted = sa.select(
        sa.cast(sa.func.coalesce(sa.func.sum(t.cost_usd_nanos), 0), sa.BigInteger),
        sa.cast(sa.func.coalesce(sa.func.sum(t.cost_inr_nanos), 0), sa.BigInteger),
    ).where(t.org_id == org_id, t.txn_id.in_(txn_ids))
    with store.read(org_id) as connection:
        usd, inr = connection.execute(wanted).one()
    return int(usd), int(inr)
