"""Program 4, code by credits, by requests alone: one credit is 2,000 tokens and one piece of work."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from api.application import Application, Applications

START = datetime(2026, 1, 31, 9, tzinfo=UTC)


@pytest.fixture
def coding(apps: Applications) -> Application:
    app = apps.of("credits", at=START)
    app.open("kim")
    return app


def generate(coding: Application, times: int = 1, action: str = "code_generation") -> None:
    for _ in range(times):
        coding.spend("kim", action)


def test_free_is_five_credits_and_says_so_with_the_exact_tokens(coding: Application) -> None:
    told = coding.ask("/user/usage", "kim")
    assert (told["credits"], told["totalTokens"], told["availableTokens"]) == (5, 10_000, 10_000)
    assert (told["isSubscribed"], told["subscriptionTier"], told["subscriptionEndsAt"]) == (False, "free", None)
    assert coding.ask("/v1/program")["unit"] == {"tokens_per_credit": 2_000, "singular": "credit", "plural": "credits"}


@pytest.mark.parametrize("action", ["code_generation", "code_review"])
def test_a_generation_and_a_review_cost_one_credit_each(coding: Application, action: str) -> None:
    receipt = coding.spend("kim", action)
    assert (receipt["charged"], receipt["available"]) == (2_000, 8_000)
    assert coding.ask("/user/usage", "kim")["credits"] == 4


def test_the_sixth_piece_of_work_is_refused_in_credits(coding: Application) -> None:
    generate(coding, 3)
    generate(coding, 2, "code_review")
    told = coding.refused(402, "/v1/usage", "kim", action="code_generation")
    assert (told["error"], told["detail"]) == ("Insufficient credits", "Insufficient credits")
    assert told["message"] == "You have 0 credits remaining (0 tokens)"
    assert told["packages_url"] == "/plans"


def test_free_is_refilled_on_the_day_it_began_every_month(coding: Application) -> None:
    generate(coding, 5)
    told = coding.ask("/user/usage", "kim")
    assert (told["credits"], told["totalTokensUsed"], told["monthlyTokensUsed"]) == (0, 10_000, 10_000)
    assert told["monthlyResetDate"] == "2026-02-28T00:00:00Z"
    coding.at(2026, 2, 28)
    generate(coding)
    told = coding.ask("/user/usage", "kim")
    assert (told["credits"], told["totalTokensUsed"], told["monthlyTokensUsed"]) == (4, 12_000, 2_000)
    assert told["monthlyResetDate"] == "2026-03-31T00:00:00Z"


def test_pro_is_a_hundred_credits_whole_at_the_upgrade_for_thirty_days(coding: Application) -> None:
    generate(coding, 4)
    sold = coding.upgrade("kim", "pro", "in 1")["purchase"]
    assert (sold["status"], sold["price_minor"], sold["currency"]) == ("granted", 1_900, "USD")
    assert coding.left("kim") == 200_000
    told = coding.ask("/user/usage", "kim")
    assert (told["credits"], told["isSubscribed"], told["subscriptionTier"]) == (100, True, "pro")
    # It began on 31 January, not at a day's start: the thirty dates are counted from the next day.
    assert told["subscriptionEndsAt"] == told["monthlyResetDate"] == "2026-03-03T00:00:00Z"
    assert told["totalTokensUsed"] == 8_000


def test_a_renewal_pays_the_next_thirty_days_and_gives_nothing_early(coding: Application) -> None:
    coding.upgrade("kim", "pro", "in 1")
    generate(coding, 30)
    coding.order("/v1/subscription/renew", "kim", payment="in 2")
    assert coding.left("kim") == 140_000
    assert coding.ask("/user/usage", "kim")["subscriptionEndsAt"] == "2026-04-02T00:00:00Z"
    coding.at(2026, 3, 3)
    told = coding.ask("/user/usage", "kim")
    assert (told["credits"], told["subscriptionStatus"]) == (100, "active")
    assert told["subscriptionEndsAt"] == "2026-04-02T00:00:00Z"


def test_a_downgrade_waits_for_the_end_and_choosing_pro_again_calls_it_off(coding: Application) -> None:
    coding.upgrade("kim", "pro", "in 1")
    down = coding.tell("/v1/subscription/downgrade", "kim", plan="free")["subscription"]
    assert (down["tier"], down["next_period"]["plan"], coding.left("kim")) == ("pro", "free", 200_000)
    again = coding.tell("/v1/subscription/downgrade", "kim", plan="pro")["subscription"]
    assert (again["tier"], again["next_period"]["plan"]) == ("pro", "pro")
    coding.tell("/v1/subscription/cancel", "kim")
    assert coding.ask("/v1/subscription", "kim")["status"] == "cancelling"
    coding.at(2026, 3, 3)
    told = coding.ask("/user/usage", "kim")
    assert (told["subscriptionTier"], told["isSubscribed"], told["credits"]) == ("free", False, 5)


def test_a_subscription_that_nobody_pays_is_past_due_for_three_days_and_then_lapses(coding: Application) -> None:
    coding.upgrade("kim", "pro", "in 1")
    coding.at(2026, 3, 3)
    told = coding.ask("/user/usage", "kim")
    assert (told["subscriptionStatus"], told["credits"], told["isSubscribed"]) == ("past_due", 100, True)
    assert told["subscriptionEndsAt"] == "2026-03-06T00:00:00Z"
    generate(coding, 10)
    coding.at(2026, 3, 6)
    told = coding.ask("/user/usage", "kim")
    assert (told["subscriptionStatus"], told["subscriptionTier"], told["credits"]) == ("lapsed", "free", 5)
    assert told["monthlyResetDate"] == "2026-04-06T00:00:00Z"


def test_enterprise_is_unlimited_burns_nothing_and_is_recorded(coding: Application) -> None:
    sold = coding.upgrade("kim", "enterprise", "in 9")["purchase"]
    assert sold["price_minor"] == 19_900
    receipt = coding.spend("kim", "code_review", model="gpt-4o", input_tokens=900)
    assert (receipt["charged"], receipt["metered"], receipt["available"]) == (0, True, None)
    answer = coding.send("GET", "/user/usage", key="read", params={"account": "kim"})
    told = answer.json()["data"]
    assert (told["credits"], told["availableTokens"], told["subscriptionTier"]) == (None, None, "enterprise")
    assert (told["subscriptionEndsAt"], answer.headers["x-tokens-remaining"]) == ("2026-03-03T00:00:00Z", "unlimited")
    (line,) = coding.lines("kim", kind="usage")
    assert (line["action"], line["model"], line["input_tokens"], line["charged"]) == ("code_review", "gpt-4o", 900, 0)


def test_bonus_credits_stand_beside_the_plan_and_survive_its_change(coding: Application) -> None:
    coding.grant("kim", 3 * 2_000, label="Bonus credits")
    assert coding.ask("/user/usage", "kim")["credits"] == 8
    generate(coding, 6)
    coding.upgrade("kim", "pro", "in 1")
    assert coding.ask("/user/usage", "kim")["credits"] == 100 + 2


def test_part_of_a_credit_is_rounded_down_and_what_is_missing_up(coding: Application) -> None:
    coding.grant("kim", 1_999)
    told = coding.ask("/user/usage", "kim")
    assert (told["credits"], told["availableTokens"]) == (5, 11_999)
    generate(coding, 5)
    told = coding.refused(402, "/v1/usage", "kim", action="code_generation")
    assert (told["available"], told["shortage"]) == (1_999, 1)
    assert told["message"] == "You have 0 credits remaining (1,999 tokens)"
