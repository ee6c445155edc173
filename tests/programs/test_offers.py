"""What a program sells and gives away, and what its plans cost: read, and told by line and field where it is wrong."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from support.tomls import OFFERS, SMALL, complaint

from creditbook.domain.program import Every, Once, Paid, Program, Referral, Reward, Tax
from creditbook.programs import program_from_toml


def offering() -> Program:
    return program_from_toml(SMALL + OFFERS)


def test_what_a_program_sells_and_gives_away_is_read_from_toml() -> None:
    program = offering()
    assert program.tax == Tax("VAT", Fraction(19, 100), inclusive=False)
    assert program.packages["big"].features == frozenset({"goal"})
    spring = program.promo_codes["SPRING"]
    assert (spring.valid_from, spring.valid_through) == (date(2026, 3, 1), date(2026, 5, 31))
    assert (spring.total_limit, spring.per_account, spring.plans) == (100, 1, frozenset({"free"}))
    assert program.referral == Referral(3, 2, Paid.FIRST_SPEND, "goal")
    assert program.rewards == {"review": Reward("review", "Wrote a review", 4, once=Once.MONTH)}


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('rate = "19%"', 'rate = "119%"', "tax.rate is a share between 0% and 100%."),
        ('label = "VAT"', 'label = " "', "tax.label has to name the tax, such as GST."),
        ('features = ["goal"]\npop', 'features = ["gaol"]\npop', "packages.big.features names “gaol”, which"),
        ("price_minor = 199", "price_minor = 199\npopular = true", "packages.small.popular is said of big too"),
        ("price_minor = 199", 'price_minor = 199\nwallet = "ROLLOVER"', "packages.small.wallet can't be ROLLOVER"),
        ("price_minor = 199", "price_minor = 1.99", "packages.small.price_minor has to be a whole number, not 1.99."),
        ("[packages.small]", "[packages.Small]", "packages.Small is no short name"),
        ("valid_from = 2026-03-01", 'valid_from = "March"', "promo_codes.SPRING.valid_from has to be a day such as"),
        ("valid_from = 2026-03-01", "valid_from = 2026-03-01T09:00:00Z", "promo_codes.SPRING.valid_from has to be a"),
        ("valid_from = 2026-03-01", "valid_from = 3", "promo_codes.SPRING.valid_from has to be a day such as"),
        ("2026-05-31", "2026-02-28", "promo_codes.SPRING.valid_through lies before 2026-03-01, the first day"),
        ("total_limit = 100", "total_limit = 0", "promo_codes.SPRING.total_limit has to be 1 or more."),
        ('plans = ["free"]', 'plans = ["gold"]', "promo_codes.SPRING.plans names “gold”, which is no plan."),
        ("[promo_codes.SPRING]", '[promo_codes."SPRING 26"]', "promo_codes.SPRING 26 is no code"),
        ("[referral]", "[promo_codes.Spring]\ntokens = 1\n[referral]", "promo_codes.Spring is the same as SPRING"),
        ('action = "goal"', 'action = "gaol"', "referral.action names no action. There are: goal, chat."),
        ('action = "goal"', 'action = "goal"\nwhen = "sign_up"', "referral.action means nothing at sign_up"),
        ("referrer_tokens = 3\nfriend_tokens = 2", "referrer_tokens = 0\nfriend_tokens = 0", "referral pays nobody"),
        ("friend_tokens = 2", "friend_tokens = -2", "referral.friend_tokens has to be 0 or more."),
        ('once = "month"', 'once = "week"', "rewards.review.once can't be 'week'; choose one of ever, day, month."),
        ("tokens = 4", "tokens = 0", "rewards.review.tokens has to be 1 or more."),
    ],
)
def test_an_offer_that_makes_no_sense_is_told_with_its_line_and_field(was: str, becomes: str, told: str) -> None:
    assert OFFERS.count(was) == 1
    text = SMALL + OFFERS.replace(was, becomes)
    said = complaint(text)
    assert told in said
    field = told.split(" ", maxsplit=1)[0].rsplit(".", maxsplit=1)[-1]
    line = int(said.split("line ")[1].split(":")[0])
    assert field in text.splitlines()[line - 1]


PAID = """
[plans.gold]
title = "Gold"
rank = 2
grant_class = "plan"
price_minor = 500

[[plans.gold.allowances]]
wallet = "MONTHLY"
tokens = 10
every = "days_30"

[[plans.gold.allowances]]
wallet = "PREMIUM"
tokens = 10
every = "days_30"
"""


def test_a_paid_plan_takes_its_term_from_its_allowances_or_names_it() -> None:
    assert program_from_toml(SMALL + PAID).plans["gold"].term is Every.DAYS_30
    unlimited = PAID.split("[[", maxsplit=1)[0] + 'unlimited = true\nevery = "anniversary_month"\n'
    assert program_from_toml(SMALL + unlimited).plans["gold"].term is Every.ANNIVERSARY_MONTH


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PAID.split("[[", maxsplit=1)[0], "42: plans.gold.price_minor is paid per term, and this plan has none"),
        (PAID[:-10] + '"day"\n', "52: plans.gold.allowances[2].every is not the plan's term, days_30; all allow"),
        (PAID.replace('"plan"', '"free"'), "41: plans.gold.grant_class has to be plan for a plan that costs money."),
        (PAID.replace("gold", "Gold"), "38: plans.Gold is no short name"),
    ],
)
def test_a_paid_plan_that_makes_no_sense_is_told(text: str, told: str) -> None:
    assert f"small.toml, line {told}" in complaint(SMALL + text)


def test_nobody_begins_on_a_plan_that_costs_money() -> None:
    text = SMALL.replace('default_plan = "free"', 'default_plan = "gold"') + PAID
    assert "line 5: default_plan has to cost nothing: everybody begins there" in complaint(text)


def test_an_action_has_a_formula_when_and_only_when_it_is_priced_by_one() -> None:
    priced = SMALL.replace('pricing = "actual"', 'pricing = "formula"')
    assert "actions.chat.formula is missing: an action priced by formula needs one" in complaint(priced)
    assert program_from_toml(priced + 'formula = "1"\n').actions["chat"].formula == "1"
    said = complaint(priced + 'formula = "ceil(tokens / 1000) ** 2"\n')
    assert "line 37: actions.chat.formula is none: The formula is wrong at character 1" in said
    assert said.endswith("there are no powers; multiply.")
    assert "line 37: actions.chat.formula means nothing where pricing is actual." in complaint(
        SMALL + 'formula = "1"\n'
    )
