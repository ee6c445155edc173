"""What docs/client.md shows, run as it stands against a server on loopback."""

from __future__ import annotations

import re
from typing import Any

import pytest
from client.world import World
from fastapi.testclient import TestClient
from support.house import ROOT

from creditbook import client
from creditbook.programs import load_program

PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_every_snippet_runs_as_it_is_written(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.ledger.create_organization("studio", load_program("studio"))
    world.ledger.open_account("studio/asha")
    world.ledger.grant("studio/asha", 90_000, reason="to read on")
    address, key = world.url, world.key("studio", "spend")
    here: dict[str, Any] = {}
    first, lost, function, routes = SNIPPETS
    exec(first.replace("https://credits.example.com", address).replace("cb_studio_…", key), here)
    assert capsys.readouterr().out.split() == ["3500", "96500", "91100"]
    exec(lost + function, here)
    assert capsys.readouterr().out == "All about bees.\n"
    assert here["ledger"].balance("studio/asha").available == 91_100 - 3_500 - 2_800
    exec(routes, here)
    visitor = TestClient(here["app"], headers={"X-User": "asha"})
    answer = visitor.post("/ideas")
    assert (answer.json(), answer.headers["x-tokens-remaining"]) == ({"idea": "A garden."}, "83400")
    assert visitor.post("/projects/garden").headers["x-tokens-charged"] == "12000"
    here["ledger"].close()


def test_the_page_names_every_verb_and_everything_that_is_exported() -> None:
    verbs = {name for name in vars(client.Client) if not name.startswith("_") and name not in {"send", "close"}}
    missing = [name for name in verbs if not re.search(rf"`{name}[`(]", PAGE)]
    assert not missing
    assert [name for name in client.__all__ if name not in PAGE] == ["AsyncJob", "Job", "Tab"]
