"""Whom an edit of a program touches: who is on each plan and when the running periods end; old versions, read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .engine import Store
from .tables.ledger import account, organization, program_version, wallet

MOST = 200


@dataclass(frozen=True, slots=True)
class OnPlan:
    """How many open accounts are on a plan, and when their running periods end.

    ``endless`` of them have no period that ends. ``older`` follow a version that is not the newest.
    """

    plan: str
    accounts: int
    older: int
    endless: int
    ends_first: datetime | None
    ends_last: datetime | None


@dataclass(frozen=True, slots=True)
class PeriodEnd:
    """One account on a plan ('' is the pool) and when its running period ends, None where none does."""

    account: str
    plan: str
    ends_at: datetime | None


def lock_versions(connection: sa.Connection, org_id: int) -> None:
    """Let nobody else add a version of the organization's program until this transaction ends."""
    mine = sa.select(organization.c.org_id).where(organization.c.org_id == org_id)
    connection.execute(mine.with_for_update(key_share=True))


def _ends() -> Any:
    """Per open account with a plan: when its term ends, on a free plan the first of its allowances' periods."""
    periods = (
        sa.select(wallet.c.account_id, sa.func.min(wallet.c.period_ends_at).label("ends_at"))
        .where(wallet.c.org_id == sa.bindparam("org"), wallet.c.is_active, wallet.c.period_ends_at.is_not(None))
        .group_by(wallet.c.account_id)
        .subquery()
    )
    return (
        sa.select(
            account.c.name,
            account.c.plan,
            account.c.program_id,
            sa.func.coalesce(account.c.term_ends_at, periods.c.ends_at).label("ends_at"),
        )
        .select_from(account.outerjoin(periods, periods.c.account_id == account.c.account_id))
        .where(account.c.org_id == sa.bindparam("org"), account.c.status != "closed", account.c.plan != "")
        .subquery()
    )


def on_plans(store: Store, org_id: int, program_id: int) -> list[OnPlan]:
    """Who is on each plan that anybody is on; ``program_id`` is the version in force."""
    ends = _ends()
    query = sa.select(
        ends.c.plan,
        sa.func.count().label("accounts"),
        sa.func.count().filter(ends.c.program_id.not_in((0, program_id))).label("older"),
        sa.func.count().filter(ends.c.ends_at.is_(None)).label("endless"),
        sa.func.min(ends.c.ends_at).label("first"),
        sa.func.max(ends.c.ends_at).label("last"),
    ).group_by(ends.c.plan)
    with store.read(org_id) as connection:
        rows = connection.execute(query, {"org": org_id}).all()
    return [OnPlan(row.plan, row.accounts, row.older, row.endless, row.first, row.last) for row in rows]


def period_ends(store: Store, org_id: int, plans: list[str], *, most: int = MOST) -> list[PeriodEnd]:
    """The accounts on these plans with when each one's running period ends, soonest first."""
    ends = _ends()
    query = (
        sa.select(ends.c.name, ends.c.plan, ends.c.ends_at)
        .where(ends.c.plan.in_(plans))
        .order_by(ends.c.ends_at.is_(None), ends.c.ends_at, ends.c.name)
        .limit(most)
    )
    with store.read(org_id) as connection:
        rows = connection.execute(query, {"org": org_id}).all()
    return [PeriodEnd(row.name, row.plan, row.ends_at) for row in rows]


def document_of(store: Store, org_id: int, version: int) -> dict[str, Any] | None:
    """The document of one version of the organization's program, None where there is no such version."""
    wanted = sa.select(program_version.c.document).where(
        program_version.c.org_id == org_id, program_version.c.version == version
    )
    with store.read(org_id) as connection:
        found = connection.scalar(wanted)
    return json.loads(found) if isinstance(found, str) else found
