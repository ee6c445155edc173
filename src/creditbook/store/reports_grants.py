"""Reading whom an administrator may give tokens to, and what was given of late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .tables.ledger import account, audit, entry, ledger_transaction, token_grant
from .tables.people import membership, person


def accounts(connection: sa.Connection, org_id: int) -> list[Any]:
    """Every account of the organization with the name of its person ('' where nobody signs in for it), by name."""
    a, m, p = account.c, membership.c, person.c
    shown = sa.func.coalesce(p.display_name, "")
    query = (
        sa.select(a.account_id, a.pool_id, a.name, a.kind, a.status, a.plan, shown.label("person"))
        .select_from(account)
        .outerjoin(membership, sa.and_(m.org_id == a.org_id, m.account_id == a.account_id))
        .outerjoin(person, p.person_id == m.person_id)
        .where(a.org_id == org_id)
        .order_by(sa.func.lower(shown), a.name)
    )
    return list(connection.execute(query).all())


def given(connection: sa.Connection, org_id: int, most: int, *, before: int | None = None) -> list[Any]:
    """The newest grants in the audit log: (audit_id, at, actor, reason, after), newest first; those before one."""
    g = audit.c
    query = sa.select(g.audit_id, g.at, g.actor, g.reason, g.after).where(g.org_id == org_id, g.act == "grant")
    if before is not None:
        query = query.where(g.audit_id < before)
    return list(connection.execute(query.order_by(g.audit_id.desc()).limit(most)).all())


def grants_of(connection: sa.Connection, org_id: int, transactions: Sequence[int]) -> list[Any]:
    """What these transactions gave as a plain grant, as it stands now, with its account's name.

    Purchases and the like have ways back of their own; they are left out.
    """
    e, g, a, t = entry.c, token_grant.c, account.c, ledger_transaction.c
    query = (
        sa.select(g.txn_id, g.grant_id, a.name, g.amount, g.remaining, g.held, g.closed_reason)
        .join_from(entry, token_grant, sa.and_(g.org_id == e.org_id, g.grant_id == e.grant_id, g.txn_id == e.txn_id))
        .join(account, sa.and_(a.org_id == g.org_id, a.account_id == g.account_id))
        .join(ledger_transaction, sa.and_(t.org_id == e.org_id, t.txn_id == e.txn_id, t.kind == "grant"))
        .where(e.org_id == org_id, e.txn_id.in_(transactions))
        .order_by(g.grant_id)
    )
    return list(connection.execute(query).all())
