"""The model's purchases, codes, referrals and rewards (rules 6, 30, 32, 38) against figures computed by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from model.model import Model
from model.shops import HOUSE, SHOP
from model.worlds import DAY, NOON, available, buy, one, utc

from creditbook.domain.errors import (
    AccountFrozen,
    AlreadyRedeemed,
    CodeNotRedeemable,
    InvalidRequest,
    NeedsApproval,
)


def shop() -> Model:
    return one(SHOP, "free")


def test_a_pack_is_granted_once_however_often_its_payment_is_told() -> None:
    model = shop()
    sale = model.do("open_purchase", "o/a", NOON, item="small").sale
    assert (sale.status, sale.price, sale.tax, available(model, NOON)) == ("pending", 499, 76, 30)
    for _ in range(3):
        model.do("pay_purchase", "o/a", NOON, sale=sale, payment="p")
    assert (sale.status, available(model, NOON)) == ("granted", 55)
    assert available(model, NOON + 30 * DAY) == 30 + 15


def test_one_payment_pays_one_purchase() -> None:
    model = shop()
    one_sale, other = (model.do("open_purchase", "o/a", NOON, item="small").sale for _ in range(2))
    model.do("pay_purchase", "o/a", NOON, sale=one_sale, payment="p")
    model.do("pay_purchase", "o/a", NOON, sale=other, payment="p")
    assert (other.status, other.trouble, available(model, NOON)) == ("pending", True, 55)


def test_a_wrong_amount_grants_nothing_and_a_failed_purchase_may_still_be_paid() -> None:
    model = shop()
    sale = model.do("open_purchase", "o/a", NOON, item="small").sale
    model.do("pay_purchase", "o/a", NOON, sale=sale, payment="p", paid_minor=498, currency="USD")
    assert (sale.status, sale.trouble, available(model, NOON)) == ("pending", True, 30)
    model.do("fail_purchase", "o/a", NOON, sale=sale)
    model.do("pay_purchase", "o/a", NOON, sale=sale, payment="p", paid_minor=499, currency="USD")
    assert (sale.status, sale.trouble, available(model, NOON)) == ("granted", False, 55)


def test_tax_stands_in_the_price_or_comes_on_top() -> None:
    model = Model()
    model.create_organization("o", HOUSE)
    model.open_account("o", NOON, plan="starter")
    sale = buy(model, NOON, "boost", "package", name="o")
    assert (sale.price, sale.tax) == (1_800, 300)


def test_a_refund_takes_back_what_is_left_and_the_held_tokens_when_released() -> None:
    model = shop()
    model.do("spend", "o/a", NOON, action="work", tokens=30)
    sale = buy(model, NOON, "large", "package")
    hold = model.do("reserve", "o/a", NOON, action="work", estimate=40).hold
    model.do("refund_purchase", "o/a", NOON, sale=sale)
    assert (sale.status, available(model, NOON), model.balance("o/a", NOON)["posted"]) == ("refunded", 0, 40)
    model.do("void", "o/a", NOON, hold=hold)
    assert model.balance("o/a", NOON)["posted"] == 0


def test_partial_refunds_are_rounded_down_cumulatively_and_make_up_for_nothing() -> None:
    model = shop()
    sale = buy(model, NOON, "large", "package")  # 110 tokens for 1,999
    model.do("refund_purchase", "o/a", NOON, sale=sale, amount_minor=100)  # 5.5 tokens
    assert (sale.taken, available(model, NOON)) == (5, 30 + 105)
    model.do("refund_purchase", "o/a", NOON, sale=sale, amount_minor=100)  # 11.005 in all
    assert (sale.taken, available(model, NOON)) == (11, 30 + 99)
    model.do("spend", "o/a", NOON, action="work", tokens=30 + 90)
    model.do("refund_purchase", "o/a", NOON, sale=sale, amount_minor=900)  # 60.5: 49 more, but 9 are left
    assert (sale.due, sale.taken, available(model, NOON)) == (60, 20, 0)
    with pytest.raises(InvalidRequest):
        model.do("refund_purchase", "o/a", NOON, sale=sale, amount_minor=900)
    model.do("refund_purchase", "o/a", NOON, sale=sale)
    assert sale.status == "refunded"


def test_a_dispute_freezes_thaws_or_takes_back() -> None:
    model = shop()
    won, lost = buy(model, NOON, "small", "package"), buy(model, NOON, "large", "package")
    never = model.do("open_purchase", "o/a", NOON, item="small").sale
    for sale in (won, lost):
        model.do("dispute_purchase", "o/a", NOON, sale=sale, what="opened")
    assert (available(model, NOON), model.balance("o/a", NOON)["blocked"]) == (30, 135)
    model.do("dispute_purchase", "o/a", NOON, sale=won, what="won")
    model.do("dispute_purchase", "o/a", NOON, sale=lost, what="lost")
    assert (won.status, lost.status, available(model, NOON)) == ("granted", "refunded", 55)
    for what in ("won", "opened", "lost"):  # told again, late and out of order
        model.do("dispute_purchase", "o/a", NOON, sale=lost, what=what)
    assert (lost.status, available(model, NOON)) == ("refunded", 55)
    with pytest.raises(InvalidRequest):
        model.do("dispute_purchase", "o/a", NOON, sale=never, what="opened")


def test_money_reaches_a_frozen_account_and_waits_at_a_closed_one() -> None:
    model = shop()
    early, late = (model.do("open_purchase", "o/a", NOON, item="small").sale for _ in range(2))
    model.freeze("o/a", NOON, True)
    model.do("pay_purchase", "o/a", NOON, sale=early, payment="p")
    assert available(model, NOON) == 55
    model.close("o/a", NOON)
    model.do("pay_purchase", "o/a", NOON, sale=late, payment="q")
    assert (late.status, late.trouble) == ("paid", True)


def test_a_code_is_trimmed_and_case_folded_and_redeemed_as_often_as_it_says() -> None:
    model = shop()
    model.do("redeem", "o/a", NOON, code="  WelCome ")
    assert available(model, NOON) == 50
    with pytest.raises(AlreadyRedeemed):
        model.do("redeem", "o/a", NOON, code="welcome")
    for name in ("o/b", "o/c"):
        model.open_account(name, NOON, plan="free")
    for name in ("o/a", "o/a", "o/b"):
        model.do("redeem", name, NOON, code="thrice")
    with pytest.raises(CodeNotRedeemable):
        model.do("redeem", "o/c", NOON, code="thrice")
    assert available(model, NOON, feature="goal") == 50 + 14
    assert available(model, NOON + 20 * DAY, feature="work") == 50


def test_the_window_is_of_the_organizations_days_both_included() -> None:
    model = shop()
    first, past = utc("2026-03-19T18:30"), utc("2026-05-02T18:30")
    for at in (first - timedelta(microseconds=1), past):
        with pytest.raises(CodeNotRedeemable):
            model.do("redeem", "o/a", at, code="spring")
    fresh = shop()
    assert fresh.do("redeem", "o/a", first, code="spring").tokens == 11


def test_unmet_conditions_are_told() -> None:
    model = shop()
    for code in ("pros", "none"):
        with pytest.raises(CodeNotRedeemable if code == "none" else InvalidRequest):
            model.do("redeem", "o/a", NOON, code=code)
    buy(model, NOON, "pro")
    assert model.do("redeem", "o/a", NOON, code="pros").tokens == 13
    with pytest.raises(InvalidRequest):
        model.do("redeem", "o/a", NOON, code="first")


def test_a_referral_pays_both_once_at_the_first_charged_goal() -> None:
    model = shop()
    model.open_account("o/b", NOON, plan="free", referred_by="a")
    model.do("spend", "o/b", NOON, action="work", tokens=1)
    model.do("spend", "o/b", NOON, action="look")
    assert (available(model, NOON), available(model, NOON, "o/b")) == (30, 29)
    for _ in range(2):
        model.do("spend", "o/b", NOON, action="goal")
    assert (available(model, NOON), available(model, NOON, "o/b")) == (36, 29 - 6 + 4)
    with pytest.raises(InvalidRequest):
        model.open_account("o/c", NOON, plan="free", referred_by="c")


def test_a_sign_up_referral_pays_at_once() -> None:
    model = one(HOUSE, "own")
    model.open_account("o/b", NOON, plan="own", referred_by="a")
    assert (available(model, NOON), available(model, NOON, "o/b")) == (9, 9)


def test_rewards_come_once_a_day_once_a_month_or_once() -> None:
    model = shop()
    for activity in ("visit", "survey", "story"):
        model.do("reward", "o/a", NOON, activity=activity)
        with pytest.raises(AlreadyRedeemed):
            model.do("reward", "o/a", NOON, activity=activity)
    assert available(model, NOON) == 30 + 14
    model.do("reward", "o/a", utc("2026-03-10T18:30"), activity="visit")
    model.do("reward", "o/a", utc("2026-03-31T18:30"), activity="survey")
    with pytest.raises(AlreadyRedeemed):
        model.do("reward", "o/a", utc("2027-03-31T18:30"), activity="story")
    model.freeze("o/a", NOON, True)
    with pytest.raises(AccountFrozen):
        model.do("reward", "o/a", utc("2027-04-01T18:30"), activity="visit")


def test_a_formula_is_exact_and_rounded_up_once() -> None:
    model = shop()
    spent = model.do("spend", "o/a", NOON, action="weigh", input_tokens=9, output_tokens=1)  # 1 + 9/7 + 2
    assert spent.charged == 5


def test_more_than_the_bound_waits_for_a_second_administrator() -> None:
    model = shop()
    model.do("grant", "o/a", NOON, tokens=55)
    with pytest.raises(NeedsApproval):
        model.do("grant", "o/a", NOON, tokens=56)
    with pytest.raises(NeedsApproval):
        model.do("open_wallet", "o/a", NOON, type="PREMIUM", tokens=56)
    model.do("grant", "o/a", NOON, tokens=56, approved_by="second")
    assert available(model, NOON) == 30 + 55 + 56
