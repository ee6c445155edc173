"""An organization whose sources are under test, on each database or on SQLite alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sources.arriving import Arrivals, arrivals_at


@pytest.fixture
def arrivals(sqlite_url: str) -> Iterator[Arrivals]:
    found = arrivals_at(sqlite_url)
    yield found
    found.ledger.close()


@pytest.fixture
def anywhere(database_url: str) -> Iterator[Arrivals]:
    """The same, once on each database."""
    found = arrivals_at(database_url)
    yield found
    found.ledger.close()
