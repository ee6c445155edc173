"""The command as people run it: a process of its own, that is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger
from creditbook.store import imports as runs

ROWS = 6_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    opened = a_ledger(database_url, MovedClock())
    yield opened
    opened.close()


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Six thousand rows, every hundredth without an account, every fiftieth twice."""
    path = tmp_path / "trace.csv"
    with path.open("w") as file:
        file.write("account,event_at,model,input_tokens\n")
        for number in range(ROWS):
            account = "" if number % 100 == 0 else f"user{number % 7}"
            at = BEGIN + timedelta(seconds=number - (number % 50 == 1))
            file.write(f"{account},{at.isoformat()},gpt-4o,{number - (number % 50 == 1)}\n")
    return path


def command(url: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "creditbook", "import", "usage", *words, "--org", "acme", "--create-accounts", "--json"],
        env={**os.environ, "CREDITBOOK_DATABASE_URL": url}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def position(ledger: Ledger) -> int:
    org_id = ledger.core.organization("acme").org_id
    with ledger.core.store.read(org_id) as connection:
        found = runs.recent(connection, org_id)
    return found[0].position if found else 0


def stop_in_the_middle(ledger: Ledger, url: str, trace: Path, signal_number: int) -> subprocess.Popen[str]:
    process = command(url, str(trace))
    until = time.monotonic() + 60
    while position(ledger) < 800 and time.monotonic() < until and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal_number)
    process.wait(60)
    assert 800 <= position(ledger) < ROWS
    return process


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    result: dict[str, Any] = json.loads(out)
    return result


def test_an_import_killed_in_the_middle_books_every_row_once_when_run_again(
    ledger: Ledger, database_url: str, trace: Path, usages: Any
) -> None:
    killed = stop_in_the_middle(ledger, database_url, trace, signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert not list(trace.parent.glob("trace.refused-*"))
    again = finished(command(database_url, str(trace)))
    assert again["resumed_from"] >= 800
    assert again["imported"] + again["replayed"] + again["refused"] == again["rows"] == ROWS
    assert again["refused"] == len(Path(again["refused_path"]).read_text().splitlines()) - 1 == ROWS / 100
    assert len(usages()) == ROWS - ROWS // 100
    third = finished(command(database_url, str(trace)))
    assert (third["imported"], third["replayed"]) == (0, ROWS - ROWS // 100)


def test_ctrl_c_ends_after_a_batch_says_how_to_go_on_and_loses_nothing(
    ledger: Ledger, database_url: str, trace: Path
) -> None:
    stopped = stop_in_the_middle(ledger, database_url, trace, signal.SIGINT)
    out, err = stopped.communicate()
    assert stopped.returncode == 130
    assert json.loads(out)["interrupted"] is True
    assert "Run the same command again to go on." in err
    again = finished(command(database_url, str(trace)))
    assert again["resumed_from"] == json.loads(out)["rows"]
    assert again["imported"] == ROWS - ROWS // 100 - json.loads(out)["imported"]
