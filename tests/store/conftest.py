"""A desk at which batches are run, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.batching import ASHA, MEI, POOL, RAVI, Desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    yield desk
    desk.close()


@pytest.fixture
def asha(desk: Desk) -> int:
    return desk.open("asha", ASHA, external_id="crm-1")


@pytest.fixture
def team(desk: Desk) -> int:
    desk.open("", POOL, kind="pool")
    desk.open("ravi", RAVI, pool_id=POOL, quota_tokens=150)
    desk.open("mei", MEI, pool_id=POOL)
    return POOL
