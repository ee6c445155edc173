"""The page about files, as it is typed: by the command line, by a program, by curl."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from api.door import Door
from support.snippets import blocks, run
from support.terminal import runner

PAGE = "integrations/files.md"
ROWS = """user_id,timestamp,model,prompt_tokens,completion_tokens,cost
asha,2026-03-02T09:30:00Z,gpt-4o,1000,50,0.25
ben,2026-03-02T09:31:00Z,gpt-4o,10,5,0.01
zed,2026-03-02T09:32:00Z,gpt-4o,1,1,0.01
"""


@pytest.fixture
def folder(served: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the example's file lies, with a key of scope admin in the environment."""
    monkeypatch.setenv("CREDITBOOK_ADMIN_KEY", served.keys["admin"])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "usage.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


def cost(door: Door, account: str) -> int:
    answer = door.get(f"/v1/usage?account={account}&first=2026-03-01&last=2026-03-31").json()
    return sum(row["cost_usd_nanos"] for row in answer["usage"])


def test_a_program_uploads_a_file_with_a_dry_run_first(
    served: Door, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(PAGE)
    mapping, refused, counts = capsys.readouterr().out.splitlines()
    assert "'account': 'user_id'" in mapping
    assert refused.startswith("4 There is no account acme/zed.")
    assert counts == "2 0 1"
    assert counts in blocks(PAGE, "python")[0]
    assert (cost(served, "asha"), cost(served, "ben")) == (250_000_000, 10_000_000)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl_says_what_would_be(served: Door, folder: Path) -> None:
    typed = blocks(PAGE, "sh")[1]
    done = subprocess.run(["bash", "-c", typed], cwd=folder, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert (told["dry_run"], told["rows"], told["refused"]) == (True, 3, 1)


def test_the_command_line_says_and_does_the_same(
    served: Door, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "usage.csv").write_text(ROWS.replace("zed", "asha"), encoding="utf-8")
    for typed, dry in zip(blocks(PAGE, "sh")[0].splitlines(), (True, False), strict=True):
        creditbook, *words = typed.replace("--org studio", "--org acme").split()
        told = runner(capsys)(*words)
        assert (creditbook, told["dry_run"], told["rows"], told["refused"]) == ("creditbook", dry, 3, 0)
