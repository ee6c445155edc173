"""What one process shares, and where its reports are read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from creditbook.installation import installation
from creditbook.ledger.ledger import open_ledger
from creditbook.programs import load_program
from creditbook.store.directory import organizations


def test_reports_read_the_database_itself_where_no_replica_is_named(
    sqlite_url: str, installed_at: Callable[[str], None]
) -> None:
    installed_at(sqlite_url)
    assert installation().reports is installation().store


def test_reports_read_the_replica_that_is_named(
    sqlite_url: str, installed_at: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = shutil.copy(sqlite_url.removeprefix("sqlite:///"), tmp_path / "replica.db")
    with open_ledger(f"sqlite:///{replica}") as ledger:
        ledger.create_organization("there", load_program("daily"))
    installed_at(sqlite_url)
    monkeypatch.setenv("CREDITBOOK_REPORTS_URL", f"sqlite:///{replica}")
    here = installation()
    assert [one.slug for one in organizations(here.reports)] == ["there"]
    assert organizations(here.store) == []
    assert here.reports is here.reports
