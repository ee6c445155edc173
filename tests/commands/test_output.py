"""How commands answer and refuse."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from support.browser import creditbook

from creditbook.commands.output import answer, plain, refuse, wants_json


def test_json_is_one_object_with_instants_in_utc_and_sets_in_order() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    given = {"at": datetime(2026, 1, 1, 5, 30, tzinfo=india), "day": date(2026, 1, 1), "features": {"b", "a"}}
    assert plain(given) == {"at": "2026-01-01T00:00:00Z", "day": "2026-01-01", "features": ["a", "b"]}
    assert plain({"at": datetime(2026, 1, 1, tzinfo=UTC)}) == {"at": "2026-01-01T00:00:00Z"}


def test_people_get_the_sentence_and_programs_the_object(capsys: pytest.CaptureFixture[str]) -> None:
    answer({"tokens": 5}, "5 tokens.", as_json=False)
    assert capsys.readouterr().out == "5 tokens.\n"
    answer({"tokens": 5}, "5 tokens.", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"tokens": 5}


def test_a_refusal_goes_to_standard_error_and_keeps_its_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    refuse("No account [red]asha[/red].", as_json=False)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "No account [red]asha[/red]." in captured.err


def test_json_is_asked_for_by_its_option_alone() -> None:
    assert wants_json(["balance", "studio", "--json"])
    assert not wants_json(["balance", "json"])


@pytest.mark.parametrize(
    ("url", "arguments", "status", "said"),
    [
        ("mysql://localhost/x", ["init"], 1, "SQLite and PostgreSQL"),
        ("sqlite://", ["serve", "--port", "0"], 2, "port"),
        ("sqlite://", ["nonsense"], 2, "nonsense"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_an_exit_code(url: str, arguments: list[str], status: int, said: str) -> None:
    done = creditbook(*arguments, environ={"CREDITBOOK_DATABASE_URL": url})
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_that_cannot_be_used_is_bad_usage_and_named() -> None:
    done = creditbook("init", "--json", environ={"CREDITBOOK_LOG_LEVEL": "loud"})
    assert done.returncode == 2
    assert "CREDITBOOK_LOG_LEVEL" in json.loads(done.stdout)["detail"]


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    code = "import sys, creditbook.cli; print({'streamlit', 'pandas', 'plotly'} & set(sys.modules) or 'none')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "none"
