"""What the client's tests stand on: one server a file, an organization a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from client.world import World, a_world


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server of this file's own."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("client") / "creditbook.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", f"sqlite:///{path}")
        with a_world() as made:
            yield made
