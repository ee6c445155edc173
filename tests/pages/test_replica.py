"""What the account pages read from the replica of `CREDITBOOK_REPORTS_URL`, and what they do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.databases import migrate


@pytest.fixture
def behind(spent: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A replica that has received nothing yet: whatever is read from it is empty."""
    replica = f"sqlite:///{tmp_path}/replica.db"
    migrate(replica)
    monkeypatch.setenv("CREDITBOOK_REPORTS_URL", replica)
    return spent


@pytest.mark.parametrize(
    ("page", "said"),
    [("account/usage.py", "Nothing used yet"), ("account/history.py", "Nothing has happened yet")],
)
def test_figures_of_the_past_are_the_replicas(
    behind: Any, text: Callable[[AppTest], str], page: str, said: str
) -> None:
    at = behind.open(page, behind.principal("asha"))
    assert not at.exception
    assert said in text(at)


def test_the_balance_is_never_the_replicas(behind: Any) -> None:
    at = behind.open("account/overview.py", behind.principal("asha"))
    assert not at.exception
    assert {m.label: m.value for m in at.metric}["Available"] != "–"
