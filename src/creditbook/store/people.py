"""Who there is and where they belong: rows of `person` and `membership`, read and written for `access`.

Every function takes a connection of `Store.read` or `Store.write`; none commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from creditbook.store import recipe_postgres
from creditbook.store.tables.ledger import account, organization
from creditbook.store.tables.people import membership, person

Connection = sa.Connection
Row = sa.Row[*tuple[Any, ...]]


def see_as(connection: sa.Connection, org_id: int, person_id: int) -> None:
    """For the rest of this transaction, let row-level security show this organization and this person's memberships.

    For whoever learns inside the transaction whom it is about; who knows before gives both to `Store.read`.
    """
    if connection.dialect.name == "postgresql":
        for statement in recipe_postgres.scope(org_id, person_id):
            connection.exec_driver_sql(statement)


def person_by_name(connection: sa.Connection, user_name: str) -> Row | None:
    """The person with this user name, already lower-cased; None when there is none."""
    return connection.execute(sa.select(person).where(person.c.user_name == user_name)).one_or_none()


def person_by_id(connection: sa.Connection, person_id: int) -> Row | None:
    """The person with this id."""
    return connection.execute(sa.select(person).where(person.c.person_id == person_id)).one_or_none()


def add_person(connection: sa.Connection, **columns: Any) -> None:
    """A new person; the caller took the id and checked the user name."""
    connection.execute(sa.insert(person).values(columns))


def change_person(connection: sa.Connection, person_id: int, **columns: Any) -> None:
    """New values for some of a person's columns."""
    connection.execute(sa.update(person).where(person.c.person_id == person_id).values(columns))


def add_membership(connection: sa.Connection, **columns: Any) -> None:
    """A person's place in an organization."""
    connection.execute(sa.insert(membership).values(columns))


def change_membership(connection: sa.Connection, org_id: int, person_id: int, **columns: Any) -> None:
    """New values for some of a membership's columns."""
    its_row = (membership.c.org_id == org_id) & (membership.c.person_id == person_id)
    connection.execute(sa.update(membership).where(its_row).values(columns))


def membership_of(connection: sa.Connection, org_id: int, person_id: int) -> Row | None:
    """One person's place in one organization."""
    its_row = (membership.c.org_id == org_id) & (membership.c.person_id == person_id)
    return connection.execute(sa.select(membership).where(its_row)).one_or_none()


def holder_of(connection: sa.Connection, org_id: int, account_id: int) -> int | None:
    """The person whose account this is, None while it is nobody's."""
    its_row = (membership.c.org_id == org_id) & (membership.c.account_id == account_id)
    return connection.scalar(sa.select(membership.c.person_id).where(its_row))


def lock_administrators(connection: sa.Connection, org_id: int) -> list[int]:
    """The active administrators' ids, locked in order, so that two of them cannot demote each other at once."""
    found = (
        sa.select(membership.c.person_id)
        .where(membership.c.org_id == org_id, membership.c.role == "admin", membership.c.is_active)
        .order_by(membership.c.person_id)
        .with_for_update()
    )
    return list(connection.scalars(found))


_SEATS = sa.select(
    membership.c.org_id, membership.c.role, membership.c.is_active, organization.c.slug, organization.c.name
).select_from(membership.join(organization, organization.c.org_id == membership.c.org_id))


def seats_of(connection: sa.Connection, person_id: int) -> Sequence[Row]:
    """Every organization the person is an active member of, by name. Read with `person_id` and no organization."""
    its_rows = (membership.c.person_id == person_id) & membership.c.is_active
    return connection.execute(_SEATS.where(its_rows).order_by(organization.c.name, organization.c.org_id)).all()


def organizations(connection: sa.Connection) -> Sequence[Row]:
    """Every organization of the installation, by name: an operator's switcher."""
    columns = (organization.c.org_id, organization.c.slug, organization.c.name)
    return connection.execute(sa.select(*columns).order_by(organization.c.name, organization.c.org_id)).all()


def memberships_elsewhere(connection: sa.Connection, org_id: int, person_id: int) -> int:
    """How many other organizations the person belongs to. Needs the transaction's `person_id`."""
    elsewhere = (membership.c.person_id == person_id) & (membership.c.org_id != org_id)
    return connection.scalar(sa.select(sa.func.count()).select_from(membership).where(elsewhere)) or 0


_SEAT = sa.select(
    organization.c.org_id,
    organization.c.slug,
    organization.c.name,
    organization.c.zone,
    organization.c.currency,
    organization.c.is_sample,
    membership.c.role,
    membership.c.is_active,
    account.c.account_id,
    account.c.name.label("account_name"),
    account.c.zone.label("account_zone"),
    account.c.pool_id,
).select_from(
    organization.outerjoin(
        membership,
        (membership.c.org_id == organization.c.org_id) & (membership.c.person_id == sa.bindparam("person")),
    ).outerjoin(
        account, (account.c.org_id == membership.c.org_id) & (account.c.account_id == membership.c.account_id)
    )
).where(organization.c.org_id == sa.bindparam("org"))  # fmt: skip


def seat(connection: sa.Connection, org_id: int, person_id: int) -> Row | None:
    """One organization with the person's place in it, if she has one, and her account there.

    Needs the transaction's organization and person.
    """
    return connection.execute(_SEAT, {"org": org_id, "person": person_id}).one_or_none()


_MEMBERS = (
    sa.select(
        person.c.person_id,
        person.c.user_name,
        person.c.display_name,
        person.c.email,
        person.c.is_operator,
        person.c.is_active.label("person_is_active"),
        person.c.password_hash.is_not(None).label("has_password"),
        membership.c.role,
        membership.c.is_active,
        membership.c.created_at,
        account.c.account_id,
        account.c.name.label("account_name"),
        account.c.status,
        account.c.plan,
        account.c.pool_id,
    )
    .select_from(
        membership.join(person, person.c.person_id == membership.c.person_id).outerjoin(
            account, (account.c.org_id == membership.c.org_id) & (account.c.account_id == membership.c.account_id)
        )
    )
    .order_by(sa.func.lower(person.c.display_name), person.c.person_id)
)


def members(connection: sa.Connection, org_id: int) -> Sequence[Row]:
    """Everybody of one organization, deactivated people too, by display name."""
    return connection.execute(_MEMBERS.where(membership.c.org_id == org_id)).all()


def operators(connection: sa.Connection) -> int:
    """How many operators the installation has."""
    return connection.scalar(sa.select(sa.func.count()).select_from(person).where(person.c.is_operator)) or 0


def anybody(connection: sa.Connection) -> bool:
    """Whether there is a person who could sign in."""
    return (
        connection.execute(sa.select(person.c.person_id).where(person.c.password_hash.is_not(None)).limit(1)).first()
        is not None
    )


def account_id_of(connection: sa.Connection, org_id: int, name: str) -> int | None:
    """The id of the account with this name in the organization."""
    return connection.scalar(sa.select(account.c.account_id).where(account.c.org_id == org_id, account.c.name == name))
