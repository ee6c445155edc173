"""Program 3, the agent studio, by requests alone: a monthly allowance in rupee land, spent agent by agent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from api.application import WHY, Application, Applications

from creditbook.installation import installation
from creditbook.pricing.setting import PriceTerms, enter_rates, set_price

START = datetime(2026, 3, 4, 6, tzinfo=UTC)
"""Half past eleven in Kolkata, whose month ends on 31 March at 18:30 UTC."""
APRIL = "2026-03-31T18:30:00Z"


@pytest.fixture
def studio(apps: Applications) -> Application:
    app = apps.of("studio", at=START)
    app.open("asha")
    return app


@pytest.fixture(scope="module", autouse=True)
def prices(apps: Applications) -> None:
    """A model at 350 dollars a million input tokens, so that 7,000 cost 2.45; a dollar is 83 rupees.

    Models' prices and exchange rates are the installation's: no organization's key sets them.
    """
    store = installation().store
    set_price(
        store, "fixture", PriceTerms(input="350", output="0"), valid_from=date(2026, 1, 1), org_id=None,
        source="test", actor="test", reason="fixture", at=START,
    )  # fmt: skip
    enter_rates(
        store, [(START.date(), 83_000_000_000)], base="USD", quote="INR", source="test", actor="test", at=START
    )  # fmt: skip


def spend(studio: Application, tokens: int, agent: str = "srs", model: str = "") -> None:
    studio.spend("asha", agent, agent=agent, model=model, tokens=tokens)


def test_the_first_months_allowance_is_whole_and_is_the_welcome_bonus(studio: Application) -> None:
    (line,) = studio.lines("asha")
    assert (line["kind"], line["tokens"], line["description"]) == ("grant", 10_000, "Welcome bonus")
    assert studio.left("asha") == 10_000
    assert studio.balance("asha")["next_reset"] == APRIL


def test_a_whole_project_is_refused_with_what_is_missing_and_where_to_buy(studio: Application) -> None:
    spend(studio, 5_000)
    told = studio.refused(402, "/v1/holds", "asha", action="project")
    assert told["message"] == "Need 15000 more tokens. Current balance: 5000"
    assert (told["required"], told["available"], told["shortage"]) == (20_000, 5_000, 15_000)
    assert (told["error"], told["packages_url"]) == ("Insufficient tokens", "/plans")
    ready = studio.ask("/billing/balance", "asha")
    assert (ready["canCreateProject"], ready["requiredTokens"]) == (False, 20_000)


def test_seven_agents_run_as_captured_parts_of_one_hold(studio: Application) -> None:
    actions = studio.ask("/v1/program")["actions"]
    typical = {one["action"]: one["estimate"] for one in actions if one["action"] != "project"}
    assert (len(typical), sum(typical.values())) == (7, 20_500)
    studio.tell("/v1/tokens/redeem-code", "asha", promo_code="LAUNCH50")
    job = studio.tell("/v1/holds", "asha", action="project", estimate=20_000, project="Soil test report")["hold_id"]
    assert studio.left("asha") == 40_000
    key = {"project": "Soil test report", "model": "fixture"}
    for number, (agent, tokens) in enumerate(typical.items(), start=1):
        half = tokens // 2
        receipt = studio.tell(f"/v1/holds/{job}/capture", "asha", action=agent, agent=agent, input_tokens=half,
                              output_tokens=tokens - half, final=number == 7, **key)  # fmt: skip
        assert receipt["charged"] == tokens
    assert studio.left("asha") == 60_000 - 20_500
    parts = studio.lines("asha", kind="usage")
    assert [(line["agent"], line["charged"]) for line in parts] == list(typical.items())
    assert all((line["project"], line["model"]) == ("Soil test report", "fixture") for line in parts)
    for line in parts:
        assert (line["input_tokens"], line["output_tokens"]) == (
            line["charged"] // 2, line["charged"] - line["charged"] // 2,
        )  # fmt: skip
        assert line["cost_usd_nanos"] == line["input_tokens"] * 350_000
        assert line["cost_inr_nanos"] == line["cost_usd_nanos"] * 83
    # The hold paid for all but the last 500, which came from what was available.
    assert [(p["available_before"], p["available_after"]) for p in parts[-2:]] == [(40_000, 40_000), (40_000, 39_500)]
    told = studio.ask("/v1/usage", "asha", by=["agent"])["usage"]
    assert {one["agent"]: one["charged"] for one in told} == typical


def test_2_45_dollars_at_83_are_203_35_rupees(studio: Application) -> None:
    studio.spend("asha", "srs", agent="srs", model="fixture", input_tokens=7_000)
    line = studio.lines("asha")[-1]
    assert (line["charged"], line["cost_usd_nanos"], line["cost_inr_nanos"]) == (7_000, 2_450_000_000, 203_350_000_000)
    assert studio.ask("/v1/tokens/analytics", "asha")["estimated_cost"] == {"usd": 2.45, "inr": 203.35}
    (total,) = studio.ask("/v1/usage", "asha")["usage"]
    assert (total["cost_usd_nanos"], total["cost_inr_nanos"]) == (2_450_000_000, 203_350_000_000)


def test_half_of_what_is_unused_rolls_over_for_one_month(studio: Application) -> None:
    spend(studio, 4_000)
    studio.at(2026, 3, 31, 18, 30)  # 1 April in Kolkata
    assert studio.left("asha") == 10_000 + 3_000
    told = studio.ask("/v1/tokens/balance", "asha")
    assert (told["monthly_remaining"], told["rollover_tokens"], told["remaining_tokens"]) == (10_000, 3_000, 13_000)
    studio.order("/v1/resets", everything_due=True, **WHY)
    assert studio.kinds("asha") == [("grant", 10_000), ("usage", -4_000), ("rollover", 0), ("expiry", -3_000),
                                    ("reset", 10_000)]  # fmt: skip
    # What rolled over is not added anew.
    assert studio.ask("/v1/tokens/analytics", "asha")["total_tokens_added"] == 20_000
    spend(studio, 1_000)  # what was rolled over ends first among equals, and never rolls again
    assert studio.ask("/v1/tokens/balance", "asha")["rollover_tokens"] == 2_000
    studio.at(2026, 4, 30, 18, 30)
    assert studio.left("asha") == 10_000 + 5_000


@pytest.mark.parametrize(
    ("package", "tokens", "price_minor", "tax_minor"),
    [("starter", 50_000, 9_900, 1_510), ("pro", 200_000, 34_900, 5_324), ("unlimited", 1_000_000, 149_900, 22_866)],
)
def test_a_package_costs_rupees_with_the_tax_in_it(
    studio: Application, package: str, tokens: int, price_minor: int, tax_minor: int
) -> None:
    shown = {one["id"]: one for one in studio.ask("/v1/tokens/packages")["packages"]}[package]
    assert (shown["tokens"], shown["price_minor"], shown["tax_minor"]) == (tokens, price_minor, tax_minor)
    assert (shown["currency"], shown["most_popular"]) == ("INR", package == "pro")
    sold = studio.buy("asha", package, "UPI 4411")
    assert (sold["tokens"], sold["price_minor"], sold["tax_minor"], sold["currency"]) == (
        tokens, price_minor, tax_minor, "INR",
    )  # fmt: skip
    assert studio.left("asha") == 10_000 + tokens


@pytest.mark.parametrize(("plan", "tokens", "price_minor"), [("basic", 50_000, 29_900), ("pro", 250_000, 99_900)])
def test_a_paid_plan_counts_its_months_from_the_day_it_began(
    studio: Application, plan: str, tokens: int, price_minor: int
) -> None:
    shown = {one["plan"]: one for one in studio.ask("/v1/program")["plans"]}[plan]
    assert (shown["price_minor"], shown["term"]) == (price_minor, "anniversary_month")
    assert [(one["tokens"], one["rollover"]) for one in shown["allowances"]] == [(tokens, 0.5)]
    sold = studio.upgrade("asha", plan, "UPI 1")["purchase"]
    assert sold["tax_minor"] == shown["tax_minor"] == round(price_minor * 18 / 118)
    assert (sold["price_minor"], sold["status"]) == (price_minor, "granted")
    balance = studio.balance("asha")
    assert (balance["plan"], balance["available"], balance["next_reset"]) == (plan, tokens, "2026-04-03T18:30:00Z")
    studio.order("/v1/subscription/renew", "asha", payment="UPI 2")
    assert studio.left("asha") == tokens  # no allowance early
    studio.at(2026, 4, 3, 18, 30)
    assert studio.left("asha") == tokens + tokens // 2


@pytest.mark.parametrize(("code", "tokens"), [("WELCOME2024", 10_000), ("LAUNCH50", 50_000), ("BETA100", 100_000)])
def test_a_promo_code_is_redeemed_once_per_account_however_it_is_typed(
    studio: Application, code: str, tokens: int
) -> None:
    studio.open("rohan")
    told = studio.tell("/v1/tokens/redeem-code", "asha", promo_code=f"  {code.lower()} ")
    assert (told["bonus_tokens"], told["new_balance"]) == (tokens, 10_000 + tokens)
    studio.refused(409, "/v1/tokens/redeem-code", "asha", promo_code=code)
    assert studio.tell("/v1/tokens/redeem-code", "rohan", promo_code=code)["new_balance"] == 10_000 + tokens
    assert studio.left("asha") == 10_000 + tokens
    assert ("promo", tokens) in studio.kinds("asha")


def test_a_request_has_at_most_8192_model_tokens(studio: Application) -> None:
    studio.spend("asha", "code", input_tokens=8_000, output_tokens=192)
    told = studio.refused(422, "/v1/usage", "asha", action="code", input_tokens=8_000, output_tokens=193)
    assert "at most 8192 tokens; this one has 8193" in told["detail"]
    (plan,) = [one for one in studio.ask("/v1/program")["plans"] if one["plan"] == "free"]
    assert (plan["max_request_tokens"], plan["requests_per_day"]) == (8_192, 100)


def test_free_has_a_hundred_requests_a_day_and_the_next_waits_for_midnight(studio: Application) -> None:
    many = [{"account": "asha", "action": "idea", "tokens": 1}] * 99
    assert all(one["receipt"] for one in studio.tell("/v1/usage/batch", usage=many)["results"])
    job = studio.tell("/v1/holds", "asha", action="idea", estimate=10)["hold_id"]
    studio.tell(f"/v1/holds/{job}/void", "asha")  # the hundredth, though it took nothing
    told = studio.refused(429, "/v1/usage", "asha", action="srs", tokens=1)
    assert "100 of 100 requests used today" in told["detail"]
    assert told["retry_after"] == timedelta(hours=12, minutes=30).total_seconds()
    told = studio.ask("/v1/tokens/balance", "asha")
    assert (told["total_requests"], told["requests_today"], told["used_tokens"]) == (100, 100, 99)
    studio.at(2026, 3, 4, 18, 30)
    spend(studio, 1)
    told = studio.ask("/v1/tokens/balance", "asha")
    assert (told["total_requests"], told["requests_today"]) == (101, 1)


def test_all_thirteen_figures_of_a_balance(studio: Application) -> None:
    spend(studio, 4_000)
    studio.at(2026, 3, 31, 18, 30)
    studio.tell("/v1/tokens/redeem-code", "asha", promo_code="WELCOME2024")
    studio.buy("asha", "starter", "UPI 3")
    for tokens in (3_000, 2_500, 2_000):
        spend(studio, tokens)
    # 3,000 rolled-over tokens went first, then 4,500 of the month's.
    assert studio.ask("/v1/tokens/balance", "asha") == {
        "total_tokens": 11_500 + 65_500,
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


def test_a_refund_gives_used_back_and_leaves_the_request_counted(studio: Application) -> None:
    receipt = studio.spend("asha", "code", agent="code", tokens=5_000)["transaction_id"]
    back = studio.tell("/v1/refunds", "asha", transaction_id=receipt, tokens=2_000, reason="broke off")
    told = studio.ask("/v1/tokens/balance", "asha")
    assert (told["used_tokens"], told["monthly_used"], told["remaining_tokens"], told["total_tokens"]) == (
        3_000, 3_000, 7_000, 10_000,
    )  # fmt: skip
    assert (told["total_requests"], told["monthly_used_percentage"]) == (1, 30.0)
    assert studio.ask(f"/v1/transactions/{receipt}", "asha")["reversed_by"] == [back["transaction_id"]]
    assert studio.ask(f"/v1/transactions/{back['transaction_id']}", "asha")["reverses"] == receipt


def test_analytics_tell_tokens_by_agent_and_model_cost_and_the_average_request(studio: Application) -> None:
    for agent, model, tokens in (("srs", "fixture", 3_000), ("srs", "fixture", 1_000), ("code", "gpt-4o", 2_000)):
        studio.spend("asha", agent, agent=agent, model=model, input_tokens=tokens)
    studio.tell("/v1/tokens/redeem-code", "asha", promo_code="WELCOME2024")
    told = studio.ask("/v1/tokens/analytics", "asha")
    assert (told["total_tokens_used"], told["total_tokens_added"], told["total_transactions"]) == (6_000, 20_000, 5)
    assert told["agent_usage_breakdown"] == {"srs": 4_000, "code": 2_000}
    assert told["model_usage_breakdown"] == {"fixture": 4_000, "gpt-4o": 2_000}
    assert told["average_tokens_per_request"] == 2_000.0
    assert told["estimated_cost"] == {"usd": 1.405, "inr": 116.615}


def test_every_answer_carries_what_is_left_and_what_today_saw(studio: Application) -> None:
    spend(studio, 1_500)
    studio.clock.forward(days=1)
    spend(studio, 500)
    headers = studio.send("GET", "/v1/tokens/stats", key="read", params={"account": "asha"}).headers
    assert (headers["x-tokens-remaining"], headers["x-tokens-used-today"], headers["x-requests-today"]) == (
        "8000", "500", "1",
    )  # fmt: skip
    assert 0 < float(headers["x-process-time"]) < 60


def test_usage_is_told_by_day_and_agent_between_two_of_the_accounts_own_days(studio: Application) -> None:
    spend(studio, 1_500)
    studio.at(2026, 3, 4, 18, 30)  # the fifth in Kolkata
    spend(studio, 500)
    spend(studio, 200, "code")
    told = studio.ask("/v1/usage", "asha", by=["day", "agent"])
    assert (told["first"], told["last"]) == ("2026-02-04", "2026-03-05")
    assert [(one["day"], one["agent"], one["requests"], one["charged"], one["model"]) for one in told["usage"]] == [
        ("2026-03-04", "srs", 1, 1_500, None), ("2026-03-05", "code", 1, 200, None),
        ("2026-03-05", "srs", 1, 500, None),
    ]  # fmt: skip
    (total,) = studio.ask("/v1/usage", "asha", first="2026-03-05", last="2026-03-05")["usage"]
    assert (total["charged"], total["day"]) == (700, None)
    (only,) = studio.ask("/v1/usage", "asha", agent="srs", by="model")["usage"]
    assert (only["charged"], only["model"]) == (2_000, "")
    assert [line["tokens"] for line in studio.lines("asha", agent="srs", first="2026-03-05")] == [-500]
    backwards = studio.send("GET", "/v1/usage?account=asha&first=2026-03-05&last=2026-03-04", key="read")
    assert backwards.status_code == 422
