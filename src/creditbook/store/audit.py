"""The log of administrative acts: who, what, before, after, why and when (rule 38)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from creditbook.domain.errors import InvalidRequest
from creditbook.store import ids
from creditbook.store.tables.ledger import audit


def require_reason(reason: str) -> None:
    """Raises InvalidRequest without one: asked first by acts whose row comes last, when the work is done."""
    if not reason.strip():
        raise InvalidRequest("Give a reason: it stands in the audit log beside your name.")


def record(
    connection: sa.Connection,
    org_id: int,
    *,
    at: datetime,
    actor: str,
    act: str,
    subject: str,
    reason: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> int:
    """Write one act into the organization's log, in the transaction that does it. Returns the row's id.

    `actor` is a user name, `act` a word such as `member.role`, `subject` whom or what it was done to. `before` and
    `after` hold what changed, never a password, hash or token.

    Raises:
        InvalidRequest: without a reason.
    """
    require_reason(reason)
    (audit_id,) = ids.take(connection, 1)
    row = {"org_id": org_id, "audit_id": audit_id, "at": at, "actor": actor, "act": act, "subject": subject,
           "before": before, "after": after, "reason": reason.strip()}  # fmt: skip
    connection.execute(sa.insert(audit).values(row))
    return audit_id
