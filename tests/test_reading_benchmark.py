"""The benchmark of reading runs, on rows that are whole books, and every figure that it times is DuckDB's."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from creditbook.reports.proof import prove
from creditbook.store.engine import open_store

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four thousand transactions of the last weeks before the end, in the four organizations."""
    folder = tmp_path_factory.mktemp("reading")
    sys.path.insert(0, str(ROOT))
    generator: Any = importlib.import_module("benchmarks.reading_rows")
    sys.path.remove(str(ROOT))
    generator.write(folder / "reading-4000.db", 4_000, days=60)
    return folder


def test_what_is_generated_are_whole_books_with_everything_that_pages_count(rows: Path) -> None:
    store = open_store(f"sqlite:///{rows / 'reading-4000.db'}")
    proofs = prove(store)
    assert [proof.slug for proof in proofs] == ["bench", "howe", "pune", "rock"]
    assert all(proof.whole for proof in proofs), [one for proof in proofs for one in proof.findings if one.broken]
    with store.driver() as connection:
        kinds = dict(connection.execute("SELECT kind, COUNT(*) FROM ledger_transaction GROUP BY kind"))
        late = connection.execute("SELECT COUNT(*) FROM usage_org_day WHERE accounting_date <> org_date").fetchone()[0]
        elsewhere = connection.execute(
            "SELECT COUNT(*) FROM usage_account_day WHERE account_date <> org_date"
        ).fetchone()
    store.close()
    assert sum(kinds[kind] for kind in ("usage", "refund", "adjustment")) == 4_000
    assert min(kinds.values()) > 5
    assert late > 5
    assert elsewhere[0] > 20


def test_the_page_of_usage_tells_what_duckdb_tells_in_every_case_that_is_timed(rows: Path) -> None:
    reading: Any = importlib.import_module("benchmarks.reading")
    found = rows / "found.json"
    asked = ["--transactions", "4000", "--rounds", "1", "--within", str(rows), "--json", str(found)]
    assert reading.main(asked) == 0
    timed = json.loads(found.read_text())
    assert len(timed) == len(reading.CASES)
    assert all(one["ours"][0] > 0 and one["duckdb"][0] > 0 for one in timed)


def test_a_figure_that_differs_from_duckdbs_is_named(rows: Path, tmp_path: Path) -> None:
    reading: Any = importlib.import_module("benchmarks.reading")
    broken = tmp_path / "broken.db"
    broken.write_bytes((rows / "reading-4000.db").read_bytes())
    store = open_store(f"sqlite:///{broken}")
    with store.driver() as connection:
        connection.execute("UPDATE usage_org_hour SET charged = charged + 1 WHERE org_date = '2026-09-15'")
    store.close()
    wrong = {one.case.name: one.wrong for one in reading.run(broken, rows / "reading-4000.duckdb", 0)}
    assert wrong["this month"] == wrong["all"] == ["heat map"]
    assert wrong["7 days"] == []
