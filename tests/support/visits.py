"""What people do at the door, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from support.browser import LiveServer, until_ready, visit

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
