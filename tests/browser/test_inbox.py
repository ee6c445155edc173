"""What waits for a person, decided by clicking: a payment by hand, and a large grant by a second administrator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from support.browser import LiveServer, visit
from support.visits import come_in, fill, press, studio

from creditbook import Ledger

SOON = 45_000


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, Ledger]]:
    people = {"nisha": "admin", "kabir": "admin", "asha": "user"}
    with studio(sqlite_template, tmp_path_factory.mktemp("inbox"), people) as found:
        yield found


def test_a_purchase_is_marked_as_paid_and_its_buyer_sees_it_without_reloading(
    served: tuple[LiveServer, Ledger], page: Page, another: BrowserContext
) -> None:
    server, ledger = served
    opened = ledger.open_purchase("studio/asha", "starter", actor="asha")
    shop = another.new_page()
    come_in(shop, server, "asha", "plans")
    come_in(page, server, "nisha", "inbox")
    press(page, f"open-paid-{opened.purchase_id}")
    expect(page.get_by_role("dialog")).to_contain_text("₹99.00 for Starter", timeout=SOON)
    fill(page, **{f"paid_{opened.purchase_id}_reason": "UPI 884421"})
    page.keyboard.press("Enter")
    press(page, f"paid-{opened.purchase_id}-confirm")
    expect(page.locator(".stMain")).to_contain_text("Nothing waits", timeout=SOON)
    expect(shop.locator(".st-key-balance-chip")).to_contain_text("60,000", timeout=SOON)


def test_a_grant_above_the_bound_is_given_by_another_administrator(
    served: tuple[LiveServer, Ledger], page: Page, another: BrowserContext
) -> None:
    server, ledger = served
    before = ledger.balance("studio/asha").available
    asked = ledger.ask_grant("studio/asha", 150_000, reason="Prize of the hackathon", actor="nisha")
    come_in(page, server, "nisha", "inbox")
    expect(page.locator(".stMain")).to_contain_text("another administrator has to decide", timeout=SOON)
    other = another.new_page()
    come_in(other, server, "kabir", "inbox")
    press(other, f"open-approve-{asked}")
    fill(other, **{f"approve_{asked}_typed": "150,000"})
    other.keyboard.press("Enter")
    press(other, f"approve-{asked}-confirm")
    expect(other.locator(".stMain")).to_contain_text("Nothing waits", timeout=SOON)
    assert before is not None
    assert ledger.balance("studio/asha").available == before + 150_000
    visit(other, server.at("audit"))
    expect(other.locator(".stMain")).to_contain_text("Audit", timeout=SOON)
