"""Costs & margin: the page says what the reports say, every figure opens to rows that add up, budgets are previewed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.ledgers import MovedClock
from support.revenues import SHOP, Season, a_season, lead

from creditbook import open_ledger
from creditbook.alerts.budgets import Budgets
from creditbook.domain.budgets import BudgetTerms, Scope
from creditbook.domain.money import NANOS
from creditbook.domain.operations import Cost
from creditbook.installation import Installation, close_installations, installation
from creditbook.reports.finance import costs
from creditbook.reports.finance.costs import Costs
from creditbook.reports.finance.money import AS_BOOKED
from creditbook.reports.finance.wanted import Wanted
from creditbook.site import DASHBOARD, PAGES
from creditbook.ui import charts
from creditbook.ui.finance import margin_rows, margin_split, margins
from creditbook.ui.finance.listing import Listing, every
from creditbook.ui.finance.margin_amounts import amount, money_axis, rate, rate_words
from creditbook.ui.finance.sheets import Picked
from creditbook.ui.session import TEST_USER

PAGE = "finance/costs.py"
SPAN = Wanted(date(2026, 3, 1), date(2026, 7, 2))
ALL = {"period": "Custom", "since": "2026-03-01", "until": "2026-07-02"}
Text = Callable[[AppTest], str]


@pytest.fixture(scope="module")
def made(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Season]]:
    """The shop's season, with some usage that costs, some that has no price, and an organization without anything."""
    file = shutil.copy(sqlite_template, tmp_path_factory.mktemp("costs") / "creditbook.db")
    clock = MovedClock()
    ledger = open_ledger(f"sqlite:///{file}", clock=clock)
    season = a_season(ledger, clock)
    for name, dollars, model, agent in (("asha", 2, "gpt-5", ""), ("chitra", 3, "o3", "*srs*")):
        ledger.spend(
            season.of(name), action="chat", cost=Cost(dollars * NANOS, dollars * 83 * NANOS), input_tokens=900,
            output_tokens=100, model=model, agent=agent,
        )  # fmt: skip
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
def found(place: Installation) -> Costs:
    return costs.costs(place.store, lead(place.ledger), SPAN, AS_BOOKED)


def opened(who: Any, **query: str) -> AppTest:
    at = AppTest.from_file(str(DASHBOARD), default_timeout=30)
    at.session_state[TEST_USER] = who
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    return at.switch_page(str(PAGES / PAGE)).run()


def metrics(at: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in at.metric}


def test_the_four_figures_are_the_reports(place: Installation, found: Costs) -> None:
    at = opened(lead(place.ledger), **ALL)
    total = found.total
    assert not at.exception
    assert at.title[0].value == "Costs & margin"
    assert total.margin_nanos == (total.revenue_nanos or 0) - 415 * NANOS
    assert metrics(at) == {
        "Revenue earned": amount(found.total.revenue_nanos, "INR"),
        "Cost": "₹415.00",
        "Margin": amount(found.total.margin_nanos, "INR"),
        "Margin of revenue": rate_words(rate(found.total)),
    }


def test_every_split_and_section_opens(place: Installation, text: Text) -> None:
    who = lead(place.ledger)
    for query, says in (
        ({"margins-by": "Package"}, "Margin by package"),
        ({"margins-by": "Account", "margins": "Table"}, "Margin by account"),
        ({"show": "Unit costs"}, "Cost per request by model"),
        ({"show": "Unit costs", "per": "1K model tokens", "unit-by": "Agent"}, "Cost per 1K model tokens by agent"),
        ({"show": "Budgets"}, "New budget"),
    ):
        at = opened(who, **(ALL | query))
        assert not at.exception, query
        assert says in text(at)


def test_unit_costs_tell_a_request_and_a_thousand_tokens(place: Installation) -> None:
    at = opened(lead(place.ledger), **(ALL | {"show": "Unit costs", "model": "gpt-5"}))
    told = metrics(at)
    assert told["Cost per request"] == "\\$2.0000"
    assert told["Cost per 1K model tokens"] == "\\$2.0000"


def test_an_organization_without_anything_says_what_will_stand_here(place: Installation, text: Text) -> None:
    who = lead(place.ledger, "empty")
    assert "Nothing was used or earned on these days" in text(opened(who))
    assert "No requests on these days" in text(opened(who, show="Unit costs"))
    assert "No budget yet" in text(opened(who, show="Budgets"))


def test_members_see_a_sentence_and_no_figure(place: Installation) -> None:
    who = replace(lead(place.ledger), role="user")
    at = AppTest.from_file(str(DASHBOARD), default_timeout=30)
    at.session_state[TEST_USER] = who
    at.run()
    with pytest.raises(Exception, match="finance/costs"):
        at.switch_page(str(PAGES / PAGE)).run()


def test_a_database_that_does_not_answer_leaves_the_page_standing(
    place: Installation, text: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("disk I/O error")

    monkeypatch.setattr(costs, "costs", broken)
    at = opened(lead(place.ledger), **ALL)
    assert not at.exception
    assert "Cost and revenue could not be read" in text(at)


def numbers(found: Listing, column: str) -> Decimal:
    place = found.columns.index(column)
    return sum((Decimal(row[place] or 0) for row in every(found)), Decimal(0))


def beneath(place: Installation, found: Costs, line: str, column: str, sheet: str = "margins") -> Listing:
    opened = margin_rows.find(place.store, lead(place.ledger), found, Picked(sheet, line, column))
    assert opened is not None
    return opened


def test_the_rows_beneath_a_figure_add_up_to_it(place: Installation, found: Costs) -> None:
    store, who = place.store, lead(place.ledger)
    for split in margin_split.SPLITS.values():
        for one in split(store, who, found):
            line = f"{one.kind}:{one.key or 'all'}"
            both = beneath(place, found, line, "margin")
            assert numbers(both, "Revenue") == Decimal(one.revenue_nanos or 0).scaleb(-9), line
            assert numbers(both, "Cost") == Decimal(one.cost_nanos or 0).scaleb(-9), line
            column = "INR" if one.kind == "account" else "Cost"
            spent = numbers(beneath(place, found, line, "cost"), column)
            assert spent == Decimal(one.cost_nanos or 0).scaleb(-9)
    month = beneath(place, found, "2026-04-01:2026-04-30", "revenue", margins.TREND)
    april = costs.costs(store, who, Wanted(date(2026, 4, 1), date(2026, 4, 30)), AS_BOOKED)
    assert numbers(month, "Revenue") == Decimal(april.total.revenue_nanos or 0).scaleb(-9)
    total = beneath(place, found, "all", "cost", margins.TREND)
    assert numbers(total, "USD") == Decimal(found.total.usage.cost_usd_nanos).scaleb(-9)


@pytest.mark.parametrize("line", ["plan", "account:x", "days:y", "2026-13-01:2026-01-01", "package"])
def test_an_address_that_means_nothing_opens_nothing_or_no_rows(place: Installation, found: Costs, line: str) -> None:
    for sheet in (margins.TREND, "margins", "no-such"):
        opened = margin_rows.find(place.store, lead(place.ledger), found, Picked(sheet, line, "margin"))
        assert opened is None or not list(every(opened)) or line in ("plan", "package")


def test_the_dialog_opens_by_its_address(place: Installation, text: Text) -> None:
    at = opened(lead(place.ledger), **(ALL | {"beneath": "margins.plan:pro.margin"}))
    assert not at.exception
    assert "the sum of these rows" in text(at)


def budgets(place: Installation) -> Budgets:
    return Budgets(place.store, lead(place.ledger), place.settings, place.clock)


def test_a_budget_is_previewed_before_anything_is_written(place: Installation, text: Text) -> None:
    at = opened(lead(place.ledger), show="Budgets")
    at.text_input(key="budget-name").set_value("All *models*")
    at.text_input(key="budget-amount").set_value("1,000")
    at.run()
    assert "July 2026 so far: ₹415.00, 42% of it" in text(at)
    assert not at.button(key="budget-review").disabled
    assert budgets(place).listed() == []
    at.button(key="budget-review").click().run()
    assert "All \\*models\\*" in text(at)
    at.text_input(key="budget-amount").set_value("a lot").run()
    assert "is not an amount" in text(at)
    assert at.button(key="budget-review").disabled


def test_a_budget_says_how_it_stands_and_ends_with_a_reason(place: Installation, text: Text) -> None:
    service = budgets(place)
    terms = BudgetTerms(
        name="Small", scope=Scope.MODEL, subject="gpt-5", month=None, amount_nanos=100 * NANOS, currency="INR"
    )
    made = service.add(terms, "", reason="To see")
    at = opened(lead(place.ledger), show="Budgets")
    assert not at.exception
    said = text(at)
    assert "**₹166.00** of ₹100.00 spent, 166%" in said
    assert "Nobody is told" in said
    at.button(key=f"end-{made}").click().run()
    assert not at.exception
    assert "is watched no more" in text(at)
    service.end(made, reason="Seen")


def test_amounts_are_written_in_the_way_of_their_currency() -> None:
    assert amount(1_234_567 * NANOS, "INR") == "₹12,34,567.00"
    assert amount(-5 * NANOS, "USD") == "−$5.00"
    assert amount(None, "USD") == "–"
    assert rate_words(-1_234) == "−123.4%"


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 0, ["$0"]),
        (0, 1_500, ["$0", "$500", "$1K", "$1.5K"]),
        (-60, 100, ["−$50", "$0", "$50", "$100"]),
        (0, 0.04, ["$0", "$0.01", "$0.02", "$0.03", "$0.04"]),
    ],
)
def test_an_axis_of_money_has_round_steps(low: float, high: float, texts: list[str]) -> None:
    fig = charts.figure(100)
    money_axis(fig, low, high, "USD")
    assert list(fig.layout.yaxis.ticktext) == texts
