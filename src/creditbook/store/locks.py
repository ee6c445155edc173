"""The lock between those who write an organization's books and those for whom all of them must stand still.

On PostgreSQL every writer shares it from the first flush of its batch until its commit (one more statement, no further
round trip); who closes a month or rebuilds the rollups takes it alone, and so waits for the writers that are under way.
What a writer loads afterwards it sees as it was left then: the day through which the books are closed among it. SQLite
has one writer at a time anyway.
"""

from __future__ import annotations

import sqlalchemy as sa

CLOSING_SHARED = "SELECT pg_advisory_xact_lock_shared({key})"
_ALONE = "SELECT pg_advisory_xact_lock(:key)"
_BELOW = -(2**62)
"""Accounts are locked by their ids and the seals of an organization by its id below nothing; these lie beneath both."""
_CODES = _BELOW - 2**61


def closing_lock(org_id: int) -> int:
    """The number of the lock of an organization."""
    return _BELOW - org_id


def stand_still(connection: sa.Connection, org_id: int) -> None:
    """Wait for all who write the organization's books, and keep others waiting until this transaction's end.

    It must be the first statement of a `Store.write`, before anything is read.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(_ALONE), {"key": closing_lock(org_id)})


def one_maker_of_codes(connection: sa.Connection, org_id: int) -> None:
    """Wait for whoever makes promo codes of the organization, so that what is looked up next is what there is."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(_ALONE), {"key": _CODES - org_id})
