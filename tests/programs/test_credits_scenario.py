"""Program 4, code by credits, cell by cell: one credit is 2,000 tokens and one piece of work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from support.scenario import Scenario, running

from creditbook.domain.errors import InsufficientTokens
from creditbook.domain.units import available_words, insufficient, remaining_words
from creditbook.programs import load_program
from creditbook.reports import figures

START = datetime(2026, 1, 31, 9, tzinfo=UTC)
UNIT = load_program("credits").unit


@pytest.fixture
def coding(database_url: str) -> Iterator[Scenario]:
    with running(database_url, "credits", at=START) as scenario:
        scenario.open("kim")
        yield scenario


def generate(coding: Scenario, times: int = 1, action: str = "code_generation") -> None:
    for _ in range(times):
        coding.ledger.spend("credits/kim", action=action)


def buy(coding: Scenario, plan: str, payment: str, kind: str = "plan") -> None:
    coding.ledger.sell("credits/kim", plan, kind=kind, payment=payment, reason="invoice", actor="admin")


def test_free_is_five_credits_and_says_so_with_the_exact_tokens(coding: Scenario) -> None:
    assert available_words(coding.left("kim"), UNIT) == "5 Credits • 10,000 Tokens Available"
    told = coding.ask(figures.credit_status, "kim")
    assert (told.credits, told.total_tokens, told.available_tokens) == (5, 10_000, 10_000)
    assert (told.is_subscribed, told.subscription_tier, told.subscription_ends_at) == (False, "free", None)


@pytest.mark.parametrize("action", ["code_generation", "code_review"])
def test_a_generation_and_a_review_cost_one_credit_each(coding: Scenario, action: str) -> None:
    receipt = coding.ledger.spend("credits/kim", action=action)
    assert (receipt.charged, receipt.available) == (2_000, 8_000)
    assert available_words(receipt.available, UNIT) == "4 Credits • 8,000 Tokens Available"


def test_the_sixth_piece_of_work_is_refused_in_credits(coding: Scenario) -> None:
    generate(coding, 3)
    generate(coding, 2, "code_review")
    with pytest.raises(InsufficientTokens) as refused:
        generate(coding)
    assert insufficient(UNIT) == "Insufficient credits"
    assert remaining_words(refused.value.available, UNIT) == "You have 0 credits remaining (0 tokens)"
    assert refused.value.packages_url == "/plans"


def test_free_is_refilled_on_the_day_it_began_every_month(coding: Scenario) -> None:
    generate(coding, 5)
    told = coding.ask(figures.credit_status, "kim")
    assert (told.credits, told.total_tokens_used, told.monthly_tokens_used) == (0, 10_000, 10_000)
    assert told.monthly_reset_date == datetime(2026, 2, 28, tzinfo=UTC)
    coding.at(2026, 2, 28)
    generate(coding)
    told = coding.ask(figures.credit_status, "kim")
    assert (told.credits, told.total_tokens_used, told.monthly_tokens_used) == (4, 12_000, 2_000)
    assert told.monthly_reset_date == datetime(2026, 3, 31, tzinfo=UTC)


def test_pro_is_a_hundred_credits_whole_at_the_upgrade_for_thirty_days(coding: Scenario) -> None:
    generate(coding, 4)
    sold = coding.ledger.sell("credits/kim", "pro", kind="plan", payment="in 1", reason="invoice", actor="admin")
    assert (sold.price_minor, sold.currency, sold.available) == (1_900, "USD", 200_000)
    told = coding.ask(figures.credit_status, "kim")
    assert (told.credits, told.is_subscribed, told.subscription_tier) == (100, True, "pro")
    # It began on 31 January, not at a day's start: the thirty dates are counted from the next day.
    assert told.subscription_ends_at == told.monthly_reset_date == datetime(2026, 3, 3, tzinfo=UTC)
    assert told.total_tokens_used == 8_000


def test_a_renewal_pays_the_next_thirty_days_and_gives_nothing_early(coding: Scenario) -> None:
    buy(coding, "pro", "in 1")
    generate(coding, 30)
    buy(coding, "pro", "in 2", "renewal")
    assert coding.left("kim") == 140_000
    assert coding.ask(figures.credit_status, "kim").subscription_ends_at == datetime(2026, 4, 2, tzinfo=UTC)
    coding.at(2026, 3, 3)
    told = coding.ask(figures.credit_status, "kim")
    assert (told.credits, told.subscription_status, told.subscription_ends_at) == (
        100,
        "active",
        datetime(2026, 4, 2, tzinfo=UTC),
    )


def test_a_downgrade_waits_for_the_end_and_choosing_pro_again_calls_it_off(coding: Scenario) -> None:
    buy(coding, "pro", "in 1")
    down = coding.ledger.change_plan("credits/kim", "free")
    assert (down.plan, down.next_plan, down.available) == ("pro", "free", 200_000)
    assert coding.ledger.change_plan("credits/kim", "pro").next_plan == ""
    coding.ledger.cancel_plan("credits/kim")
    assert coding.ask(figures.credit_status, "kim").subscription_status == "cancelling"
    coding.at(2026, 3, 3)
    told = coding.ask(figures.credit_status, "kim")
    assert (told.subscription_tier, told.is_subscribed, told.credits) == ("free", False, 5)


def test_a_subscription_that_nobody_pays_is_past_due_for_three_days_and_then_lapses(coding: Scenario) -> None:
    buy(coding, "pro", "in 1")
    coding.at(2026, 3, 3)
    told = coding.ask(figures.credit_status, "kim")
    assert (told.subscription_status, told.credits, told.is_subscribed) == ("past_due", 100, True)
    assert told.subscription_ends_at == datetime(2026, 3, 6, tzinfo=UTC)
    generate(coding, 10)
    coding.at(2026, 3, 6)
    told = coding.ask(figures.credit_status, "kim")
    assert (told.subscription_status, told.subscription_tier, told.credits) == ("lapsed", "free", 5)
    assert told.monthly_reset_date == datetime(2026, 4, 6, tzinfo=UTC)


def test_enterprise_is_unlimited_burns_nothing_and_is_recorded(coding: Scenario) -> None:
    sold = coding.ledger.sell("credits/kim", "enterprise", kind="plan", payment="in 9", reason="deal", actor="admin")
    assert (sold.price_minor, sold.available) == (19_900, None)
    receipt = coding.ledger.spend("credits/kim", action="code_review", model="gpt-4o", input_tokens=900)
    assert (receipt.charged, receipt.metered, receipt.available) == (0, True, None)
    assert available_words(None, UNIT) == "Unlimited"
    told = coding.ask(figures.credit_status, "kim")
    assert (told.credits, told.available_tokens, told.subscription_tier) == (None, None, "enterprise")
    assert told.subscription_ends_at == datetime(2026, 3, 3, tzinfo=UTC)


def test_bonus_credits_stand_beside_the_plan_and_survive_its_change(coding: Scenario) -> None:
    coding.ledger.grant("credits/kim", 3 * 2_000, reason="conference", label="Bonus credits", actor="admin")
    assert coding.ask(figures.credit_status, "kim").credits == 8
    generate(coding, 6)
    buy(coding, "pro", "in 1")
    assert coding.ask(figures.credit_status, "kim").credits == 100 + 2


def test_part_of_a_credit_is_rounded_down_and_what_is_missing_up(coding: Scenario) -> None:
    coding.ledger.grant("credits/kim", 1_999, reason="odd gift", actor="admin")
    told = coding.ask(figures.credit_status, "kim")
    assert (told.credits, told.available_tokens) == (5, 11_999)
    assert available_words(11_999, UNIT) == "5.9 Credits • 11,999 Tokens Available"
    generate(coding, 5)
    with pytest.raises(InsufficientTokens) as refused:
        generate(coding)
    assert (refused.value.available, refused.value.shortage) == (1_999, 1)
    assert remaining_words(1_999, UNIT) == "You have 0 credits remaining (1,999 tokens)"
