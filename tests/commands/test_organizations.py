"""Set-up without a browser: organizations, accounts, people, programs, backups; and every command has its word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import typer.main
from support.house import ROOT
from support.terminal import Run, runner

from creditbook.access import Access
from creditbook.cli import cli
from creditbook.installation import installation


@pytest.fixture
def run(
    sqlite_url: str, installed_at: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> Run:  # fmt: skip
    """Commands on a database that has just been made."""
    installed_at(sqlite_url)
    return runner(capsys)


def test_from_nothing_to_an_account_that_may_spend(run: Run) -> None:
    assert run("org", "create", "acme", "--program", "studio", "--name", "Acme")["slug"] == "acme"
    opened = run("account", "create", "acme/asha")
    assert opened["available"] > 0
    assert run("balance", "acme/asha")["available"] == opened["available"]


def test_an_organization_is_created_once(run: Run) -> None:
    run("org", "create", "acme", "--program", "daily")
    assert run("org", "create", "acme", "--program", "daily", status=1)["error"] == "Conflict"


def test_a_program_that_does_not_ship_is_refused_with_those_that_do(run: Run) -> None:
    refused = run("org", "create", "acme", "--program", "nonsense", status=1)
    assert "daily" in refused["detail"]
    assert "studio" in refused["detail"]


def test_a_program_exported_and_loaded_again_is_the_same_as_a_new_version(run: Run, tmp_path: Path) -> None:
    run("org", "create", "acme", "--program", "daily")
    toml = run("program", "export", "acme")["toml"]
    file = tmp_path / "daily.toml"
    file.write_text(toml, encoding="utf-8")
    assert run("program", "load", str(file), "--org", "acme")["version"] == 2
    assert run("program", "export", "acme")["toml"] == toml


def test_a_broken_program_is_refused_by_line_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    run("org", "create", "acme", "--program", "daily")
    before = run("program", "export", "acme")["toml"]
    file = tmp_path / "broken.toml"
    file.write_text(before.replace("[plans", "nonsense = 1\n[plans", 1), encoding="utf-8")
    assert "line" in run("program", "load", str(file), "--org", "acme", status=1)["detail"]
    assert run("program", "export", "acme")["toml"] == before


def test_the_link_of_an_invitation_opens_it_for_her_with_her_account(run: Run) -> None:
    run("org", "create", "acme", "--program", "daily")
    run("account", "create", "acme/asha")
    link = run("user", "invite", "acme", "asha", "--role", "admin", "--account", "asha")["link"]
    (token,) = parse_qs(urlsplit(link).query)["link"]
    here = installation()
    opened = Access(here.store, here.clock).own_password.look_at_link(token)
    assert opened is not None
    assert (opened.kind, opened.user_name) == ("invitation", "asha")


@pytest.mark.parametrize("role", ["queen", ""])
def test_a_role_that_does_not_exist_is_refused(run: Run, role: str) -> None:
    run("org", "create", "acme", "--program", "daily")
    assert "admin" in run("user", "invite", "acme", "asha", "--role", role, status=1)["detail"]


def test_a_backup_restores_into_a_database_of_its_own(
    run: Run, tmp_path: Path, installed_at: Callable[[str], None]
) -> None:
    run("org", "create", "acme", "--program", "daily")
    run("account", "create", "acme/asha")
    kept = run("balance", "acme/asha")
    assert run("backup", str(tmp_path / "kept.db"))["bytes"] > 0
    installed_at(f"sqlite:///{tmp_path / 'second.db'}")
    run("restore", str(tmp_path / "kept.db"))
    assert run("balance", "acme/asha")["posted"] == kept["posted"]
    assert run("rebuild", "rollups")["organizations"]["acme"]
    assert run("verify")["ok"] is True


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, command in getattr(group, "commands", {}).items():
        inner = list(commands(command, (*path, name)))
        yield from inner or [((*path, name), command)]


EVERY = dict(commands(typer.main.get_command(cli)))


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_command_says_what_it_does_and_answers_in_json(path: tuple[str, ...]) -> None:
    command = EVERY[path]
    assert getattr(command, "help", None)
    options = {option for parameter in command.params for option in parameter.opts}  # type: ignore[attr-defined]
    assert "--json" in options
    assert all(parameter.help for parameter in command.params)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_command_stands_in_the_readme(path: tuple[str, ...]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = "\n".join(line for line in readme.splitlines() if line.startswith("|"))
    assert re.search(rf"`(creditbook )?{' '.join(path)}( [^`]*)?`", table), " ".join(path)
