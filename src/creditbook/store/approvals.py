"""What waits for a second administrator, and what became of it (rule 38).

Functions that take a connection commit nothing; the others are one transaction each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .engine import Store
from .tables.administration import approval
from .tables.ledger import account, operation_key

WAITING, APPROVED, DECLINED = "waiting", "approved", "declined"


@dataclass(frozen=True, slots=True)
class Approval:
    """One request; ``account`` is the user name, '' for the pool, and ``request`` what the grant would be."""

    approval_id: int
    account_id: int
    root_id: int
    account: str
    request: dict[str, Any]
    asked_by: str
    asked_at: datetime
    reason: str
    status: str
    decided_by: str | None
    decided_at: datetime | None
    note: str
    txn_id: int | None


def add(connection: sa.Connection, **columns: Any) -> None:
    """A new request, waiting."""
    connection.execute(sa.insert(approval).values(kind="grant", status=WAITING, note="", **columns))


def find(store: Store, org_id: int, approval_id: int) -> Approval | None:
    """The request of this number."""
    with store.read(org_id) as connection:
        row = connection.execute(_select(org_id).where(approval.c.approval_id == approval_id)).one_or_none()
    return None if row is None else Approval(*row)


def waiting(store: Store, org_id: int) -> list[Approval]:
    """Every request that waits, oldest first."""
    wanted = _select(org_id).where(approval.c.status == WAITING).order_by(approval.c.approval_id)
    with store.read(org_id) as connection:
        return [Approval(*row) for row in connection.execute(wanted)]


def _select(org_id: int) -> sa.Select[Any]:
    one = approval.c
    return (
        sa.select(
            one.approval_id, one.account_id, sa.func.coalesce(account.c.pool_id, one.account_id), account.c.name,
            one.request, one.asked_by, one.asked_at, one.reason, one.status, one.decided_by, one.decided_at, one.note,
            one.txn_id,
        )
        .join(account, (account.c.org_id == one.org_id) & (account.c.account_id == one.account_id))
        .where(one.org_id == org_id)
    )  # fmt: skip


def close(connection: sa.Connection, org_id: int, approval_id: int, status: str, **decision: Any) -> bool:
    """Decide a request that waits; tells whether it did."""
    here = (approval.c.org_id == org_id) & (approval.c.approval_id == approval_id) & (approval.c.status == WAITING)
    return connection.execute(sa.update(approval).where(here).values(status=status, **decision)).rowcount == 1


def block_key(connection: sa.Connection, org_id: int, key: str, at: datetime) -> None:
    """Use up the key under which a grant would be made, so that it never is; a broken constraint if it was."""
    row = {
        "org_id": org_id,
        "operation": "grant",
        "key": key,
        "request_hash": "declined",
        "result": "",
        "created_at": at,
    }
    connection.execute(sa.insert(operation_key).values(row))
