"""The admin's first loop, and a person's own pages, in a real browser against a real server."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from support.browser import LiveServer, serving, until_ready
from support.visits import come_in, fill, press, settled

from creditbook import Ledger

SOON = 45_000
HERO = ".st-key-hero [data-testid=stMetricValue]"
ROW = 38


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, Ledger]]:
    folder = tmp_path_factory.mktemp("account")
    with settled(sqlite_template, folder, {"nisha": "admin", "asha": "user"}) as (url, ledger):
        for n in range(20):
            ledger.spend(
                "studio/asha",
                action="srs" if n % 2 else "code",
                tokens=100 + n,
                agent="srs" if n % 2 else "code",
                model="gpt-5",
                project=f"=Project {n}",
                input_tokens=40,
                output_tokens=60 + n,
            )
        with serving(url) as server:
            yield server, ledger


def test_a_grant_is_seen_by_its_receiver_without_reloading(
    served: tuple[LiveServer, Ledger], page: Page, another: BrowserContext
) -> None:
    server, ledger = served
    before = ledger.balance("studio/asha").available
    assert before is not None
    come_in(page, server, "asha", "overview")
    expect(page.locator(HERO)).to_have_text(f"{before:,}", timeout=SOON)

    boss = another.new_page()
    come_in(boss, server, "nisha", "grants")
    people = boss.locator(".st-key-people input")
    people.click()
    people.fill("asha")
    boss.keyboard.press("Enter")
    until_ready(boss)
    fill(boss, why="Prize of the hackathon")
    boss.keyboard.press("Enter")
    expect(boss.locator(".st-key-review button").first).to_be_enabled(timeout=SOON)
    boss.locator(".st-key-review button").first.click()
    expect(boss.get_by_role("dialog")).to_contain_text("10,000 tokens to Asha", timeout=SOON)
    press(boss, "grant-confirm")
    expect(boss.locator(".st-key-granted")).to_contain_text("Granted 10,000 tokens to Asha", timeout=SOON)

    expect(page.locator(HERO)).to_have_text(f"{before + 10_000:,}", timeout=SOON)
    expect(page.locator(".st-key-latest")).to_contain_text("+10,000")

    press(boss, "undo-grant")
    expect(boss.get_by_role("dialog")).to_contain_text("10,000 of 10,000 tokens are unspent", timeout=SOON)
    press(boss, "undo-confirm")
    expect(boss.get_by_text("Undone: 10,000 tokens came back")).to_be_visible(timeout=SOON)
    expect(page.locator(HERO)).to_have_text(f"{before:,}", timeout=SOON)


def test_a_line_of_the_history_opens_to_its_entries_and_has_an_address(
    served: tuple[LiveServer, Ledger], page: Page
) -> None:
    server, _ = served
    come_in(page, server, "asha", "history?kind=Usage")
    table = page.locator(".stDataFrameGlideDataEditor.dvn-scroller").first
    table.click(position={"x": 16, "y": ROW * 3 + ROW / 2})
    page.wait_for_url(re.compile(r"line=\d+"), timeout=SOON)
    until_ready(page)
    detail = page.locator(".st-key-sheet")
    expect(detail).to_contain_text("=Project 17")
    expect(detail).to_contain_text("117 tokens")
    expect(detail).to_contain_text("Welcome bonus")
    page.reload()
    until_ready(page)
    expect(page.locator(".st-key-sheet")).to_contain_text("=Project 17", timeout=SOON)


def test_the_csv_downloads_and_adds_up_to_the_balance(
    served: tuple[LiveServer, Ledger], page: Page, tmp_path: Path
) -> None:
    server, ledger = served
    come_in(page, server, "asha", "history")
    with page.expect_download(timeout=SOON) as waiting:
        page.locator(".st-key-history-csv button").first.click()
    assert re.fullmatch(r"studio-history-[0-9a-f]{6}\.csv", waiting.value.suggested_filename)
    waiting.value.save_as(tmp_path / "history.csv")
    with (tmp_path / "history.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert sum(int(line["change_tokens"]) for line in lines) == ledger.balance("studio/asha").posted
    assert {line["project"] for line in lines} >= {"'=Project 0", "'=Project 19"}


def test_usage_shows_what_was_used_by_agent_and_its_table_by_address(
    served: tuple[LiveServer, Ledger], page: Page
) -> None:
    server, _ = served
    come_in(page, server, "asha", "usage?by-agent=Table")
    expect(page.locator(".st-key-kpis")).to_contain_text("2.19K")
    expect(page.locator(".st-key-card-by-agent [data-testid=stDataFrame]")).to_be_visible(timeout=SOON)
    expect(page.locator(".st-key-card-by-model [data-testid=stPlotlyChart]")).to_be_visible()


def test_the_page_is_set_in_our_own_font_and_calls_nobody_outside(
    served: tuple[LiveServer, Ledger], page: Page
) -> None:
    server, _ = served
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    come_in(page, server, "asha", "wallets")
    assert page.evaluate("document.fonts.check('600 16px \"Creditbook Sans\"')")
    assert any(url.endswith("/app/static/creditbook-sans.woff2") for url in asked)
    outside = [
        url for url in asked if not url.startswith((server.url, "data:", "blob:", server.url.replace("http", "ws")))
    ]
    assert outside == []


def test_the_keyboard_alone_turns_the_page(served: tuple[LiveServer, Ledger], page: Page) -> None:
    server, _ = served
    come_in(page, server, "asha", "history")
    older = page.locator(".st-key-older button")
    older.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"from=\d+"), timeout=SOON)
    until_ready(page)
    expect(page.locator(".st-key-newer button")).to_be_enabled(timeout=SOON)
