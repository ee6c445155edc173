"""The programs that ship say what PROGRAMS.md says."""

from __future__ import annotations

from fractions import Fraction

import pytest

from creditbook.domain.program import Every, GrantClass, Paid, Pricing, Tax, Unit, WalletType
from creditbook.programs import load_program, shipped_programs


def test_five_programs_ship() -> None:
    assert shipped_programs() == ["credits", "daily", "studio", "teams", "wallets"]


@pytest.mark.parametrize("name", shipped_programs())
def test_nobody_registers_herself_unless_somebody_has_switched_it_on(name: str) -> None:
    assert load_program(name).self_registration is False


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


def test_studio_gives_three_codes_once_per_account() -> None:
    codes = load_program("studio").promo_codes
    assert {code: terms.tokens for code, terms in codes.items()} == {
        "WELCOME2024": 10_000,
        "LAUNCH50": 50_000,
        "BETA100": 100_000,
    }
    assert all((terms.per_account, terms.total_limit) == (1, None) for terms in codes.values())
    assert all(terms.wallet is WalletType.BONUS for terms in codes.values())


def test_studio_prices_contain_the_tax_of_india() -> None:
    assert load_program("studio").tax == Tax("GST", Fraction(18, 100), inclusive=True)


def test_daily_thanks_both_sides_at_the_friends_first_project_and_for_a_published_site() -> None:
    daily = load_program("daily")
    assert daily.referral is not None
    assert (daily.referral.referrer_tokens, daily.referral.friend_tokens) == (3, 3)
    assert (daily.referral.when, daily.referral.action) == (Paid.FIRST_SPEND, "project_creation")
    assert {name: reward.tokens for name, reward in daily.rewards.items()} == {"published_site": 2}


def test_wallets_opens_five_tokens_a_day_and_sells_ten_for_thirty_days() -> None:
    wallets = load_program("wallets")
    (allowance,) = wallets.plans[wallets.default_plan].allowances
    assert (allowance.wallet, allowance.tokens, allowance.every) == (WalletType.STANDARD, 5, Every.DAY)
    (premium,) = wallets.packages.values()
    assert (premium.wallet, premium.tokens, premium.lifetime_days) == (WalletType.PREMIUM, 10, 30)
    assert (premium.price_minor, wallets.currency) == (499, "USD")
    assert (wallets.ready_action, wallets.ready_tokens, wallets.wallet_tokens) == ("project_creation", 1, 5)
    assert wallets.actions["project_creation"].tokens == 1


def test_credits_are_two_thousand_tokens_and_so_is_one_piece_of_work() -> None:
    program = load_program("credits")
    assert program.unit == Unit(2_000, "credit", "credits")
    assert {name: (one.pricing, one.tokens) for name, one in program.actions.items()} == {
        "code_generation": (Pricing.FIXED, 2_000),
        "code_review": (Pricing.FIXED, 2_000),
    }


def test_credits_refills_free_on_its_own_day_and_sells_thirty_days_of_pro_and_enterprise() -> None:
    free, pro, enterprise = sorted(load_program("credits").plans.values(), key=lambda plan: plan.rank)
    assert [plan.slug for plan in (free, pro, enterprise)] == ["free", "pro", "enterprise"]
    assert (free.allowances[0].tokens, free.term, free.is_paid) == (10_000, Every.ANNIVERSARY_MONTH, False)
    assert (pro.allowances[0].tokens, pro.term, pro.price_minor) == (200_000, Every.DAYS_30, 1_900)
    assert (enterprise.unlimited, enterprise.term, enterprise.price_minor) == (True, Every.DAYS_30, 19_900)


FEATURES = ("lead_generation", "goal_generation", "strategy_analysis", "revenue_forecast", "general_insights")


def test_teams_prices_five_features() -> None:
    actions = load_program("teams").actions
    assert {action.spends_for for action in actions.values()} == set(FEATURES)
    assert {name: actions[name].tokens for name in FEATURES} == dict(zip(FEATURES, (5, 3, 2, 4, 1), strict=True))
    assert all(actions[name].pricing is Pricing.FIXED and actions[name].spends_for == name for name in FEATURES)


@pytest.mark.parametrize(
    ("tier", "price_minor", "tokens", "whole"),
    [
        ("starter", 0, (), 0),
        ("pro", 4_900, (50, 20, 30, 40, 60), 200),
        ("enterprise", 39_900, (500, 200, 300, 400, 500), 1_900),
    ],
)
def test_teams_gives_every_feature_its_own_tokens_for_thirty_days(
    tier: str, price_minor: int, tokens: tuple[int, ...], whole: int
) -> None:
    plan = load_program("teams").plans[tier]
    given = {allowance.features: allowance.tokens for allowance in plan.allowances}
    assert given == {frozenset({name}): count for name, count in zip(FEATURES, tokens, strict=False)}
    assert sum(given.values()) == whole
    assert plan.price_minor == price_minor
    assert all(allowance.every is Every.DAYS_30 for allowance in plan.allowances)


def test_teams_refuses_a_starter_every_feature_and_a_pro_none() -> None:
    teams = load_program("teams")
    assert teams.default_plan == teams.pool_plan == "starter"
    assert not any(teams.plans["starter"].allows(feature) for feature in FEATURES)
    assert all(teams.plans[tier].allows(feature) for tier in ("pro", "enterprise") for feature in FEATURES)
