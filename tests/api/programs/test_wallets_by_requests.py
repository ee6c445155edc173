"""Program 2, several wallets at once, by requests alone: 5 + 10 = 15."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from api.application import WHY, Application, Applications

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 4, 3, 12, tzinfo=UTC)


@pytest.fixture
def wallets(apps: Applications) -> Application:
    app = apps.of("wallets", at=NOON)
    app.open("asha")
    return app


def open_premium(wallets: Application, tokens: int = 10) -> int:
    made: dict[str, Any] = wallets.order(
        "/billing/wallets", "asha", walletType="PREMIUM", initialTokens=tokens, expiresAt=NEXT_MONTH.isoformat(), **WHY
    )
    assert (made["walletType"], made["balanceTokens"], made["isActive"]) == ("PREMIUM", tokens, True)
    return int(made["id"])


def test_five_of_standard_and_ten_of_premium_are_fifteen(wallets: Application) -> None:
    assert wallets.left("asha") == 5
    premium = open_premium(wallets)
    answer = wallets.ask("/billing/balance", "asha")
    assert (answer["balance"], answer["canCreateProject"], answer["requiredTokens"]) == (15, True, 1)
    standard, bought = answer["wallets"]
    assert (standard["walletType"], standard["balanceTokens"], standard["isActive"], standard["expiresAt"]) == (
        "STANDARD", 5, True, None,
    )  # fmt: skip
    assert (bought["id"], bought["walletType"], bought["balanceTokens"]) == (premium, "PREMIUM", 10)
    assert (bought["isActive"], datetime.fromisoformat(bought["expiresAt"])) == (True, NEXT_MONTH)
    assert wallets.ask("/billing/wallets", "asha")["totalBalance"] == 15


def test_a_wallet_that_an_administrator_opens_has_five_tokens_unless_told_otherwise(wallets: Application) -> None:
    assert wallets.order("/billing/wallets", "asha", walletType="BONUS")["balanceTokens"] == 5
    assert wallets.left("asha") == 10
    # A user who could open one would mint tokens.
    wallets.refused(403, "/billing/wallets", "asha", key="spend", walletType="BONUS")
    assert wallets.left("asha") == 10


def test_a_reset_touches_standard_wallets_that_are_due_and_nothing_else(wallets: Application) -> None:
    premium = open_premium(wallets)
    for _ in range(7):  # what ends first burns first: the five of today, then two of the premium ones
        wallets.spend("asha", "project_creation")
    assert not wallets.ask("/billing/daily-reset", "asha")["needsReset"]
    wallets.at(2026, 3, 5)
    due = wallets.ask("/billing/daily-reset", "asha")
    standard = next(one for one in wallets.ask("/billing/wallets", "asha")["wallets"] if one["id"] != premium)
    assert (due["needsReset"], due["walletsDue"]) == (True, [standard["id"]])
    assert wallets.settle() == {"walletsReset": 1, "tokensGranted": 5, "tokensExpired": 0}
    after = {one["id"]: one for one in wallets.ask("/billing/wallets", "asha")["wallets"]}
    assert (after[standard["id"]]["balanceTokens"], after[premium]["balanceTokens"]) == (5, 8)
    assert after[standard["id"]]["lastTokenReset"] == "2026-03-05T00:00:00Z"
    assert after[premium]["lastTokenReset"] is None
    assert not wallets.ask("/billing/daily-reset", "asha")["needsReset"]


def test_a_wallet_that_is_switched_off_is_not_reset_and_counts_for_nothing(wallets: Application) -> None:
    premium = open_premium(wallets)
    (standard, _) = wallets.ask("/billing/wallets", "asha")["wallets"]
    off = {"account": "asha", "is_active": False, "reason": "abuse"}
    assert wallets.send("PATCH", f"/v1/wallets/{standard['id']}", key="admin", json=off).status_code == 200
    answer = wallets.ask("/billing/balance", "asha")
    first = answer["wallets"][0]
    assert (answer["balance"], first["isActive"], first["balanceTokens"]) == (10, False, 5)
    wallets.clock.forward(days=1)
    assert wallets.settle()["walletsReset"] == 0
    assert wallets.left("asha") == 10
    assert wallets.ask("/billing/wallets", "asha")["wallets"][1]["id"] == premium


def test_a_spend_may_prefer_a_wallet_and_falls_through_when_it_is_empty(wallets: Application) -> None:
    open_premium(wallets, tokens=1)
    first = wallets.spend("asha", "project_creation", wallet="PREMIUM")
    assert [(line["wallet"], line["amount"]) for line in first["lines"]] == [("PREMIUM", -1)]
    second = wallets.spend("asha", "project_creation", wallet="PREMIUM")
    assert [(line["wallet"], line["amount"]) for line in second["lines"]] == [("STANDARD", -1)]
    told = wallets.refused(402, "/v1/usage", "asha", action="project_creation", wallet="PREMIUM", only_wallet=True)
    assert told["error"] == "Insufficient tokens"


def test_each_line_of_the_history_names_its_wallets_and_carries_metadata(wallets: Application) -> None:
    premium = open_premium(wallets)
    receipt = wallets.spend("asha", "project_creation", wallet="PREMIUM", metadata={"projectId": "p-17"})
    found = wallets.ask(f"/v1/transactions/{receipt['transaction_id']}", "asha")
    assert [(one["wallet"], one["amount"], one["remaining_after"]) for one in found["lines"]] == [("PREMIUM", -1, 9)]
    assert found["metadata"] == {"projectId": "p-17"}
    line = wallets.ask("/billing/transactions", "asha", limit=1)["transactions"][0]
    assert (line["type"], line["walletId"], line["amount"]) == ("PROJECT_CREATION", premium, -1)
    assert line["metadata"] == {"projectId": "p-17"}


def test_at_the_end_of_its_day_the_premium_wallet_is_gone_and_said_so(wallets: Application) -> None:
    open_premium(wallets)
    wallets.clock.at = NEXT_MONTH - timedelta(seconds=1)
    assert wallets.left("asha") == 15
    wallets.clock.at = NEXT_MONTH
    assert wallets.left("asha") == 5
    wallets.settle()
    assert ("expiry", -10) in wallets.kinds("asha")


def test_the_pack_is_ten_premium_tokens_for_thirty_days_at_4_99(wallets: Application) -> None:
    sold = wallets.buy("asha", "premium", "receipt 7")
    assert (sold["tokens"], sold["price_minor"], sold["currency"], wallets.left("asha")) == (10, 499, "USD", 15)
    wallets.clock.forward(days=29, hours=23)
    assert wallets.left("asha") == 15
    wallets.clock.forward(days=2)
    assert wallets.left("asha") == 5
