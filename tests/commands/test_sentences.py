"""The words that people read when they mistype, invite and load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.terminal import Run, runner

from creditbook.cli import main
from creditbook.commands.output import count
from creditbook.programs import load_program, program_to_toml

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(sqlite_url: str, installed_at: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> Run:
    """Commands on a database with one organization and one account."""
    installed_at(sqlite_url)
    made = runner(capsys)
    made("org", "create", "studio", "--program", "studio")
    made("account", "create", "studio/asha")
    return made


@pytest.fixture
def typed(run: Run, capsys: pytest.CaptureFixture[str]) -> Typed:
    """The same commands as a person reads them: exit code, standard output, standard error (in one line)."""

    def type_(*arguments: str) -> tuple[int, str, str]:
        try:
            main(arguments)
            code: object = 0
        except SystemExit as ended:
            code = ended.code or 0
        said = capsys.readouterr()
        assert isinstance(code, int)
        return code, said.out, " ".join(said.err.replace("│", " ").split())

    return type_


def test_an_account_without_its_organization_is_shown_how_to_be_written(run: Run) -> None:
    for command in (["balance", "asha"], ["grant", "asha", "5", "--reason", "r"], ["account", "create", "asha"]):
        refused = run(*command, status=1)
        assert refused["error"] == "NotFound"
        assert "ORG/USERNAME, such as studio/asha" in refused["detail"]


def test_an_unknown_organization_is_told_with_those_that_are_there(run: Run) -> None:
    for command in (["balance", "stdio/asha"], ["verify", "--org", "stdio"], ["sweep", "--org", "stdio"]):
        assert run(*command, status=1)["detail"] == "There is no organization “stdio”. Those here: studio."


@pytest.mark.parametrize("amount", ["-5", "-15", "-1,000"])
def test_a_grant_below_zero_is_told_in_a_sentence_and_not_taken_for_an_option(typed: Typed, amount: str) -> None:
    code, _, said = typed("grant", "studio/asha", amount, "--reason", "r")
    assert code == 2
    assert f"{amount} is less than 1. Write how many tokens to give" in said
    assert "No such option" not in said


def test_a_reason_may_begin_with_a_minus(run: Run) -> None:
    assert run("grant", "studio/asha", "5", "--reason", "-5")["tokens"] == 5


def test_a_day_that_is_none_is_told_how_a_day_is_written(typed: Typed) -> None:
    code, _, said = typed("grant", "studio/asha", "5", "--reason", "r", "--expires", "tomorrow")
    assert code == 2
    assert "2026-03-31 (YYYY-MM-DD, through that day) or an instant with its zone" in said


def test_one_thing_is_not_spoken_of_as_many(typed: Typed) -> None:
    assert (count(1, "rate"), count(1_200, "rate"), count(0, "rate")) == ("1 rate", "1,200 rates", "0 rates")
    assert "hold in 1 organization." in typed("verify")[1]


def test_an_invitation_names_the_person_and_says_where_its_link_leads(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, said, _ = typed("user", "invite", "studio", "asha", "--account", "asha")
    assert "One-time link for asha, good for seven days:  http://127.0.0.1:8501/?link=" in said
    assert "This assumes a dashboard at http://127.0.0.1:8501; set CREDITBOOK_BASE_URL" in said
    database = typed("init")[1]
    assert "This assumes a dashboard at http://127.0.0.1:8501; set CREDITBOOK_BASE_URL" in database
    monkeypatch.setenv("CREDITBOOK_BASE_URL", "https://credits.example")
    for arguments in (["user", "invite", "studio", "rohan"], ["init"]):
        said = typed(*arguments)[1]
        assert "https://credits.example/?" in said
        assert "assumes" not in said


def test_a_program_is_loaded_where_the_organization_is_called_as_it_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "any-name.toml"
    file.write_text(program_to_toml(load_program("studio")), encoding="utf-8")
    loaded = run("program", "load", str(file))
    assert (loaded["organization"], loaded["version"]) == ("studio", 2)


def test_a_program_that_no_organization_is_called_as_asks_which(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "daily.toml"
    file.write_text(program_to_toml(load_program("daily")), encoding="utf-8")
    assert "--org SLUG" in run("program", "load", str(file), status=1)["detail"]
    assert "studio" in run("program", "load", str(file), "--org", "stdio", status=1)["detail"]
    assert run("program", "load", str(file), "--org", "studio")["program"] == "daily"
