"""Commands on a database that is not there, not made, old, or none at all: one sentence, and nothing is made."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer.main
from support.browser import free_port
from support.terminal import Run, runner

from creditbook.cli import cli, main
from creditbook.store.engine import database_file, open_store

READING = {
    "balance": ["acme/asha"],
    "grant": ["acme/asha", "5", "--reason", "r"],
    "sweep": [],
    "verify": [],
    "close": ["acme", "2026-03", "--reason", "r"],
    "serve": [],
    "backup": ["{folder}/kept.db"],
    "org create": ["acme", "--program", "studio"],
    "account create": ["acme/asha"],
    "user invite": ["acme", "asha"],
    "program load": ["{file}", "--org", "acme"],
    "program export": ["acme"],
    "import usage": ["{file}", "--org", "acme"],
    "import balances": ["{file}", "--org", "acme"],
    "reset status": [],
    "reset run": [],
    "alerts check": [],
    "key create": ["--org", "acme", "--scope", "read"],
    "key list": ["--org", "acme"],
    "key revoke": ["5", "--org", "acme"],
    "promo create": ["WELCOME", "--org", "acme", "--tokens", "5", "--reason", "r"],
    "promo list": ["--org", "acme"],
    "promo disable": ["WELCOME", "--org", "acme", "--reason", "r"],
    "source list": ["--org", "acme"],
    "source set": ["CloudEvents", "--org", "acme", "--kind", "cloudevents"],
    "source replay": ["CloudEvents", "--org", "acme"],
    "price set": ["m", "--input", "1", "--output", "1", "--reason", "r"],
    "price show": ["m"],
    "price list": ["--org", "acme"],
    "price correct": ["m", "--org", "acme", "--reason", "r"],
    "fx import": ["{file}", "--source", "s"],
    "fx set": ["88.5", "--source", "s"],
    "fx fetch": [],
    "fx show": [],
    "fx list": [],
    "export usage": ["--org", "acme"],
    "export transactions": ["--org", "acme"],
    "export focus": ["--org", "acme"],
    "export statement": ["acme/asha"],
    "export receipt": ["R/2026-27/00001", "--org", "acme"],
    "export schedule add": ["usage", "--org", "acme", "--folder", "{folder}", "--reason", "r"],
    "export schedule list": ["--org", "acme"],
    "export schedule end": ["5", "--org", "acme", "--reason", "r"],
    "export schedule run": ["--org", "acme"],
    "rebuild rollups": [],
}
"""Command → words with which it would run. Those that make a database are not among them."""
MAKING = {"init", "demo", "restore"}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture
def words(tmp_path: Path) -> Callable[[str], list[str]]:
    """A command line that is right but for its database."""
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere" / "studio.toml"
    main_program = Path(__file__).resolve().parents[2] / "src/creditbook/programs"
    file.write_text(next(main_program.rglob("studio.toml")).read_text("utf-8"), "utf-8")
    return lambda command: [
        *command.split(), *(word.format(file=file, folder=file.parent) for word in READING[command])
    ]  # fmt: skip


def _names(group: object, before: str = "") -> Iterator[str]:
    for name, command in getattr(group, "commands", {}).items():
        yield from list(_names(command, f"{before}{name} ")) or [before + name]


def test_the_list_of_commands_is_whole() -> None:
    missing = set(_names(typer.main.get_command(cli))) ^ (set(READING) | MAKING)
    assert not missing, f"Say in READING with which words these would run: {sorted(missing)}"


@pytest.mark.parametrize("command", READING)
def test_a_mistyped_address_is_told_and_no_file_is_made(
    command: str, words: Callable[[str], list[str]], run: Run, installed_at: Callable[[str], None], tmp_path: Path
) -> None:
    installed_at(f"sqlite:///{tmp_path}/typo/creditbook.db")
    refused = run(*words(command), status=1)
    assert refused["error"] == "Unavailable"
    assert f"There is no database at {tmp_path}/typo/creditbook.db" in refused["detail"]
    assert "creditbook init" in refused["detail"]
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize("command", sorted(set(READING) - {"backup"}))
def test_a_database_without_a_schema_is_told_what_makes_it(
    command: str, words: Callable[[str], list[str]], run: Run, installed_at: Callable[[str], None], tmp_path: Path
) -> None:
    (tmp_path / "empty.db").touch()
    installed_at(f"sqlite:///{tmp_path}/empty.db")
    refused = run(*words(command), status=1)
    assert refused["detail"] == "The database has no schema yet: run `creditbook init`."


def test_the_same_is_said_on_both_databases(
    run: Run, installed_at: Callable[[str], None], empty_database_url: str
) -> None:
    installed_at(empty_database_url)
    if (file := database_file(empty_database_url)) is not None:
        file.touch()
    assert "creditbook init" in run("balance", "acme/asha", status=1)["detail"]


def test_an_old_schema_is_upgraded_by_init_and_by_nothing_else(
    run: Run, installed_at: Callable[[str], None], sqlite_url: str, tmp_path: Path
) -> None:
    store = open_store(sqlite_url)
    store.downgrade("0002_prices")
    store.close()
    installed_at(sqlite_url)
    refused = run("verify", status=1)
    assert refused["detail"] == "The database has the schema of another version: run `creditbook init`."
    assert run("backup", str(tmp_path / "before.db"))["bytes"] > 0
    run("init")
    assert run("verify")["ok"] is True


def test_a_newer_schema_is_not_upgraded_but_named(
    run: Run, installed_at: Callable[[str], None], sqlite_url: str
) -> None:
    store = open_store(sqlite_url)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_later'")
    store.close()
    installed_at(sqlite_url)
    assert "newer Creditbook" in run("init", status=1)["detail"]


@pytest.mark.parametrize("command", [["init"], ["verify"]])
def test_a_file_that_is_no_database_is_told_in_a_sentence(
    command: list[str], run: Run, installed_at: Callable[[str], None], tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("This is a letter and no database, however long it may go on. " * 20)
    installed_at(f"sqlite:///{tmp_path}/notes.txt")
    assert "file is not a database" in run(*command, status=1)["detail"]


@pytest.mark.parametrize("command", [["init"], ["verify"]])
def test_a_server_that_is_away_is_told_in_a_sentence(
    command: list[str], run: Run, installed_at: Callable[[str], None]
) -> None:
    installed_at(f"postgresql+psycopg://nobody:secret-word@127.0.0.1:{free_port()}/nowhere")
    detail = run(*command, status=1)["detail"]
    assert "CREDITBOOK_DATABASE_URL" in detail
    assert "secret-word" not in detail


@contextmanager
def taken_port() -> Iterator[int]:
    """A loopback port that somebody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_taken_port_is_told_before_any_address_is(
    installed_at: Callable[[str], None], sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    installed_at(sqlite_url)
    with taken_port() as port, pytest.raises(SystemExit) as ended:
        main(["serve", "--port", str(port)])
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert said.out == ""
    assert f"Port {port} on 127.0.0.1 is taken." in said.err
    assert "make run PORT=" in said.err


def test_people_and_scripts_are_told_alike(
    installed_at: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed_at(f"sqlite:///{tmp_path}/typo.db")
    told = []
    for extra in ([], ["--json"]):
        with pytest.raises(SystemExit):
            main(["balance", "acme/asha", *extra])
        told.append(capsys.readouterr())
    assert json.loads(told[1].out)["detail"] in told[0].err
