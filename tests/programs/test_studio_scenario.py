"""Program 3, the agent studio, cell by cell: a monthly allowance in rupee land, spent agent by agent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from support.scenario import Scenario, running

from creditbook.domain.errors import AlreadyRedeemed, InsufficientTokens, LimitExceeded, RequestTooLarge
from creditbook.pricing.setting import PriceTerms, enter_rates, set_price
from creditbook.programs import load_program
from creditbook.reports import figures
from creditbook.reports.answers import TokenFigures

KOLKATA = ZoneInfo("Asia/Kolkata")
START = datetime(2026, 3, 4, 6, tzinfo=UTC)
"""Half past eleven in Kolkata, whose month ends on 31 March at 18:30 UTC."""


@pytest.fixture
def studio(database_url: str) -> Iterator[Scenario]:
    with running(database_url, "studio", at=START) as scenario:
        scenario.open("asha")
        yield scenario


def spend(studio: Scenario, tokens: int, agent: str = "srs", model: str = "") -> None:
    studio.ledger.spend("studio/asha", action=agent, agent=agent, model=model, tokens=tokens)


def spend_down_to(studio: Scenario, left: int) -> None:
    while (rest := (studio.left("asha") or 0) - left) > 0:
        spend(studio, min(rest, 8_000))


def prices(studio: Scenario) -> None:
    """A model at 350 dollars a million input tokens, so that 7,000 cost 2.45; a dollar is 83 rupees."""
    store = studio.ledger.core.store
    set_price(
        store, "fixture", PriceTerms(input="350", output="0"), valid_from=date(2026, 1, 1), org_id=None,
        source="test", actor="test", reason="fixture", at=START,
    )  # fmt: skip
    enter_rates(
        store, [(START.date(), 83_000_000_000)], base="USD", quote="INR", source="test", actor="test", at=START
    )  # fmt: skip


def test_the_first_months_allowance_is_whole_and_is_the_welcome_bonus(studio: Scenario) -> None:
    (line,) = studio.lines("asha")
    assert (line.kind, line.change, line.description) == ("grant", 10_000, "Welcome bonus")
    assert studio.left("asha") == 10_000
    assert studio.ledger.balance("studio/asha").next_reset == datetime(2026, 4, 1, tzinfo=KOLKATA)


def test_a_whole_project_is_refused_with_what_is_missing_and_where_to_buy(studio: Scenario) -> None:
    spend_down_to(studio, 5_000)
    with pytest.raises(InsufficientTokens) as refused:
        studio.ledger.reserve("studio/asha", action="project")
    assert str(refused.value) == "Need 15000 more tokens. Current balance: 5000"
    assert (refused.value.required, refused.value.available, refused.value.shortage) == (20_000, 5_000, 15_000)
    assert refused.value.packages_url == "/plans"


def test_seven_agents_run_as_captured_parts_of_one_hold(studio: Scenario) -> None:
    prices(studio)
    typical = {name: one.estimate for name, one in load_program("studio").actions.items() if name != "project"}
    assert (len(typical), sum(typical.values())) == (7, 20_500)
    studio.ledger.redeem("studio/asha", "LAUNCH50")
    key = {"project": "Soil test report", "model": "fixture"}
    with studio.ledger.reserve("studio/asha", action="project", estimate=20_000, project="Soil test report") as job:
        assert studio.left("asha") == 40_000
        for number, (agent, tokens) in enumerate(typical.items(), start=1):
            half = tokens // 2
            receipt = job.capture(action=agent, agent=agent, input_tokens=half, output_tokens=tokens - half,
                                  final=number == 7, **key)  # fmt: skip
            assert receipt.charged == tokens
    assert studio.left("asha") == 60_000 - 20_500
    parts = [line for line in studio.lines("asha") if line.kind == "usage"]
    assert [(line.agent, line.charged) for line in parts] == list(typical.items())
    assert all((line.project, line.model) == ("Soil test report", "fixture") for line in parts)
    for line in parts:
        assert (line.input_tokens, line.output_tokens) == (line.charged // 2, line.charged - line.charged // 2)
        assert line.cost_usd_nanos == line.input_tokens * 350_000
        assert line.cost_inr_nanos == line.cost_usd_nanos * 83
    # The hold paid for all but the last 500, which came from what was available.
    assert [(p.available_before, p.available_after) for p in parts[-2:]] == [(40_000, 40_000), (40_000, 39_500)]


def test_2_45_dollars_at_83_are_203_35_rupees(studio: Scenario) -> None:
    prices(studio)
    studio.ledger.spend("studio/asha", action="srs", agent="srs", model="fixture", input_tokens=7_000)
    line = studio.lines("asha")[-1]
    assert (line.charged, line.cost_usd_nanos, line.cost_inr_nanos) == (7_000, 2_450_000_000, 203_350_000_000)
    told = studio.ask(figures.analytics, "asha")
    assert (told.cost_usd_nanos, told.cost_inr_nanos) == (2_450_000_000, 203_350_000_000)


def test_half_of_what_is_unused_rolls_over_for_one_month(studio: Scenario) -> None:
    spend(studio, 4_000)
    studio.at(2026, 3, 31, 18, 30)  # 1 April in Kolkata
    assert studio.left("asha") == 10_000 + 3_000
    told = studio.ask(figures.token_figures, "asha")
    assert (told.monthly_remaining, told.rollover_tokens, told.remaining_tokens) == (10_000, 3_000, 13_000)
    studio.ledger.sweep("studio")
    assert studio.kinds("asha") == [("grant", 10_000), ("usage", -4_000), ("rollover", 0), ("expiry", -3_000),
                                    ("reset", 10_000)]  # fmt: skip
    assert studio.ask(figures.analytics, "asha").total_tokens_added == 20_000  # what rolled over is not added anew
    spend(studio, 1_000)  # what was rolled over ends first among equals, and never rolls again
    assert studio.ask(figures.token_figures, "asha").rollover_tokens == 2_000
    studio.at(2026, 4, 30, 18, 30)
    assert studio.left("asha") == 10_000 + 5_000


@pytest.mark.parametrize(
    ("package", "tokens", "price_minor", "tax_minor"),
    [("starter", 50_000, 9_900, 1_510), ("pro", 200_000, 34_900, 5_324), ("unlimited", 1_000_000, 149_900, 22_866)],
)
def test_a_package_costs_rupees_with_the_tax_in_it(
    studio: Scenario, package: str, tokens: int, price_minor: int, tax_minor: int
) -> None:
    sold = studio.ledger.sell("studio/asha", package, payment="UPI 4411", reason="paid by UPI", actor="meera")
    assert (sold.tokens, sold.price_minor, sold.tax_minor, sold.currency) == (tokens, price_minor, tax_minor, "INR")
    assert studio.left("asha") == 10_000 + tokens


@pytest.mark.parametrize(("plan", "tokens", "price_minor"), [("basic", 50_000, 29_900), ("pro", 250_000, 99_900)])
def test_a_paid_plan_counts_its_months_from_the_day_it_began(
    studio: Scenario, plan: str, tokens: int, price_minor: int
) -> None:
    sold = studio.ledger.sell("studio/asha", plan, kind="plan", payment="UPI 1", reason="paid by UPI", actor="meera")
    assert (sold.price_minor, sold.status) == (price_minor, "granted")
    balance = studio.ledger.balance("studio/asha")
    assert (balance.plan, balance.available) == (plan, tokens)
    assert balance.next_reset == datetime(2026, 4, 4, tzinfo=KOLKATA)
    studio.ledger.sell("studio/asha", plan, kind="renewal", payment="UPI 2", reason="paid by UPI", actor="meera")
    assert studio.left("asha") == tokens  # no allowance early
    studio.at(2026, 4, 3, 18, 30)
    assert studio.left("asha") == tokens + tokens // 2


@pytest.mark.parametrize(("code", "tokens"), [("WELCOME2024", 10_000), ("LAUNCH50", 50_000), ("BETA100", 100_000)])
def test_a_promo_code_is_redeemed_once_per_account_however_it_is_typed(
    studio: Scenario, code: str, tokens: int
) -> None:
    studio.open("rohan")
    receipt = studio.ledger.redeem("studio/asha", f"  {code.lower()} ")
    assert (receipt.kind, receipt.tokens, receipt.available) == ("promo", tokens, 10_000 + tokens)
    with pytest.raises(AlreadyRedeemed):
        studio.ledger.redeem("studio/asha", code)
    assert studio.ledger.redeem("studio/rohan", code).available == 10_000 + tokens
    assert studio.left("asha") == 10_000 + tokens


def test_a_request_has_at_most_8192_model_tokens(studio: Scenario) -> None:
    studio.ledger.spend("studio/asha", action="code", input_tokens=8_000, output_tokens=192)
    with pytest.raises(RequestTooLarge, match="at most 8192 tokens; this one has 8193"):
        studio.ledger.spend("studio/asha", action="code", input_tokens=8_000, output_tokens=193)


def test_free_has_a_hundred_requests_a_day_and_the_next_waits_for_midnight(studio: Scenario) -> None:
    studio.ledger.spend_many([{"account": "studio/asha", "action": "idea", "tokens": 1} for _ in range(99)])
    with studio.ledger.reserve("studio/asha", action="idea", estimate=10):
        pass  # the hundredth, though it took nothing
    with pytest.raises(LimitExceeded, match="100 of 100 requests used today") as refused:
        spend(studio, 1)
    assert refused.value.retry_after == timedelta(hours=12, minutes=30).total_seconds()
    told = studio.ask(figures.token_figures, "asha")
    assert (told.total_requests, told.requests_today, told.used_tokens) == (100, 100, 99)
    studio.at(2026, 3, 4, 18, 30)
    spend(studio, 1)
    told = studio.ask(figures.token_figures, "asha")
    assert (told.total_requests, told.requests_today) == (101, 1)


def test_all_thirteen_figures_of_a_balance(studio: Scenario) -> None:
    spend(studio, 4_000)
    studio.at(2026, 3, 31, 18, 30)
    studio.ledger.redeem("studio/asha", "WELCOME2024")
    studio.ledger.sell("studio/asha", "starter", payment="UPI 3", reason="paid by UPI", actor="meera")
    for tokens in (3_000, 2_500, 2_000):
        spend(studio, tokens)
    # 3,000 rolled-over tokens went first, then 4,500 of the month's.
    assert studio.ask(figures.token_figures, "asha") == TokenFigures(
        total_tokens=11_500 + 65_500,
        used_tokens=11_500,
        remaining_tokens=65_500,
        monthly_allowance=10_000,
        monthly_used=4_500,
        monthly_remaining=5_500,
        monthly_used_percentage=45.0,
        premium_tokens=60_000,
        premium_remaining=60_000,
        rollover_tokens=0,
        month_reset_date=datetime(2026, 5, 1, tzinfo=KOLKATA),
        total_requests=4,
        requests_today=3,
    )
    assert studio.ask(figures.token_figures, "asha").month_reset_date.isoformat() == "2026-05-01T00:00:00+05:30"


def test_a_refund_gives_used_back_and_leaves_the_request_counted(studio: Scenario) -> None:
    receipt = studio.ledger.spend("studio/asha", action="code", agent="code", tokens=5_000)
    studio.ledger.refund("studio/asha", receipt.transaction_id, tokens=2_000, reason="broke off", actor="meera")
    told = studio.ask(figures.token_figures, "asha")
    assert (told.used_tokens, told.monthly_used, told.remaining_tokens, told.total_tokens) == (
        3_000,
        3_000,
        7_000,
        10_000,
    )
    assert (told.total_requests, told.monthly_used_percentage) == (1, 30.0)


def test_analytics_tell_tokens_by_agent_and_model_cost_and_the_average_request(studio: Scenario) -> None:
    prices(studio)
    for agent, model, tokens in (("srs", "fixture", 3_000), ("srs", "fixture", 1_000), ("code", "gpt-4o", 2_000)):
        studio.ledger.spend("studio/asha", action=agent, agent=agent, model=model, input_tokens=tokens)
    studio.ledger.redeem("studio/asha", "WELCOME2024")
    told = studio.ask(figures.analytics, "asha")
    assert (told.total_tokens_used, told.total_tokens_added, told.total_transactions) == (6_000, 20_000, 5)
    assert told.agent_usage_breakdown == {"srs": 4_000, "code": 2_000}
    assert told.model_usage_breakdown == {"fixture": 4_000, "gpt-4o": 2_000}
    assert told.average_tokens_per_request == 2_000.0
    assert told.cost_inr_nanos == told.cost_usd_nanos * 83


def test_every_answer_carries_what_is_left_and_what_today_saw(studio: Scenario) -> None:
    spend(studio, 1_500)
    studio.clock.forward(days=1)
    spend(studio, 500)
    told = studio.ask(figures.today, "asha")
    assert (told.tokens_remaining, told.tokens_used_today, told.requests_today) == (8_000, 500, 1)
