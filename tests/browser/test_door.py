"""The door as people use it: links that survive, tabs that close, roles that change under an open page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from support.browser import LiveServer, serving, until_ready, visit
from support.people import PASSWORD, House
from support.visits import NAVIGATION, enter_password, fill, press, sign_in

from creditbook.access import Principal
from creditbook.clock import system_clock
from creditbook.ledger.ledger import ledger_on
from creditbook.store.engine import open_store

SOON = 45_000
NEW = "seven green bicycles"


class Studio(House):
    """An organization with its people, in the database that the server serves."""

    org: Principal


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, Studio]]:
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path_factory.mktemp('door') / 'creditbook.db')}"
    store = open_store(url)
    with ledger_on(store) as ledger:
        house = Studio(store, clock=system_clock)
        people = {"nisha": "admin", "asha": "user", "ravi": "admin", "kabir": "user"}
        house.org = house.move_in(ledger, "studio", people, name="Nilgiri Studio")
        with serving(url) as server:
            yield server, house


def door_is_shown(page: Page) -> None:
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SOON)
    assert page.locator(NAVIGATION).count() == 0


def choose(page: Page, entry: str) -> None:
    """Chooses from the menu at the sidebar's foot."""
    page.locator(".st-key-user-menu button").click()
    page.get_by_role("menuitem", name=entry, exact=True).or_(page.get_by_text(entry, exact=True)).first.click()


def test_a_deep_link_in_a_fresh_process_shows_the_door_and_nothing_else_and_then_the_page(
    served: tuple[LiveServer, Studio], page: Page
) -> None:
    first, _ = served
    with serving(first.database_url) as server:
        visit(page, server.at("usage?by=Model"))
        door_is_shown(page)
        assert "asha" not in page.content().lower()
        enter_password(page, "asha", PASSWORD)
        expect(page.get_by_role("heading", name="Usage", exact=True)).to_be_visible(timeout=SOON)
        assert page.url == server.at("usage?by=Model")


def test_the_sixth_try_waits_even_with_the_right_password(served: tuple[LiveServer, Studio], page: Page) -> None:
    server, _ = served
    visit(page, server.url)
    alert = page.locator('[data-testid="stAlert"]')
    for _ in range(5):
        enter_password(page, "kabir", "wrong words here")
        expect(alert).to_contain_text("is wrong", timeout=SOON)
        until_ready(page)
    enter_password(page, "kabir", PASSWORD)
    expect(alert).to_contain_text("Too many attempts", timeout=SOON)


def test_scripts_cannot_read_what_says_who_is_signed_in(served: tuple[LiveServer, Studio], page: Page) -> None:
    server, _ = served
    sign_in(page, server, "asha", PASSWORD)
    assert "creditbook" not in page.evaluate("() => document.cookie")
    assert {c["name"]: (c["httpOnly"], c["sameSite"]) for c in page.context.cookies() if "creditbook" in c["name"]} == {
        "creditbook_session": (True, "Lax"), "creditbook_browser": (True, "Lax")}  # fmt: skip


def test_signing_out_closes_the_other_tab_by_itself_and_kills_the_copied_cookie(
    served: tuple[LiveServer, Studio], page: Page, another: BrowserContext
) -> None:
    server, _ = served
    sign_in(page, server, "asha", PASSWORD, path="wallets")
    other = page.context.new_page()
    visit(other, server.at("history"))
    expect(other.locator(NAVIGATION).first).to_be_attached()
    another.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    thief = another.new_page()
    visit(thief, server.url)
    expect(thief.locator(NAVIGATION).first).to_be_attached(timeout=SOON)
    choose(page, "Sign out")
    for tab in (page, other, thief):
        door_is_shown(tab)
    page.wait_for_timeout(2_000)  # the door asks the server to take the dead cookie back
    assert "creditbook_session" not in {cookie["name"] for cookie in page.context.cookies()}
    visit(thief, server.at("overview"))
    door_is_shown(thief)


def test_another_role_acts_under_an_open_page(served: tuple[LiveServer, Studio], page: Page) -> None:
    server, house = served
    ravi = next(m for m in house.access.people.members(house.org) if m.user_name == "ravi")
    sign_in(page, server, "ravi", PASSWORD, path="members")
    expect(page.get_by_role("heading", name="Members")).to_be_visible(timeout=SOON)
    house.access.people.change_role(house.org, ravi.person_id, "user", reason="steps down")
    expect(page.get_by_role("heading", name="Not for you")).to_be_visible(timeout=SOON)
    assert page.locator('[data-testid="stDataFrame"]').count() == 0
    house.access.people.deactivate(house.org, ravi.person_id, reason="left")
    door_is_shown(page)


def test_an_invitation_goes_from_the_page_to_a_new_person_who_sees_her_tokens(
    served: tuple[LiveServer, Studio], page: Page, another: BrowserContext
) -> None:
    server, _ = served
    sign_in(page, server, "nisha", PASSWORD, path="members")
    press(page, "invite")
    fill(page, invite_name="Divya Pillai", invite_user="divya", invite_reason="joins the studio")
    page.keyboard.press("Tab")
    expect(page.locator(".st-key-deed-confirm button")).to_be_enabled(timeout=SOON)
    press(page, "deed-confirm")
    link = page.locator(".st-key-deed-done code").inner_text(timeout=SOON)
    assert link.startswith(server.at("?link="))

    guest = another.new_page()
    visit(guest, link)
    expect(guest.get_by_role("heading", name="Join Nilgiri Studio")).to_be_visible(timeout=SOON)
    fill(guest, new_password=NEW, new_password_2=NEW)
    press(guest, "link-now")
    expect(guest.get_by_role("heading", name="Overview")).to_be_visible(timeout=SOON)
    expect(guest.locator('[data-testid="stSidebar"]')).to_contain_text("Divya Pillai", timeout=SOON)
    late = another.new_page()
    visit(late, link)
    expect(late.get_by_role("heading", name="This link is spent")).to_be_visible(timeout=SOON)


def test_changing_the_password_signs_every_other_device_out(
    served: tuple[LiveServer, Studio], page: Page, another: BrowserContext
) -> None:
    server, house = served
    house.person(house.org, "meera", "admin")
    phone = another.new_page()
    sign_in(phone, server, "meera", PASSWORD)
    sign_in(page, server, "meera", PASSWORD)
    choose(page, "Change password")
    fill(page, old_password=PASSWORD, new_password=NEW, new_password_2=NEW)
    press(page, "change-now")
    expect(page.get_by_role("dialog")).to_contain_text("Your password is changed", timeout=SOON)
    door_is_shown(phone)
    visit(page, server.url)
    expect(page.locator(NAVIGATION).first).to_be_attached(timeout=SOON)


def test_a_ticket_of_another_browser_opens_nothing_here(served: tuple[LiveServer, Studio], page: Page) -> None:
    server, house = served
    ticket = house.access.sessions.sign_in("asha", PASSWORD, address=None, browser="the attacker's")
    visit(page, server.at(f"session/start?t={ticket}&next=/overview"))
    door_is_shown(page)
    expect(page.locator('[data-testid="stAlert"]')).to_contain_text("Sign in once more")
