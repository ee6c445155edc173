"""A running server with `acme/asha` and `acme/ben` in it, and a key, where the examples of the documentation look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest
from api.door import Door, open_door
from support.running import running

from creditbook.installation import close_installations


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The installation behind the server; the environment names the server's address and a key of scope spend."""
    url = f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('served') / 'creditbook.db')}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", url)
        door = open_door(url)
        with running() as address:
            patch.setenv("CREDITBOOK_URL", address.removesuffix("/api"))
            patch.setenv("CREDITBOOK_KEY", door.keys["spend"])
            yield door
        close_installations()
