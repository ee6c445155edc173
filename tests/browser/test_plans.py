"""Buying, redeeming and upgrading, in a real browser against a real server; an administrator takes the money."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.browser import LiveServer, serving, until_ready
from support.people import House
from support.visits import come_in, press

from creditbook import Ledger
from creditbook.access import console
from creditbook.clock import system_clock
from creditbook.ledger.ledger import ledger_on
from creditbook.programs.loader import load_program
from creditbook.store import purchases
from creditbook.store.engine import open_store

SOON = 45_000
CHIP = ".st-key-balance-chip"
Served = tuple[LiveServer, Ledger]


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path_factory.mktemp('plans') / 'creditbook.db')}"
    store = open_store(url)
    with ledger_on(store) as ledger:
        house = House(store, clock=system_clock)
        for slug, people in (("studio", ("asha", "ravi", "meera")), ("teams", ("tara",))):
            made = ledger.create_organization(slug, load_program(slug), actor="console")
            org = console(made.org_id, made.slug, made.name, made.zone)
            if slug == "teams":
                ledger.open_account(slug, actor="console")
            for user_name in people:
                ledger.open_account(f"{slug}/{user_name}", draws_on_pool=slug == "teams", actor="console")
                house.access.people.give_account(org, house.person(org, user_name), user_name, reason="test")
        with serving(url) as server:
            yield server, ledger


def pending(ledger: Ledger, account: str) -> int:
    """The account's newest purchase, which waits for its payment."""
    ref = ledger.core.account(account)
    newest = purchases.of_account(ledger.core.store, ref.org_id, ref.account_id, most=1)[0]
    assert newest.status == "pending"
    return newest.purchase_id


def pay(ledger: Ledger, account: str) -> None:
    """What an administrator does who has the money."""
    number = pending(ledger, account)
    ledger.pay_purchase(account, number, provider="manual", payment=f"bank {number}", reason="paid", actor="nisha")


def test_a_package_is_asked_for_paid_and_spendable_without_reloading(served: Served, page: Page) -> None:
    server, ledger = served
    come_in(page, server, "asha", "plans")
    press(page, "buy-pro")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("200,000 tokens go into the Bought wallet", timeout=SOON)
    expect(dialog).to_contain_text("210,000")
    press(page, "deal-confirm")
    expect(page.locator(".st-key-deal-done")).to_contain_text("is asked for", timeout=SOON)
    expect(page.locator(".st-key-bought")).to_contain_text("waits for the payment")
    expect(page.locator(CHIP)).to_contain_text("10,000")
    pay(ledger, "studio/asha")
    expect(page.locator(CHIP)).to_contain_text("210,000", timeout=SOON)
    expect(page.locator(".st-key-bought")).to_contain_text("done", timeout=SOON)


def test_an_upgrade_tells_what_it_closes_and_opens_and_cancelling_can_be_taken_back(served: Served, page: Page) -> None:
    server, ledger = served
    ledger.spend("studio/ravi", action="code", tokens=4_000)
    come_in(page, server, "ravi", "plans")
    press(page, "choose-basic")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Basic begins now with a full new term", timeout=SOON)
    expect(dialog).to_contain_text("What is left of Free's allowance closes")
    expect(dialog.get_by_role("row", name="Available 6,000")).to_contain_text("50,000")
    press(page, "deal-confirm")
    expect(page.locator(".st-key-deal-done")).to_contain_text("is asked for", timeout=SOON)
    pay(ledger, "studio/ravi")
    expect(page.locator(".st-key-plan-status")).to_contain_text("Paid until", timeout=SOON)
    expect(page.locator(CHIP)).to_contain_text("50,000")

    press(page, "plan-cancel")
    expect(page.get_by_role("dialog")).to_contain_text("everything stays as it is. Then Free begins", timeout=SOON)
    press(page, "deal-confirm")
    expect(page.locator(".st-key-deal-done")).to_contain_text("Basic is cancelled", timeout=SOON)
    assert ledger.subscription("studio/ravi").status == "cancelling"
    press(page, "deal-undo")
    expect(page.get_by_role("dialog")).to_contain_text("Free no longer waits", timeout=SOON)
    press(page, "deal-confirm")
    expect(page.locator(".st-key-deal-done")).to_contain_text("Basic goes on", timeout=SOON)
    assert ledger.subscription("studio/ravi").status == "active"


def test_a_code_is_redeemed_with_enter_and_a_wrong_one_is_told(served: Served, page: Page) -> None:
    server, ledger = served
    come_in(page, server, "meera", "redeem")
    field = page.locator(".st-key-code input")
    field.fill("no such code")
    field.press("Enter")
    expect(page.get_by_text("This code can't be redeemed")).to_be_visible(timeout=SOON)
    field.fill(" welcome2024 ")
    field.press("Enter")
    expect(page.locator(".st-key-redeem-form")).to_contain_text("+10,000 tokens", timeout=SOON)
    expect(page.locator(".st-key-redeem-form")).to_contain_text("20,000 tokens")
    expect(page.locator(CHIP)).to_contain_text("20,000", timeout=SOON)
    assert ledger.balance("studio/meera").available == 20_000
    press(page, "redeem-another")
    until_ready(page)
    expect(field).to_have_value("", timeout=SOON)


def test_a_starter_team_is_led_to_the_plan_that_has_what_it_lacks(served: Served, page: Page) -> None:
    server, ledger = served
    come_in(page, server, "tara", "activity")
    expect(page.locator(".st-key-features")).to_contain_text("The Starter plan does not include")
    page.get_by_role("link", name="Upgrade to Pro").click()
    page.wait_for_url("**/plans", timeout=SOON)
    until_ready(page)
    press(page, "choose-pro")
    expect(page.get_by_role("dialog")).to_contain_text("Ask for Pro", timeout=SOON)
    press(page, "deal-confirm")
    expect(page.locator(".st-key-deal-done")).to_contain_text("is asked for", timeout=SOON)
    pay(ledger, "teams")
    expect(page.locator(".st-key-plan-status")).to_contain_text("Paid until", timeout=SOON)
    assert ledger.balance("teams").available == 200
