"""`creditbook export`: files on the command line, on record, never overwritten by accident, and on a schedule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.terminal import Run, runner

from creditbook.installation import installation


@pytest.fixture
def run(
    sqlite_url: str, installed_at: Callable[[str], None], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> Run:  # fmt: skip
    """Commands in an empty folder, on a database where asha bought a pack and used some of it."""
    installed_at(sqlite_url)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made = runner(capsys)
    made("org", "create", "acme", "--program", "studio")
    made("account", "create", "acme/asha")
    ledger = installation().ledger
    ledger.sell("acme/asha", "starter", reason="By hand", payment="p-1")
    ledger.spend("acme/asha", action="srs", tokens=70, model="gpt-5", input_tokens=60, output_tokens=10)
    return made


def here() -> list[str]:
    return sorted(one.name for one in Path.cwd().iterdir())


@pytest.mark.parametrize(("what", "rows"), [("usage", 1), ("transactions", 3), ("focus", 3)])
@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet"])
def test_an_organizations_figures_come_in_every_format(run: Run, what: str, rows: int, format_: str) -> None:
    if (what, format_) == ("focus", "xlsx"):
        assert "csv, parquet" in run("export", what, "--org", "acme", "--format", format_, status=1)["detail"]
        return
    done = run("export", what, "--org", "acme", "--out", f"out.{format_}")
    assert (done["rows"], done["format"], here()) == (rows, format_, [f"out.{format_}"])


@pytest.mark.parametrize("format_", ["pdf", "xlsx", "csv", "parquet"])
def test_a_statement_comes_in_every_format(run: Run, format_: str) -> None:
    assert run("export", "statement", "acme/asha", "--format", format_)["rows"] == 3
    (name,) = here()
    assert name.startswith("acme-asha-20")
    assert name.endswith(format_)


def test_a_receipt_is_written_by_its_number(run: Run) -> None:
    run("sweep")
    store, org = installation().store, installation().organizations("acme")[0]
    with store.read(org.org_id) as connection:
        year, number = connection.exec_driver_sql("SELECT fiscal_year, number FROM receipt").one()
    run("export", "receipt", f"R/{year}/{number:05}", "--org", "acme", "--out", "r.pdf")
    assert Path("r.pdf").read_bytes().startswith(b"%PDF")


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(run: Run) -> None:
    Path("out.csv").write_text("mine")
    refused = run("export", "usage", "--org", "acme", "--out", "out.csv", status=1)
    assert (refused["error"], Path("out.csv").read_text()) == ("Conflict", "mine")
    run("export", "usage", "--org", "acme", "--out", "out.csv", "--overwrite")
    assert Path("out.csv").read_text().startswith("org_date,")


def test_every_export_is_on_record_with_its_reason_and_digest(run: Run) -> None:
    done = run("export", "usage", "--org", "acme", "--out", "out.csv", "--reason", "for the auditor")
    run("export", "usage", "--org", "acme", "--out", "two.csv", "--reason", " ", status=1)
    assert here() == ["out.csv"], "without a reason nothing is written"
    with installation().store.read(installation().organizations("acme")[0].org_id) as connection:
        rows: Any = connection.exec_driver_sql(
            "SELECT actor, subject, reason, \"after\" FROM audit WHERE act = 'export.usage'"
        ).all()
    assert [(row.actor, row.subject, row.reason) for row in rows] == [("console", "acme", "for the auditor")]
    assert done["sha256"] in rows[0].after


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("usage", "--org", "acme", "--month", "2026-13"), "is no month"),
        (("usage", "--org", "acme", "--from", "tomorrow"), "is no day"),
        (("usage", "--org", "acme", "--month", "2026-01", "--from", "2026-01-01"), "either"),
        (("usage", "--org", "acme", "--out", "file"), "ending"),
        (("usage", "--org", "acme", "--account", "acme/nobody"), "no account"),
        (("usage", "--org", "nobody"), "no organization"),
        (("transactions", "--org", "acme", "--basis", "guess"), "event or accounting"),
        (("statement", "acme/asha", "--month", "2099-01"), "has not begun"),
        (("statement", "acme/asha", "--format", "doc"), "pdf, xlsx, csv, parquet"),
        (("receipt", "R/2020-21/00001", "--org", "acme"), "no receipt"),
    ],
)
def test_what_cannot_be_exported_is_said_in_words_and_writes_nothing(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    assert said in run("export", *words, status=1)["detail"]
    assert here() == []


def test_a_schedule_is_set_up_listed_run_and_ended(run: Run) -> None:
    made = run(
        "export", "schedule", "add", "usage", "--org", "acme", "--folder", ".", "--every", "day", "--reason", "r"
    )
    (listed,) = run("export", "schedule", "list", "--org", "acme")["exports"]
    assert (listed["export_id"], listed["every"], listed["is_on"]) == (made["export_id"], "day", True)
    assert run("export", "schedule", "run", "--org", "acme")["exports"] == [], "today is not over"
    run("export", "schedule", "end", str(made["export_id"]), "--org", "acme", "--reason", "r")
    assert run("export", "schedule", "list", "--org", "acme")["exports"][0]["is_on"] is False
