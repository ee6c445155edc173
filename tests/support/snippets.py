"""The examples of the documentation, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

from support.house import ROOT

DOCS = ROOT / "docs"


def blocks(page: str, language: str) -> list[str]:
    """Every example of a language on a page under docs/, in order."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def run(page: str, number: int = 0, **known: object) -> dict[str, object]:
    """Runs one Python example in a module of its own, with these names in it; returns the names that it leaves."""
    names: dict[str, object] = {"__name__": "snippet", **known}
    exec(compile(blocks(page, "python")[number], str(Path("docs") / page), "exec"), names)
    return names
