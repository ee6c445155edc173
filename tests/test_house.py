"""The rules of the house, held by reading the sources; and each rule seen to catch what it is for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support import house
from support.house import ROOT, Source

FILES = house.sources()
RULES = [house.wrong_arrows, house.foreign_libraries, house.clocks, house.too_long, house.unguarded]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_sources_keep_the_rule(rule: object) -> None:
    assert callable(rule)
    complaints = [complaint for source in FILES for complaint in rule(source)]
    assert not complaints, "\n" + "\n".join(complaints)


def test_no_service_imports_itself_through_another() -> None:
    assert not house.circles(FILES)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("creditbook.domain.rules", "from ..store import engine"),
        ("creditbook.domain.rules", "from creditbook import store"),
        ("creditbook.store.rows", "import creditbook.ledger.spending"),
        ("creditbook.ledger.spending", "from creditbook.ui import page"),
        ("creditbook.api.health", "def f():\n    from creditbook.ui.page import header"),
        ("creditbook.ui.page", "from ..api import problems"),
        ("creditbook.reports.usage", "from creditbook.installation import installation"),
        ("creditbook.commands.setup", "from creditbook.api import api"),
        ("creditbook.settings", "from creditbook.store.engine import open_store"),
        ("creditbook.client.verbs", "from creditbook.ledger.ledger import Job"),
        ("creditbook.client.verbs", "from creditbook import Receipt"),
        ("creditbook.client.verbs", "from creditbook.clock import system_clock"),
        ("creditbook.store.engine", "from creditbook.client import connect"),
        ("creditbook.cupboard.things", "x = 1"),
    ],
)
def test_an_arrow_that_points_back_is_seen(module: str, text: str) -> None:
    assert house.wrong_arrows(Source(module, text))


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("creditbook.store.rows", "from ..domain.state import Grant"),
        ("creditbook.ledger.spending", "from creditbook.pricing import book"),
        ("creditbook.commands.importing", "from creditbook.ingest import usage"),
        ("pages.account.overview", "from creditbook.ui.session import require"),
        ("creditbook.store.engine", "from creditbook.site import PACKAGE"),
        ("creditbook.client.verbs", "from creditbook.domain.results import Receipt"),
    ],
)
def test_an_arrow_that_points_down_is_left_alone(module: str, text: str) -> None:
    assert not house.wrong_arrows(Source(module, text))


def test_two_services_in_a_circle_are_seen() -> None:
    there = Source("creditbook.ledger.a", "from creditbook.pricing import b")
    back = Source("creditbook.pricing.b", "from creditbook.ledger import a")
    assert house.circles([there, back])
    assert not house.circles([there])


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("pages.account.history", "import sqlalchemy as sa"),
        ("creditbook.ledger.spending", "from psycopg import sql"),
        ("creditbook.reports.usage", "import streamlit as st"),
        ("creditbook.access.people", "from starlette.requests import Request"),
        ("creditbook.domain.rules", "import numpy"),
        ("creditbook.domain.rules", "import os"),
    ],
)
def test_a_library_in_a_room_that_is_not_its_own_is_seen(module: str, text: str) -> None:
    assert house.foreign_libraries(Source(module, text))


def test_a_read_of_the_wall_clock_is_seen() -> None:
    assert house.clocks(Source("creditbook.ledger.spending", "at = datetime.now(UTC)"))


def test_a_file_a_page_and_a_function_that_are_too_long_are_seen() -> None:
    assert house.too_long(Source("creditbook.ledger.a", "x = 1\n" * 301))
    assert house.too_long(Source("pages.account.a", "x = 1\n" * 101))
    assert house.too_long(Source("creditbook.ledger.a", "def f():\n" + "    x = 1\n" * 60))
    assert not house.too_long(Source("creditbook.ledger.a", "def f():\n" + "    x = 1\n" * 59))


@pytest.mark.parametrize("text", ["import x\nx.title('x')\nrequire('admin')", '"""Only words."""', "x = 1"])
def test_a_page_that_does_anything_before_its_guard_is_seen(text: str) -> None:
    assert house.unguarded(Source("pages.admin.a", text))


@pytest.mark.parametrize("text", ['"""A page."""\nfrom x import require\nrequire("admin")', 'who = require("user")'])
def test_a_page_that_begins_with_its_guard_is_left_alone(text: str) -> None:
    assert not house.unguarded(Source("pages.admin.a", text))


def test_no_file_names_the_host_of_a_package_index() -> None:
    # Put together here, so that this file does not name them either.
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"))]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    paths = [ROOT / name for name in listed.splitlines()] or [p for p in ROOT.glob("*") if p.is_file()]
    named = [str(path) for path in paths if path.is_file() and any(host in _text(path) for host in hosts)]
    assert not named


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore") if path.stat().st_size < 1_000_000 else ""
