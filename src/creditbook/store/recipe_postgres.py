"""The PostgreSQL recipe: psycopg 3, UTC, and a role that row-level security binds.

The tables belong to whoever migrates. The application itself always works as `creditbook_app`, which owns nothing, so
that FORCEd row-level security holds for it; a superuser would walk past it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from creditbook.domain.errors import InvalidRequest, Unavailable

APP_ROLE = "creditbook_app"

_MAY_BECOME_APP = """
SELECT current_user = %(role)s,
       EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %(role)s AND pg_has_role(oid, 'MEMBER')),
       rolsuper OR rolbypassrls
FROM pg_roles WHERE rolname = current_user
"""


def make_engine(url: sa.URL, *, as_app: bool) -> sa.Engine:
    """An engine in AUTOCOMMIT. With `as_app` every connection works as `creditbook_app`; migrations do not."""
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername != "postgresql+psycopg":
        raise InvalidRequest(f"Creditbook needs psycopg 3: write postgresql+psycopg://, not {url.drivername}://.")
    settings: dict[str, Any] = {"pool_size": 16, "max_overflow": 16, "pool_pre_ping": True}
    engine = sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        connect_args={"prepare_threshold": 0, "application_name": "creditbook"},
        **(settings if as_app else {"poolclass": sa.NullPool}),
    )
    sa.event.listen(engine, "connect", _as_app if as_app else _in_utc)
    return engine


def scope(org_id: int | None, person_id: int | None) -> Iterator[str]:
    """What says, for one transaction, whose rows may be seen. Integer literals: SET takes no parameters."""
    if org_id is None:
        yield "SET LOCAL app.directory = 'on'"
    else:
        yield f"SET LOCAL app.current_org = {int(org_id)}"
    if person_id is not None:
        yield f"SET LOCAL app.current_person = {int(person_id)}"


def _in_utc(connection: Any, _record: object) -> None:
    connection.execute("SET TIME ZONE 'UTC'")


def _as_app(connection: Any, record: object) -> None:
    _in_utc(connection, record)
    is_app, may_become, sees_all = connection.execute(_MAY_BECOME_APP, {"role": APP_ROLE}).fetchone()
    if may_become and not is_app:
        connection.execute(f"SET ROLE {APP_ROLE}")
    elif sees_all:
        raise Unavailable(f"This server has no role {APP_ROLE} yet. Run `creditbook init` first.")
