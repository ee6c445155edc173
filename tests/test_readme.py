"""What the README says can be done, done."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest
from support.house import ROOT
from support.terminal import runner

from creditbook import open_ledger
from creditbook.programs import load_program

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_library_example_runs_as_it_stands(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", sqlite_url)
    with open_ledger() as ledger:
        ledger.create_organization("studio", load_program("studio"))
        ledger.open_account("studio/asha")
        ledger.grant("studio/asha", 90_000, reason="test")
        before = ledger.balance("studio/asha")
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    opened = names["ledger"]
    assert isinstance(opened, type(ledger))
    with opened:
        after = opened.balance("studio/asha")
    assert before.available is not None
    assert after.available == before.available - 3_500 - 2_100 - 3_300


def test_the_shell_example_for_real_use_runs_up_to_serving(
    sqlite_url: str, installed_at: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    installed_at(sqlite_url)
    lines = [line.split("#")[0].split() for line in README.splitlines() if line.startswith("creditbook ")]
    said = [arguments[1:] for arguments in lines]
    assert ["serve"] in said
    run = runner(capsys)
    for arguments in said:
        if arguments != ["serve"]:
            run(*arguments)


def test_every_file_and_picture_that_the_pages_name_is_there() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text("utf-8"))]
    here = [(page, link) for page, link in named if "://" not in link]
    missing = [f"{page.name}: {link}" for page, link in here if not (page.parent / link).exists()]
    assert not missing


def test_make_alone_lists_every_target() -> None:
    said = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("run", "test", "check", "lock", "wheel", "screenshots"):
        assert re.search(rf"^ +{target} +\S", said, re.MULTILINE), target
