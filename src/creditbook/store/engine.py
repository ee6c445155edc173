"""How Creditbook opens a database: one recipe per engine, and the transactions that every store module uses.

    store = open_store("sqlite:///data/creditbook.db")
    store.upgrade()
    with store.read(org_id) as connection: …      # one snapshot of one organization
    with store.write(org_id) as connection: …     # all of it or none of it

Both engines run in AUTOCOMMIT with BEGIN and COMMIT of our own: what drivers begin by themselves is too late (on SQLite
it reads, then finds that it may not write) and not transactional for DDL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import sqlalchemy as sa

from creditbook.domain.errors import InvalidRequest

from . import recipe_postgres, recipe_sqlite, retry

Result = TypeVar("Result")
Dialect = Literal["sqlite", "postgresql"]


def database_file(url: str) -> Path | None:
    """The file that a SQLite address names, there or not; None for another kind of address. Opens and makes nothing.

    Raises InvalidRequest for what is no database address.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database.startswith((":", "file:")):
        return None
    return Path(parsed.database)


def open_store(url: str) -> Store:
    """Opens the database at a SQLAlchemy URL without touching its schema.

    `sqlite:///path` makes the folder if need be; `postgresql://…` means psycopg 3.
    Raises InvalidRequest when the URL is neither.
    """
    parsed = _parsed(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return Store(url, "sqlite", recipe_sqlite.make_engine(parsed))
    if backend == "postgresql":
        return Store(url, "postgresql", recipe_postgres.make_engine(parsed, as_app=True))
    raise InvalidRequest(f"Creditbook runs on SQLite and PostgreSQL, not on {backend}. {_EXAMPLES}")


def _parsed(url: str) -> sa.URL:
    try:
        return sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise InvalidRequest(f"{url!r} is no database address. {_EXAMPLES}") from error


_EXAMPLES = "Write sqlite:///data/creditbook.db or postgresql+psycopg://user:password@host/database."


class Store:
    """One open database. Safe to share between threads; every `read` and `write` takes a connection of its own."""

    def __init__(self, url: str, dialect: Dialect, engine: sa.Engine) -> None:
        self.url = url
        self.dialect: Dialect = dialect
        self.engine = engine

    @contextmanager
    def read(self, org_id: int | None = None, *, person_id: int | None = None) -> Iterator[sa.Connection]:
        """One consistent snapshot, for reading only.

        PostgreSQL shows the rows of `org_id` alone; without one, those of no organization, but for the directory of
        organizations. `person_id` also opens that person's own memberships, in whatever organization.
        """
        begin = "BEGIN" if self.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        with self._transaction(begin, org_id, person_id) as connection:
            yield connection

    @contextmanager
    def write(self, org_id: int | None = None, *, person_id: int | None = None) -> Iterator[sa.Connection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        On SQLite it holds the one write lock from its first moment. Bounded retry is the caller's: `retrying`.
        """
        begin = "BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN"
        with self._transaction(begin, org_id, person_id) as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str, org_id: int | None, person_id: int | None) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql(begin)
            if self.dialect == "postgresql":
                for statement in recipe_postgres.scope(org_id, person_id):
                    connection.exec_driver_sql(statement)
            yield connection

    @contextmanager
    def driver(self) -> Iterator[Any]:
        """The driver's own connection, kept for the length of the block and outside any transaction: the hot path's."""
        fairy = self.engine.raw_connection()
        try:
            yield fairy.driver_connection
        finally:
            fairy.close()

    def retrying(self, work: Callable[[], Result]) -> Result:
        """Calls `work` again, a few times and not at once, while the database refuses it for a passing reason.

        Raises Unavailable when it keeps refusing or cannot be reached.
        """
        return retry.retrying(work)

    def upgrade(self, revision: str = "head") -> None:
        """Brings the schema to `revision`, in one transaction: all of the migrations or none."""
        from . import migrate

        migrate.upgrade(self, revision)

    def downgrade(self, revision: str = "base") -> None:
        """Takes the schema back to `revision` and loses what later ones held. For tests and for a change of mind."""
        from . import migrate

        migrate.downgrade(self, revision)

    def connections(self) -> dict[str, int]:
        """How many connections of the pool are in use, and how many are open and idle."""
        pool = self.engine.pool
        if not isinstance(pool, sa.QueuePool):
            return {}
        return {"in_use": pool.checkedout(), "idle": pool.checkedin()}

    def is_current(self) -> bool:
        """Whether the database answers and stands at the newest migration."""
        from . import migrate

        return migrate.is_current(self)

    def close(self) -> None:
        """Closes every connection. The store can be used again; it opens new ones."""
        self.engine.dispose()
