"""The example applications, each on a real ledger: what their users pay, what they are told, what a failure costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from support.ledgers import MovedClock

from creditbook import Ledger, open_ledger
from creditbook.programs import load_program
from creditbook.reports.proof import prove
from examples import agent_studio, code_review, common, team_goals, website_builder

Ask = Callable[..., TestClient]


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def ledger(sqlite_url: str, clock: MovedClock) -> Iterator[Ledger]:
    with open_ledger(sqlite_url, clock=clock) as opened:
        for name in ("daily", "studio", "credits"):
            opened.create_organization(name, load_program(name))
            opened.open_account(f"{name}/asha")
        opened.create_organization("teams", load_program("teams"))
        opened.open_account("teams")
        opened.open_account("teams/asha", draws_on_pool=True)
        common.use(opened)
        yield opened
        assert all(proof.whole for proof in prove(opened.core.store))


def _client(app: FastAPI) -> TestClient:
    return TestClient(app, headers={"X-User": "asha"})


def test_a_website_costs_one_token_and_the_rest_is_free(ledger: Ledger) -> None:
    site = _client(website_builder.app)
    assert site.get("/api/websites/ready").json()["canCreateProject"] is True
    built = site.post("/api/websites", json={"name": "My Café"})
    assert built.status_code == 201
    assert built.json() == {"url": "https://my-café.example", "tokensUsed": 1, "tokensLeft": 4}
    for what in ("chat", "preview", "deploy"):
        assert site.post(f"/api/websites/My Café/{what}").json()["tokensLeft"] == 4


def test_a_build_that_fails_costs_nothing(ledger: Ledger) -> None:
    failed = _client(website_builder.app).post("/api/websites", json={"name": "a/b"})
    assert failed.status_code == 500
    assert failed.json()["tokensLeft"] == 5
    assert ledger.balance("daily/asha").held == 0


def test_who_has_built_five_today_is_refused_until_the_next_local_day(ledger: Ledger, clock: MovedClock) -> None:
    site = _client(website_builder.app)
    for number in range(5):
        site.post("/api/websites", json={"name": f"Site {number}"})
    refused = site.post("/api/websites", json={"name": "One more"})
    assert refused.status_code == 402
    assert (refused.json()["required"], refused.json()["available"], refused.json()["shortage"]) == (1, 0, 1)
    assert site.get("/api/websites/ready").json()["canCreateProject"] is False
    clock.at += timedelta(days=1)
    assert site.get("/api/websites/ready").json()["canCreateProject"] is True


def test_the_same_key_builds_and_charges_once(ledger: Ledger) -> None:
    site = _client(website_builder.app)
    for _ in range(2):
        site.post("/api/websites", json={"name": "Garden"}, headers={"Idempotency-Key": "build-1"})
    assert ledger.balance("daily/asha").available == 4


def test_seven_agents_are_parts_of_one_hold_each_with_what_it_used(ledger: Ledger) -> None:
    studio = _client(agent_studio.app)
    refused = studio.post("/api/v1/projects/thesis/execute", json={})
    assert refused.status_code == 402
    assert refused.json()["message"] == "Need 10000 more tokens. Current balance: 10000"
    ledger.grant("studio/asha", 20_000, reason="a second welcome")
    done = studio.post("/api/v1/projects/thesis/execute", json={}, headers={"Idempotency-Key": "run-1"}).json()
    assert [one["agent"] for one in done["agents"]] == ["idea", "srs", "code", "uml", "report", "ppt", "viva"]
    assert [one["tokens"] for one in done["agents"]] == [2_000, 3_500, 5_000, 2_500, 4_000, 1_500, 2_000]
    assert (done["total_tokens"], done["remaining_balance"]) == (20_500, 9_500)
    balance = ledger.balance("studio/asha")
    assert (balance.held, balance.debt) == (0, 0)


def test_a_review_costs_a_credit_and_the_answer_tells_what_is_left(ledger: Ledger) -> None:
    review = _client(code_review.app)
    first = review.post("/api/review/generate", json={"code": "print(1)"}).json()
    assert first["success"] is True
    assert first["creditInfo"] == {"tokensUsed": 2_000, "creditsRemaining": 4, "totalTokensUsed": 2_000}
    for _ in range(4):
        started = review.post("/api/projects/start-workflow", json={"prompt": "a form"}).json()
    assert started["workflowStarted"] is True
    assert started["creditInfo"] == {"tokensUsed": 2_000, "creditsRemaining": 0, "totalTokensUsed": 10_000}
    refused = review.post("/api/review/generate", json={"code": "print(1)"})
    assert refused.status_code == 402
    assert refused.json()["error"] == "Insufficient credits"
    assert refused.json()["detail"] == "You have 0 credits remaining (0 tokens)"
    assert refused.json()["upgradeUrl"] == "/plans"


def test_a_starter_team_is_told_to_upgrade_and_a_pro_team_what_is_left(ledger: Ledger) -> None:
    team = _client(team_goals.app)
    refused = team.post("/api/goals", json={"topic": "tea"})
    assert refused.status_code == 403
    assert "Pro" in refused.json()["detail"]
    ledger.sell("teams", "pro", kind="plan", reason="paid by transfer", actor="meera")
    done = team.post("/api/goals", json={"topic": "tea"}).json()
    assert (done["deducted"], done["remaining"], done["notice"]) == (3, 17, "17 tokens left")
    assert team.post("/api/leads", json={"topic": "tea"}).json()["remaining"] == 45
    assert team.post("/api/forecasts", json={"topic": "tea"}).json()["remaining"] == 36
    assert team.post("/api/forecasts", json={"topic": "tea", "scenarios": 3}).json()["deducted"] == 8
    left = {one.feature: one.balance for one in ledger.figures.features("teams/asha")}
    assert (left["lead_generation"], left["goal_generation"], left["revenue_forecast"]) == (45, 17, 28)
