"""Plans for people to look at: what happened to them, who is on which, and the versions of the program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from creditbook.domain.plans import PlanEvent, PlanStatus

from .engine import Store
from .tables.ledger import account, organization, plan_event, program_version

MOST = 200


@dataclass(frozen=True, slots=True)
class Planned:
    """Something that happened to a plan, with the account's user name ('' for the pool)."""

    account: str
    event: PlanEvent


@dataclass(frozen=True, slots=True)
class Subscribers:
    """How many open accounts stand alike: on a plan, following a version (0: the one in force), with a status.

    ``ends_first`` and ``ends_last`` are when the first and the last of their paid terms end, None on free plans.
    """

    plan: str
    program_id: int
    status: PlanStatus
    accounts: int
    ends_first: datetime | None
    ends_last: datetime | None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of an organization's program without its document."""

    program_id: int
    version: int
    name: str
    created_at: datetime
    actor: str
    reason: str
    in_force: bool


def events_of(store: Store, org_id: int, account_id: int, *, most: int = MOST) -> list[PlanEvent]:
    """What happened to an account's plan, newest first."""
    return [one.event for one in _events(store, org_id, plan_event.c.account_id == account_id, most=most)]


def events(store: Store, org_id: int, since: datetime, until: datetime, *, most: int | None = None) -> list[Planned]:
    """What happened to all plans of an organization from ``since`` (included) to ``until`` (not), newest first."""
    return _events(store, org_id, plan_event.c.at >= since, plan_event.c.at < until, most=most)


def _events(store: Store, org_id: int, *wanted: sa.ColumnElement[bool], most: int | None) -> list[Planned]:
    query = (
        sa.select(account.c.name, plan_event)
        .join(account, (account.c.org_id == plan_event.c.org_id) & (account.c.account_id == plan_event.c.account_id))
        .where(plan_event.c.org_id == org_id, *wanted)
        .order_by(plan_event.c.event_id.desc())
        .limit(most)
    )
    with store.read(org_id) as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    for row in rows:
        del row["org_id"]
    return [Planned(row.pop("name"), PlanEvent(**row)) for row in rows]


def subscribers(store: Store, org_id: int) -> list[Subscribers]:
    """Who is on which plan and version: whom an edit touches, and when it can have reached the last of them."""
    alike = (account.c.plan, account.c.program_id, account.c.term_status)
    query = (
        sa.select(
            *alike,
            sa.func.count().label("accounts"),
            sa.func.min(account.c.term_ends_at).label("first"),
            sa.func.max(account.c.term_ends_at).label("last"),
        )
        .where(account.c.org_id == org_id, account.c.status != "closed")
        .group_by(*alike)
        .order_by(*alike)
    )
    with store.read(org_id) as connection:
        rows = connection.execute(query).all()
    return [
        Subscribers(row.plan, row.program_id, PlanStatus(row.term_status), row.accounts, row.first, row.last)
        for row in rows
    ]


def versions(store: Store, org_id: int) -> list[VersionRow]:
    """Every version of the organization's program, newest first."""
    query = (
        sa.select(
            program_version.c.program_id, program_version.c.version, program_version.c.name,
            program_version.c.created_at, program_version.c.actor, program_version.c.reason,
            organization.c.program_id.label("current"),
        )
        .join(organization, organization.c.org_id == program_version.c.org_id)
        .where(program_version.c.org_id == org_id)
        .order_by(program_version.c.program_id.desc())
    )  # fmt: skip
    with store.read(org_id) as connection:
        rows = connection.execute(query).all()
    return [
        VersionRow(
            row.program_id, row.version, row.name, row.created_at, row.actor, row.reason, row.program_id == row.current
        )
        for row in rows
    ]
