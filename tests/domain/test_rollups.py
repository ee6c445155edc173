"""Rollups that every writer of an organization adds to are spread over shards."""

from __future__ import annotations

from collections import Counter

import pytest
from support.books import utc

from creditbook.domain.journal import Transaction
from creditbook.domain.rolling import SHARDS
from creditbook.domain.rollups import rollups_of

NOON = utc(2026, 3, 4, 12)


def usage_of(account_id: int) -> Transaction:
    day = NOON.date()
    return Transaction(account_id, account_id, "usage", NOON, NOON, day, day, day, 12, "free", requests=1)


@pytest.mark.parametrize("step", [1, 2, 32, 64, 96])
def test_accounts_spread_evenly_over_the_shards_whatever_the_steps_of_their_ids(step: int) -> None:
    sums = rollups_of(usage_of(1 + step * number) for number in range(4_000))
    busy = Counter({shard: line[0] for (_, _, shard), line in sums.org_hour.items()})
    assert len(busy) == SHARDS
    assert max(busy.values()) < 1.1 * min(busy.values())
