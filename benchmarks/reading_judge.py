"""DuckDB on its own native copy of the raw transactions: what the pages' figures are, and how fast they could be had.

The copy is as kind to DuckDB as can be: a column per measure, ready to be added, no JSON, no text that no page reads,
in the order of time, so that its zone maps skip the days that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from creditbook.reports.finance.wanted import NAMED, Wanted
from creditbook.store.engine import open_store
from creditbook.store.tables.ledger import MEASURES

_AT_ONCE = 200_000
_KEYS = ("org_id", "txn_id", "account_id", "org_date", "accounting_date", "org_hour", *NAMED)
_OF_TXN = {
    "charged": "CASE WHEN kind = 'usage' THEN charged ELSE 0 END",
    "refunded": "CASE WHEN kind = 'refund' THEN charged ELSE 0 END",
    "cost_usd_nanos": "COALESCE(cost_usd_nanos, 0)",
    "cost_inr_nanos": "COALESCE(cost_inr_nanos, 0)",
    "unpriced": "CASE WHEN kind = 'adjustment' THEN -unpriced ELSE unpriced END",
}
_RAW = (
    f"SELECT {', '.join(_KEYS)}, {', '.join(f'{_OF_TXN.get(name, name)} AS {name}' for name in MEASURES)} "
    "FROM ledger_transaction "
    "WHERE kind IN ('usage', 'refund') OR (kind = 'adjustment' AND cost_usd_nanos IS NOT NULL) ORDER BY txn_id"
)
_SUMS = ", ".join(f"COALESCE(SUM({name}), 0)::BIGINT" for name in MEASURES)


def copy(sqlite: Path, native: Path) -> None:
    """Copies the raw rows of a SQLite file to a DuckDB file of its own."""
    columns = (*_KEYS, *MEASURES)
    kinds = {"org_date": "DATE", "accounting_date": "DATE", "org_hour": "TINYINT"} | dict.fromkeys(NAMED, "VARCHAR")
    judge = duckdb.connect(str(native))
    said = ", ".join(f"{name} {kinds.get(name, 'BIGINT')}" for name in columns)
    judge.execute(f"CREATE TABLE raw ({said})")
    store = open_store(f"sqlite:///{sqlite}")
    with store.driver() as connection:
        rows = connection.execute(_RAW)
        while chunk := rows.fetchmany(_AT_ONCE):
            judge.register("chunk", pd.DataFrame(chunk, columns=list(columns)))
            judge.execute("INSERT INTO raw SELECT * FROM chunk")
    store.close()
    judge.execute("CHECKPOINT")
    judge.close()


class Judge:
    """The questions of the page of usage, asked of the raw rows of one organization."""

    def __init__(self, native: Path, org_id: int) -> None:
        self._judge = duckdb.connect(str(native), read_only=True)
        self._org_id = org_id

    def close(self) -> None:
        """Lets go of the file."""
        self._judge.close()

    def _ask(self, select: str, wanted: Wanted | None, tail: str = "") -> list[tuple[Any, ...]]:
        terms, values = self._terms(wanted)
        return self._judge.execute(f"SELECT {select} FROM raw WHERE {terms} {tail}", values).fetchall()

    def _terms(self, wanted: Wanted | None) -> tuple[str, list[Any]]:
        terms, values = ["org_id = ?"], [self._org_id]
        if wanted is not None:
            day = "org_date" if wanted.basis == "event" else "accounting_date"
            terms.append(f"{day} BETWEEN ? AND ?")
            values += [wanted.first, wanted.last]
            for column, asked in (*((name, wanted.names(name)) for name in NAMED), ("account_id", wanted.accounts)):
                if asked:
                    terms.append(f"{column} IN ({', '.join('?' * len(asked))})")
                    values += asked
        return " AND ".join(terms), values

    def days(self) -> tuple[Any, Any]:
        """The first and the last day with usage."""
        ((first, last),) = self._ask("MIN(org_date), MAX(org_date)", None)
        return first, last

    def names(self) -> list[tuple[Any, ...]]:
        """Every combination of names."""
        return self._ask(f"DISTINCT {', '.join(NAMED)}", None)

    def total(self, wanted: Wanted) -> tuple[Any, ...]:
        """All in one row."""
        return self._ask(_SUMS, wanted)[0]

    def by(self, wanted: Wanted, *keys: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """Figures per keys, which are columns or expressions."""
        said = ", ".join(keys)
        places = ", ".join(str(place) for place in range(1, len(keys) + 1))
        return {
            row[: len(keys)]: row[len(keys) :] for row in self._ask(f"{said}, {_SUMS}", wanted, f"GROUP BY {places}")
        }

    def spenders(self, wanted: Wanted, limit: int) -> Sequence[tuple[Any, ...]]:
        """The accounts that cost the most."""
        place = 2 + MEASURES.index("cost_usd_nanos")
        return self._ask(f"account_id, {_SUMS}", wanted, f"GROUP BY 1 ORDER BY {place} DESC, 1 LIMIT {limit}")

    def accounts(self, wanted: Wanted) -> int:
        """How many accounts have any."""
        return int(self._ask("COUNT(DISTINCT account_id)", wanted)[0][0])


HEAT = ("isodow(org_date) - 1", "org_hour")
"""Weekday and hour, as `Judge.by` takes them."""
