"""Backups while the ledger runs: one consistent file, and the way back from it.

SQLite copies itself; PostgreSQL has its own `pg_dump` and `pg_restore`, which must be on the PATH and no older than the
server. Their login has to be able to read past row-level security: the tables' owner with BYPASSRLS, or a superuser.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from creditbook.domain.errors import Conflict, InvalidRequest, Unavailable

from . import directory, recipe_sqlite
from .engine import Store


def backup(store: Store, path: Path) -> None:
    """Writes the whole database, as of one moment, to a new file.

    Raises Conflict when the file is there, Unavailable when it can't be written.
    """
    if path.exists():
        raise Conflict(f"{path} is there already. Name a new file: a backup never replaces another.")
    path.parent.mkdir(parents=True, exist_ok=True)
    if store.dialect == "sqlite":
        with store.driver() as connection:
            connection.execute("VACUUM INTO ?", (str(path),))
    else:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={path}", f"--dbname={_address(store)}")


def restore(store: Store, path: Path) -> None:
    """Fills an empty database from a backup and upgrades it to this version's schema.

    Raises Conflict when the database holds an organization, InvalidRequest when the file is no backup of its kind.
    """
    if not store.is_current():
        store.upgrade()
    if directory.organizations(store):
        raise Conflict("This database is in use. Restore into an empty one: name it in CREDITBOOK_DATABASE_URL.")
    if store.dialect == "sqlite":
        _restore_sqlite(store, path)
    else:
        # The upgrade above made the application's role, which belongs to the server and is in no dump.
        _run(
            "pg_restore", "--clean", "--if-exists", "--no-owner", "--exit-on-error", "--single-transaction",
            f"--dbname={_address(store)}", str(path),
        )  # fmt: skip
    store.engine.dispose()
    store.upgrade()


def _restore_sqlite(store: Store, path: Path) -> None:
    driver = recipe_sqlite.driver()
    try:
        with closing(driver.connect(f"file:{path.resolve()}?mode=ro", uri=True)) as source:
            damage = source.execute("PRAGMA integrity_check").fetchone()[0]
            source.execute("SELECT version_num FROM alembic_version").fetchone()
            if damage != "ok":
                raise InvalidRequest(f"{path} is damaged: {damage}")
            with store.driver() as target:
                source.backup(target)
    except driver.DatabaseError as error:
        raise InvalidRequest(f"{path} is no backup of a Creditbook on SQLite ({error}).") from error


def _address(store: Store) -> str:
    return sa.make_url(store.url).set(drivername="postgresql").render_as_string(hide_password=False)


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise Unavailable(f"{program} was not found. Install PostgreSQL's client programs and put them on the PATH.")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Unavailable(f"{program} failed: {done.stderr.strip()}")
