"""docs/ledger.md speaks in the words of the code: every name in it exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from creditbook.domain.journal import Journal

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"`([a-z]+)\.([A-Za-z_]+)`", PAGE)) - {("errors", "py")})


def test_the_page_names_the_code() -> None:
    assert len(NAMES) > 20


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_name_on_the_page_is_a_name_in_the_code(module: str, name: str) -> None:
    found = getattr(importlib.import_module(f"creditbook.domain.{module}"), name)
    assert found.__doc__


@pytest.mark.parametrize("verb", re.findall(r"`Journal\.([a-z]+)`", PAGE))
def test_a_movement_on_the_page_is_one_of_the_journals(verb: str) -> None:
    assert getattr(Journal, verb).__doc__
