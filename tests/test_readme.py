"""What the README says can be done, done."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from support.house import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str, holding: str) -> str:
    """The one example of this language that holds these words."""
    (found,) = [text for text in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if holding in text]
    return str(found)


def run(command: list[str], folder: Path) -> str:
    """What a command says that is run in a folder of its own, with `creditbook` on the path as once activated."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CREDITBOOK_")}
    environ["CREDITBOOK_DATABASE_URL"] = "sqlite:///data/creditbook.db"
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_what_the_readme_says_for_real_use_works_as_it_is_typed(tmp_path: Path) -> None:
    lines = block("sh", "creditbook init").splitlines()
    typed = [line for line in lines if not line.startswith((". .venv", "creditbook serve"))]
    assert len(lines) - len(typed) == 2
    said = run(["bash", "-ec", "\n".join(typed)], tmp_path)
    assert "Opened studio/asha: 10,000 tokens available." in said
    assert "One-time link for asha" in said

    example = block("python", "open_ledger")
    printed = run([sys.executable, "-c", example], tmp_path).splitlines()
    promised = re.findall(r"^ *print\(.*\)  # (.+)$", example, re.MULTILINE)
    assert len(printed) == len(promised) == 2
    assert all(told.startswith(line) for line, told in zip(printed, promised, strict=True)), printed
    assert json.loads(run(["creditbook", "balance", "studio/asha", "--json"], tmp_path))["available"] == 1_100


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
