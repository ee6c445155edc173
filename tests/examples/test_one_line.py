"""The example that runs on the library and beside a server: its two texts differ in one line, its answers in none."""

from __future__ import annotations

import difflib
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from client.world import World, a_world
from fastapi.testclient import TestClient
from support.house import ROOT

from creditbook.programs import load_program

SOURCE = (ROOT / "examples" / "paid_answers.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("examples") / "creditbook.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", f"sqlite:///{path}")
        with a_world() as made:
            made.ledger.create_organization("studio", load_program("studio"))
            yield made


def _run(text: str, path: Path) -> Any:
    """An example out of its text, as a module of its own."""
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _visit(example: Any, user: str) -> list[Any]:
    site = TestClient(example.app, headers={"X-User": user})
    said: list[Any] = []
    for path, body in [("/answers", {"prompt": "Why did it cross"}), ("/reports", {"topic": "chickens"})] * 2:
        answer = site.post(path, json=body)
        said.append((answer.status_code, answer.json(), answer.headers.get("x-tokens-remaining")))
    return said


def test_in_process_and_beside_a_server_it_differs_in_one_line_and_answers_the_same(
    world: World, tmp_path: Path
) -> None:
    connects = f'    return client.connect("{world.url}", "{world.key("studio", "spend")}")\n'
    connected = SOURCE.replace("    return open_ledger()\n", connects)
    changed = [line[0] for line in difflib.ndiff(SOURCE.splitlines(), connected.splitlines()) if line[0] in "+-"]
    assert changed == ["-", "+"]
    answers = []
    for user, text in (("asha", SOURCE), ("ben", connected)):
        world.ledger.open_account(f"studio/{user}")
        example = _run(text, tmp_path / f"paid_answers_{user}.py")
        answers.append(_visit(example, user))
        example.books().close()
    assert answers[0] == answers[1]
    first, second, third, fourth = answers[0]
    assert first == (200, {"answer": "Why did it cross? To get to the other side."}, "8160")
    assert second[1] == {"report": "Why chickens? To get to the other side.", "left": 5_980, "slides": 500}
    assert (third[0], fourth[0]) == (200, 200)
