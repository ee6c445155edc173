"""The programs that ship say what PROGRAMS.md says."""

from __future__ import annotations

from fractions import Fraction

import pytest

from creditbook.domain.program import Every, GrantClass, Pricing, Unit, WalletType
from creditbook.programs import load_program, shipped_programs


def test_daily_and_studio_ship() -> None:
    assert {"daily", "studio"} <= set(shipped_programs())


@pytest.mark.parametrize("name", shipped_programs())
def test_a_program_that_ships_is_called_like_its_file(name: str) -> None:
    assert load_program(name).name == name


def test_daily_gives_five_tokens_at_every_local_midnight_in_bangkok() -> None:
    daily = load_program("daily")
    (allowance,) = daily.plans[daily.default_plan].allowances
    assert (daily.zone, daily.currency) == ("Asia/Bangkok", "THB")
    assert (allowance.wallet, allowance.tokens, allowance.every) == (WalletType.STANDARD, 5, Every.DAY)
    assert allowance.rollover == 0
    assert daily.plans["free"].grant_class is GrantClass.FREE


def test_daily_charges_one_token_for_a_project_and_nothing_for_the_rest() -> None:
    prices = {name: (action.pricing, action.tokens) for name, action in load_program("daily").actions.items()}
    assert prices == {
        "project_creation": (Pricing.FIXED, 1),
        "chat": (Pricing.FIXED, 0),
        "preview": (Pricing.FIXED, 0),
        "deploy": (Pricing.FIXED, 0),
    }


def test_daily_is_ready_for_a_project_with_one_token_and_sells_ten_and_sixty() -> None:
    daily = load_program("daily")
    assert (daily.ready_action, daily.ready_tokens) == ("project_creation", 1)
    assert sorted((p.tokens, p.price_minor) for p in daily.packages.values()) == [(10, 9_900), (60, 49_900)]
    assert daily.unit == Unit()


def test_studio_welcomes_with_the_whole_first_months_allowance() -> None:
    free = load_program("studio").plans["free"]
    (allowance,) = free.allowances
    assert (allowance.tokens, allowance.every, allowance.first_label) == (10_000, Every.CALENDAR_MONTH, "Welcome bonus")
    assert allowance.rollover == Fraction(1, 2)
    assert (free.max_request_tokens, free.requests_per_day) == (8_192, 100)


def test_studio_sells_monthly_plans_that_begin_on_their_own_day() -> None:
    studio = load_program("studio")
    plans = sorted(studio.plans.values(), key=lambda plan: plan.rank)
    assert [(p.slug, p.price_minor, p.allowances[0].tokens) for p in plans] == [
        ("free", 0, 10_000),
        ("basic", 29_900, 50_000),
        ("pro", 99_900, 250_000),
    ]
    assert all(p.allowances[0].every is Every.ANNIVERSARY_MONTH for p in plans[1:])
    assert all(p.max_request_tokens == 8_192 and p.requests_per_day is None for p in plans[1:])
    assert {p.grant_class for p in plans[1:]} == {GrantClass.PLAN}


def test_studio_charges_agents_what_they_used_and_knows_a_typical_run() -> None:
    actions = load_program("studio").actions
    assert {action.pricing for action in actions.values()} == {Pricing.ACTUAL}
    assert {name: action.estimate for name, action in actions.items()} == {
        "project": 20_000,
        "idea": 2_000,
        "srs": 3_500,
        "code": 5_000,
        "uml": 2_500,
        "report": 4_000,
        "ppt": 1_500,
        "viva": 2_000,
    }


def test_studio_sells_three_packages_of_which_pro_is_the_popular_one() -> None:
    packages = load_program("studio").packages
    assert [(p.title, p.tokens, p.price_minor, p.popular) for p in packages.values()] == [
        ("Starter", 50_000, 9_900, False),
        ("Pro", 200_000, 34_900, True),
        ("Unlimited", 1_000_000, 149_900, False),
    ]
    assert all(package.lifetime_days is None for package in packages.values())


def test_studio_is_ready_with_the_tokens_of_a_whole_project() -> None:
    studio = load_program("studio")
    assert (studio.ready_action, studio.ready_tokens, studio.zone) == ("project", 20_000, "Asia/Kolkata")
