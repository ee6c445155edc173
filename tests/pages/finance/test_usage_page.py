"""Usage & cost as finance sees it, over a real ledger: figures, the filter, the period before, the rows of a bar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.reports.finance import usage
from creditbook.reports.finance.wanted import Wanted
from creditbook.ui.format import inr, usd

PAGE = "finance/usage.py"
Text = Callable[[AppTest], str]
MONTH = {"period": "Custom", "since": "2026-03-01", "until": "2026-03-31"}


@pytest.fixture
def used(spent: Any) -> Any:
    """Asha's month of March, and Ben's dearer one of two days."""
    spent.ledger.open_account("acme/ben", plan="monthly")
    for model in ("claude-sonnet-4-5", "unheard-of-1"):
        spent.ledger.spend(
            "acme/ben", action="work", tokens=9, agent="code", model=model, input_tokens=100_000, output_tokens=9_000
        )
        spent.clock.forward(days=1)
    return spent


def fay(visit: Any) -> Any:
    return visit.principal("fay", "finance", account=False)


def opened(visit: Any, **query: str) -> AppTest:
    at: AppTest = visit.open(PAGE, fay(visit), **query)
    assert [title.value for title in at.title] == ["Usage & cost"]
    assert not at.exception
    return at


def figures(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def test_the_four_figures_are_what_the_books_say_in_both_currencies(used: Any, text: Text) -> None:
    at = opened(used, **MONTH)
    whole = usage.total(used.place.store, fay(used), Wanted(date(2026, 3, 1), date(2026, 3, 31)))
    assert whole.requests == 42
    told = figures(at)
    assert told["Cost"].replace("\\", "") == usd(whole.cost_usd_nanos)
    assert told["Cost in rupees"] == inr(whole.cost_inr_nanos)
    assert told["Requests"] == "42"
    assert "1 request of these days has no price yet" in text(at)
    assert "against 1 – 28 Feb 2026" in text(at)


def test_a_filter_in_the_address_narrows_every_figure(used: Any, text: Text) -> None:
    at = opened(used, **MONTH, model="claude-sonnet-4-5")
    assert figures(at)["Requests"] == "1"
    assert "no price yet" not in text(at)
    assert at.multiselect(key="model").value == ["claude-sonnet-4-5"]
    labels = [one.proto.popover.label for one in at.get("popover")]
    assert labels[-2:] == ["Filters · 1", "₹ as booked"]


def test_what_changed_adds_up_and_names_who_moved_it(used: Any) -> None:
    at = opened(used, period="7 days", **{"movers-by": "Member", "changes": "Table"})
    steps, moved = (frame.value for frame in at.dataframe)
    assert list(steps.Step[:1]) + list(steps.Step[-1:]) == ["Before", "Now"]
    assert "Volume" in list(steps.Step)
    assert set(moved.Name) == {"asha", "ben"}


def test_a_bars_link_opens_the_rows_that_add_up_to_it(used: Any, text: Text) -> None:
    at = opened(used, **MONTH, rows="model=claude-sonnet-4-5")
    assert "1 request, 9 tokens charged, \\$0" in text(at)
    rows = at.dataframe[-1].value
    assert list(rows.account) == ["ben"]
    assert list(rows.usd) == ["$0.435000"]


def test_nothing_used_says_so_and_an_empty_filter_repeats_itself(visit: Any, used: Any, text: Text) -> None:
    at = opened(used, **MONTH, agent="srs", model="claude-sonnet-4-5")
    assert "No usage of srs, claude\\-sonnet\\-4\\-5 on these days" in text(at)
    at.button(key="empty-clear").click().run()
    assert figures(at)["Requests"] == "42"
    empty = visit.open(PAGE, fay(visit), period="Custom", since="2020-01-01", until="2020-01-02")
    assert "No usage on these days" in text(empty)
    assert not empty.exception


def test_an_organization_without_usage_is_told_what_will_stand_here(visit: Any, text: Text) -> None:
    assert "Nothing used yet" in text(opened(visit))


@pytest.mark.parametrize("table", ["usage_org_day", "usage_account_day"])
def test_the_page_stands_whatever_the_database_does(used: Any, text: Text, table: str) -> None:
    with used.place.store.write(fay(used).org_id) as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone")
    assert "could not be read" in text(opened(used))
