"""Commands run in this process, which starts no interpreter and so takes milliseconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from creditbook.cli import main

Run = Callable[..., dict[str, Any]]


def runner(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command line with `--json` and gives back what it printed: its object, or how it should be used."""

    def run(*arguments: str, status: int = 0) -> dict[str, Any]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--json"])
        said = capsys.readouterr()
        assert (ended.value.code or 0) == status, said.err or said.out
        found: dict[str, Any] = json.loads(said.out) if said.out else {"usage": said.err}
        return found

    return run
