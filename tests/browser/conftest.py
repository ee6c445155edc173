"""Fixtures of the browser tests: one Chromium, one server and two browsers a module, which every test finds empty."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from support.browser import LiveServer, NoBrowser, chromium, clean, serving
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


WINDOW = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def first_window(browser: Browser) -> Iterator[BrowserContext]:
    """The browser of whom a test is about, far from the server's time zone."""
    context = browser.new_context(**WINDOW, locale="en-GB", timezone_id="Asia/Kolkata")
    yield context
    context.close()


@pytest.fixture(scope="module")
def second_window(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody else's browser."""
    context = browser.new_context(**WINDOW)
    yield context
    context.close()


@pytest.fixture
def page(first_window: BrowserContext) -> Iterator[Page]:
    """A tab in a browser that knows nobody: no cookie of another test."""
    yield first_window.new_page()
    clean(first_window)


@pytest.fixture
def another(second_window: BrowserContext) -> Iterator[BrowserContext]:
    """Somebody else's browser, that knows nobody either."""
    yield second_window
    if second_window.pages:
        clean(second_window)
