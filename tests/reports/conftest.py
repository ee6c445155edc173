"""Reports read a real database, on both engines."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from support.spent_account import NOW, SpentAccount, october

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
