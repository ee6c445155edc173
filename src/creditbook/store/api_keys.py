"""API keys in the database: digests only. Every function takes a connection of `Store.read` or `Store.write`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .tables.ledger import account, api_key

k = api_key.c
_COLUMNS = (
    k.key_id, k.name, k.shown, k.scopes, k.account_id, account.c.name.label("account"), k.created_at, k.created_by,
    k.expires_at, k.revoked_at, k.last_used_at, k.replaced_by,
)  # fmt: skip
_WITH_ACCOUNT = api_key.outerjoin(account, sa.and_(account.c.org_id == k.org_id, account.c.account_id == k.account_id))


def by_digest(connection: sa.Connection, org_id: int, digest: str) -> Any:
    """The organization's key of this digest, with its account's name; None when there is none."""
    wanted = sa.select(*_COLUMNS).select_from(_WITH_ACCOUNT).where(k.org_id == org_id, k.digest == digest)
    return connection.execute(wanted).one_or_none()


def by_id(connection: sa.Connection, org_id: int, key_id: int) -> Any:
    """The organization's key of this id; None when there is none."""
    wanted = sa.select(*_COLUMNS).select_from(_WITH_ACCOUNT).where(k.org_id == org_id, k.key_id == key_id)
    return connection.execute(wanted).one_or_none()


def every(connection: sa.Connection, org_id: int) -> list[Any]:
    """All keys of the organization, newest first, revoked ones too."""
    wanted = sa.select(*_COLUMNS).select_from(_WITH_ACCOUNT).where(k.org_id == org_id).order_by(k.key_id.desc())
    return list(connection.execute(wanted).all())


def add(connection: sa.Connection, **columns: Any) -> None:
    """A new key; the caller took the id."""
    connection.execute(sa.insert(api_key).values(columns))


def change(connection: sa.Connection, org_id: int, key_id: int, **columns: Any) -> None:
    """New values for what may change of a key: its end, its revocation, its last use, what replaces it."""
    connection.execute(sa.update(api_key).where(k.org_id == org_id, k.key_id == key_id).values(columns))


def touch(connection: sa.Connection, org_id: int, key_id: int, at: datetime) -> None:
    """Note that a key was used; never back in time."""
    later = sa.or_(k.last_used_at.is_(None), k.last_used_at < at)
    connection.execute(
        sa.update(api_key).where(k.org_id == org_id, k.key_id == key_id, later).values(last_used_at=at)
    )  # fmt: skip
