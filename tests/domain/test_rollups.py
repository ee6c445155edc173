"""Rollups that every writer of an organization adds to are spread over shards."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from support.books import utc

from creditbook.domain.journal import Transaction
from creditbook.domain.rolling import SHARDS
from creditbook.domain.rollups import MEASURES, rollups_of

NOON = utc(2026, 3, 4, 12)


def test_a_correction_changes_what_its_usage_cost_and_no_count_of_it() -> None:
    usage = usage_of(7)
    usage.cost_usd_nanos, usage.unpriced, usage.charged = None, True, 5
    later = replace(
        usage, txn_id=8, kind="adjustment", requests=0, charged=0, cost_usd_nanos=90, cost_inr_nanos=7_000,
        accounting_date=usage.org_date + timedelta(days=28),
    )  # fmt: skip
    zone_change = replace(usage, txn_id=9, kind="adjustment", requests=1, cost_usd_nanos=None)
    sums = rollups_of([usage, later, zone_change])
    figures = dict(zip(MEASURES, next(iter(sums.month_account.values())), strict=True))
    assert (figures["requests"], figures["charged"], figures["unpriced"]) == (1, 5, 0)
    assert (figures["cost_usd_nanos"], figures["cost_inr_nanos"]) == (90, 7_000)
    booked = {key[1]: line[MEASURES.index("unpriced")] for key, line in sums.org_day.items()}
    assert booked == {usage.org_date: 1, later.accounting_date: -1}


def usage_of(account_id: int) -> Transaction:
    day = NOON.date()
    return Transaction(account_id, account_id, "usage", NOON, NOON, day, day, day, 12, "free", requests=1)


@pytest.mark.parametrize("step", [1, 2, 32, 64, 96])
def test_accounts_spread_evenly_over_the_shards_whatever_the_steps_of_their_ids(step: int) -> None:
    sums = rollups_of(usage_of(1 + step * number) for number in range(4_000))
    busy = Counter({shard: line[0] for (_, _, shard), line in sums.org_hour.items()})
    assert len(busy) == SHARDS
    assert max(busy.values()) < 1.1 * min(busy.values())
