"""A team's activity, run by Streamlit's test runner over a real ledger: figures, bars, members, what a plan lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.access import Principal
from creditbook.programs.loader import load_program
from creditbook.ui.navigation import SCREENS

PAGE = "account/activity.py"
Text = Callable[[AppTest], str]


@pytest.fixture
def teams(visit: Any) -> Any:
    visit.ledger.load_program("acme", load_program("teams"), reason="test")
    visit.ledger.open_account("acme")
    visit.ledger.open_account("acme/tara", draws_on_pool=True, quota=30)
    return visit


def tara(visit: Any) -> Principal:
    pool = visit.ledger.core.account("acme")
    who: Principal = visit.principal("tara")
    return replace(who, pool_id=pool.account_id)


def opened(visit: Any) -> AppTest:
    at: AppTest = visit.open(PAGE, tara(visit))
    assert [title.value for title in at.title] == ["Activity"]
    assert not at.exception
    return at


def figures(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def test_figures_bars_and_members_are_what_the_ledger_says(teams: Any, text: Text) -> None:
    teams.ledger.sell("acme", "pro", kind="plan", reason="paid")
    left = teams.ledger.spend("acme/tara", action="goal_generation")
    at = opened(teams)
    assert figures(at)["In the pool"] == f"{teams.ledger.balance('acme').available} tokens"
    assert figures(at)["Used today"] == "3"
    assert figures(at)["Lasts until"] == "Sat 4 Apr"
    assert left.lines[0].remaining_after == 17
    assert "**17** :small[:gray[of 20]]" in text(at)
    row = at.dataframe[0].value.iloc[0]
    assert (row.member, row.drawn, row.today, row.quota, row.left) == ("tara", 3, 3, "30", "27")


def test_a_starter_team_is_told_what_is_missing_and_to_upgrade(teams: Any, text: Text) -> None:
    at = opened(teams)
    assert "The Starter plan does not include" in text(at)
    assert "goal generation" in text(at)
    assert [link.proto.label for link in at.get("page_link")] == ["Upgrade to Pro"]
    assert figures(at)["Lasts until"] == "–"


def test_an_unlimited_team_never_runs_out(teams: Any) -> None:
    program = load_program("teams")
    plans = program.plans | {"enterprise": replace(program.plans["enterprise"], unlimited=True)}
    teams.ledger.load_program("acme", replace(program, plans=plans), reason="test")
    teams.ledger.sell("acme", "enterprise", kind="plan", reason="paid")
    found = figures(opened(teams))
    assert (found["In the pool"], found["Lasts until"]) == ("Unlimited", "for ever")


def test_the_page_stands_in_the_navigation_of_members_of_a_pool_alone(teams: Any, text: Text) -> None:
    (screen,) = [one for one in SCREENS if one.file == PAGE]
    alone = replace(tara(teams), pool_id=None)
    assert screen.is_for(tara(teams))
    assert not screen.is_for(alone)


def test_it_stands_whatever_the_database_does(teams: Any, text: Text) -> None:
    who = tara(teams)
    with teams.place.store.write(who.org_id) as connection:
        connection.exec_driver_sql("ALTER TABLE quota_use RENAME TO gone")
    at = teams.open(PAGE, who)
    assert "could not be read" in text(at)
    assert not at.exception
