"""From an empty database to the first administrator, as a person does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.browser import LiveServer, creditbook, serving, until_ready, visit
from support.visits import NAVIGATION, enter_password, fill, press

PASSWORD = "four quiet green lanterns"
SOON = 45_000


@contextmanager
def new_house(folder: Path) -> Iterator[tuple[LiveServer, str]]:
    """A server on a database just made by `creditbook init`, with one organization; and the set-up token it printed."""
    url = f"sqlite:///{folder}/creditbook.db"
    environ = {"CREDITBOOK_DATABASE_URL": url}
    made = creditbook("init", "--json", environ=environ)
    assert made.returncode == 0, made.stderr
    created = creditbook("org", "create", "studio", "--program", "studio", environ=environ)
    assert created.returncode == 0, created.stderr
    with serving(url) as server:
        yield server, json.loads(made.stdout)["setup_token"]


@pytest.fixture(scope="module")
def settled_house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[LiveServer]:
    """A new house whose first administrator is there already."""
    with new_house(tmp_path_factory.mktemp("settled")) as (server, token):
        context = browser.new_context()
        become_administrator(context.new_page(), server, token)
        context.close()
        yield server


def become_administrator(page: Page, server: LiveServer, token: str) -> None:
    """Follow the console's link, fill in the form, land on Members."""
    visit(page, server.at(f"?setup={token}"))
    fill(page, name="Asha Raman", user_name="asha", new_password=PASSWORD, new_password_2=PASSWORD)
    press(page, "first-now")
    expect(page.get_by_role("heading", name="Members")).to_be_visible(timeout=SOON)
    assert token not in page.url


def test_the_token_of_the_console_makes_the_first_administrator_once(
    tmp_path: Path, page: Page, another: BrowserContext
) -> None:
    with new_house(tmp_path) as (server, token):
        become_administrator(page, server, token)
        late = another.new_page()
        visit(late, server.at(f"?setup={token}"))
        expect(late.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SOON)
        until_ready(late)
        assert token not in late.url


def test_a_wrong_password_is_refused_in_one_wording_whoever_it_is(settled_house: LiveServer, page: Page) -> None:
    said = []
    for name in ("asha", "nobody-of-this-name"):
        visit(page, settled_house.url)
        enter_password(page, name, "wrong password")
        alert = page.locator('[data-testid="stAlert"]')
        expect(alert).to_be_visible(timeout=SOON)
        said.append(alert.inner_text())
    assert said[0] == said[1]


@pytest.mark.parametrize("path", ["", "overview", "wallets", "history", "usage", "members", "grants"])
def test_every_address_opened_signed_out_shows_the_door_and_nothing_else(
    settled_house: LiveServer, page: Page, path: str
) -> None:
    visit(page, settled_house.at(path))
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=SOON)
    assert page.locator(NAVIGATION).count() == 0


def test_the_console_says_where_the_set_up_is(tmp_path: Path) -> None:
    environ = {
        "CREDITBOOK_DATABASE_URL": f"sqlite:///{tmp_path}/creditbook.db",
        "CREDITBOOK_BASE_URL": "https://c.example",
    }
    said = creditbook("init", environ=environ).stdout
    assert "https://c.example/?setup=" in said
