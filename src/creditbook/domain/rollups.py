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

    account_day: dict[tuple[int, date, date, str, str, str], Sums] = field(default_factory=dict)
    org_day: dict[tuple[date, date, str, str, str, str, int], Sums] = field(default_factory=dict)
    org_hour: dict[tuple[date, int, int], Sums] = field(default_factory=dict)
    month_account: dict[tuple[date, int], Sums] = field(default_factory=dict)


def rollups_of(transactions: Iterable[Transaction], shards: int = SHARDS) -> Rollups:
    """What these transactions add to the rollups: usage, its refunds, and the corrections of its cost.

    A correction is an adjustment with a cost, which is what it adds to the usage's own; `unpriced` on it says that the
    usage had no price until then. ``shards`` is over how many rows writers of one organization spread.
    """
    sums = Rollups()
    for txn in transactions:
        charged, refunded, unpriced = 0, 0, int(txn.unpriced)
        if txn.kind == "usage":
            charged = txn.charged
        elif txn.kind == "refund":
            refunded = txn.charged
        elif txn.kind == "adjustment" and txn.cost_usd_nanos is not None:
            unpriced = -unpriced
        else:
            continue
        line = (
            txn.requests, txn.input_tokens, txn.output_tokens, txn.cached_tokens, txn.reasoning_tokens,
            charged, refunded, txn.cost_usd_nanos or 0, txn.cost_inr_nanos or 0, unpriced,
        )  # fmt: skip
        shard = txn.account_id % SPREAD % shards
        add_up(
            sums.account_day,
            (txn.account_id, txn.account_date, txn.org_date, txn.agent, txn.model, txn.feature), line,
        )  # fmt: skip
        add_up(
            sums.org_day,
            (txn.org_date, txn.accounting_date, txn.agent, txn.model, txn.feature, txn.plan, shard), line,
        )  # fmt: skip
        add_up(sums.org_hour, (txn.org_date, txn.org_hour, shard), line)
        add_up(sums.month_account, (txn.org_date.replace(day=1), txn.account_id), line)
    return sums
