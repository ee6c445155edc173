"""`creditbook import usage` as it speaks: sentences, one JSON object, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.ledgers import MovedClock, a_ledger
from typer.testing import CliRunner, Result

from creditbook.cli import cli

HEADING = "account,event_at,model,input_tokens\n"
GOOD = "asha,2026-03-02T10:00:00Z,gpt-4o,7\n"


@pytest.fixture
def run(sqlite_url: str, installed_at: Callable[[str], None]) -> Callable[..., Result]:
    """Runs `import usage` on acme with these words."""
    a_ledger(sqlite_url, MovedClock()).close()
    installed_at(sqlite_url)
    return lambda *words: CliRunner().invoke(cli, ["import", "usage", *map(str, words), "--org", "acme"])


@pytest.fixture
def usage(tmp_path: Path) -> Callable[..., Path]:
    """A file of usage with these rows."""

    def written(*rows: str) -> Path:
        path = tmp_path / "usage.csv"
        path.write_text(HEADING + "".join(rows))
        return path

    return written


def test_people_read_what_was_imported_and_why_rows_were_refused(
    run: Callable[..., Result], usage: Callable[..., Path]
) -> None:
    done = run(usage(GOOD, GOOD.replace("asha", "")), "--create-accounts")
    assert done.exit_code == 0, done.output
    assert "2 rows read" in done.stdout
    assert "Refused 1: The row names no account." in done.stdout
    assert "Refused rows with their reasons:" in done.stdout


def test_scripts_get_one_json_object(run: Callable[..., Result], usage: Callable[..., Path]) -> None:
    done = run(usage(GOOD), "--create-accounts", "--json")
    told = json.loads(done.stdout)
    assert (told["imported"], told["replayed"], told["refused"], told["refused_path"]) == (1, 0, 0, None)


def test_a_file_of_which_every_row_is_refused_ends_with_1(
    run: Callable[..., Result], usage: Callable[..., Path]
) -> None:
    done = run(usage(GOOD), "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert "(create_accounts, --create-accounts)." in next(iter(told["reasons"]))
    assert Path(told["refused_path"]).is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--map", "model=llm"], "there is no such column"),
        (["--map", "colour=model"], "there is no field"),
        (["--tz", "Mars/Olympus"], "no time zone"),
        (["--mode", "charge"], "--create-accounts"),
        (["--format", "parquet"], "Leave --format out"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_to_write(
    run: Callable[..., Result], usage: Callable[..., Path], words: list[str], says: str
) -> None:
    done = run(usage(GOOD), "--json", *words)
    assert done.exit_code == 2, done.output
    assert says in json.loads(done.stdout)["detail"]


def test_a_dry_run_speaks_of_what_would_be(run: Callable[..., Result], usage: Callable[..., Path]) -> None:
    assert "would be imported" in run(usage(GOOD), "--create-accounts", "--dry-run").stdout


def test_a_dry_run_warns_of_a_file_that_was_imported_with_another_mapping(
    run: Callable[..., Result], usage: Callable[..., Path]
) -> None:
    run(usage(GOOD), "--create-accounts")
    said = run(usage(GOOD), "--set", "agent=tutor", "--dry-run").stdout
    assert "with another mapping" in said
    assert "booked a second time" in " ".join(said.split())
