"""What docs/api.md says in code works as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from api.door import open_door
from support.running import running

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_pages_example_runs(sqlite_url: str, installed_at: Callable[[str], None]) -> None:
    installed_at(sqlite_url)
    door = open_door(sqlite_url)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with running() as url:
        names = {"address": url.removesuffix("/api"), "key": door.keys["spend"]}
        exec(example, names)
        names["api"].close()  # type: ignore[attr-defined]
    assert door.ledger.balance("acme/asha").available == 700
