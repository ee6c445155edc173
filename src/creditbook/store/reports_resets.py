"""Reading which wallets have a reset due, and when the next one falls due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .tables.ledger import account, organization, wallet


def _resetting(org_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        wallet.c.org_id == org_id,
        wallet.c.is_active,
        wallet.c.period_ends_at.is_not(None),
        # One that ends with its period, or before, is not renewed; an import's accounts are left to the import.
        sa.or_(wallet.c.expires_at.is_(None), wallet.c.expires_at > wallet.c.period_ends_at),
        account.c.import_id.is_(None),
        account.c.org_id == wallet.c.org_id,
        account.c.account_id == wallet.c.account_id,
        account.c.status != "closed",
    )


def count_due(connection: sa.Connection, org_id: int, at: datetime) -> tuple[int, datetime | None]:
    """How many wallets' periods ended by `at`, and the soonest end of those that run on."""
    due = sa.func.count().filter(wallet.c.period_ends_at <= at)
    upcoming = sa.func.min(wallet.c.period_ends_at).filter(wallet.c.period_ends_at > at)
    row = connection.execute(sa.select(due, upcoming).where(*_resetting(org_id))).one()
    return row[0], row[1]


def due_wallets(connection: sa.Connection, org_id: int, at: datetime, limit: int) -> Sequence[Any]:
    """The wallets longest due, oldest first: account name, wallet type, when it fell due, the zone it lives in."""
    zone = sa.func.coalesce(account.c.zone, organization.c.zone).label("zone")
    wanted = (
        sa.select(account.c.name, wallet.c.type, wallet.c.period_ends_at, zone)
        .where(*_resetting(org_id), organization.c.org_id == wallet.c.org_id, wallet.c.period_ends_at <= at)
        .order_by(wallet.c.period_ends_at, wallet.c.wallet_id)
        .limit(limit)
    )
    return connection.execute(wanted).all()


def by_zone(connection: sa.Connection, org_id: int, at: datetime, late_since: datetime) -> Sequence[Any]:
    """Per time zone: resetting wallets, those due by `at`, those due since `late_since`, last and next reset."""
    end = wallet.c.period_ends_at
    zone = sa.func.coalesce(account.c.zone, organization.c.zone).label("zone")
    wanted = (
        sa.select(
            zone,
            sa.func.count().label("wallets"),
            sa.func.count().filter(end <= at).label("due"),
            sa.func.count().filter(end <= late_since).label("late"),
            sa.func.max(wallet.c.last_reset_at).label("last"),
            sa.func.min(end).filter(end > at).label("next"),
        )
        .where(*_resetting(org_id), organization.c.org_id == wallet.c.org_id)
        .group_by(zone)
        .order_by(sa.func.count().desc(), zone)
    )
    return connection.execute(wanted).all()
