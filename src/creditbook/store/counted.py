"""What every rollup counts, said once in SQL: `rebuilding` fills them by it and `verifying` holds them to it."""

# ruff: noqa: S608 - the statements are put together from this file's own words, never from anybody's input
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from creditbook.domain.rolling import BOOK_MEASURES, SPREAD

from .codec import POSTGRES, SQLITE
from .tables.ledger import MEASURES

_SHARD = f"account_id % {SPREAD} % {{shards}}"
_OF_TXN = (
    "requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens, "
    "CASE WHEN kind = 'usage' THEN charged ELSE 0 END AS charged, "
    "CASE WHEN kind = 'refund' THEN charged ELSE 0 END AS refunded, "
    "COALESCE(cost_usd_nanos, 0) AS cost_usd_nanos, COALESCE(cost_inr_nanos, 0) AS cost_inr_nanos, "
    "CASE WHEN NOT unpriced THEN 0 WHEN kind = 'adjustment' THEN -1 ELSE 1 END AS unpriced"
)
# Usage, what was given back of it, and what corrects its cost: an adjustment with a cost.
_USAGE = "kind IN ('usage', 'refund') OR (kind = 'adjustment' AND cost_usd_nanos IS NOT NULL)"
_OF_ENTRY = (
    "1 AS entries, CASE WHEN e.amount > 0 THEN e.amount ELSE 0 END AS tokens_in, "
    "CASE WHEN e.amount < 0 THEN -e.amount ELSE 0 END AS tokens_out, "
    "CASE WHEN e.deferred_minor > 0 THEN e.deferred_minor ELSE 0 END AS deferred_in_minor, "
    "CASE WHEN e.deferred_minor < 0 THEN -e.deferred_minor ELSE 0 END AS deferred_out_minor"
)
_ENTRIES = (
    "entry e JOIN ledger_transaction t ON t.org_id = e.org_id AND t.txn_id = e.txn_id "
    "JOIN token_grant g ON g.org_id = e.org_id AND g.grant_id = e.grant_id WHERE e.org_id = :org"
)


@dataclass(frozen=True, slots=True)
class Rollup:
    """A rollup: its table, its keys, what it adds up, and the rows that it counts, as a query with `:org`.

    What the databases say in their own way stands in braces (`spoken`): ``{month}`` opens the month of a date, up to
    the next ``{end}``; over ``{shards}`` rows writers spread.
    """

    table: str
    keys: tuple[str, ...]
    measures: Sequence[str]
    counts: str

    def filling(self) -> str:
        """The statement that fills it, when it is empty, from what it counts."""
        keys, measures = ", ".join(self.keys), ", ".join(self.measures)
        sums = ", ".join(f"SUM({measure})" for measure in self.measures)
        return (
            f"INSERT INTO {self.table} (org_id, {keys}, {measures}) SELECT org_id, {keys}, {sums} "
            f"FROM ({self.counts}) AS counted GROUP BY org_id, {keys}"
        )

    def differences(self) -> str:
        """The query of the keys under which it is not what it counts; over which shard a row went is all one."""
        keys, measures = ", ".join(key for key in self.keys if key != "shard"), ", ".join(self.measures)
        minus = ", ".join(f"-{measure}" for measure in self.measures)
        sums = ", ".join(f"SUM({measure}) AS {measure}" for measure in self.measures)
        unequal = " OR ".join(f"SUM({measure}) <> 0" for measure in self.measures)
        return (
            f"SELECT {keys}, {sums} FROM (SELECT {keys}, {measures} FROM {self.table} WHERE org_id = :org "
            f"UNION ALL SELECT {keys}, {minus} FROM ({self.counts}) AS counted) AS both_sides "
            f"GROUP BY {keys} HAVING {unequal}"
        )


def _of_usage(table: str, *keys: str) -> Rollup:
    said = {"month": "{month}org_date{end} AS month", "shard": f"{_SHARD} AS shard"}
    counts = ", ".join(said.get(key, key) for key in keys)
    return Rollup(
        table, keys, MEASURES, f"SELECT org_id, {counts}, {_OF_TXN} FROM ledger_transaction "
        f"WHERE org_id = :org AND ({_USAGE})",
    )  # fmt: skip


ROLLUPS = (
    _of_usage("usage_account_day", "account_id", "account_date", "org_date", "agent", "model", "feature"),
    _of_usage("usage_org_day", "org_date", "accounting_date", "agent", "model", "feature", "plan", "shard"),
    _of_usage("usage_org_hour", "org_date", "org_hour", "shard"),
    _of_usage("usage_month_account", "month", "account_id"),
    Rollup(
        "books_day",
        ("accounting_date", "kind", "class", "currency", "shard"),
        BOOK_MEASURES,
        f"SELECT e.org_id, t.accounting_date, t.kind, g.class, COALESCE(g.currency, '') AS currency, "
        f"t.{_SHARD} AS shard, {_OF_ENTRY} FROM {_ENTRIES}",
    ),
    Rollup(
        "pack_month",
        ("month", "grant_id", "kind"),
        BOOK_MEASURES,
        f"SELECT e.org_id, {{month}}t.accounting_date{{end}} AS month, e.grant_id, t.kind, {_OF_ENTRY} "
        f"FROM {_ENTRIES} AND g.price_minor > 0",
    ),
)
"""Every rollup, in the order in which writers add to them."""

_WORDS = {
    "sqlite": {"{month}": "date(", "{end}": ", 'start of month')", "{shards}": str(SQLITE.shards)},
    "postgresql": {"{month}": "date_trunc('month', ", "{end}": ")::date", "{shards}": str(POSTGRES.shards)},
}


def spoken(statement: str, dialect: str) -> str:
    """A statement of this file as the database says it."""
    for word, meaning in _WORDS[dialect].items():
        statement = statement.replace(word, meaning)
    return statement
