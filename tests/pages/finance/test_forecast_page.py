"""The Forecast page: its answers, its charts' tables, and what it says where there is nothing, or no reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

if TYPE_CHECKING:
    from pages.conftest import Visit

PAGE = "finance/forecast.py"
Text = Callable[[AppTest], str]


def test_it_answers_when_who_runs_out_and_what_next_month_costs(spent: Visit, text: Text) -> None:
    at = spent.open(PAGE, spent.principal("vera", "finance", account=False))
    assert not at.exception
    assert [one.value for one in at.title] == ["Forecast"]
    figures = {one.label: one.value for one in at.metric}
    assert set(figures) == {"Next month's cost", "Run out in 30 days", "Lost unspent", "Error of 7 days"}
    assert figures["Run out in 30 days"] == "0"
    said = text(at)
    assert "1 account, 60 days by the rules" in said
    assert "Does not run out within 60 days" in said
    assert "How this is computed" in [one.label for one in at.expander]


def test_the_chart_of_the_cost_is_also_a_table(spent: Visit) -> None:
    at = spent.open(PAGE, spent.principal("vera", "finance", account=False), **{"cost-ahead": "Table"})
    assert not at.exception
    frame = next(one.value for one in at.dataframe if "Heavy" in one.value and "Cost" in one.value)
    assert list(frame.columns) == ["Day", "Cost", "Light", "Expected", "Heavy"]
    assert frame["Cost"].notna().sum() + frame["Expected"].notna().sum() == len(frame)


def test_without_any_use_it_says_what_makes_it_appear(visit: Visit, text: Text) -> None:
    at = visit.open(PAGE, visit.principal("vera", "finance", account=False))
    assert not at.exception
    assert "Nothing to look ahead from" in text(at)
    assert not at.metric


def test_what_can_not_be_read_is_told_with_a_reference(spent: Visit, text: Text) -> None:
    who = spent.principal("vera", "finance", account=False)
    with spent.place.store.write(who.org_id) as connection:
        connection.exec_driver_sql("ALTER TABLE usage_account_day RENAME TO gone")
    at = spent.open(PAGE, who)
    assert not at.exception
    assert "The forecast could not be read" in text(at)


def test_members_do_not_see_it(spent: Visit) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        spent.open(PAGE, spent.principal("asha"))
