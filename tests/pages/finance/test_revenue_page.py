"""Revenue: what the page says is what the reports say, its sheets add up, and every figure opens to rows that do."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.ledgers import MovedClock
from support.looking import look
from support.revenues import SHOP, Season, a_season, lead

from creditbook import open_ledger
from creditbook.installation import Installation, close_installations, installation
from creditbook.reports.finance import books, periods, sales, subscriptions
from creditbook.ui.finance import earning, joining, recurring, revenue, sheets, sold
from creditbook.ui.finance.listing import Listing
from creditbook.ui.finance.sheets import Picked, Sheet

PAGE = "finance/revenue.py"
SPAN = periods.custom(date(2026, 3, 1), date(2026, 7, 2))


@pytest.fixture(scope="module")
def made(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Season]]:
    file = shutil.copy(sqlite_template, tmp_path_factory.mktemp("revenue") / "creditbook.db")
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
def season(made: tuple[str, Season]) -> Season:
    return made[1]


def rows(sheet: Sheet) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sheets.csv_bytes(sheet).decode())))


def adds_up(sheet: Sheet, *, but: frozenset[str] = frozenset()) -> None:
    """The last line of the download is the sum of the others, column by column, in exact decimals."""
    *lines, total = rows(sheet)
    for column in sheet.columns:
        if column.slug not in but:
            name = f"{column.name} ({column.unit})" if column.unit else column.name
            assert sum(Decimal(line[name] or 0) for line in lines) == Decimal(total[name] or 0), column.name


def everything(listing: Listing | None) -> list[Any]:
    assert listing is not None
    return list(listing.fetch(None, 1_000))


def test_the_page_says_what_was_sold_and_what_the_plans_bring(
    place: Installation, season: Season, text: Callable[[AppTest], str]
) -> None:
    at = look(PAGE, lead(season.ledger), period="All")
    assert not at.exception
    assert at.title[0].value == "Revenue"
    who = lead(season.ledger)
    told = sum(one.gross_minor for one in sales.sold(place.store, who, SPAN))
    said = {metric.label: metric.value for metric in at.metric}
    assert said["Sold"] == f"₹{told // 100:,}.{told % 100:02}"
    mrr, accounts = subscriptions.worth_a_month(subscriptions.lives(place.store, who, SPAN.last), SPAN.last)["INR"]
    assert said["MRR"] == f"₹{mrr // 100:,}.{mrr % 100:02}"
    assert accounts == 2
    assert "Monthly recurring revenue, in INR" in text(at)


def test_every_sheet_adds_up_by_hand(place: Installation, season: Season) -> None:
    who = lead(season.ledger)
    lives = subscriptions.lives(place.store, who, SPAN.last)
    bought, back = sales.sold(place.store, who, SPAN), sales.money_back(place.store, who, SPAN)
    adds_up(sold.sheet(bought, back, "INR"))
    adds_up(joining.cohort_sheet(lives))
    mrr = recurring.sheet(lives, SPAN, "INR")
    adds_up(mrr, but=frozenset({"opening", "closing", "accounts"}))
    for line in mrr.every:
        opening, *moved, closing, _ = (cell or 0 for cell in line.cells)
        assert opening + sum(moved) == closing
    for before, after in zip(mrr.lines, mrr.lines[1:], strict=False):
        assert before.cells[6] == after.cells[0]
    standing = subscriptions.worth_a_month(lives, SPAN.last)
    converted = recurring.converted(standing, revenue.rates(place.store, standing, SPAN.last), revenue.INTO)
    adds_up(converted)
    assert "ECB" in converted.more


def test_what_is_earned_and_deferred_adds_up_across_and_down_and_opens_to_its_rows(
    place: Installation, season: Season
) -> None:
    who = lead(season.ledger)
    months = books.books_by_month(place.store, who, SPAN.first, SPAN.last)
    earned, deferred = earning.earned(months, "INR"), earning.deferred(months, "INR")
    adds_up(earned)
    adds_up(deferred, but=frozenset({"opening", "closing"}))
    for line in earned.every:
        *parts, revenue_minor = (cell or 0 for cell in line.cells)
        assert sum(parts) == revenue_minor
    for line in deferred.every:
        *parts, closing = (cell or 0 for cell in line.cells)
        assert sum(parts) == closing
    assert earned.total is not None
    assert all(earned.total.cells[:2]), "packs and plans earn"
    for sheet in (earned, deferred):
        for line in sheet.every:
            for column, cell in zip(sheet.columns, line.cells, strict=True):
                if column.slug in ("revenue", "reversed"):
                    continue
                found = everything(
                    earning.beneath(place.store, who, SPAN, "INR", Picked(sheet.key, line.slug, column.slug))
                )
                place_of = 6 if column.slug in ("opening", "closing") else 4
                sign = -1 if sheet is earned else 1  # what is earned leaves what is deferred
                assert sum(row.raw[place_of] for row in found) * 100 * sign == cell, (sheet.key, line.slug, column.slug)


def test_every_line_and_bar_of_the_pictures_is_named_above_them(place: Installation, season: Season) -> None:
    who = lead(season.ledger)
    months = books.books_by_month(place.store, who, SPAN.first, SPAN.last)
    drawn, _ = earning.picture(earning.earned(months, "INR"), earning.deferred(months, "INR"))
    mrr = recurring.picture(recurring.sheet(subscriptions.lives(place.store, who, SPAN.last), SPAN, "INR"), "INR")
    for fig, legend in ((drawn, earning.LEGEND), (mrr, recurring.LEGEND)):
        named = [next((name for name in legend if name.startswith(trace.name)), None) for trace in fig.data]
        assert None not in named
        colours = [trace.marker.color for trace in fig.data]
        assert [legend[name] for name in named if name] == colours


def test_amounts_stand_at_the_right_where_a_currency_stands_before_them_too(
    place: Installation, season: Season
) -> None:
    at = look(PAGE, lead(season.ledger), period="All")
    (shown,) = [one for one in at.dataframe if "MRR" in one.value.columns]
    how = json.loads(shown.proto.columns)
    assert {name: how[name]["alignment"] for name in ("MRR", "Paying", "In INR")} == dict.fromkeys(
        ("MRR", "Paying", "In INR"), "right"
    )


def test_every_figure_of_what_was_sold_opens_to_rows_that_add_up_to_it(place: Installation, season: Season) -> None:
    who = lead(season.ledger)
    found = sold.sheet(sales.sold(place.store, who, SPAN), sales.money_back(place.store, who, SPAN), "INR")
    assert len(found.lines) > 8
    for line in found.lines:
        beneath = everything(sold.beneath(place.store, who, SPAN, "INR", Picked("sold", line.slug, "gross")))
        for column, place_of in (("gross", 3), ("tax", 4), ("net", 5)):
            cell = line.cells[[c.slug for c in found.columns].index(column)] or 0
            assert sum(row.raw[place_of] for row in beneath) * 100 == abs(cell), (line.slug, column)


def test_every_figure_of_mrr_and_of_the_cohorts_opens_to_rows_that_add_up_to_it(
    place: Installation, season: Season
) -> None:
    lives = subscriptions.lives(place.store, lead(season.ledger), SPAN.last)
    mrr = recurring.sheet(lives, SPAN, "INR")
    for line in mrr.every:
        for column, cell in zip(mrr.columns, line.cells, strict=True):
            beneath = everything(recurring.beneath(lives, SPAN, "INR", Picked("mrr", line.slug, column.slug)))
            minor = [row.raw[3 if column.slug in ("opening", "closing", "accounts") else 4] * 100 for row in beneath]
            assert cell == (len(minor) if column.slug == "accounts" else sum(minor)), (line.slug, column.slug)
    cohorts = joining.cohort_sheet(lives)
    for line in cohorts.every:
        for column, cell in zip(cohorts.columns, line.cells, strict=True):
            beneath = everything(joining.beneath(lives, Picked("cohorts", line.slug, column.slug)))
            once = column.slug not in ("upgrades", "downgrades", "churned")
            assert len(beneath) == cell if once else len(beneath) <= (cell or 0)
    mix = joining.mix_sheet(lives, SPAN)
    for line in mix.lines:
        for column, cell in zip(mix.columns, line.cells, strict=True):
            assert len(everything(joining.beneath(lives, Picked("mix", line.slug, column.slug)))) == cell


def test_the_rows_beneath_a_figure_have_an_address_and_nonsense_in_it_is_nothing(
    place: Installation, season: Season, text: Callable[[AppTest], str]
) -> None:
    who = lead(season.ledger)
    at = look(PAGE, who, period="All", beneath="sold.2026-06:plan:thirty.gross")
    assert not at.exception
    assert any("gita" in frame.value.to_string() for frame in at.dataframe)
    assert not look(PAGE, who, period="All", beneath="x").exception
    lives = subscriptions.lives(place.store, who, SPAN.last)
    for nonsense in ("sold.2026-99:plan:thirty.gross", "mrr.never.new", "cohorts.2026-03.what", "no.such.sheet"):
        picked = Picked(*nonsense.split("."))
        assert revenue.beneath(place.store, who, SPAN, "INR", lives, picked) is None, nonsense


def test_an_organization_that_sold_nothing_says_so(
    place: Installation, season: Season, text: Callable[[AppTest], str]
) -> None:
    at = look(PAGE, lead(season.ledger, "empty"))
    assert not at.exception
    assert "Nothing sold yet" in text(at)


def test_members_can_not_open_it(place: Installation, season: Season) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        look(PAGE, lead(season.ledger, role="user"), from_home=True)


def test_a_database_that_does_not_answer_is_told_with_a_reference(
    place: Installation, season: Season, text: Callable[[AppTest], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(subscriptions, "lives", broken)
    at = look(PAGE, lead(season.ledger))
    assert not at.exception
    assert "Revenue could not be read" in text(at)


def test_dollars_are_written_as_dollars_and_not_twice_escaped(place: Installation, season: Season) -> None:
    lives = subscriptions.lives(place.store, lead(season.ledger), SPAN.last)
    note = recurring.sheet(lives, SPAN, "USD").note
    assert "\\$0" in note
    assert "\\\\" not in note


def test_what_was_sold_before_these_days_is_still_told(place: Installation, season: Season) -> None:
    none_sold = periods.custom(date(2026, 6, 20), date(2026, 6, 25))
    months = books.books_by_month(place.store, lead(season.ledger), none_sold.first, none_sold.last)
    assert sales.sold(place.store, lead(season.ledger), none_sold) == []
    assert revenue.anything(months, [])
    assert not revenue.anything([], [])
