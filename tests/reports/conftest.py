"""Reports read a real database, on both engines."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from support.ledgers import MovedClock
from support.revenues import Season, a_season
from support.spent_account import NOW, SpentAccount, october

from creditbook import open_ledger
from creditbook.access.values import Principal
from creditbook.store.engine import Store, open_store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def rows(store: Store) -> SpentAccount:
    built = october(NOW)
    built.write(store)
    return built


@pytest.fixture
def asha() -> Principal:
    return Principal(
        person_id=1,
        user_name="asha",
        name="Asha Raman",
        role="user",
        org_id=1,
        org_slug="org1",
        org_name="Nilgiri Studio",
        zone="Asia/Kolkata",
        account_id=100,
        account_name="asha",
    )


@pytest.fixture(scope="session")
def season(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Season]:
    """Four months of a shop; for reading only, every test shares it."""
    file = shutil.copy(sqlite_template, tmp_path_factory.mktemp("season") / "creditbook.db")
    clock = MovedClock()
    ledger = open_ledger(f"sqlite:///{file}", clock=clock)
    yield a_season(ledger, clock)
    ledger.close()
