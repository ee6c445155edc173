"""Who is called what: organizations by slug, accounts by name. The ids behind names never change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from . import ids
from .engine import Store
from .tables.ledger import (
    account,
    hold,
    ledger_transaction,
    operation_key,
    organization,
    program_version,
    token_grant,
    wallet,
)


@dataclass(frozen=True, slots=True)
class Organization:
    """One tenant of the directory."""

    org_id: int
    slug: str
    name: str
    zone: str
    currency: str
    program_id: int
    is_sample: bool


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account's ids: its own, its family's root, its organization's. None of them ever changes."""

    org_id: int
    account_id: int
    root_id: int


def is_empty(store: Store) -> bool:
    """Whether the database has no schema of ours at all yet."""
    return not sa.inspect(store.engine).has_table(organization.name)


def organizations(store: Store) -> list[Organization]:
    """Every organization, by slug."""
    with store.read() as connection:
        rows = connection.execute(sa.select(organization).order_by(organization.c.slug)).all()
    return [_organization(row) for row in rows]


def organization_by_slug(store: Store, slug: str) -> Organization | None:
    """The organization of this slug."""
    with store.read() as connection:
        row = connection.execute(sa.select(organization).where(organization.c.slug == slug)).one_or_none()
    return _organization(row) if row is not None else None


def _organization(row: Any) -> Organization:
    return Organization(
        row.org_id, row.slug, row.name, row.zone, row.currency, row.program_id, bool(row.is_sample)
    )  # fmt: skip


def account_by_name(store: Store, org_id: int, name: str) -> AccountRef | None:
    """The account of this name in an organization; the pool's name is empty."""
    wanted = sa.select(account.c.account_id, account.c.pool_id).where(
        account.c.org_id == org_id, account.c.name == name
    )
    with store.read(org_id) as connection:
        row = connection.execute(wanted).one_or_none()
    return None if row is None else AccountRef(org_id, row.account_id, row.pool_id or row.account_id)


def account_zone(store: Store, ref: AccountRef) -> str:
    """The IANA zone in force for an account: its own, else its organization's."""
    wanted = (
        sa.select(sa.func.coalesce(account.c.zone, organization.c.zone))
        .join(organization, organization.c.org_id == account.c.org_id)
        .where(account.c.org_id == ref.org_id, account.c.account_id == ref.account_id)
    )
    with store.read(ref.org_id) as connection:
        return str(connection.execute(wanted).scalar_one())


def families(store: Store, org_id: int, *, due_by: datetime | None = None) -> Sequence[AccountRef]:
    """Every open account with its family's root; with ``due_by``, those that have something to settle by then."""
    wanted = sa.select(account.c.account_id, account.c.pool_id).where(
        account.c.org_id == org_id, account.c.status != "closed", account.c.import_id.is_(None)
    )
    if due_by is not None:
        wanted = wanted.where(_is_due(due_by))
    with store.read(org_id) as connection:
        rows = connection.execute(wanted.order_by(account.c.account_id)).all()
    return [AccountRef(org_id, row.account_id, row.pool_id or row.account_id) for row in rows]


def accounts(
    store: Store, org_id: int, *, after: int = 0, limit: int, status: str | None = None, external_id: str | None = None
) -> list[Any]:
    """At most so many accounts of an organization after one, in the order of their ids: what is told of them in lists.

    Without a ``status`` all that are not closed, without an ``external_id`` whatever theirs is.
    """
    a = account.c
    wanted = (
        sa.select(
            a.account_id, a.name, a.kind, a.external_id, a.plan, a.status, a.pool_id, a.quota_tokens, a.created_at,
            sa.func.coalesce(a.zone, organization.c.zone).label("zone"),
        )
        .join(organization, organization.c.org_id == a.org_id)
        .where(a.org_id == org_id, a.import_id.is_(None), a.account_id > after)
        .where(a.status == status if status is not None else a.status != "closed")
        .order_by(a.account_id)
        .limit(limit)
    )  # fmt: skip
    if external_id is not None:
        wanted = wanted.where(a.external_id == external_id)
    with store.read(org_id) as connection:
        return list(connection.execute(wanted).all())


def is_due(connection: sa.Connection, ref: AccountRef, by: datetime) -> bool:
    """Whether something of this open account is to be settled by then and not written yet."""
    mine = sa.select(account.c.account_id).where(
        account.c.org_id == ref.org_id, account.c.account_id == ref.account_id, account.c.status != "closed"
    )
    return connection.execute(mine.where(_is_due(by))).first() is not None


def _is_due(by: datetime) -> sa.ColumnElement[bool]:
    def of(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        mine = (table.c.org_id == account.c.org_id) & (table.c.account_id == account.c.account_id)
        return sa.exists().where(mine, *conditions)

    # A plan that never begins anew follows an edit of the program at once.
    follows = sa.and_(
        account.c.plan != "",
        account.c.program_id != 0,
        account.c.term_ends_at.is_(None),
        sa.exists().where(organization.c.org_id == account.c.org_id, organization.c.program_id != account.c.program_id),
        ~of(wallet, wallet.c.is_active, wallet.c.period_ends_at.is_not(None)),
    )
    return sa.or_(
        account.c.term_ends_at <= by,
        account.c.grace_ends_at <= by,
        follows,
        of(
            wallet,
            wallet.c.is_active,
            wallet.c.period_ends_at <= by,
            # One that ends with its period, or before, is not renewed.
            sa.or_(wallet.c.expires_at.is_(None), wallet.c.expires_at > wallet.c.period_ends_at),
        ),
        of(
            token_grant,
            token_grant.c.live,
            token_grant.c.expires_at <= by,
            token_grant.c.remaining > token_grant.c.held,
        ),
        of(hold, hold.c.status == "open", hold.c.ends_at <= by),
    )


def add_organization(connection: sa.Connection, **columns: Any) -> None:
    """A new organization's row; the caller took the ids and checked the slug."""
    connection.execute(sa.insert(organization).values(columns))


def add_program_version(connection: sa.Connection, document: dict[str, Any], **columns: Any) -> None:
    """One more version of an organization's program."""
    connection.execute(sa.insert(program_version).values(document=document, **columns))


def newest_version(connection: sa.Connection, org_id: int) -> int:
    """The number of the organization's newest program version, 0 when it has none."""
    newest = sa.select(sa.func.max(program_version.c.version)).where(program_version.c.org_id == org_id)
    return connection.scalar(newest) or 0


def use_program(connection: sa.Connection, org_id: int, program_id: int) -> None:
    """Put a program version in force."""
    connection.execute(sa.update(organization).where(organization.c.org_id == org_id).values(program_id=program_id))


def program_document(store: Store, org_id: int) -> dict[str, Any] | None:
    """The document of the program in force."""
    wanted = (
        sa.select(program_version.c.document)
        .join(organization, organization.c.org_id == program_version.c.org_id)
        .where(organization.c.org_id == org_id, organization.c.program_id == program_version.c.program_id)
    )
    with store.read(org_id) as connection:
        found = connection.scalar(wanted)
    return json.loads(found) if isinstance(found, str) else found


def take_id(store: Store, org_id: int) -> int:
    """One id of the ledger's source."""
    with store.write(org_id) as connection:
        return ids.take(connection, 1)[0]


def newest_transaction(store: Store, org_id: int) -> int:
    """The highest transaction id of an organization, 0 when it has none."""
    newest = sa.select(sa.func.max(ledger_transaction.c.txn_id)).where(ledger_transaction.c.org_id == org_id)
    with store.read(org_id) as connection:
        return connection.scalar(newest) or 0


def written_since(store: Store, org_id: int, txn_id: int) -> list[tuple[str, int, int]]:
    """What settlement wrote after a transaction: kind, number of transactions, tokens moved."""
    txn = ledger_transaction.c
    wanted = (
        sa.select(txn.kind, sa.func.count(), sa.func.sum(txn.tokens))
        .where(txn.org_id == org_id, txn.txn_id > txn_id, txn.actor == "system")
        .group_by(txn.kind)
    )
    with store.read(org_id) as connection:
        return [(kind, number, int(moved)) for kind, number, moved in connection.execute(wanted)]


def was_opened_by(store: Store, org_id: int, key: str) -> bool:
    """Whether an account was opened in this organization under this idempotency key."""
    used = sa.select(sa.func.count()).where(
        operation_key.c.org_id == org_id, operation_key.c.operation == "open_account", operation_key.c.key == key
    )
    with store.read(org_id) as connection:
        return bool(connection.scalar(used))
