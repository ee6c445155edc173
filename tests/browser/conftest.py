"""Fixtures of the browser tests: one Chromium and one server a module, one empty profile a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from support.browser import LiveServer, NoBrowser, chromium, serving
from support.databases import CONTINUOUS_INTEGRATION

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


# One a module, not one a run: while Playwright runs, no other test of this process can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium. Missing on a laptop: the test is skipped with a sentence; missing in CI: it fails."""
    try:
        with chromium() as found:
            yield found
    except NoBrowser as reason:
        if CONTINUOUS_INTEGRATION:
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def live_server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """`creditbook serve` on a migrated, empty SQLite database, in a process of its own."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("served") / "creditbook.db")
    with serving(f"sqlite:///{path}") as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab in a profile of its own: no cookie of another test."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", locale="en-GB", timezone_id="Asia/Kolkata"
    )
    try:
        yield context.new_page()
    finally:
        context.close()
