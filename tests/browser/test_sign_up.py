"""Coming by oneself: an account with what the program opens, and signed in at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.browser import LiveServer, creditbook, serving, until_ready, visit
from support.visits import DOOR, NAVIGATION, fill, press

from creditbook.programs import load_program, program_to_toml

PASSWORD = "four quiet green lanterns"
SOON = 45_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[LiveServer]:
    """A server whose one organization lets people in by themselves, and whose first administrator is there."""
    folder: Path = tmp_path_factory.mktemp("open")
    program = folder / "open.toml"
    program.write_text(program_to_toml(replace(load_program("daily"), self_registration=True)), encoding="utf-8")
    environ = {"CREDITBOOK_DATABASE_URL": f"sqlite:///{folder}/creditbook.db"}
    made = creditbook("init", "--json", environ=environ)
    assert made.returncode == 0, made.stderr
    created = creditbook("org", "create", "daily", "--program", str(program), environ=environ)
    assert created.returncode == 0, created.stderr
    with serving(environ["CREDITBOOK_DATABASE_URL"]) as server:
        context = browser.new_context()
        page = context.new_page()
        visit(page, server.at(f"?setup={json.loads(made.stdout)['setup_token']}"))
        fill(page, name="Meera", user_name="meera", new_password=PASSWORD, new_password_2=PASSWORD)
        press(page, "first-now")
        expect(page.locator(DOOR)).to_have_count(0, timeout=SOON)
        context.close()
        yield server


def test_who_comes_by_herself_sees_her_welcome_tokens(house: LiveServer, page: Page) -> None:
    visit(page, house.url)
    press(page, "to-sign-up")
    expect(page.get_by_role("heading", name="Create an account")).to_be_visible(timeout=SOON)
    fill(page, name="Lila Nair", user_name="lila", new_password=PASSWORD, new_password_2=PASSWORD)
    press(page, "sign-up-now")
    expect(page.locator(DOOR)).to_have_count(0, timeout=SOON)
    until_ready(page)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible(timeout=SOON)
    expect(page.locator(".stMain")).to_contain_text("5")
    assert "Members" not in page.locator(NAVIGATION).all_inner_texts()


def test_a_friends_link_names_the_organization_and_the_friend(house: LiveServer, page: Page) -> None:
    visit(page, house.at("?join=daily&from=lila"))
    expect(page.locator(".st-key-friend input")).to_have_value("lila", timeout=SOON)
    fill(page, name="Ravi", user_name="ravi", new_password=PASSWORD, new_password_2="another one entirely")
    press(page, "sign-up-now")
    expect(page.locator(DOOR)).to_contain_text("The two passwords are not the same.", timeout=SOON)
    fill(page, user_name="meera", new_password=PASSWORD, new_password_2=PASSWORD)
    press(page, "sign-up-now")
    expect(page.locator(DOOR)).to_contain_text("taken", timeout=SOON)
