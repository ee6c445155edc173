"""Program 3's and 5's numbers through the API alone: figures, history, analytics, packages, codes, features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from api.seed_door import SeedDoor, serving

START = datetime(2026, 3, 4, 6, tzinfo=UTC)


@pytest.fixture
def studio(sqlite_url: str, installed_at: Callable[[str], None]) -> Iterator[SeedDoor]:
    with serving(sqlite_url, installed_at, "studio", at=START, users=("asha", "rohan")) as door:
        yield door


@pytest.fixture
def teams(sqlite_url: str, installed_at: Callable[[str], None]) -> Iterator[SeedDoor]:
    with serving(sqlite_url, installed_at, "teams", at=START, users=("", "asha")) as door:
        yield door


@pytest.fixture
def studio_anywhere(database_url: str, installed_at: Callable[[str], None]) -> Iterator[SeedDoor]:
    """On both databases."""
    with serving(database_url, installed_at, "studio", at=START, users=("asha",)) as door:
        yield door


def test_the_thirteen_figures_after_a_month_a_code_and_a_package(studio_anywhere: SeedDoor) -> None:
    studio_anywhere.work("asha", "srs", agent="srs", tokens=4_000)
    studio_anywhere.at(2026, 3, 31, 18, 30)
    studio_anywhere.do("/v1/tokens/redeem-code", "asha", key="spend", promo_code=" welcome2024 ")
    studio_anywhere.do("/v1/tokens/purchase", "asha", package_id="starter", payment="UPI 3")
    for tokens in (3_000, 2_500, 2_000):
        studio_anywhere.work("asha", "srs", agent="srs", tokens=tokens)
    answer = studio_anywhere.get("/v1/tokens/balance", "asha", key="read")
    assert answer.json() == {
        "total_tokens": 77_000,
        "used_tokens": 11_500,
        "remaining_tokens": 65_500,
        "monthly_allowance": 10_000,
        "monthly_used": 4_500,
        "monthly_remaining": 5_500,
        "monthly_used_percentage": 45.0,
        "premium_tokens": 60_000,
        "premium_remaining": 60_000,
        "rollover_tokens": 0,
        "month_reset_date": "2026-05-01T00:00:00+05:30",
        "total_requests": 4,
        "requests_today": 3,
    }
    told = answer.headers
    assert (told["x-tokens-remaining"], told["x-tokens-used-today"], told["x-requests-today"]) == ("65500", "7500", "3")
    assert float(told["x-process-time"]) > 0


def test_the_history_names_what_was_done_and_is_paged_by_cursor(studio_anywhere: SeedDoor) -> None:
    studio_anywhere.work("asha", "srs", agent="srs", model="m", project="Soil", input_tokens=900, output_tokens=600)
    studio_anywhere.do("/v1/tokens/redeem-code", "asha", key="spend", promo_code="LAUNCH50")
    first = studio_anywhere.read("/v1/tokens/transactions", "asha", limit=2)
    assert [(one["type"], one["tokens"]) for one in first["transactions"]] == [("bonus", 50_000), ("usage", -1_500)]
    work = first["transactions"][1]
    assert (work["agent"], work["model"], work["project"]) == ("srs", "m", "Soil")
    assert (work["input_tokens"], work["output_tokens"]) == (900, 600)
    assert (work["balance_before"], work["balance_after"]) == (10_000, 8_500)
    assert datetime.fromisoformat(work["timestamp"]) == START
    rest = studio_anywhere.read("/v1/tokens/transactions", "asha", limit=2, cursor=first["next_cursor"])
    assert [(one["type"], one["description"]) for one in rest["transactions"]] == [("bonus", "Welcome bonus")]
    assert rest["next_cursor"] is None


def test_analytics_tell_agents_models_and_the_average_request(studio_anywhere: SeedDoor) -> None:
    for agent, tokens in (("srs", 3_000), ("srs", 1_000), ("code", 2_000)):
        studio_anywhere.work("asha", agent, agent=agent, model="gpt-4o", input_tokens=tokens)
    told = studio_anywhere.read("/v1/tokens/analytics", "asha")
    assert (told["total_tokens_used"], told["total_tokens_added"], told["total_transactions"]) == (6_000, 10_000, 4)
    assert told["agent_usage_breakdown"] == {"srs": 4_000, "code": 2_000}
    assert told["model_usage_breakdown"] == {"gpt-4o": 6_000}
    assert (told["average_tokens_per_request"], told["estimated_cost"]["usd"]) == (2_000.0, 0.015)


def test_packages_are_told_with_their_prices_in_rupees(studio: SeedDoor) -> None:
    packs = studio.read("/v1/tokens/packages")["packages"]
    assert [(one["id"], one["tokens"], one["price_minor"], one["tax_minor"], one["most_popular"]) for one in packs] == [
        ("starter", 50_000, 9_900, 1_510, False),
        ("pro", 200_000, 34_900, 5_324, True),
        ("unlimited", 1_000_000, 149_900, 22_866, False),
    ]
    assert {one["currency"] for one in packs} == {"INR"}


def test_a_purchase_waits_for_its_payment_and_the_same_key_opens_no_second_one(studio: SeedDoor) -> None:
    first, again = (
        studio.post("/v1/tokens/purchase", "asha", key="spend", once="b1", package_id="pro") for _ in range(2)
    )
    assert (first.status_code, first.json()["status"], first.json()["price_minor"]) == (201, "pending", 34_900)
    assert str(first.json()["purchase_id"]) in first.json()["pay_note"]
    assert again.json()["purchase_id"] == first.json()["purchase_id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert first.headers["x-tokens-remaining"] == "10000"


def test_only_an_administrators_key_says_that_money_is_there(studio: SeedDoor) -> None:
    body = {"package_id": "starter", "payment": "UPI 9"}
    assert studio.post("/v1/tokens/purchase", "asha", key="spend", **body).status_code == 403
    assert studio.do("/v1/tokens/purchase", "asha", **body)["status"] == "granted"
    assert studio.post("/v1/tokens/purchase", "rohan", **body).status_code == 422  # each payment counts once
    assert studio.read("/v1/tokens/balance", "asha")["remaining_tokens"] == 60_000
    assert studio.read("/v1/tokens/balance", "rohan")["remaining_tokens"] == 10_000


@pytest.mark.parametrize(("code", "tokens"), [("WELCOME2024", 10_000), ("LAUNCH50", 50_000), ("BETA100", 100_000)])
def test_a_code_gives_its_tokens_once_per_account(studio: SeedDoor, code: str, tokens: int) -> None:
    told = studio.do("/v1/tokens/redeem-code", "asha", key="spend", promo_code=code)
    assert (told["bonus_tokens"], told["new_balance"]) == (tokens, 10_000 + tokens)
    assert f"{tokens:,} tokens" in told["message"]
    assert studio.post("/v1/tokens/redeem-code", "asha", promo_code=code).status_code == 409
    assert studio.post("/v1/tokens/redeem-code", "rohan", promo_code=code).status_code == 200
    assert studio.post("/v1/tokens/redeem-code", "rohan", promo_code="NOTHING").status_code == 404


def test_a_whole_project_is_not_allowed_at_5000_and_is_told_what_is_missing(studio: SeedDoor) -> None:
    studio.work("asha", "srs", tokens=5_000)
    told = studio.read("/v1/tokens/check-balance", "asha", feature="project")
    assert (told["allowed"], told["cost"], told["balance"]) == (False, 20_000, 5_000)
    assert told["reason"] == "Need 15000 more tokens. Current balance: 5000"
    assert studio.read("/v1/tokens/check-balance", "asha", feature="project", tokens=5_000)["allowed"]
    assert studio.get("/v1/tokens/check-balance", "asha", feature="cooking").status_code == 404


def test_a_starter_is_told_to_upgrade_and_charged_nothing(teams: SeedDoor) -> None:
    told = teams.read("/v1/tokens/check-balance", "asha", feature="goal_generation")
    assert (told["allowed"], told["cost"], told["balance"]) == (False, 3, 0)
    assert told["reason"].endswith("Upgrade to Pro.")
    refused = teams.post("/v1/tokens/check-balance", "asha", key="spend", feature="goal_generation")
    assert refused.status_code == 403
    assert "Upgrade to Pro" in refused.json()["detail"]


def test_a_key_that_reads_spends_nothing_and_another_organization_is_not_there(studio: SeedDoor) -> None:
    assert studio.post("/v1/tokens/redeem-code", "asha", key="read", promo_code="BETA100").status_code == 403
    for path in ("balance", "transactions", "analytics", "stats"):
        assert studio.get(f"/v1/tokens/{path}", "other/asha").status_code == 404
        assert studio.client.get(f"/v1/tokens/{path}").status_code == 401
    assert studio.get("/v1/tokens/balance", "a\x00b").status_code == 422
