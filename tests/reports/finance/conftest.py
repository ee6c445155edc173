"""One organization in awkward zones per engine, filled once for all tests that only read it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.databases import PostgresServer
from support.far_flung import FarFlung, far_flung

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="package", params=BOTH)
def rock(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FarFlung]:
    """The organization “rock” in Newfoundland, on either engine."""
    if request.param == "sqlite":
        path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("rock") / "rock.db")
        made = far_flung(f"sqlite:///{path}")
        yield made
        made.ledger.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database(migrated=True) as url:
        made = far_flung(url)
        yield made
        made.ledger.close()
