"""Every page of the dashboard in light, dark and on a phone, into docs/screenshots/. `make screenshots` runs it.

It fills a database of its own with the demo, serves it, signs in once per role and photographs what that role's
navigation offers. With `--only overview,history` it takes just those.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize  # noqa: E402
from support.browser import LiveServer, chromium, creditbook, serving, until_ready, visit  # noqa: E402
from support.visits import sign_in  # noqa: E402

TALLEST = 6000
# Nothing moves, nothing blinks; Streamlit's own corner is not part of our page.
FREEZE = """
*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important }
[data-testid='stStatusWidget'], [data-testid='stDecoration'] { visibility: hidden !important }
"""
_HEIGHT = """() => {
  const main = document.querySelector('[data-testid=stMainBlockContainer]');
  const side = document.querySelector('[data-testid=stSidebarContent]');
  return Math.max(main ? main.scrollHeight + main.offsetTop : 0, side ? side.scrollHeight : 0);
}"""


class Look(NamedTuple):
    """One way of looking at a page."""

    name: str
    scheme: str
    width: int
    height: int
    scale: float
    phone: bool


LOOKS = (
    Look("light", "light", 1440, 900, 1, False),
    Look("dark", "dark", 1440, 900, 1, False),
    Look("phone", "light", 390, 844, 2, True),
)


def main() -> None:
    """Reads the options, makes the demo and takes the pictures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    options.add_argument("--only", default="", help="names of pages, separated by commas")
    options.add_argument("--org", default="studio,teams", help="the demo organizations to sign in to, in this order")
    given = options.parse_args()
    only = {name for name in given.only.split(",") if name}
    with tempfile.TemporaryDirectory(prefix="creditbook-shots-") as folder:
        url = f"sqlite:///{folder}/demo.db"
        people = demo_people(url, given.org.split(","))
        with serving(url) as server, chromium() as browser:
            for look in LOOKS:
                taken = sorted(photograph(browser, server, look, people, given.out / look.name, only))
                print(f"{look.name}: {', '.join(taken)}", flush=True)


def demo_people(database_url: str, slugs: list[str]) -> list[dict[str, Any]]:
    """Fills the database; one person per role of each organization, those with the fewest rights first.

    A page is taken for the first of them who can open it: what only a team has, in the organization that is a team.
    """
    made = creditbook("demo", "--json", environ={"CREDITBOOK_DATABASE_URL": database_url})
    if made.returncode:
        sys.exit(f"creditbook demo failed:\n{made.stdout}{made.stderr}")
    organizations = {organization["slug"]: organization for organization in json.loads(made.stdout)["organizations"]}
    ranked = {"user": 0, "finance": 1, "admin": 2}
    found: list[dict[str, Any]] = []
    for slug in slugs:
        by_role = {person["role"]: person for person in reversed(organizations[slug]["people"])}
        found += sorted(by_role.values(), key=lambda person: ranked.get(person["role"], 3))
    return found


def photograph(
    browser: Browser, server: LiveServer, look: Look, people: list[dict[str, Any]], out: Path, only: set[str]
) -> Iterator[str]:
    """Takes every page that one of these people can open, once; yields the pages' names."""
    out.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    with new_profile(browser, look) as context:
        page = context.new_page()
        visit(page, server.url)
        if not only or "sign-in" in only:
            shoot(page, out / "sign-in.png")
            yield "sign-in"
    for person in people:
        with new_profile(browser, look) as context:
            page = context.new_page()
            sign_in(page, server, person["username"], person["password"])
            for address in navigation(page):
                name = address.removeprefix(server.url).strip("/").split("?")[0] or "overview"
                if name in seen or (only and name not in only):
                    continue
                seen.add(name)
                visit(page, address)
                shoot(page, out / f"{name}.png")
                yield name


def new_profile(browser: Browser, look: Look) -> BrowserContext:
    """A browser profile that looks as `look` says, in an Indian time zone as the demo's people are."""
    return browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.scheme == "dark" else "light",
        device_scale_factor=look.scale,
        is_mobile=look.phone,
        has_touch=look.phone,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Asia/Kolkata",
    )


def navigation(page: Page) -> list[str]:
    """The addresses in the sidebar, in its order."""
    links = '[data-testid="stSidebarNavLink"]'
    found: list[str] = page.eval_on_selector_all(links, "links => links.map(link => link.href)")
    return list(dict.fromkeys(found))


def shoot(page: Page, path: Path) -> None:
    """Photographs the whole page. It scrolls inside itself, so the window grows until nothing is left to scroll."""
    page.add_style_tag(content=FREEZE)
    before = page.viewport_size
    assert before is not None
    for _ in range(3):
        height = max(before["height"], min(TALLEST, int(page.evaluate(_HEIGHT)) + 8))
        size = ViewportSize(width=before["width"], height=height)
        if size == page.viewport_size:
            break
        page.set_viewport_size(size)
        until_ready(page)
    page.screenshot(path=path, animations="disabled", caret="hide")
    page.set_viewport_size(before)


if __name__ == "__main__":
    main()
