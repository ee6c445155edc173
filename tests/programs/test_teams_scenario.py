"""Program 5, teams with tokens for each feature, cell by cell: a goal takes 3 of 20, and 17 are left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from support.scenario import Scenario, running

from creditbook.domain.errors import FeatureNotInPlan, InsufficientTokens, LimitExceeded, NotFound
from creditbook.domain.units import left
from creditbook.programs import load_program
from creditbook.reports import figures

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
TERM_END = datetime(2026, 4, 4, tzinfo=UTC)
"""It began within 4 March, so the thirty dates are counted from the 5th."""
PRICES = {"lead_generation": 5, "goal_generation": 3, "strategy_analysis": 2, "revenue_forecast": 4,
          "general_insights": 1}  # fmt: skip
PRO = {"lead_generation": 50, "goal_generation": 20, "strategy_analysis": 30, "revenue_forecast": 40,
       "general_insights": 60}  # fmt: skip


@pytest.fixture
def teams(database_url: str) -> Iterator[Scenario]:
    with running(database_url, "teams", at=START) as scenario:
        scenario.open("")
        scenario.open("asha", draws_on_pool=True)
        scenario.open("ben", draws_on_pool=True, quota=10)
        yield scenario


def buy(teams: Scenario, plan: str) -> None:
    teams.ledger.sell("teams", plan, kind="plan", payment=f"in {plan}", reason="invoice", actor="admin")


@pytest.mark.parametrize("feature", sorted(PRICES))
def test_a_starter_is_refused_every_feature_and_told_to_upgrade(teams: Scenario, feature: str) -> None:
    with pytest.raises(FeatureNotInPlan, match=r"The Starter plan does not include .*\. Upgrade to Pro\.$"):
        teams.ledger.spend("teams/asha", action=feature)


def test_pro_gives_two_hundred_tokens_feature_by_feature(teams: Scenario) -> None:
    buy(teams, "pro")
    stats = teams.ask(figures.feature_stats, "")
    assert {one.feature: (one.balance, one.total_allocated, one.used) for one in stats} == {
        name: (tokens, tokens, 0) for name, tokens in PRO.items()
    }
    assert {one.refresh_date for one in stats} == {TERM_END}
    assert teams.left("") == 200


def test_one_goal_takes_three_of_twenty_and_leaves_seventeen(teams: Scenario) -> None:
    buy(teams, "pro")
    receipt = teams.ledger.spend("teams/asha", action="goal_generation")
    assert receipt.charged == 3
    remaining = teams.left("asha", "goal_generation")
    assert remaining == 17
    assert left(remaining, load_program("teams").unit) == "17 tokens left"
    (goal,) = [one for one in teams.ask(figures.feature_stats, "asha") if one.feature == "goal_generation"]
    assert (goal.balance, goal.total_allocated, goal.used, goal.refresh_date) == (17, 20, 3, TERM_END)
    assert teams.left("asha", "lead_generation") == 50


@pytest.mark.parametrize(("feature", "price"), sorted(PRICES.items()))
def test_each_feature_has_its_price_and_pays_from_its_own_tokens(teams: Scenario, feature: str, price: int) -> None:
    buy(teams, "pro")
    for number in range(1, PRO[feature] // price + 1):
        assert teams.ledger.spend("teams/asha", action=feature).charged == price
        assert teams.left("asha", feature) == PRO[feature] - number * price
    with pytest.raises(InsufficientTokens):
        teams.ledger.spend("teams/asha", action=feature)
    assert teams.left("") == 200 - PRO[feature] + PRO[feature] % price


def test_enterprise_gives_nineteen_hundred_beside_what_is_left_of_pro(teams: Scenario) -> None:
    buy(teams, "pro")
    teams.ledger.spend("teams/asha", action="goal_generation")
    buy(teams, "enterprise")
    assert {one.feature: one.total_allocated for one in teams.ask(figures.feature_stats, "")} == {
        "lead_generation": 500, "goal_generation": 200, "strategy_analysis": 300, "revenue_forecast": 400,
        "general_insights": 500,
    }  # fmt: skip
    assert teams.left("") == 1_900 - 3


def test_tokens_are_refreshed_thirty_days_from_the_anchor(teams: Scenario) -> None:
    buy(teams, "pro")
    teams.ledger.sell("teams", "pro", kind="renewal", payment="in 2", reason="invoice", actor="admin")
    teams.ledger.spend("teams/asha", action="lead_generation")
    teams.clock.at = TERM_END
    stats = {one.feature: one for one in teams.ask(figures.feature_stats, "")}
    assert {name: one.balance for name, one in stats.items()} == PRO
    assert stats["lead_generation"].refresh_date == datetime(2026, 5, 4, tzinfo=UTC)


def test_a_member_spends_the_pool_within_her_quota_and_the_line_is_hers(teams: Scenario) -> None:
    buy(teams, "pro")
    teams.ledger.spend("teams/ben", action="lead_generation")
    teams.ledger.spend("teams/ben", action="revenue_forecast")
    with pytest.raises(LimitExceeded) as refused:
        teams.ledger.spend("teams/ben", action="strategy_analysis")
    assert (refused.value.limit, refused.value.retry_after) == ("quota", (TERM_END - START).total_seconds())
    assert teams.left("ben") == 1
    assert teams.ledger.spend("teams/asha", action="strategy_analysis").charged == 2
    assert [(line.feature, line.charged) for line in teams.lines("ben")] == [
        ("lead_generation", 5),
        ("revenue_forecast", 4),
    ]
    assert teams.ask(figures.token_figures, "ben").used_tokens == 9
    assert teams.ask(figures.token_figures, "").used_tokens == 11


def test_more_tokens_can_be_bought_for_any_feature_or_for_one(teams: Scenario) -> None:
    buy(teams, "pro")
    teams.ledger.sell("teams", "boost", payment="in 3", reason="invoice", actor="admin")
    teams.ledger.sell("teams", "leads", payment="in 4", reason="invoice", actor="admin")
    assert teams.left("asha", "goal_generation") == 20 + 50
    assert teams.left("asha", "lead_generation") == 50 + 50 + 100


def test_a_complex_forecast_costs_what_its_scenarios_take(teams: Scenario) -> None:
    buy(teams, "pro")
    for scenarios, price in ((1, 4), (2, 6), (5, 12)):
        receipt = teams.ledger.spend("teams/asha", action="forecast_scenarios", metadata={"scenarios": scenarios})
        assert receipt.charged == price
    assert teams.left("asha", "revenue_forecast") == 40 - 22


def test_no_organization_sees_another(teams: Scenario) -> None:
    buy(teams, "pro")
    teams.ledger.create_organization("rivals", load_program("teams"))
    teams.ledger.open_account("rivals")
    teams.ledger.open_account("rivals/asha", draws_on_pool=True)
    with pytest.raises(FeatureNotInPlan):
        teams.ledger.spend("rivals/asha", action="goal_generation")
    with pytest.raises(NotFound, match="There is no account “ben” in rivals"):
        teams.ledger.balance("rivals/ben")
    mine = teams.ledger.spend("teams/asha", action="goal_generation")
    with pytest.raises(NotFound):
        teams.ledger.refund("rivals/asha", mine.transaction_id, reason="theirs", actor="admin")
    assert teams.left("", "goal_generation") == 17
