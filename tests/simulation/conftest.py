"""The year is played on SQLite in the suite, and on PostgreSQL too in a soak."""

from __future__ import annotations

import os

import pytest

SQLITE = pytest.param("sqlite_url", id="sqlite")
POSTGRESQL = pytest.param("postgres_url", id="postgresql", marks=pytest.mark.postgres)
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"


@pytest.fixture(params=[SQLITE, POSTGRESQL] if SOAK else [SQLITE])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of this test's own."""
    url: str = request.getfixturevalue(request.param)
    return url
