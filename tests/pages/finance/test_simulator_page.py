"""The Simulator page: edits become a program, the replay shows what it does, and nothing of it is ever in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

if TYPE_CHECKING:
    from pages.conftest import Visit

PAGE = "finance/simulator.py"
Text = Callable[[AppTest], str]


@pytest.fixture
def later(spent: Visit) -> Visit:
    """Asha's twenty days lie in March; it is April now."""
    spent.clock.at = datetime(2026, 4, 10, tzinfo=UTC)
    return spent


def opened(later: Visit, **query: str) -> AppTest:
    return later.open(PAGE, later.principal("vera", "finance", account=False), **query)


def figures(at: AppTest) -> dict[str, tuple[str, str]]:
    return {one.label: (one.value, one.delta) for one in at.metric}


def test_an_unchanged_program_is_replayed_exactly_and_nobody_is_worse_off(later: Visit, text: Text) -> None:
    at = opened(later)
    assert [one.value for one in at.title] == ["Simulator"]
    assert "Nothing is different yet" in text(at)
    at.button(key="replay").click().run()
    assert not at.exception
    assert figures(at)["Refused"] == ("0", "0")
    assert figures(at)["Worse off"] == ("0", "of 1")
    assert "Replayed unchanged, 1 account is charged exactly what the books have" in text(at)


def test_a_limit_that_is_typed_refuses_and_says_who_is_worse_off_and_the_catalog_stays(later: Visit) -> None:
    before = later.ledger.core.store
    at = opened(later, show="Actions and limits")
    # The second plan by rank is Asha's; her requests have some hundred model tokens.
    at.session_state["try-limits-0"] = {"edited_rows": {1: {"size": 99}}, "added_rows": [], "deleted_rows": []}
    at.run()
    assert not at.exception
    (difference,) = (one.value for one in at.dataframe if "Simulated" in one.value)
    assert list(difference["Simulated"]) == ["99"]
    at.button(key="replay").click().run()
    assert not at.exception
    refused, change = figures(at)["Refused"]
    assert refused != "0"
    assert change == f"+{refused}"
    (worse,) = (one.value for one in at.dataframe if "Tokens refused" in one.value)
    assert list(worse["Refused"]) == [int(refused)]
    with before.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM program_version").scalar() == 1


def test_what_is_typed_stays_when_another_table_is_shown(later: Visit) -> None:
    at = opened(later)
    # By rank: the daily plan, then Asha's of 10,000 a month.
    at.session_state["try-allowances-0"] = {"edited_rows": {1: {"tokens": 77}}, "added_rows": [], "deleted_rows": []}
    at.run()
    at.segmented_control(key="show").set_value("Prices").run()
    assert not at.exception
    (difference,) = (one.value for one in at.dataframe if "Simulated" in one.value)
    assert list(difference["Simulated"]) == ["77"]


def test_clear_takes_back_what_was_typed_and_what_was_replayed(later: Visit, text: Text) -> None:
    at = opened(later)
    at.session_state["try-allowances-0"] = {"edited_rows": {1: {"tokens": 77}}, "added_rows": [], "deleted_rows": []}
    at.run()
    at.button(key="replay").click().run()
    assert at.metric
    at.button(key="clear").click().run()
    assert not at.exception
    assert not at.metric
    assert "Nothing is different yet" in text(at)


def test_a_program_that_no_rule_can_mean_is_told_and_can_not_be_replayed(later: Visit) -> None:
    at = opened(later, show="Actions and limits")
    at.session_state["try-limits-0"] = {"edited_rows": {1: {"daily": 0.5}}, "added_rows": [], "deleted_rows": []}
    at.run()
    assert not at.exception
    assert "This can't be tried" in at.error[0].value
    assert at.button(key="replay").disabled


def test_a_month_without_any_use_says_so(visit: Visit, text: Text) -> None:
    at = visit.open(PAGE, visit.principal("vera", "finance", account=False))
    assert "Nothing to replay in February 2026" in text(at)


def test_what_can_not_be_read_is_told_with_a_reference(later: Visit, text: Text) -> None:
    who = later.principal("vera", "finance", account=False)
    with later.place.store.write(who.org_id) as connection:
        connection.exec_driver_sql("ALTER TABLE usage_month_account RENAME TO gone")
    at = later.open(PAGE, who)
    assert not at.exception
    assert "The month could not be read" in text(at)
