"""The benchmark runs at all; what it measures is nobody's business here. Its books have to be whole afterwards."""

from __future__ import annotations

import importlib
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from creditbook import open_ledger

ROOT = Path(__file__).parent.parent


def one_quick_round(tmp_path: Path, *options: str) -> dict[str, Any]:
    """Runs `python -m benchmarks --quick` as `make bench` does; returns what it found on the one database."""
    found = tmp_path / "found.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(found), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    (database,) = json.loads(found.read_text())["databases"]
    return dict(database)


def ways_that_ran(database: dict[str, Any]) -> set[str]:
    return {way["way"] for way in database["ways"] if way["per_second"]["median"] > 0}


def test_a_quick_round_on_sqlite_spends_every_way_and_leaves_whole_books(tmp_path: Path) -> None:
    database = one_quick_round(tmp_path, "--only", "sqlite")
    wanted = {"floor: the same statements, raw", "ours, alone", "16 threads, a commit each"}
    wanted |= {"API, 16 keep-alive connections", "API, events by 100"}
    assert wanted < ways_that_ran(database)
    assert database["books"] == {"whole": True, "broken": []}


def test_a_quick_round_on_postgresql_spends_every_way_and_leaves_whole_books(
    tmp_path: Path, empty_postgres_url: str
) -> None:
    database = one_quick_round(tmp_path, "--only", "postgresql", "--postgres", empty_postgres_url, "--no-api")
    assert {"pgbench, 16 clients", "ours, alone", "16 tasks"} < ways_that_ran(database)
    assert database["books"] == {"whole": True, "broken": []}


def heard(connection: Any, work: Any) -> set[str]:
    """The statements that a piece of work sends to SQLite, without their values."""
    said: list[str] = []
    connection.set_trace_callback(said.append)
    work()
    connection.set_trace_callback(None)
    return {re.sub(r"'[^']*'|\b-?\d+\b|\bNULL\b", "?", statement) for statement in said}


def test_the_floor_says_to_sqlite_exactly_what_a_spend_says(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    workload = importlib.import_module("benchmarks.workload")
    floor = importlib.import_module("benchmarks.sqlite_floor")
    dice = random.Random(5)
    with open_ledger(sqlite_url) as ledger:
        people = workload.populate(ledger, 2)
        ledger.spend(people.names[0], **workload.work(dice))
        ours = ledger.core.batches._kept.driver_connection
        by_us = heard(ours, lambda: ledger.spend(people.names[0], **workload.work(dice)))
        with ledger.core.store.driver() as connection:
            raw = floor.SqliteFloor(connection, people)
            by_floor = heard(connection, lambda: raw.spend(dice))
    assert by_us == by_floor
