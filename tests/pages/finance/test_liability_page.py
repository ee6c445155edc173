"""Liability: the roll-forward as a page shows it adds up across and down, and a figure opens to what is beneath."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.ledgers import MovedClock
from support.looking import look
from support.revenues import SHOP, Season, a_season, lead

from creditbook import open_ledger
from creditbook.installation import Installation, close_installations, installation
from creditbook.reports.finance import books
from creditbook.reports.finance.periods import custom
from creditbook.ui.finance import liability, liability_rows
from creditbook.ui.finance.sheets import Picked, Sheet

PAGE = "finance/liability.py"
SPAN = custom(date(2026, 3, 1), date(2026, 7, 2))


@pytest.fixture(scope="module")
def made(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Season]]:
    file = shutil.copy(sqlite_template, tmp_path_factory.mktemp("liability") / "creditbook.db")
    clock = MovedClock()
    ledger = open_ledger(f"sqlite:///{file}", clock=clock)
    season = a_season(ledger, clock)
    ledger.create_organization("empty", SHOP)
    yield f"sqlite:///{file}", season
    ledger.close()


@pytest.fixture
def place(made: tuple[str, Season], monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", made[0])
    here = installation()
    here.clock = made[1].clock
    yield here
    close_installations()


@pytest.fixture
def who(made: tuple[str, Season]) -> Any:
    return lead(made[1].ledger)


def across(sheet: Sheet) -> None:
    """Opening and what moved add up to the closing, in every line and in the total."""
    for line in sheet.every:
        *parts, closing = (cell or 0 for cell in line.cells)
        assert sum(parts) == closing, line.labels


def test_tokens_and_money_add_up_across_and_down(place: Installation, who: Any) -> None:
    found = books.books(place.store, who, SPAN.first, SPAN.last)
    for sheet in (liability.tokens(found), liability.deferred(found, "INR")):
        across(sheet)
        assert sheet.total is not None
        for n, cell in enumerate(sheet.total.cells):
            assert cell == sum(line.cells[n] or 0 for line in sheet.lines)


def test_each_month_begins_where_the_last_one_ended(place: Installation, who: Any) -> None:
    months = books.books_by_month(place.store, who, SPAN.first, SPAN.last)
    for grant_class in ("", "purchased", "plan"):
        sheet = liability.by_month(months, grant_class)
        across(sheet)
        assert sheet.total is not None
        assert (sheet.total.cells[0], sheet.total.cells[-1]) == (sheet.lines[0].cells[0], sheet.lines[-1].cells[-1])
        for before, after in zip(sheet.lines, sheet.lines[1:], strict=False):
            assert before.cells[-1] == after.cells[0]


def test_every_figure_of_the_page_opens_to_rows_that_add_up_to_it(place: Installation, who: Any) -> None:
    found = books.books(place.store, who, SPAN.first, SPAN.last)
    months = books.books_by_month(place.store, who, SPAN.first, SPAN.last)
    for sheet in (liability.tokens(found), liability.deferred(found, "INR"), liability.by_month(months, "purchased")):
        for line in sheet.every:
            for column, cell in zip(sheet.columns, line.cells, strict=True):
                picked = Picked(sheet.key, line.slug, column.slug)
                listing = liability_rows.beneath(place.store, who, SPAN, "INR", "purchased", picked)
                assert listing is not None
                rows = listing.fetch(None, 1_000)
                at = listing.columns.index("Left" if "Left" in listing.columns else "Tokens")
                if column.unit:
                    at += 1
                beneath = sum(row.raw[at] or 0 for row in rows) * (100 if column.unit else 1)
                assert beneath == cell, (sheet.key, line.slug, column.slug)
                paged, after = [], None
                while page := listing.fetch(after, 2):
                    paged += page
                    after = page[-1].row_id
                assert paged == list(rows), "pages are the whole, each row once"


def test_the_page_shows_it_and_an_address_opens_the_rows(
    place: Installation, who: Any, text: Callable[[AppTest], str]
) -> None:
    at = look(PAGE, who, period="All", beneath="tokens.purchased.sold")
    assert not at.exception
    assert at.title[0].value == "Liability"
    assert "Deferred revenue, in INR" in text(at)
    assert any("dev" in frame.value.to_string() for frame in at.dataframe)
    for nonsense in ("tokens.nobody.sold", "tokens.purchased.what", "months.2026-99-01.used", "x.y.z"):
        picked = Picked(*nonsense.split("."))
        assert liability_rows.beneath(place.store, who, SPAN, "INR", "", picked) is None


def test_nothing_owed_says_so_and_members_can_not_look(
    place: Installation, made: tuple[str, Season], text: Callable[[AppTest], str]
) -> None:
    at = look(PAGE, lead(made[1].ledger, "empty"))
    assert "Nothing is owed yet" in text(at)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        look(PAGE, lead(made[1].ledger, role="user"), from_home=True)


def test_books_that_do_not_answer_are_told_with_a_reference(
    place: Installation, who: Any, text: Callable[[AppTest], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(books, "books", broken)
    assert "The books could not be read" in text(look(PAGE, who))
