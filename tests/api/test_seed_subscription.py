"""A subscription's life through the API alone: programs 4 and 5, up, down, renewed, cancelled, and who pays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from api.seed_door import SeedDoor, serving

PRO = {"lead_generation": 50, "goal_generation": 20, "strategy_analysis": 30, "revenue_forecast": 40,
       "general_insights": 60}  # fmt: skip


@pytest.fixture
def coding(sqlite_url: str, installed_at: Callable[[str], None]) -> Iterator[SeedDoor]:
    at = datetime(2026, 1, 31, 9, tzinfo=UTC)
    with serving(sqlite_url, installed_at, "credits", at=at, users=("kim",)) as door:
        yield door


@pytest.fixture
def teams(sqlite_url: str, installed_at: Callable[[str], None]) -> Iterator[SeedDoor]:
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    with serving(sqlite_url, installed_at, "teams", at=at, users=("", "asha")) as door:
        yield door


@pytest.fixture
def teams_anywhere(database_url: str, installed_at: Callable[[str], None]) -> Iterator[SeedDoor]:
    """On both databases."""
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    with serving(database_url, installed_at, "teams", at=at, users=("", "asha")) as door:
        yield door


def upgrade(door: SeedDoor, plan: str = "pro", user: str | None = "kim", **terms: Any) -> Any:
    return door.do("/v1/subscription/upgrade", user, plan=plan, **terms)


def test_an_administrators_upgrade_is_paid_at_once_and_whole(coding: SeedDoor) -> None:
    told = upgrade(coding, payment="in 1", once="u1")
    assert (told["what"], told["purchase"]["status"], told["purchase"]["price_minor"]) == ("upgraded", "granted", 1_900)
    found = coding.read("/v1/subscription", "kim")
    assert found == told["subscription"]
    assert (found["tier"], found["status"], found["is_subscribed"]) == ("pro", "active", True)
    assert (found["started_at"], found["ends_at"]) == ("2026-01-31T09:00:00Z", "2026-03-03T00:00:00Z")
    assert (found["next_period"]["plan"], found["next_period"]["starts_at"]) == ("pro", "2026-03-03T00:00:00Z")
    told = coding.read("/user/usage", "kim")
    assert (told["credits"], told["isSubscribed"], told["subscriptionTier"]) == (100, True, "pro")
    assert told["subscriptionEndsAt"] == "2026-03-03T00:00:00Z"


def test_anybody_else_is_told_where_to_pay_and_nothing_begins(coding: SeedDoor) -> None:
    body = {"plan": "pro"}
    first, again = (coding.post("/v1/subscription/upgrade", "kim", key="spend", once="u1", **body) for _ in range(2))
    told = first.json()
    assert (told["what"], told["purchase"]["status"]) == ("waits_for_payment", "pending")
    assert str(told["purchase"]["purchase_id"]) in told["message"]
    assert told["subscription"]["tier"] == "free"
    assert told["subscription"]["next_period"] is None
    assert again.json()["purchase"]["purchase_id"] == told["purchase"]["purchase_id"]
    assert (again.headers["idempotency-replayed"], first.headers["x-tokens-remaining"]) == ("true", "10000")
    assert coding.post("/v1/subscription/upgrade", "kim", key="spend", payment="in 1", **body).status_code == 422
    assert coding.post("/v1/subscription/upgrade", "kim", key="read", **body).status_code == 403
    assert coding.read("/user/usage", "kim")["credits"] == 5


def test_a_renewal_pays_the_next_thirty_days_and_gives_nothing_early(coding: SeedDoor) -> None:
    upgrade(coding)
    for _ in range(3):
        coding.work("kim", "code_generation")
    told = coding.do("/v1/subscription/renew", "kim", payment="in 2")
    assert (told["what"], told["subscription"]["ends_at"]) == ("renewed", "2026-04-02T00:00:00Z")
    assert told["message"] == "Pro is paid until 2026-04-02T00:00:00+00:00."
    assert coding.read("/user/usage", "kim")["credits"] == 97
    coding.at(2026, 3, 3)
    assert coding.read("/user/usage", "kim")["credits"] == 100
    assert coding.read("/v1/subscription", "kim")["status"] == "active"


def test_a_downgrade_waits_is_called_off_and_a_cancellation_ends_with_the_time_paid(coding: SeedDoor) -> None:
    upgrade(coding)
    told = coding.do("/v1/subscription/downgrade", "kim", key="spend", plan="free")
    assert told["subscription"]["tier"] == "pro"
    assert told["subscription"]["next_period"]["plan"] == "free"
    assert told["message"] == "Pro runs until 2026-03-03T00:00:00+00:00; then Free begins."
    coding.do("/v1/subscription/downgrade", "kim", key="spend", plan="pro")
    assert coding.read("/v1/subscription", "kim")["next_period"]["plan"] == "pro"
    told = coding.do("/v1/subscription/cancel", "kim", key="spend")
    assert (told["what"], told["subscription"]["status"]) == ("cancelling", "cancelling")
    coding.at(2026, 3, 3)
    found = coding.read("/v1/subscription", "kim")
    assert (found["tier"], found["is_subscribed"], found["ends_at"]) == ("free", False, None)
    assert coding.read("/user/usage", "kim")["credits"] == 5
    assert coding.post("/v1/subscription/cancel", "kim").status_code == 422
    assert coding.post("/v1/subscription/renew", "kim").status_code == 422


def test_what_nobody_pays_is_past_due_and_then_lapses(coding: SeedDoor) -> None:
    upgrade(coding)
    coding.at(2026, 3, 3)
    found = coding.read("/v1/subscription", "kim")
    assert (found["status"], found["grace_ends_at"]) == ("past_due", "2026-03-06T00:00:00Z")
    coding.at(2026, 3, 6)
    found = coding.read("/v1/subscription", "kim")
    assert (found["status"], found["tier"]) == ("lapsed", "free")


def test_enterprise_is_unlimited_in_every_answer(coding: SeedDoor) -> None:
    told = upgrade(coding, "enterprise")
    assert told["subscription"]["is_unlimited"] is True
    answer = coding.get("/user/usage", "kim")
    assert (answer.json()["data"]["credits"], answer.headers["x-tokens-remaining"]) == (None, "unlimited")
    assert coding.work("kim", "code_review").json()["charged"] == 0


@pytest.mark.parametrize(("route", "plan"), [("upgrade", "free"), ("downgrade", "pro"), ("upgrade", "gold")])
def test_the_wrong_direction_and_an_unknown_plan_are_refused(coding: SeedDoor, route: str, plan: str) -> None:
    assert coding.post(f"/v1/subscription/{route}", "kim", plan=plan).status_code == 422
    assert coding.read("/v1/subscription", "kim")["tier"] == "free"


def test_one_goal_of_pro_takes_three_of_twenty_and_leaves_seventeen(teams_anywhere: SeedDoor) -> None:
    upgrade(teams_anywhere, user=None)
    stats = teams_anywhere.read("/v1/tokens/stats")["features"]
    assert {one["feature"]: (one["balance"], one["total_allocated"], one["used"]) for one in stats} == {
        name: (tokens, tokens, 0) for name, tokens in PRO.items()
    }
    goal = teams_anywhere.read("/v1/tokens/check-balance", "asha", feature="goal_generation")
    assert (goal["allowed"], goal["cost"], goal["balance"], goal["reason"]) == (True, 3, 20, "")
    first, again = (
        teams_anywhere.post("/v1/tokens/check-balance", "asha", key="spend", once="g1", feature="goal_generation")
        for _ in range(2)
    )
    assert (first.json()["deducted"], first.json()["remaining"]) == (3, 17)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    (goal,) = [
        one
        for one in teams_anywhere.read("/v1/tokens/stats", "asha")["features"]
        if one["feature"] == "goal_generation"
    ]
    assert goal == {
        "feature": "goal_generation",
        "balance": 17,
        "total_allocated": 20,
        "used": 3,
        "refresh_date": "2026-04-04T00:00:00Z",
    }


def test_a_complex_forecast_costs_what_its_scenarios_take(teams: SeedDoor) -> None:
    upgrade(teams, user=None)
    for scenarios, price in ((1, 4), (2, 6), (5, 12)):
        told = teams.do(
            "/v1/tokens/check-balance", "asha", feature="forecast_scenarios", metadata={"scenarios": scenarios}
        )
        assert told["deducted"] == price
    assert told["remaining"] == 40 - 22


def test_each_feature_is_refused_when_its_own_tokens_are_used_up(teams: SeedDoor) -> None:
    upgrade(teams, user=None)
    for left in (17, 14, 11, 8, 5, 2):
        assert teams.do("/v1/tokens/check-balance", "asha", feature="goal_generation")["remaining"] == left
    refused = teams.post("/v1/tokens/check-balance", "asha", feature="goal_generation")
    assert (refused.status_code, refused.json()["required"], refused.json()["available"]) == (402, 3, 2)
    assert teams.read("/v1/tokens/check-balance", "asha", feature="goal_generation")["allowed"] is False
    assert teams.read("/v1/tokens/check-balance", "asha", feature="lead_generation")["allowed"] is True
