"""An administrator's round in a real browser: resets previewed and run, a key made, a member's plan and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from support.browser import LiveServer, serving, until_ready, visit
from support.ledgers import MovedClock
from support.visits import come_in, fill, press, settled

from creditbook import Ledger
from creditbook.access.api_keys import KeyRefused, authenticate
from creditbook.clock import system_clock

SOON = 45_000


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, Ledger]]:
    """A studio whose accounts were opened forty days ago and never swept since; nobody sweeps here but people."""
    clock, folder = MovedClock(system_clock() - timedelta(days=40)), tmp_path_factory.mktemp("admin")
    with settled(sqlite_template, folder, {"nisha": "admin", "asha": "user"}, clock=clock) as (url, ledger):
        ledger.spend("studio/asha", action="srs", tokens=700, agent="srs", model="gpt-5", project="Bus pass")
        clock.at = system_clock()
        with serving(url, {"CREDITBOOK_SWEEP_SECONDS": "0"}) as server:
            yield server, ledger


def test_a_bulk_reset_is_previewed_run_and_seen_by_its_user(
    served: tuple[LiveServer, Ledger], page: Page, another: BrowserContext
) -> None:
    server, ledger = served
    come_in(page, server, "asha", "overview")
    latest = page.locator(".st-key-latest")
    expect(latest).to_contain_text("Bus pass", timeout=SOON)
    expect(latest).not_to_contain_text("Reset")

    boss = another.new_page()
    come_in(boss, server, "nisha", "resets")
    expect(boss.locator(".st-key-health")).to_contain_text("2 wallets are late", timeout=SOON)
    expect(boss.locator(".st-key-run")).to_contain_text("20,000")
    expect(boss.locator(".st-key-scheduler")).to_contain_text("Off on this server")
    review = boss.locator(".st-key-review button").first
    expect(review).to_be_disabled()
    fill(boss, why="The server was off")
    boss.keyboard.press("Enter")
    expect(review).to_be_enabled(timeout=SOON)
    review.click()
    expect(boss.get_by_role("dialog")).to_contain_text("20,000 tokens are granted in 2 accounts", timeout=SOON)
    press(boss, "sweep-confirm")
    expect(boss.locator(".st-key-swept")).to_contain_text("Settled 2 accounts", timeout=SOON)
    expect(boss.locator(".st-key-health")).to_contain_text("Every wallet is up to date", timeout=SOON)
    assert ledger.sweep("studio").resets == 0, "it was all done"

    page.reload()
    expect(latest).to_contain_text("Reset", timeout=SOON)

    visit(boss, server.at("audit?what=Resets+run"))
    expect(boss.locator(".st-key-opened")).to_contain_text("The server was off", timeout=SOON)
    expect(boss.locator(".st-key-seal")).to_contain_text("The chain is whole", timeout=SOON)


def test_a_key_is_shown_once_and_works_until_it_is_revoked(served: tuple[LiveServer, Ledger], page: Page) -> None:
    server, ledger = served
    store = ledger.core.store
    come_in(page, server, "nisha", "api-keys")
    press(page, "make-key")
    fill(page, key_name="Website", key_reason="the website")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-key-confirm button")).to_be_enabled(timeout=SOON)
    press(page, "key-confirm")
    shown = page.locator(".st-key-key-made code").first
    expect(shown).to_contain_text("cb_studio_", timeout=SOON)
    key = shown.inner_text().strip()
    assert authenticate(store, key, system_clock()).name == "Website"
    press(page, "key-copied")
    expect(page.locator(".st-key-key-made")).to_have_count(0, timeout=SOON)
    assert key not in page.content()

    page.locator(".stDataFrameGlideDataEditor.dvn-scroller").first.click(position={"x": 16, "y": 38 + 19})
    page.wait_for_url(re.compile(r"key=\d+"), timeout=SOON)
    until_ready(page)
    press(page, "key-revoke")
    fill(page, revoked_reason="it leaked")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-revoked-confirm button")).to_be_enabled(timeout=SOON)
    press(page, "revoked-confirm")
    expect(page.locator(".st-key-key-revoked")).to_contain_text("Website is revoked", timeout=SOON)
    with pytest.raises(KeyRefused):
        authenticate(store, key, system_clock())


def test_a_plan_is_sold_on_the_sheet_and_the_members_own_pages_show_it(
    served: tuple[LiveServer, Ledger], page: Page
) -> None:
    server, ledger = served
    come_in(page, server, "nisha", "members?find=asha")
    page.locator(".stDataFrameGlideDataEditor.dvn-scroller").first.click(position={"x": 16, "y": 38 + 19})
    page.wait_for_url(re.compile(r"member=\d+"), timeout=SOON)
    until_ready(page)
    press(page, "act-plan")
    expect(page.get_by_role("dialog")).to_contain_text("Records a payment of", timeout=SOON)
    fill(page, deed_reason="paid by UPI")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-deed-confirm button")).to_be_enabled(timeout=SOON)
    press(page, "deed-confirm")
    expect(page.locator(".st-key-deed-done")).to_contain_text(re.compile("Asha is on .+ now"), timeout=SOON)
    assert ledger.subscription("studio/asha").is_paid
    press(page, "deed-forget")

    press(page, "act-look")
    fill(page, look_why="She asked what she has")
    page.keyboard.press("Enter")
    look = page.locator(".st-key-look-open button").first
    expect(look).to_be_enabled(timeout=SOON)
    look.click()
    expect(page.get_by_text("You see Asha's pages.")).to_be_visible(timeout=SOON)
    available = ledger.balance("studio/asha").available
    expect(page.locator(".st-key-hero [data-testid=stMetricValue]")).to_have_text(f"{available:,}", timeout=SOON)
