"""What people do at the door, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page, expect
from support.browser import LiveServer, serving, until_ready, visit
from support.people import House

from creditbook import Ledger
from creditbook.access.cookies import session_cookie
from creditbook.clock import system_clock
from creditbook.ledger.ledger import ledger_on
from creditbook.store.engine import open_store

DOOR = ".st-key-door-card"
NAVIGATION = '[data-testid="stSidebarNavLink"]'


def fill(page: Page, **fields: str) -> None:
    """Types into the fields with these keys (`user_name` is the widget whose key is `user-name`)."""
    for key, text in fields.items():
        page.locator(f".st-key-{key.replace('_', '-')} input").fill(text)


def press(page: Page, key: str) -> None:
    """Presses the button with this key."""
    page.locator(f".st-key-{key} button").click()


def enter_password(page: Page, user_name: str, password: str) -> None:
    """Fills in the form that is open and sends it; what comes of it is the caller's to see."""
    fill(page, user_name=user_name, password=password)
    press(page, "sign-in-now")


def sign_in(page: Page, server: LiveServer, user_name: str, password: str, path: str = "") -> None:
    """Opens an address signed out, signs in there, and waits for the page behind it."""
    visit(page, server.at(path))
    enter_password(page, user_name, password)
    expect(page.locator(DOOR)).to_have_count(0, timeout=45_000)
    until_ready(page)


def come_in(page: Page, server: LiveServer, user_name: str, path: str = "") -> None:
    """Opens an address as somebody who signed in before: the cookie is there. The form is for the tests of the door."""
    store = open_store(server.database_url)
    try:
        token = House(store, clock=system_clock).sign_in(user_name)
    finally:
        store.close()
    page.context.add_cookies([{"name": session_cookie(secure=False), "value": token, "url": server.url}])
    visit(page, server.at(path))
    expect(page.locator(NAVIGATION).first).to_be_attached(timeout=45_000)


@contextmanager
def settled(
    template: Path, folder: Path, people: Mapping[str, str], *, clock: Callable[[], datetime] = system_clock
) -> Iterator[tuple[str, Ledger]]:
    """The address of a database in which these people (user name → role) live at Nilgiri Studio, and its ledger."""
    url = f"sqlite:///{shutil.copy(template, folder / 'creditbook.db')}"
    store = open_store(url)
    with ledger_on(store, clock=clock) as ledger:
        House(store, clock=system_clock).move_in(ledger, "studio", people, name="Nilgiri Studio")
        yield url, ledger


@contextmanager
def studio(template: Path, folder: Path, people: Mapping[str, str]) -> Iterator[tuple[LiveServer, Ledger]]:
    """Nilgiri Studio and these people, with a server running."""
    with settled(template, folder, people) as (url, ledger), serving(url) as server:
        yield server, ledger
