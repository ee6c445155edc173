"""Program 5, teams with tokens for each feature, by requests alone: a goal takes 3 of 20, and 17 are left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from api.application import WHY, Application, Applications, applications

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
TERM_END = "2026-04-04T00:00:00Z"
"""It began within 4 March, so the thirty dates are counted from the 5th."""
PRICES = {"lead_generation": 5, "goal_generation": 3, "strategy_analysis": 2, "revenue_forecast": 4,
          "general_insights": 1}  # fmt: skip
PRO = {"lead_generation": 50, "goal_generation": 20, "strategy_analysis": 30, "revenue_forecast": 40,
       "general_insights": 60}  # fmt: skip


def a_team(apps: Applications, slug: str = "") -> Application:
    app = apps.of("teams", at=START, slug=slug)
    app.open("")
    app.open("asha", draws_on_pool=True)
    app.open("ben", draws_on_pool=True, quota=10)
    return app


@pytest.fixture
def teams(apps: Applications) -> Application:
    return a_team(apps)


def buy(teams: Application, plan: str) -> None:
    teams.upgrade("", plan, f"in {plan}")


def stats(teams: Application, user: str = "") -> dict[str, Any]:
    return {one["feature"]: one for one in teams.ask("/v1/tokens/stats", user)["features"]}


def test_a_starter_is_refused_every_feature_and_told_to_upgrade(teams: Application) -> None:
    for feature in PRICES:
        told = teams.refused(403, "/v1/tokens/check-balance", "asha", feature=feature)
        assert told["detail"].startswith("The Starter plan does not include")
        assert told["detail"].endswith(" Upgrade to Pro.")
        ask = teams.ask("/v1/tokens/check-balance", "asha", feature=feature)
        assert (ask["allowed"], ask["reason"]) == (False, told["detail"])
    assert teams.lines("asha") == []


def test_pro_gives_two_hundred_tokens_feature_by_feature(teams: Application) -> None:
    buy(teams, "pro")
    found = stats(teams)
    assert {name: (one["balance"], one["total_allocated"], one["used"]) for name, one in found.items()} == {
        name: (tokens, tokens, 0) for name, tokens in PRO.items()
    }
    assert {one["refresh_date"] for one in found.values()} == {TERM_END}
    assert teams.left("") == 200


def test_one_goal_takes_three_of_twenty_and_leaves_seventeen(teams: Application) -> None:
    buy(teams, "pro")
    ask = teams.ask("/v1/tokens/check-balance", "asha", feature="goal_generation")
    assert (ask["allowed"], ask["cost"], ask["balance"]) == (True, 3, 20)
    told = teams.tell("/v1/tokens/check-balance", "asha", feature="goal_generation")
    assert (told["deducted"], told["remaining"]) == (3, 17)
    goal = stats(teams, "asha")["goal_generation"]
    assert (goal["balance"], goal["total_allocated"], goal["used"], goal["refresh_date"]) == (17, 20, 3, TERM_END)
    assert teams.left("asha", "lead_generation") == 50


@pytest.mark.parametrize(("feature", "price"), sorted(PRICES.items()))
def test_each_feature_has_its_price_and_pays_from_its_own_tokens(teams: Application, feature: str, price: int) -> None:
    buy(teams, "pro")
    work = [{"account": "asha", "action": feature}] * (PRO[feature] // price)
    done = teams.tell("/v1/usage/batch", usage=work)["results"]
    assert [one["receipt"]["charged"] for one in done] == [price] * len(work)
    assert teams.left("asha", feature) == PRO[feature] % price
    teams.refused(402, "/v1/usage", "asha", action=feature)
    assert teams.left("") == 200 - PRO[feature] + PRO[feature] % price


def test_enterprise_gives_nineteen_hundred_beside_what_is_left_of_pro(teams: Application) -> None:
    buy(teams, "pro")
    teams.spend("asha", "goal_generation")
    buy(teams, "enterprise")
    assert {name: one["total_allocated"] for name, one in stats(teams).items()} == {
        "lead_generation": 500, "goal_generation": 200, "strategy_analysis": 300, "revenue_forecast": 400,
        "general_insights": 500,
    }  # fmt: skip
    assert teams.left("") == 1_900 - 3
    assert [(one["item"], one["price_minor"]) for one in teams.ask("/v1/purchases", "")["purchases"]] == [
        ("enterprise", 39_900), ("pro", 4_900),
    ]  # fmt: skip


def test_tokens_are_refreshed_thirty_days_from_the_anchor(teams: Application) -> None:
    buy(teams, "pro")
    teams.order("/v1/subscription/renew", "", payment="in 2")
    teams.spend("asha", "lead_generation")
    teams.at(2026, 4, 4)
    found = stats(teams)
    assert {name: one["balance"] for name, one in found.items()} == PRO
    assert found["lead_generation"]["refresh_date"] == "2026-05-04T00:00:00Z"


def test_a_member_spends_the_pool_within_her_quota_and_the_line_is_hers(teams: Application) -> None:
    buy(teams, "pro")
    teams.spend("ben", "lead_generation")
    teams.spend("ben", "revenue_forecast")
    told = teams.refused(429, "/v1/usage", "ben", action="strategy_analysis")
    until = (datetime(2026, 4, 4, tzinfo=UTC) - START).total_seconds()
    assert (told["limit"], told["retry_after"]) == ("quota", until)
    assert teams.left("ben") == 1
    assert teams.spend("asha", "strategy_analysis")["charged"] == 2
    assert [(line["feature"], line["charged"]) for line in teams.lines("ben")] == [
        ("lead_generation", 5), ("revenue_forecast", 4),
    ]  # fmt: skip
    assert teams.ask("/v1/tokens/balance", "ben")["used_tokens"] == 9
    assert teams.ask("/v1/tokens/balance", "")["used_tokens"] == 11
    # What she did with the pool's tokens is told to the pool too, and says whose grant it moved.
    first = teams.lines("ben")[0]["transaction_id"]
    for user in ("ben", ""):
        told = teams.ask(f"/v1/transactions/{first}", user)
        assert [(one["amount"], one["of_pool"]) for one in told["lines"]] == [(-5, True)]
    assert teams.send("GET", f"/v1/transactions/{first}?account=asha", key="read").status_code == 404
    changed = teams.send("PATCH", "/v1/accounts/ben", key="admin", json={"quota": None, **WHY})
    assert (changed.status_code, changed.json()["balance"]["quota_left"]) == (200, None)
    assert teams.spend("ben", "strategy_analysis")["charged"] == 2


def test_more_tokens_can_be_bought_for_any_feature_or_for_one(teams: Application) -> None:
    buy(teams, "pro")
    teams.buy("", "boost", "in 3")
    teams.buy("", "leads", "in 4")
    assert teams.left("asha", "goal_generation") == 20 + 50
    assert teams.left("asha", "lead_generation") == 50 + 50 + 100


def test_a_complex_forecast_costs_what_its_scenarios_take(teams: Application) -> None:
    buy(teams, "pro")
    for scenarios, price in ((1, 4), (2, 6), (5, 12)):
        assert teams.spend("asha", "forecast_scenarios", metadata={"scenarios": scenarios})["charged"] == price
    assert teams.left("asha", "revenue_forecast") == 40 - 22


def test_the_dashboard_tells_what_is_left_who_used_it_and_when_it_runs_out(teams: Application) -> None:
    buy(teams, "pro")
    teams.spend("ben", "lead_generation")
    teams.spend("asha", "goal_generation")
    teams.spend("asha", "goal_generation")
    told = teams.ask("/v1/team")
    assert (told["plan"], told["available"], told["features_missing"]) == ("pro", 200 - 11, [])
    assert {one["feature"]: (one["left"], one["of"]) for one in told["features"]} == {
        **{name: (tokens, tokens) for name, tokens in PRO.items()},
        "lead_generation": (45, 50), "goal_generation": (14, 20),
    }  # fmt: skip
    assert [(one["feature"], one["requests"], one["tokens"]) for one in told["today"]] == [
        ("goal_generation", 2, 6), ("lead_generation", 1, 5),
    ]  # fmt: skip
    members = {one["account"]: one for one in told["members"]}
    asha, ben = members[f"{teams.slug}/asha"], members[f"{teams.slug}/ben"]
    assert (asha["today"], asha["month"], asha["drawn"], asha["quota"]) == (6, 6, 6, None)
    assert (ben["today"], ben["month"], ben["drawn"], ben["quota"]) == (5, 5, 5, 10)
    assert told["months"][-1] == {"month": "2026-03-01", "tokens": 11}
    # Six goals a day leave two days of goals.
    goal = next(one for one in told["features"] if one["feature"] == "goal_generation")
    assert (goal["tokens_per_day"], goal["empty_at"]) == (6.0, "2026-03-06T20:00:00Z")


def test_no_organization_sees_another(database_url: str) -> None:
    """On both databases: PostgreSQL's row-level security stands beneath."""
    with applications(database_url) as apps:
        teams, rivals = a_team(apps, "teams"), a_team(apps, "rivals")
        buy(teams, "pro")
        rivals.refused(403, "/v1/usage", "asha", action="goal_generation")
        mine = teams.spend("asha", "goal_generation")
        held = teams.tell("/v1/holds", "asha", action="goal_generation")
        theirs = {"account": "asha", "transaction_id": mine["transaction_id"], **WHY}
        assert rivals.send("POST", "/v1/refunds", key="admin", json=theirs).status_code == 404
        for path in (
            f"/v1/transactions/{mine['transaction_id']}", "/v1/accounts/teams/asha/balance",
            "/v1/transactions?account=teams/asha", "/v1/usage?account=teams", "/v1/purchases?account=teams",
        ):  # fmt: skip
            assert rivals.send("GET", path, key="admin").status_code == 404, path
        rivals.refused(404, f"/v1/holds/{held['hold_id']}/void", "asha", key="admin")
        rivals.refused(404, "/v1/usage", "teams/asha", action="goal_generation")
        assert rivals.send("GET", "/v1/purchases", key="admin").json()["purchases"] == []
        assert [one["account"] for one in rivals.send("GET", "/v1/accounts", key="admin").json()["accounts"]] == [
            "rivals", "rivals/asha", "rivals/ben",
        ]  # fmt: skip
        assert (rivals.ask("/v1/team")["today"], rivals.lines("asha")) == ([], [])
        assert teams.left("", "goal_generation") == 20 - 3 - 3
