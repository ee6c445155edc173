"""An installation with two organizations, on both databases, under a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.people import House

from creditbook.access import Principal, passwords
from creditbook.store.engine import open_store


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 4)


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    store = open_store(database_url)
    yield House(store)
    store.close()


@pytest.fixture
def studio(house: House) -> Principal:
    return house.organization("studio", "Nilgiri Studio")


@pytest.fixture
def teams(house: House) -> Principal:
    return house.organization("teams", "Coastal Teams", "Europe/Berlin")
