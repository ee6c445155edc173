"""Memory does not grow with the file: measured in a process of its own, as the most it ever held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.ledgers import MovedClock, a_ledger

MEASURED = """
import json, resource, sys
from pathlib import Path
from creditbook import open_ledger
from creditbook.ingest.outcome import ImportRequest
from creditbook.ingest.usage import import_usage
with open_ledger() as ledger:
    request = ImportRequest(path=Path(sys.argv[1]), org="acme", create_accounts=True, dry_run=sys.argv[2] == "dry")
    result = import_usage(ledger, request)
kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"rows": result.rows, "imported": result.imported, "megabytes": kilobytes / 1024}))
"""


def generated(path: Path, rows: int) -> Path:
    """Rows as a busy service writes them: mostly different, one in ten a repetition, every thousandth bad."""
    with path.open("w") as file:
        file.write("account,event_at,model,input_tokens,output_tokens\n")
        for number in range(rows):
            which = number - number % 10 if number % 10 == 1 else number
            account = "" if number % 1_000 == 999 else f"user{which % 500}"
            file.write(f"{account},{1_767_225_600 + which // 100},gpt-4o,{which % 9_973},{which % 997}\n")
    return path


def measured(url: str, path: Path, how: str) -> dict[str, float]:
    environment = {**os.environ, "CREDITBOOK_DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path), how], env=environment, text=True, capture_output=True, check=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def test_ten_times_the_rows_take_no_more_memory(sqlite_url: str, tmp_path: Path) -> None:
    a_ledger(sqlite_url, MovedClock()).close()
    few = measured(sqlite_url, generated(tmp_path / "few.csv", 4_000), "dry")
    many = measured(sqlite_url, generated(tmp_path / "many.csv", 40_000), "dry")
    assert (few["rows"], many["rows"]) == (4_000, 40_000)
    assert many["megabytes"] < few["megabytes"] + 12


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.skipif("CREDITBOOK_SLOW_TESTS" not in os.environ, reason="a quarter of an hour: CREDITBOOK_SLOW_TESTS=1")
def test_a_million_rows_are_booked_in_the_memory_of_a_few_thousand(database_url: str, tmp_path: Path) -> None:
    a_ledger(database_url, MovedClock()).close()
    few = measured(database_url, generated(tmp_path / "few.csv", 4_000), "wet")
    million = measured(database_url, generated(tmp_path / "million.csv", 1_000_000), "wet")
    assert few["imported"] + million["imported"] == 1_000_000 - 1_000
    assert million["megabytes"] < few["megabytes"] + 40
