"""What usage adds up to, by day, by hour and by month: written by the transaction that it counts (rule 36)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from .journal import Transaction
from .rolling import SHARDS, SPREAD, add_up

MEASURES = (
    "requests",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "charged",
    "refunded",
    "cost_usd_nanos",
    "cost_inr_nanos",
    "unpriced",
)
Sums = list[int]


@dataclass(slots=True)
class Rollups:
    """Sums to add, in the order of `MEASURES`, per key of each rollup table."""

    account_day: dict[tuple[int, date, str, str, str], Sums] = field(default_factory=dict)
    org_day: dict[tuple[date, str, str, str, str, int], Sums] = field(default_factory=dict)
    org_hour: dict[tuple[date, int, int], Sums] = field(default_factory=dict)
    month_account: dict[tuple[date, int], Sums] = field(default_factory=dict)


def rollups_of(transactions: Iterable[Transaction]) -> Rollups:
    """What these transactions add to the rollups. Only usage and its refunds count."""
    sums = Rollups()
    for txn in transactions:
        if txn.kind == "usage":
            charged, refunded = txn.charged, 0
        elif txn.kind == "refund":
            charged, refunded = 0, txn.charged
        else:
            continue
        line = (
            txn.requests, txn.input_tokens, txn.output_tokens, txn.cached_tokens, txn.reasoning_tokens,
            charged, refunded, txn.cost_usd_nanos or 0, txn.cost_inr_nanos or 0, int(txn.unpriced),
        )  # fmt: skip
        shard = txn.account_id % SPREAD % SHARDS
        add_up(sums.account_day, (txn.account_id, txn.account_date, txn.agent, txn.model, txn.feature), line)
        add_up(sums.org_day, (txn.org_date, txn.agent, txn.model, txn.feature, txn.plan, shard), line)
        add_up(sums.org_hour, (txn.org_date, txn.org_hour, shard), line)
        add_up(sums.month_account, (txn.org_date.replace(day=1), txn.account_id), line)
    return sums
