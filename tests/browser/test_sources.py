"""Usage that came and could not be placed: the administrator says where its owner stands, and it is booked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.browser import LiveServer, serving, until_ready
from support.people import PASSWORD, House
from support.visits import fill, press, sign_in

from creditbook import Ledger
from creditbook.clock import system_clock
from creditbook.ledger.ledger import ledger_on
from creditbook.sources.settings import Terms, save_source
from creditbook.sources.taking import take
from creditbook.sources.values import Event
from creditbook.store.engine import open_store

SOON = 45_000


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, Ledger]]:
    """A charging source to which two events came that name asha by an attribute which nothing reads yet."""
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path_factory.mktemp('sources') / 'creditbook.db')}"
    store = open_store(url)
    with ledger_on(store) as ledger:
        boss = House(store, clock=system_clock).move_in(ledger, "studio", {"nisha": "admin", "asha": "user"})
        source = save_source(store, boss, system_clock, Terms("Agents", "otlp", "charge"), reason="test")
        events = [Event(f"{n}", system_clock(), {"action": "srs", "input_tokens": 700, "output_tokens": 300},
                        {"session.owner": "asha"}) for n in range(2)]  # fmt: skip
        assert take(ledger, "studio", source, events, actor="key:app").waiting == 2
        with serving(url) as server:
            yield server, ledger


def test_what_waits_is_booked_once_its_owner_is_found_and_her_overview_follows_by_itself(
    served: tuple[LiveServer, Ledger], page: Page, browser: Browser
) -> None:
    server, ledger = served
    member = browser.new_context()
    overview = member.new_page()
    sign_in(overview, server, "asha", PASSWORD, "overview")
    expect(overview.locator(".st-key-hero")).to_contain_text("10,000", timeout=SOON)
    sign_in(page, server, "nisha", PASSWORD, "sources?settings=1")
    main = page.locator(".stMain")
    expect(main).to_contain_text("2 events not booked", timeout=SOON)
    expect(page.locator(".st-key-preview")).to_contain_text("2 events: It names no account", timeout=SOON)
    page.locator('[class*="st-key-source-"][class*="-who"] input').click()
    page.keyboard.type("session.owner")
    expect(page.get_by_role("option", name="session.owner")).to_be_visible(timeout=SOON)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-preview")).to_contain_text("asha", timeout=SOON)
    page.keyboard.press("Escape")
    press(page, "settings-save")
    expect(page.get_by_role("dialog")).to_contain_text("2 events", timeout=SOON)
    fill(page, sources_reason="The agents call her session.owner")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-sources-confirm button")).to_be_enabled(timeout=SOON)
    press(page, "sources-confirm")
    expect(page.locator(".st-key-sources-done")).to_contain_text("2 events booked", timeout=SOON)
    expect(main).to_contain_text("Nothing waits", timeout=SOON)
    assert ledger.balance("studio/asha").available == 8_000
    expect(overview.locator(".st-key-hero")).to_contain_text("8,000", timeout=SOON)
    until_ready(overview)
    expect(overview.locator(".st-key-latest")).to_contain_text("srs", timeout=SOON)
    member.close()
