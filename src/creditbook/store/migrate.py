"""Alembic without a file: migrations live in the package, so they also run from a wheel.

They run on the same engine recipe, in one transaction of ours (SQLite's DDL is transactional only so), as the login
user, who owns the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from creditbook.domain.errors import Unavailable

from . import recipe_postgres, statistics
from .retry import is_unreachable

if TYPE_CHECKING:
    from .engine import Store

# Two processes that start at once must not both build the schema.
_POSTGRES_LOCK = "SELECT pg_advisory_xact_lock(hashtext('creditbook migrations'))"


def configuration(connection: sa.Connection | None = None) -> Config:
    """Alembic's settings, made in code. `connection` is an open transaction of ours."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(store: Store, revision: str) -> None:
    """Runs the migrations up to `revision`. Raises Unavailable on the schema of a newer Creditbook."""
    with transaction(store) as connection:
        try:
            command.upgrade(configuration(connection), revision)
        except CommandError as error:
            raise Unavailable(
                f"This database was made by a newer Creditbook than this one ({error}). Install that version, "
                "or name another database in CREDITBOOK_DATABASE_URL."
            ) from error
        statistics.plant(connection)
    # Connections from before may lack the role that the first migration makes.
    store.engine.dispose()


def downgrade(store: Store, revision: str) -> None:
    """Runs the migrations back to `revision`."""
    with transaction(store) as connection:
        command.downgrade(configuration(connection), revision)
    store.engine.dispose()


def is_current(store: Store) -> bool:
    """Whether the database answers and stands at the newest migration."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    engine = _login_engine(store)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == head
    except Exception as error:
        if is_unreachable(error):
            return False
        raise


@contextmanager
def transaction(store: Store) -> Iterator[sa.Connection]:
    """One transaction as the login user, alone among migrations; on SQLite keys are checked after one that moved."""
    with _login_engine(store).connect() as connection:
        if store.dialect == "sqlite":
            # A table rebuilt under `foreign_keys=ON` would take its children's rows for orphans.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        try:
            with connection.begin():
                connection.exec_driver_sql("BEGIN IMMEDIATE" if store.dialect == "sqlite" else "BEGIN")
                if store.dialect == "postgresql":
                    connection.exec_driver_sql(_POSTGRES_LOCK)
                stood_at = _revision(connection)
                yield connection
                # Over every row of every table: of millions it takes minutes, which no start without a migration needs.
                if _revision(connection) != stood_at:
                    _refuse_broken_keys(connection)
        finally:
            if store.dialect == "sqlite":
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_broken_keys(connection: sa.Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
    if broken:
        raise RuntimeError(f"The migration left rows that point nowhere: {[tuple(row) for row in broken]}")


def _login_engine(store: Store) -> sa.Engine:
    if store.dialect == "sqlite":
        return store.engine
    return recipe_postgres.make_engine(sa.make_url(store.url), as_app=False)


def revisions() -> list[Script]:
    """Every migration, newest first."""
    return list(ScriptDirectory.from_config(configuration()).walk_revisions())
