"""The model's plans and terms, clause by clause of rule 31, against figures computed by hand.

In Kolkata the day begins at 18:30 of the day before in UTC; the free month ends on the 31st of March, 18:30.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from model.model import Model
from model.shops import HOUSE, SHOP
from model.worlds import DAY, NOON, available, buy, one, plan_now, utc

from creditbook.domain.errors import FeatureNotInPlan, InvalidRequest
from creditbook.domain.program import Every, Program

APRIL_10 = utc("2026-04-09T18:30")  # a month after NOON's local date
GRACE_END = utc("2026-04-12T18:30")
MAY_1 = utc("2026-04-30T18:30")


def shop(*, bought: str = "") -> Model:
    model = one(SHOP, "free")
    if bought:
        buy(model, NOON, bought)
    return model


def edited(slug: str, tokens: int) -> Program:
    """The shop with another allowance in this plan, none of it rolling over."""
    before = SHOP.plans[slug]
    after = replace(before, allowances=(replace(before.allowances[0], tokens=tokens, rollover=Fraction(0)),))
    return replace(SHOP, plans=SHOP.plans | {slug: after})


def next_reset(model: Model, at: object, name: str = "o/a") -> object:
    return model.balance(name, at)["next_reset"]  # type: ignore[arg-type]


def test_an_upgrade_from_free_closes_what_runs_and_opens_a_whole_new_term() -> None:
    model = shop()
    model.do("spend", "o/a", NOON, action="work", tokens=10)
    assert next_reset(model, NOON) == utc("2026-03-31T18:30")
    buy(model, NOON, "basic")
    assert available(model, NOON) == 60
    assert next_reset(model, NOON) == APRIL_10


def test_what_is_held_of_a_closed_allowance_goes_when_it_is_released() -> None:
    model = shop()
    hold = model.do("reserve", "o/a", NOON, action="work", estimate=5).hold
    buy(model, NOON, "basic")
    figures = model.balance("o/a", NOON)
    assert (figures["posted"], figures["held"], figures["available"]) == (65, 5, 60)
    model.do("void", "o/a", NOON, hold=hold)
    assert model.balance("o/a", NOON)["posted"] == 60


def test_within_a_kind_only_the_difference_is_granted_and_the_end_stays() -> None:
    model = shop(bought="basic")
    model.do("spend", "o/a", NOON, action="work", tokens=50)
    later = NOON + 5 * DAY
    buy(model, later, "pro")
    assert available(model, later, feature="work") == 10 + 40
    assert available(model, later) == 10 + 40 + 12
    assert next_reset(model, later) == APRIL_10
    buy(model, APRIL_10 - DAY, "pro", "renewal")
    assert available(model, APRIL_10) == 100 + 12 + 16  # a third of 50


def test_between_kinds_an_upgrade_starts_a_full_new_term_on_its_own_day() -> None:
    model = shop(bought="pro")
    later = NOON + 5 * DAY  # the 15th, in the afternoon
    buy(model, later, "max")
    assert available(model, later, feature="work") == 140
    assert model.settled("o/a", later)[1].term.ends_at == utc("2026-04-14T18:30")


def test_paid_time_ahead_is_lost_by_a_change_that_acts_now() -> None:
    model = shop(bought="basic")
    buy(model, NOON, "", "renewal")
    buy(model, NOON, "pro")
    assert plan_now(model, APRIL_10) == ("pro", "past_due")


def test_a_cancellation_acts_at_the_end_of_the_time_paid_for() -> None:
    model = shop(bought="basic")
    model.do("cancel_plan", "o/a", NOON)
    assert plan_now(model, NOON) == ("basic", "cancelling")
    assert available(model, APRIL_10 - DAY) == 60
    assert plan_now(model, APRIL_10) == ("free", "active")
    assert available(model, APRIL_10) == 30 + 30  # half of 60 rolled over
    assert next_reset(model, APRIL_10) == MAY_1
    assert available(model, MAY_1) == 30 + 15


def test_terms_paid_ahead_run_before_a_downgrade_and_a_renewal_then_pays_the_lower_plan() -> None:
    model = shop(bought="pro")
    buy(model, NOON, "", "renewal")
    model.do("change_plan", "o/a", NOON, plan="basic")
    lower = buy(model, NOON, "", "renewal")
    assert (lower.item, lower.price) == ("basic", 500)
    assert plan_now(model, APRIL_10) == ("pro", "active")
    assert plan_now(model, utc("2026-05-09T18:30")) == ("basic", "active")
    assert plan_now(model, utc("2026-06-09T18:30")) == ("basic", "past_due")
    for at_once in (False, True):
        with pytest.raises(InvalidRequest):
            model.do("change_plan", "o/a", NOON, plan="pro", at_once=at_once)
    model.do("cancel_plan", "o/a", NOON)
    assert plan_now(model, utc("2026-05-09T18:30")) == ("basic", "cancelling")
    assert plan_now(model, utc("2026-06-09T18:30")) == ("free", "active")


def test_choosing_the_running_plan_again_cancels_what_waits() -> None:
    model = shop(bought="pro")
    with pytest.raises(InvalidRequest):
        model.do("change_plan", "o/a", NOON, plan="pro")
    model.do("change_plan", "o/a", NOON, plan="free")
    assert plan_now(model, NOON) == ("pro", "cancelling")
    model.do("change_plan", "o/a", NOON, plan="pro")
    assert plan_now(model, NOON) == ("pro", "active")
    assert plan_now(model, APRIL_10) == ("pro", "past_due")


def test_a_renewal_gives_nothing_early_and_resumes_a_cancelled_plan() -> None:
    model = shop(bought="basic")
    model.do("cancel_plan", "o/a", NOON)
    buy(model, NOON, "", "renewal")
    assert available(model, NOON) == 60
    assert plan_now(model, NOON) == ("basic", "active")
    assert plan_now(model, APRIL_10) == ("basic", "active")


def test_an_unpaid_term_opens_as_if_paid_and_closes_after_three_dates_of_grace() -> None:
    model = shop(bought="basic")
    assert plan_now(model, APRIL_10) == ("basic", "past_due")
    assert available(model, APRIL_10) == 60 + 30
    assert plan_now(model, GRACE_END - DAY) == ("basic", "past_due")
    assert plan_now(model, GRACE_END) == ("free", "lapsed")
    assert available(model, GRACE_END) == 30 + 30  # what was rolled into it stays
    assert next_reset(model, GRACE_END) == MAY_1
    assert available(model, MAY_1) == 30 + 15 + 30
    assert available(model, utc("2026-05-09T18:30")) == 30 + 15  # the rolled 30 ended with the term that lapsed


def test_grace_is_fixed_when_it_begins() -> None:
    model = shop(bought="basic")
    model.do("set_zone", "o/a", APRIL_10, zone="Pacific/Kiritimati")
    assert plan_now(model, GRACE_END - DAY / 24) == ("basic", "past_due")
    assert plan_now(model, GRACE_END) == ("free", "lapsed")


def test_a_renewal_in_the_grace_pays_the_running_term() -> None:
    model = shop(bought="basic")
    buy(model, APRIL_10 + DAY, "basic", "renewal")
    assert plan_now(model, GRACE_END) == ("basic", "active")
    assert plan_now(model, utc("2026-05-09T18:30")) == ("basic", "past_due")


def test_an_upgrade_in_the_grace_pays_the_running_term() -> None:
    model = shop(bought="basic")
    buy(model, APRIL_10 + DAY, "pro")
    assert plan_now(model, GRACE_END) == ("pro", "active")
    assert available(model, GRACE_END) == 60 + 30 + 40 + 12


def test_a_cancellation_in_the_grace_waits_for_the_payment_or_the_graces_end() -> None:
    unpaid, paid = shop(bought="basic"), shop(bought="basic")
    for model in (unpaid, paid):
        model.do("cancel_plan", "o/a", APRIL_10)
        assert plan_now(model, APRIL_10) == ("basic", "past_due")
    buy(paid, APRIL_10, "", "renewal")
    assert plan_now(paid, APRIL_10) == ("basic", "cancelling")
    assert plan_now(unpaid, GRACE_END) == ("free", "lapsed")
    assert plan_now(paid, GRACE_END) == ("basic", "cancelling")
    assert plan_now(paid, utc("2026-05-09T18:30")) == ("free", "active")


def test_without_grace_an_unpaid_end_is_the_lapse() -> None:
    model = Model()
    model.create_organization("o", HOUSE)
    model.open_account("o", NOON, plan="starter")
    buy(model, NOON, "pro", name="o")
    end = utc("2026-04-09T23:00")  # 31 dates on in London, summer time
    assert available(model, end - DAY, "o") == 30
    assert plan_now(model, end, "o") == ("starter", "lapsed")
    assert available(model, end, "o") == 5  # half of the goals' ten


def test_an_admins_downgrade_at_once_starts_a_full_new_term() -> None:
    model = shop(bought="pro")
    later = NOON + 5 * DAY
    model.do("spend", "o/a", later, action="work", tokens=100)
    model.do("change_plan", "o/a", later, plan="basic", at_once=True)
    assert available(model, later) == 60
    assert next_reset(model, later) == utc("2026-04-14T18:30")


def test_editing_a_plan_changes_no_running_term() -> None:
    model = shop(bought="basic")
    basic = SHOP.plans["basic"]
    richer = replace(
        basic, allowances=(replace(basic.allowances[0], tokens=90, rollover=basic.allowances[0].rollover * 0),)
    )
    model.load_program("o", replace(SHOP, plans=SHOP.plans | {"basic": richer}), NOON + DAY)
    buy(model, NOON + DAY, "", "renewal")
    model.do("reset", "o/a", NOON + DAY)
    assert available(model, NOON + DAY) == 60
    assert available(model, APRIL_10) == 90 + 30  # rolled over by the plan that ended
    assert available(model, utc("2026-05-09T18:30")) == 90


def test_a_late_look_finds_the_version_of_each_boundary() -> None:
    model = shop()
    free = SHOP.plans["free"]
    for month, tokens in ((4, 50), (5, 70)):
        less = replace(
            free, allowances=(replace(free.allowances[0], tokens=tokens, rollover=free.allowances[0].rollover * 0),)
        )
        model.load_program("o", replace(SHOP, plans=SHOP.plans | {"free": less}), utc(f"2026-0{month}-10T00:00"))
    assert available(model, utc("2026-04-20T00:00")) == 30 + 15
    assert available(model, utc("2026-05-05T00:00")) == 50 + 15
    assert available(model, utc("2026-06-05T00:00")) == 70


def test_a_projection_takes_a_running_plan_as_paid_unless_it_is_cancelling() -> None:
    runs, ends = shop(bought="basic"), shop(bought="basic")
    ends.do("cancel_plan", "o/a", NOON)
    far = utc("2026-05-20T00:00")
    assert runs.balance("o/a", far, now=NOON)["available"] == 60 + 30
    assert ends.balance("o/a", far, now=NOON)["available"] == 30 + 15
    assert runs.balance("o/a", far)["available"] == 30 + 15  # had nobody paid till then


def test_a_wallet_that_is_off_at_the_change_gets_the_new_plan_once_when_it_returns() -> None:
    model = shop()
    wallet = model.settled("o/a", NOON)[0].wallets[0]
    model.do("set_wallet_active", "o/a", NOON, wallet=wallet, active=False)
    buy(model, NOON, "basic")
    assert (available(model, NOON), model.balance("o/a", NOON)["blocked"]) == (0, 0)
    model.do("set_wallet_active", "o/a", NOON + DAY, wallet=wallet, active=True)
    assert available(model, NOON + DAY) == 60
    model.do("set_wallet_active", "o/a", NOON + DAY, wallet=wallet, active=False)
    model.do("set_wallet_active", "o/a", NOON + DAY, wallet=wallet, active=True)
    assert available(model, NOON + DAY) == 60
    assert next_reset(model, NOON + DAY) == APRIL_10


def test_an_unlimited_plan_ends_too() -> None:
    model = shop(bought="endless")
    assert model.balance("o/a", NOON)["available"] is None
    april_10 = utc("2026-04-09T18:30")
    assert plan_now(model, april_10) == ("endless", "past_due")
    assert plan_now(model, april_10 + 3 * DAY) == ("free", "lapsed")
    assert available(model, april_10 + 3 * DAY) == 30


def test_the_plans_features_bind_bought_tokens() -> None:
    model = Model()
    model.create_organization("o", HOUSE)
    model.open_account("o", NOON, plan="starter")
    buy(model, NOON, "boost", "package", name="o")
    assert available(model, NOON, "o") == 40
    with pytest.raises(FeatureNotInPlan):
        model.do("spend", "o", NOON, action="goal")


def test_a_higher_paid_plan_is_bought_not_chosen() -> None:
    model = shop(bought="basic")
    for wrong in ("pro", "none"):
        with pytest.raises(InvalidRequest):
            model.do("change_plan", "o/a", NOON, plan=wrong)
    with pytest.raises(InvalidRequest):
        buy(model, NOON, "basic")
    assert SHOP.plans["endless"].term is Every.DAYS_30
