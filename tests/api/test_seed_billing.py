"""Program 1's and 2's numbers through the API alone: five a day, ten beside them, resets that are run once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from api.seed_door import SeedDoor, serving

MORNING = datetime(2026, 3, 4, 2, tzinfo=UTC)
"""Nine in the morning in Bangkok, whose midnight is 17:00 UTC."""


@pytest.fixture
def daily(sqlite_url: str, installed_at: Callable[[str], None]) -> Iterator[SeedDoor]:
    with serving(sqlite_url, installed_at, "daily", at=MORNING, users=("niran",)) as door:
        yield door


@pytest.fixture
def wallets(sqlite_url: str, installed_at: Callable[[str], None]) -> Iterator[SeedDoor]:
    with serving(sqlite_url, installed_at, "wallets", at=MORNING, users=("ben", "asha")) as door:
        yield door


def open_premium(door: SeedDoor, tokens: int = 10) -> int:
    body = {"walletType": "PREMIUM", "initialTokens": tokens, "expiresAt": "2026-04-03T12:00:00Z"}
    opened = door.do("/billing/wallets", "asha", **body)
    assert (opened["walletType"], opened["balanceTokens"], opened["isActive"]) == ("PREMIUM", tokens, True)
    assert opened["expiresAt"] == "2026-04-03T12:00:00Z"
    return int(opened["id"])


def test_five_tokens_are_there_and_the_sixth_project_of_a_day_is_refused(daily: SeedDoor) -> None:
    told = daily.read("/billing/balance", "niran")
    assert (told["balance"], told["canCreateProject"], told["requiredTokens"]) == (5, True, 1)
    for _ in range(5):
        assert daily.work("niran", "project_creation").status_code == 200
    refused = daily.work("niran", "project_creation")
    assert (refused.status_code, refused.json()["shortage"]) == (402, 1)
    told = daily.read("/billing/balance", "niran")
    assert (told["balance"], told["canCreateProject"]) == (0, False)
    daily.at(2026, 3, 4, 17)
    assert daily.read("/billing/balance", "niran")["balance"] == 5


@pytest.mark.parametrize("action", ["chat", "preview", "deploy"])
def test_all_else_is_free_and_stands_in_the_history(daily: SeedDoor, action: str) -> None:
    assert daily.work("niran", action, metadata={"projectId": "p-17"}).json()["charged"] == 0
    line, welcome = daily.read("/billing/transactions", "niran")["transactions"]
    assert (line["type"], line["amount"], line["walletId"]) == (action.upper(), 0, None)
    assert line["metadata"] == {"projectId": "p-17"}
    assert (welcome["type"], welcome["amount"], welcome["description"]) == ("GRANT", 5, "Welcome tokens")


def test_a_reset_is_asked_for_run_and_written_once(daily: SeedDoor) -> None:
    daily.work("niran", "project_creation")
    told = daily.read("/billing/daily-reset", "niran")
    assert told["needsReset"] is False
    assert (told["walletsDue"], told["nextResetAt"]) == ([], "2026-03-05T00:00:00+07:00")
    daily.at(2026, 3, 4, 17)
    (wallet,) = daily.read("/billing/wallets", "niran")["wallets"]
    everybody = daily.get("/billing/daily-reset").json()["data"]
    assert (everybody["needsReset"], everybody["walletsDue"]) == (True, [wallet["id"]])
    assert [(one["userId"], one["timeZone"]) for one in everybody["accounts"]] == [("niran", "Asia/Bangkok")]
    assert daily.post("/billing/daily-reset", key="spend").status_code == 403
    assert daily.do("/billing/daily-reset") == {"walletsReset": 1, "tokensGranted": 5, "tokensExpired": 4}
    assert daily.do("/billing/daily-reset") == {"walletsReset": 0, "tokensGranted": 0, "tokensExpired": 0}
    assert daily.get("/billing/daily-reset").json()["data"]["needsReset"] is False
    lines = daily.read("/billing/transactions", "niran")["transactions"]
    assert [(one["type"], one["amount"]) for one in lines] == [
        ("DAILY_RESET", 5), ("EXPIRY", -4), ("PROJECT_CREATION", -1), ("GRANT", 5),
    ]  # fmt: skip
    assert {(one["userId"], one["walletId"]) for one in lines} == {("niran", wallet["id"])}
    assert daily.read("/billing/wallets", "niran")["wallets"][0]["lastTokenReset"] == "2026-03-05T00:00:00+07:00"


def test_five_of_standard_and_ten_of_premium_are_fifteen(wallets: SeedDoor) -> None:
    premium = open_premium(wallets)
    told = wallets.read("/billing/wallets", "asha")
    assert told["totalBalance"] == 15
    standard, bought = told["wallets"]
    assert (standard["walletType"], standard["balanceTokens"], standard["expiresAt"]) == ("STANDARD", 5, None)
    assert (bought["id"], bought["balanceTokens"]) == (premium, 10)
    answer = wallets.get("/billing/balance", "asha")
    assert (answer.json()["data"]["balance"], answer.headers["x-tokens-remaining"]) == (15, "15")
    assert set(standard) == {"id", "balanceTokens", "walletType", "isActive", "expiresAt", "lastTokenReset"}
    wallets.at(2026, 4, 3, 12)
    assert wallets.read("/billing/balance", "asha")["balance"] == 5


def test_opening_a_wallet_is_an_administrators_act_done_once_by_its_key(wallets: SeedDoor) -> None:
    body = {"walletType": "BONUS"}
    assert wallets.post("/billing/wallets", "asha", key="spend", **body).status_code == 403
    first, again = (wallets.post("/billing/wallets", "asha", once="w1", **body) for _ in range(2))
    assert (first.status_code, first.json()["data"]["balanceTokens"]) == (201, 5)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert wallets.read("/billing/balance", "asha")["balance"] == 10
    for wrong in (
        {"walletType": "GOLD"},
        {"walletType": "BONUS", "initialTokens": -1},
        {"walletType": "BONUS", "x": 1},
    ):
        assert wallets.post("/billing/wallets", "asha", **wrong).status_code == 422


def test_each_line_names_its_wallet_and_metadata_and_pages_by_limit_and_offset(wallets: SeedDoor) -> None:
    premium = open_premium(wallets)
    standard = wallets.read("/billing/wallets", "asha")["wallets"][0]["id"]
    for _ in range(4):
        wallets.work("asha", "project_creation", metadata={"projectId": "p-1"})
    wallets.work("asha", "project_creation", wallet="PREMIUM", metadata={"projectId": "p-2"})
    whole = wallets.read("/billing/transactions", "asha")
    lines = whole["transactions"]
    assert [(one["amount"], one["walletId"], one["metadata"].get("projectId")) for one in lines[:2]] == [
        (-1, premium, "p-2"),
        (-1, standard, "p-1"),
    ]
    assert (len(lines), whole["hasMore"]) == (7, False)
    paged = [wallets.read("/billing/transactions", "asha", limit=2, offset=at) for at in (0, 2, 4, 6)]
    assert [one for page in paged for one in page["transactions"]] == lines
    assert [page["hasMore"] for page in paged] == [True, True, True, False]
    assert wallets.get("/billing/transactions", "asha", limit=0).status_code == 422


def test_a_reset_touches_standard_wallets_and_nothing_else(wallets: SeedDoor) -> None:
    open_premium(wallets)
    for _ in range(7):
        wallets.work("asha", "project_creation")
    wallets.at(2026, 3, 5)
    assert wallets.do("/billing/daily-reset") == {"walletsReset": 2, "tokensGranted": 10, "tokensExpired": 5}
    assert [one["balanceTokens"] for one in wallets.read("/billing/wallets", "asha")["wallets"]] == [5, 8]


def test_a_spend_from_two_wallets_is_a_line_for_each(database_url: str, installed_at: Callable[[str], None]) -> None:
    with serving(database_url, installed_at, "studio", at=MORNING, users=("asha",)) as studio:
        studio.do("/v1/tokens/redeem-code", "asha", promo_code="WELCOME2024")
        for _ in range(2):
            studio.work("asha", "srs", tokens=8_000, metadata={"projectId": "p-9"})
        lines = studio.read("/billing/transactions", "asha", limit=2)["transactions"]
        named = {one["id"]: one["walletType"] for one in studio.read("/billing/wallets", "asha")["wallets"]}
        assert [(named[one["walletId"]], one["walletType"], one["amount"], one["type"]) for one in lines] == [
            ("MONTHLY", "MONTHLY", -2_000, "SRS"),
            ("BONUS", "BONUS", -6_000, "SRS"),
        ]
        assert lines[0]["transactionId"] == lines[1]["transactionId"]
        assert lines[0]["id"] != lines[1]["id"]
        assert [one["metadata"] for one in lines] == [{"projectId": "p-9"}] * 2
        rest = studio.read("/billing/transactions", "asha", limit=1, offset=1)["transactions"]
        assert rest == lines[1:]


def test_a_key_bound_to_one_account_sees_and_resets_no_other(wallets: SeedDoor) -> None:
    assert wallets.get("/billing/balance", key="bound").json() == wallets.get("/billing/balance", "asha").json()
    wallets.at(2026, 3, 5)
    assert len(wallets.get("/billing/daily-reset").json()["data"]["walletsDue"]) == 2
    assert len(wallets.get("/billing/daily-reset", key="bound").json()["data"]["walletsDue"]) == 1
    for path in ("/billing/balance", "/billing/transactions", "/billing/wallets", "/billing/daily-reset"):
        assert wallets.get(path, "ben", key="bound").status_code == 404
    assert wallets.post("/billing/wallets", "ben", key="bound", walletType="BONUS").status_code == 404
    assert wallets.post("/billing/daily-reset", key="bound").status_code == 403
    assert wallets.get("/billing/daily-reset").json()["data"]["needsReset"] is True


def test_a_spent_wallet_keeps_its_name_in_the_history_among_others_alike(wallets: SeedDoor) -> None:
    first, second = open_premium(wallets, 1), open_premium(wallets, 1)
    for _ in range(2):
        wallets.work("asha", "project_creation", wallet="PREMIUM")
    lines = wallets.read("/billing/transactions", "asha")["transactions"]
    assert [(one["walletId"], one["amount"]) for one in lines[:2]] == [(second, -1), (first, -1)]
