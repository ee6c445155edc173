"""One installation for each of these modules, on SQLite: what databases do differently is tried elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest
from api.application import Applications, applications


@pytest.fixture(scope="module")
def apps(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applications]:
    """The API over a database of this module's own."""
    with applications(
        f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('programs') / 'creditbook.db')}"
    ) as found:
        yield found
