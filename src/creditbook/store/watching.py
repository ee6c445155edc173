"""Has anything of these accounts moved? One statement for many accounts, by index probes alone.

A sign differs once something was decided for the account or its pool, whichever process did it. Two clocks that
disagree may leave a family's instant where it was, so its newest transaction and what is held stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from .directory import AccountRef
from .engine import Store
from .tables.ledger import account, ledger_transaction, token_grant

_MOST_AT_ONCE = 500
Sign = tuple[Any, ...]
"""What to compare with the sign before; nothing else is to be read out of it."""


def signs(store: Store, org_id: int, refs: Iterable[AccountRef]) -> dict[int, Sign]:
    """The signs of these accounts of one organization, by account id, all from one snapshot."""
    wanted = list(refs)
    ids = sorted({one.account_id for one in wanted} | {one.root_id for one in wanted})
    found: dict[int, Sign] = {}
    with store.read(org_id) as connection:
        for start in range(0, len(ids), _MOST_AT_ONCE):
            rows = connection.execute(_signs(org_id, ids[start : start + _MOST_AT_ONCE]))
            found |= {row.account_id: tuple(row) for row in rows}
    return {one.account_id: (found.get(one.account_id), found.get(one.root_id)) for one in wanted}


def _signs(org_id: int, ids: list[int]) -> sa.Select[Any]:
    t, g = ledger_transaction.c, token_grant.c
    mine = (t.org_id == account.c.org_id, t.account_id == account.c.account_id)
    live = (g.org_id == account.c.org_id, g.account_id == account.c.account_id, g.live)
    return sa.select(
        account.c.account_id,
        account.c.clock_at,
        account.c.status,
        account.c.quota_tokens,
        sa.select(sa.func.max(t.txn_id)).where(*mine).scalar_subquery().label("last"),
        sa.select(sa.func.sum(g.held)).where(*live).scalar_subquery().label("held"),
    ).where(account.c.org_id == org_id, account.c.account_id.in_(ids))
