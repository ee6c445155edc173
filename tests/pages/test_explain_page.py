"""Explain, run by Streamlit's test runner over a real ledger: the waterfall adds up and its bars open."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from streamlit.testing.v1 import AppTest

PAGE = "account/explain.py"
Text = Callable[[AppTest], str]


def waterfall(at: AppTest) -> dict[str, Any]:
    """The chart as it was drawn."""
    (chart,) = at.get("plotly_chart")
    trace: dict[str, Any] = json.loads(chart.proto.spec)["data"][0]
    assert trace["type"] == "waterfall"
    return trace


def test_the_bars_lead_from_zero_to_what_is_available(spent: Any, text: Text) -> None:
    spent.ledger.reserve("acme/asha", action="work", estimate=700)
    at = spent.open(PAGE, spent.principal("asha"))
    assert [title.value for title in at.title] == ["Explain"]
    assert not at.exception
    balance, trace = spent.ledger.balance("acme/asha"), waterfall(at)
    said = {name: (figure, after) for name, figure, after in trace["customdata"]}
    assert said["In the books"][0] == f"{balance.posted:,}"
    assert said["Held by jobs"][0] == "−700"
    assert said["Available"][0] == f"{balance.available:,}"
    assert said["Gifts and rewards"][0] == "+50,000"
    assert f"{balance.posted:,} tokens in the books now" in text(at)


def test_a_bar_opens_to_its_lines_and_a_line_to_its_grants(spent: Any, text: Text) -> None:
    at = spent.open(PAGE, spent.principal("asha"), step="Given back")
    assert not at.exception
    assert "Given back" in [header.value for header in at.header]
    assert len(at.dataframe[0].value) == 1
    assert "Entries" in text(at)


def test_a_moment_before_anything_moved_says_so(spent: Any, text: Text) -> None:
    at = spent.open(PAGE, spent.principal("asha"), when="At a moment")
    at.datetime_input(key="moment").set_value(datetime(2020, 1, 1)).run()  # noqa: DTZ001 - as a person types it
    assert not at.exception
    assert "Nothing has moved yet" in text(at)


def test_an_administrator_sees_why_a_members_balance_is_what_it_is(spent: Any) -> None:
    boss = spent.principal("nisha", "admin", account=False)
    at = spent.open("admin/members.py", boss, **{"as": "asha", "see": "Explain"})
    at.text_input(key="look-why").set_value("She asked").run()
    at.button(key="look-open").click().run()
    assert not at.exception
    assert waterfall(at)["customdata"][0][:2] == ["Allowances", "+10,000"]
