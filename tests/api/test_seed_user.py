"""Program 4's numbers through the API alone: five credits, one a piece of work, a refill on the day it began."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from api.seed_door import SeedDoor, serving


@pytest.fixture
def coding(database_url: str, installed_at: Callable[[str], None]) -> Iterator[SeedDoor]:
    at = datetime(2026, 1, 31, 9, tzinfo=UTC)
    with serving(database_url, installed_at, "credits", at=at, users=("kim",)) as door:
        yield door


def test_free_is_five_credits_and_the_sixth_piece_of_work_is_refused(coding: SeedDoor) -> None:
    assert coding.read("/user/usage", "kim") == {
        "credits": 5,
        "totalTokens": 10_000,
        "availableTokens": 10_000,
        "totalTokensUsed": 0,
        "monthlyTokensUsed": 0,
        "monthlyResetDate": "2026-02-28T00:00:00Z",
        "isSubscribed": False,
        "subscriptionTier": "free",
        "subscriptionStatus": "active",
        "subscriptionEndsAt": None,
    }
    for action in ("code_generation", "code_review") * 2:
        assert coding.work("kim", action).json()["charged"] == 2_000
    assert coding.read("/user/usage", "kim")["credits"] == 1
    coding.work("kim", "code_review")
    assert coding.work("kim", "code_generation").status_code == 402


def test_free_is_refilled_on_the_day_it_began(coding: SeedDoor) -> None:
    for _ in range(5):
        coding.work("kim", "code_generation")
    told = coding.read("/user/usage", "kim")
    assert (told["credits"], told["totalTokensUsed"], told["monthlyTokensUsed"]) == (0, 10_000, 10_000)
    coding.at(2026, 2, 28)
    coding.work("kim", "code_generation")
    told = coding.read("/user/usage", "kim")
    assert (told["credits"], told["totalTokensUsed"], told["monthlyTokensUsed"]) == (4, 12_000, 2_000)
    assert told["monthlyResetDate"] == "2026-03-31T00:00:00Z"
