"""What the API's tests stand on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from api.door import Door, open_door


@pytest.fixture
def door(database_url: str, installed_at: Callable[[str], None]) -> Door:
    """The API over an installation of this test's own, on each database."""
    installed_at(database_url)
    return open_door(database_url)
