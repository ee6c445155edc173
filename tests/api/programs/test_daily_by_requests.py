"""Program 1, the website builder, by requests alone: five tokens a local day in Bangkok, one for a project."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from api.application import Application, Applications

MORNING = datetime(2026, 3, 4, 2, tzinfo=UTC)
"""Nine in the morning in Bangkok, whose midnight is 17:00 UTC."""


@pytest.fixture
def daily(apps: Applications) -> Application:
    app = apps.of("daily", at=MORNING)
    app.open("niran")
    return app


def test_signing_up_opens_a_standard_wallet_with_five_tokens(daily: Application) -> None:
    (wallet,) = daily.open("dara")["balance"]["wallets"]
    assert (wallet["type"], wallet["available"], wallet["allowance"], wallet["expires_at"]) == ("STANDARD", 5, 5, None)
    assert daily.kinds("niran") == [("grant", 5)]


def test_a_project_is_checked_then_held_then_paid_when_it_is_built(daily: Application) -> None:
    ready = daily.ask("/billing/balance", "niran")
    assert (ready["balance"], ready["canCreateProject"], ready["requiredTokens"]) == (5, True, 1)
    job = daily.tell("/v1/holds", "niran", action="project_creation", project="Lotus dental")
    held = daily.balance("niran")
    assert (held["posted"], held["held"], held["available"]) == (5, 1, 4)
    (told,) = daily.ask("/v1/holds", "niran")["holds"]
    assert (told["hold_id"], told["project"], told["held"]) == (job["hold_id"], "Lotus dental", 1)
    receipt = daily.tell(f"/v1/holds/{job['hold_id']}/capture", "niran")
    assert (receipt["charged"], receipt["available"]) == (1, 4)
    after = daily.balance("niran")
    assert (after["posted"], after["held"], after["available"]) == (4, 0, 4)
    assert daily.ask("/v1/holds", "niran")["holds"] == []


def test_a_project_that_fails_costs_nothing(daily: Application) -> None:
    job = daily.tell("/v1/holds", "niran", action="project_creation")
    assert daily.tell(f"/v1/holds/{job['hold_id']}/void", "niran")["status"] == "voided"
    balance = daily.balance("niran")
    assert (balance["posted"], balance["held"], balance["available"]) == (5, 0, 5)
    assert daily.kinds("niran") == [("grant", 5)]


def test_a_project_that_nobody_ends_gives_its_token_back_after_a_quarter_of_an_hour(daily: Application) -> None:
    job = daily.tell("/v1/holds", "niran", action="project_creation")
    assert [one["hold_id"] for one in daily.ask("/v1/holds", "niran")["holds"]] == [job["hold_id"]]
    daily.clock.forward(minutes=15)
    assert (daily.ask("/v1/holds", "niran")["holds"], daily.left("niran")) == ([], 5)


@pytest.mark.parametrize("action", ["chat", "preview", "deploy"])
def test_all_else_is_free_but_recorded(daily: Application, action: str) -> None:
    receipt = daily.spend("niran", action, model="gpt-4o-mini", input_tokens=90, output_tokens=40)
    assert (receipt["charged"], receipt["metered"], receipt["available"]) == (0, True, 5)
    (line,) = daily.lines("niran", kind="usage")
    assert (line["action"], line["input_tokens"], line["tokens"]) == (action, 90, 0)
    assert line["cost_usd_nanos"]


def test_the_sixth_project_of_a_day_is_refused_and_the_first_of_the_next_is_not(daily: Application) -> None:
    for _ in range(5):
        daily.spend("niran", "project_creation")
    told = daily.refused(402, "/v1/usage", "niran", action="project_creation")
    assert (told["error"], told["message"]) == ("Insufficient tokens", "Need 1 more tokens. Current balance: 0")
    assert (told["required"], told["available"], told["shortage"], told["packages_url"]) == (1, 0, 1, "/plans")
    ready = daily.ask("/billing/balance", "niran")
    assert (ready["balance"], ready["canCreateProject"]) == (0, False)
    daily.at(2026, 3, 4, 17)  # midnight in Bangkok
    assert daily.spend("niran", "project_creation")["available"] == 4


def test_every_midnight_the_rest_expires_and_five_come_anew(daily: Application) -> None:
    daily.spend("niran", "project_creation")
    daily.at(2026, 3, 4, 16, 59, 59)
    assert daily.left("niran") == 4
    daily.at(2026, 3, 4, 17)
    assert daily.left("niran") == 5
    assert daily.settle() == {"walletsReset": 1, "tokensGranted": 5, "tokensExpired": 4}
    assert daily.kinds("niran") == [("grant", 5), ("usage", -1), ("expiry", -4), ("reset", 5)]
    expiry, reset = daily.lines("niran")[-2:]
    assert expiry["effective_at"] == reset["effective_at"] == "2026-03-04T17:00:00Z"
    assert reset["description"] == "Daily tokens"
    newest = daily.ask("/billing/transactions", "niran", limit=1)["transactions"][0]
    assert (newest["type"], newest["amount"]) == ("DAILY_RESET", 5)


def test_the_last_and_the_next_reset_are_told_with_the_time_zone(daily: Application) -> None:
    balance = daily.balance("niran")
    assert (balance["zone"], balance["next_reset"]) == ("Asia/Bangkok", "2026-03-04T17:00:00Z")
    daily.clock.forward(days=3)
    (wallet,) = daily.ask("/billing/wallets", "niran")["wallets"]
    assert wallet["lastTokenReset"] == "2026-03-07T00:00:00+07:00"
    assert daily.ask("/billing/daily-reset", "niran")["nextResetAt"] == "2026-03-08T00:00:00+07:00"


def test_an_admin_asks_whether_a_reset_is_due_runs_it_and_sees_what_it_did_once(daily: Application) -> None:
    daily.open("malee", zone="Asia/Tokyo")
    everybody = {"key": "admin"}
    assert daily.send("GET", "/billing/daily-reset", **everybody).json()["data"]["needsReset"] is False
    daily.at(2026, 3, 4, 16)  # past midnight in Tokyo, not yet in Bangkok
    told = daily.send("GET", "/billing/daily-reset", **everybody).json()["data"]
    ((user, zone),) = [(one["userId"], one["timeZone"]) for one in told["accounts"]]
    assert (told["needsReset"], user, zone) == (True, "malee", "Asia/Tokyo")
    assert daily.ask("/billing/daily-reset", "malee")["needsReset"]
    assert not daily.ask("/billing/daily-reset", "niran")["needsReset"]
    assert daily.settle() == {"walletsReset": 1, "tokensGranted": 5, "tokensExpired": 5}
    assert daily.settle() == {"walletsReset": 0, "tokensGranted": 0, "tokensExpired": 0}


def test_days_that_nobody_settled_are_journaled_one_by_one(daily: Application) -> None:
    daily.clock.forward(days=4)
    assert daily.settle()["walletsReset"] == 4
    assert [kind for kind, _ in daily.kinds("niran")] == ["grant", *["expiry", "reset"] * 4]


def test_a_pack_of_ten_costs_99_baht_and_never_expires(daily: Application) -> None:
    assert [(one["tokens"], one["price_minor"], one["currency"]) for one in daily.ask("/v1/tokens/packages")["packages"]
            ] == [(10, 9_900, "THB"), (60, 49_900, "THB")]  # fmt: skip
    sold = daily.buy("niran", "ten", "transfer 881")
    assert (sold["status"], sold["tokens"], sold["price_minor"], sold["currency"]) == ("granted", 10, 9_900, "THB")
    assert daily.left("niran") == 15
    sixty = daily.buy("niran", "sixty", "transfer 882")
    assert (sixty["tokens"], sixty["price_minor"], daily.left("niran")) == (60, 49_900, 75)
    daily.clock.forward(days=400)
    assert daily.left("niran") == 75


def test_a_referral_pays_three_tokens_to_both_at_the_friends_first_project_and_only_then(daily: Application) -> None:
    assert daily.ask("/v1/program")["referral"] == {
        "referrer_tokens": 3, "friend_tokens": 3, "when": "first_spend", "action": "project_creation",
    }  # fmt: skip
    daily.open("dara", referred_by="niran")
    daily.spend("dara", "chat")
    assert (daily.left("niran"), daily.left("dara")) == (5, 5)
    daily.spend("dara", "project_creation")
    assert (daily.left("niran"), daily.left("dara")) == (8, 7)
    daily.spend("dara", "project_creation")
    assert (daily.left("niran"), daily.left("dara")) == (8, 6)


def test_a_published_site_is_rewarded_with_two_tokens_once(daily: Application) -> None:
    receipt = daily.order("/v1/rewards", "niran", activity="published_site", reason="site is live")
    assert (receipt["kind"], receipt["tokens"], receipt["available"]) == ("reward", 2, 7)
    again = daily.refused(409, "/v1/rewards", "niran", key="admin", activity="published_site")
    assert "rewarded once" in again["detail"]
    assert daily.left("niran") == 7
