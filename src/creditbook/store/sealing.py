"""The audit log's hash chain: each act is sealed over the seal before it (rule 38).

Sealing runs beside the ledger, never on its path. Changing, removing or inserting an act that is sealed breaks the
chain from there on. `digest = sha256(previous + "\\n" + canonical JSON of the act)`; the first `previous` is 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Any

import sqlalchemy as sa

from .engine import Store
from .tables.ledger import audit, audit_seal

FIRST = "0" * 64


def digest_of(previous: str, row: Any) -> str:
    """The seal of one act over the seal before it."""
    act = {
        "id": row.audit_id,
        "at": row.at.astimezone(UTC).isoformat(),
        "actor": row.actor,
        "act": row.act,
        "subject": row.subject,
        "before": row.before,
        "after": row.after,
        "reason": row.reason,
    }
    text = json.dumps(act, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def seal(store: Store, org_id: int) -> int:
    """Seal every act that is not sealed yet; tells how many. Safe to repeat and to run in several processes."""
    with store.write(org_id) as connection:
        if store.dialect == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:org)"), {"org": -org_id})
        tip: str | None = connection.scalar(tip_of(org_id))
        previous = tip or FIRST
        sealed = sa.select(audit_seal.c.audit_id).where(audit_seal.c.org_id == org_id)
        rows = connection.execute(
            sa.select(audit).where(audit.c.org_id == org_id, audit.c.audit_id.not_in(sealed)).order_by(audit.c.audit_id)
        ).all()
        links = []
        for row in rows:
            digest = digest_of(previous, row)
            links.append({"org_id": org_id, "audit_id": row.audit_id, "previous": previous, "digest": digest})
            previous = digest
        if links:
            connection.execute(sa.insert(audit_seal), links)
    return len(links)


def tip_of(org_id: int) -> sa.Select[Any]:
    """The newest seal: the one that no other hangs on. Ids may be sealed out of order, where writers overlapped."""
    following = audit_seal.alias()
    hangs_on_it = sa.exists().where(following.c.org_id == org_id, following.c.previous == audit_seal.c.digest)
    return sa.select(audit_seal.c.digest).where(audit_seal.c.org_id == org_id, ~hangs_on_it)


def broken_seals(store: Store, org_id: int) -> list[dict[str, Any]]:
    """The seals that do not follow from their act and the seal before them, in the order in which acts were sealed."""
    joined = audit_seal.outerjoin(
        audit, (audit.c.org_id == audit_seal.c.org_id) & (audit.c.audit_id == audit_seal.c.audit_id)
    )
    wanted = sa.select(audit_seal.c.previous, audit_seal.c.digest, audit).select_from(joined)
    broken: list[dict[str, Any]] = []
    with store.read(org_id) as connection:
        rows = connection.execute(wanted.where(audit_seal.c.org_id == org_id)).all()
    by_previous = {row.previous: row for row in rows}
    previous, seen = FIRST, 0
    while (row := by_previous.get(previous)) is not None and seen < len(rows):
        seen += 1
        if row.audit_id is None or digest_of(previous, row) != row.digest:
            broken.append({"audit_id": row.audit_id, "digest": row.digest})
        previous = row.digest
    if seen != len(rows):
        broken.append({"audit_id": None, "digest": f"{len(rows) - seen} seals hang on nothing"})
    return broken
