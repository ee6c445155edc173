"""What every test may ask for: databases on both engines, empty or migrated. Helpers live in tests/support."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from support.databases import (
    CONTINUOUS_INTEGRATION,
    NoPostgres,
    PostgresServer,
    memory_folder,
    migrate,
    postgres_for_tests,
)
from support.people import House

# Where the environment forbids bytecode, every worker, server and command of a run compiles six hundred files anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres)]

LONGEST_FIRST = (
    "tests/model/test_rules_against_model.py", "tests/browser/", "tests/simulation/", "tests/test_readme.py",
    "tests/demo/", "tests/model/", "tests/domain/test_plans_random.py", "tests/ingest/", "tests/test_benchmarks.py",
    "tests/ledger/",
)  # fmt: skip
"""Files of few and long tests: begun last, one of them would keep a single worker busy while the other stands idle."""


def pytest_configure(config: pytest.Config) -> None:
    """Has `tmp_path` in memory where there is room: a ledger waits for the disk at every commit, as it should."""
    memory = memory_folder()
    if memory is not None and config.option.basetemp is None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.fixture(autouse=True)
def our_own_main() -> Iterator[None]:
    """Streamlit puts each page it runs in the place of `__main__`; a process that a later test spawns would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session", autouse=True)
def components_looked_for_once() -> None:
    """Streamlit reads every installed package's metadata for each AppTest: 0.4 s of CPU, and always the same."""
    if "streamlit" in sys.modules:
        from streamlit.components.v2 import manifest_scanner

        manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One real PostgreSQL for the whole run (CREDITBOOK_TEST_POSTGRES_URL wins). Missing in CI is a failure."""
    try:
        with postgres_for_tests() as server:
            yield server
    except NoPostgres as reason:
        if CONTINUOUS_INTEGRATION:
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database of this test's own, at the newest migration."""
    with postgres_server.database(migrated=True) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database of this test's own with nothing in it."""
    with postgres_server.database(migrated=False) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest migration, made once a run and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "creditbook.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite file of this test's own, at the newest migration."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'creditbook.db')}"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """Where a SQLite file of this test's own will be; nothing is there yet."""
    return f"sqlite:///{tmp_path / 'creditbook.db'}"


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own: once on SQLite, once on PostgreSQL."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=BOTH)
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of this test's own: once on SQLite, once on PostgreSQL."""
    url: str = request.getfixturevalue("empty_sqlite_url" if request.param == "sqlite" else "empty_postgres_url")
    return url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what asks for PostgreSQL, so that `-m 'not postgres'` leaves it out; the longest files come first."""

    def place(item: pytest.Item) -> int:
        return next((n for n, path in enumerate(LONGEST_FIRST) if item.nodeid.startswith(path)), len(LONGEST_FIRST))

    items.sort(key=place)
    for item in items:
        if {"postgres_url", "empty_postgres_url", "postgres_server"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.postgres)


@pytest.fixture
def installed_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Points this process's installation (`creditbook.installation`) at a database URL, and closes it afterwards."""
    from creditbook.installation import close_installations

    yield lambda url: monkeypatch.setenv("CREDITBOOK_DATABASE_URL", url)
    close_installations()


@pytest.fixture
def house(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """This process's installation with nobody in it yet, whose people sign in quickly; pages find it by themselves."""
    import streamlit as st

    from creditbook.access import passwords
    from creditbook.installation import close_installations, installation

    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", sqlite_url)
    monkeypatch.setattr(passwords, "ROUNDS", 4)
    yield House(installation().store, clock=installation().clock)
    close_installations()
    st.cache_data.clear()
    st.cache_resource.clear()
