"""A ledger on both databases, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger


@pytest.fixture
def clock() -> MovedClock:
    """Noon of 4 March 2026, UTC, until it is moved."""
    return MovedClock()


@pytest.fixture
def ledger(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    """A ledger with the organization `acme` and the account `acme/asha` on the bare plan."""
    opened = a_ledger(database_url, clock)
    opened.open_account("acme/asha")
    yield opened
    opened.close()
