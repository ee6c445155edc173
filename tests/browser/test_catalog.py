"""A code is made, redeemed and counted; a plan is edited and nobody's running period changes: in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from support.browser import LiveServer, until_ready, visit
from support.visits import come_in, fill, press, studio

from creditbook import Ledger

SOON = 45_000


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, Ledger]]:
    with studio(sqlite_template, tmp_path_factory.mktemp("catalog"), {"nisha": "admin", "asha": "user"}) as found:
        yield found


def review(page: Page) -> None:
    """Press Review once a reason is there: until then a disabled button stands in its place."""
    expect(page.locator(".st-key-review button").first).to_be_enabled(timeout=SOON)
    page.locator(".st-key-review button").first.click()


def test_a_code_is_made_redeemed_and_the_administrator_sees_the_count_move(
    served: tuple[LiveServer, Ledger], page: Page, another: BrowserContext
) -> None:
    server, ledger = served
    come_in(page, server, "nisha", "promo-codes")
    fill(page, code="DIWALI26", code_tokens="2500", code_limit="50", code_why="For the festival")
    page.keyboard.press("Enter")
    review(page)
    expect(page.get_by_role("dialog")).to_contain_text("at most 125,000 tokens", timeout=SOON)
    press(page, "codes-confirm")
    expect(page.locator(".st-key-made")).to_contain_text("DIWALI26", timeout=SOON)

    before = ledger.balance("studio/asha").available
    assert before is not None
    hers = another.new_page()
    come_in(hers, server, "asha", "redeem")
    hers.get_by_role("textbox").first.fill("diwali26")
    hers.keyboard.press("Enter")
    until_ready(hers)
    hers.get_by_role("button", name="Redeem").first.click()
    expect(hers.locator(".stMain")).to_contain_text(f"{before + 2_500:,}", timeout=SOON)
    assert ledger.balance("studio/asha").available == before + 2_500

    code_id = next(row.code_id for row in ledger.codes("studio") if row.code == "diwali26")
    visit(page, server.at(f"promo-codes?code={code_id}"))
    until_ready(page)
    expect(page.locator(".st-key-codes")).to_contain_text("1 of 50", timeout=SOON)


def test_a_plan_is_edited_and_nobodys_running_period_changes(served: tuple[LiveServer, Ledger], page: Page) -> None:
    server, ledger = served
    before = ledger.balance("studio/asha")
    come_in(page, server, "nisha", "catalog")
    press(page, "edit-free")
    page.get_by_label("Title", exact=True).fill("Free for all")
    page.get_by_label("Requests a day, at most").fill("7")
    page.keyboard.press("Tab")
    press(page, "take-plan")
    changes = page.locator(".st-key-changes")
    expect(changes).to_contain_text("nobody's running period changes", timeout=SOON)
    fill(page, catalog_why="Everybody is welcome")
    page.keyboard.press("Enter")
    review(page)
    expect(page.get_by_role("dialog")).to_contain_text("2 accounts keep the running period as it is", timeout=SOON)
    assert ledger.program("studio").plans["free"].title == "Free", "nothing is written yet"
    press(page, "catalog-confirm")
    expect(page.locator(".st-key-loaded")).to_contain_text("Version 2 is in force", timeout=SOON)
    assert ledger.program("studio").plans["free"].requests_per_day == 7
    after = ledger.balance("studio/asha")
    assert [(one.type, one.posted, one.next_reset) for one in after.wallets] == [
        (one.type, one.posted, one.next_reset) for one in before.wallets
    ]

    press(page, "put-back")
    expect(page.get_by_role("dialog")).to_contain_text("Put version 1 in force again?", timeout=SOON)
    press(page, "catalog-confirm")
    expect(page.locator(".st-key-loaded")).to_contain_text("Version 3 is in force", timeout=SOON)
    assert ledger.program("studio").plans["free"].title == "Free"


def test_an_edit_that_another_administrator_overtook_is_told_and_kept(
    served: tuple[LiveServer, Ledger], page: Page
) -> None:
    server, ledger = served
    come_in(page, server, "nisha", "catalog?show=TOML")
    press(page, "begin")
    text = page.locator(".st-key-toml textarea").first
    expect(text).to_be_visible(timeout=SOON)
    text.fill(text.input_value().replace("price_minor = 29900", "price_minor = 31900"))
    press(page, "take-toml")
    expect(page.locator(".st-key-changes")).to_contain_text("Nobody is on the edited plans", timeout=SOON)
    fill(page, catalog_why="Dearer")
    page.keyboard.press("Enter")
    review(page)
    expect(page.get_by_role("dialog")).to_contain_text("1 change", timeout=SOON)
    version = ledger.load_program("studio", ledger.program("studio"), reason="A second pair of hands", actor="vikram")
    press(page, "catalog-confirm")
    expect(page.get_by_role("dialog")).to_contain_text(f"Version {version} was put in force after", timeout=SOON)
    press(page, "catalog-cancel")
    expect(page.locator(".st-key-changes")).to_contain_text("by vikram", timeout=SOON)
    press(page, "bring-over")
    expect(page.locator(".st-key-bring-over")).to_have_count(0, timeout=SOON)
    review(page)
    expect(page.get_by_role("dialog")).to_contain_text("1 change", timeout=SOON)
    press(page, "catalog-confirm")
    expect(page.locator(".st-key-loaded")).to_contain_text(f"Version {version + 1} is in force", timeout=SOON)
    assert ledger.program("studio").plans["basic"].price_minor == 31_900
