"""Rule 32: rewards once per account and period; referrals that pay both sides once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.books import a_program, actions, allowance, day, utc
from support.shop import Shop, a_shop_program

from creditbook.domain.errors import AccountClosed, AccountFrozen, AlreadyRedeemed, InvalidRequest
from creditbook.domain.operations import SetStatus
from creditbook.domain.program import Enforcement, Every, GrantClass, Once, Paid, Referral, Reward, WalletType

SITE = Reward("site", "Published site", 2)
REWARDS = {
    "site": SITE,
    "visit": Reward("visit", "Daily visit", 1, once=Once.DAY, wallet=WalletType.PREMIUM, lifetime_days=3),
    "survey": Reward("survey", "Monthly survey", 4, once=Once.MONTH),
}


def a_shop(zone: str = "UTC", **terms: Any) -> Shop:
    return Shop(a_shop_program(rewards=REWARDS, zone=zone, **terms), utc(2026, 3, 30, 20, 0))


def test_a_reward_gives_its_tokens_once_for_ever() -> None:
    shop = a_shop()
    receipt = shop.reward("site")
    (grant,) = shop.journal.grants
    assert (receipt.kind, receipt.tokens, receipt.available) == ("reward", 2, 2)
    assert (grant.source, grant.grant_class, grant.label) == ("reward", GrantClass.PROMOTIONAL, "Published site")
    shop.later(days=400)
    with pytest.raises(AlreadyRedeemed, match="“Published site” is rewarded once"):
        shop.reward("site")
    (award,) = shop.journal.awards
    assert (award.name, award.period, award.txn_id) == ("reward:site", day("0001-01-01"), receipt.transaction_id)


def test_a_daily_reward_comes_once_a_local_day() -> None:
    shop = a_shop("Asia/Bangkok")  # it is 31 March, 03:00 there
    shop.reward("visit")
    grant = shop.journal.grants[0]
    assert (shop.wallet("PREMIUM").wallet_id, grant.expires_at) == (grant.wallet_id, shop.now + timedelta(days=3))
    shop.later(hours=20)
    with pytest.raises(AlreadyRedeemed, match="once a day"):
        shop.reward("visit")
    shop.later(hours=1)
    shop.reward("visit")
    assert [one.period for one in shop.journal.awards] == [day("2026-03-31"), day("2026-04-01")]


def test_a_monthly_reward_comes_once_a_local_month() -> None:
    shop = a_shop("Asia/Bangkok")
    shop.reward("survey")
    shop.later(hours=20)
    with pytest.raises(AlreadyRedeemed, match="once a month"):
        shop.reward("survey")
    shop.later(hours=1)
    shop.reward("survey")
    assert [one.period for one in shop.journal.awards] == [day("2026-03-01"), day("2026-04-01")]


def test_each_account_and_each_activity_has_its_own() -> None:
    shop = Shop(a_shop_program(rewards=REWARDS), opened=False)
    shop.open_pool()
    asha, ravi = shop.open_member("asha"), shop.open_member("ravi")
    for account in (asha, ravi):
        shop.reward("site", account)
        shop.reward("survey", account)
    assert (shop.available(asha), shop.available(ravi)) == (6, 6)


def test_an_activity_without_a_reward_is_told_with_those_that_have_one() -> None:
    with pytest.raises(InvalidRequest, match="It rewards: site, visit, survey"):
        a_shop().reward("nothing")


def test_frozen_and_closed_accounts_are_rewarded_for_nothing() -> None:
    shop = a_shop()
    shop.act(SetStatus, status="frozen")
    with pytest.raises(AccountFrozen):
        shop.reward("site")
    shop.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        shop.reward("site")


# ---- referrals: the friend's own transaction, and what the referrer is owed

REFERRER = 9_000


def a_friend(terms: Referral | None = None, referrer: int | None = REFERRER, **program: Any) -> Shop:
    known = actions(build=1, chat=0, work=None)
    shop = Shop(a_shop_program(referral=terms, actions=known, **program), opened=False)
    shop.open("friend", referrer_id=referrer)
    shop.grant(20)
    return shop


BUILT = Referral(3, 2, action="build")


def test_paid_at_sign_up_the_friend_has_it_at_once_and_the_referrer_is_owed_hers() -> None:
    shop = Shop(a_shop_program(referral=Referral(3, 2, Paid.SIGN_UP)), opened=False)
    friend = shop.open("friend", referrer_id=REFERRER)
    assert shop.available() == 2
    (owed,) = shop.owed()
    assert (owed.friend_id, owed.referrer_id, owed.tokens, owed.at) == (friend, REFERRER, 3, shop.now)
    assert not shop.account().referral_waits


def test_without_a_referrer_nobody_is_paid() -> None:
    shop = a_friend(Referral(3, 2, Paid.SIGN_UP), referrer=None)
    assert (shop.available(), shop.owed(), shop.account().referral_waits) == (20, [], False)


def test_the_first_charged_work_of_the_action_pays_both_once() -> None:
    shop = a_friend(BUILT)
    assert shop.account().referral_waits
    shop.spend(5, "work")
    shop.spend(action="chat")
    assert not shop.owed()
    receipt = shop.spend(action="build")
    assert receipt.available == 20 - 5 - 1 + 2
    assert [one.tokens for one in shop.owed()] == [3]
    (gift,) = shop.booked("referral")
    assert (gift.metadata, gift.tokens) == ({"other_account": REFERRER}, 2)
    assert [(one.name, one.period) for one in shop.journal.awards] == [("referral:friend", day("0001-01-01"))]
    shop.spend(action="build")
    assert (len(shop.owed()), shop.available()) == (1, 15)


def test_any_charged_work_counts_where_no_action_is_named() -> None:
    shop = a_friend(Referral(3, 2))
    shop.spend(action="chat")
    shop.spend(0, "work")
    assert not shop.owed()
    shop.spend(1, "work")
    assert len(shop.owed()) == 1


def test_a_captured_part_counts_and_a_hold_does_not() -> None:
    shop = a_friend(BUILT)
    hold = shop.reserve(action="build")
    assert not shop.owed()
    part = shop.capture(hold)
    assert (len(shop.owed()), part.available) == (1, 21)


def test_what_is_only_metered_counts_for_nothing() -> None:
    shop = a_friend(BUILT)
    shop.spend(action="build", meter=True)
    assert not shop.owed()
    off = a_friend(BUILT, enforcement=Enforcement.OFF)
    off.spend(action="build")
    assert not off.owed()


def test_a_refused_spend_pays_nobody() -> None:
    shop = a_friend(Referral(3, 2))
    with pytest.raises(Exception, match="Need 1 more"):
        shop.spend(21, "work")
    assert (shop.owed(), shop.account().referral_waits) == ([], True)


def test_a_side_without_tokens_gets_none() -> None:
    shop = a_friend(Referral(0, 2))
    shop.spend(1)
    assert (shop.owed(), len(shop.booked("referral"))) == ([], 1)
    shop = a_friend(Referral(3, 0))
    shop.spend(1)
    assert (len(shop.owed()), shop.booked("referral")) == (1, [])


def test_an_account_that_came_before_the_program_had_referrals_is_paid_nothing() -> None:
    shop = a_friend(None)
    assert shop.account().referrer_id == REFERRER
    shop.change(referral=Referral(3, 2))
    shop.spend(1)
    assert not shop.owed()


def test_the_program_s_terms_of_now_are_paid() -> None:
    shop = a_friend(Referral(3, 2))
    shop.change(referral=Referral(30, 20, wallet=WalletType.PREMIUM, lifetime_days=1))
    shop.spend(1)
    (grant,) = [one for one in shop.journal.grants if one.source == "referral"]
    assert (grant.amount, grant.expires_at, shop.owed()[0].tokens) == (20, shop.now + timedelta(days=1), 30)


def test_a_friend_s_gift_ends_on_time_however_quiet_the_book_was() -> None:
    monthly = allowance(500, Every.CALENDAR_MONTH)
    shop = Shop(a_program(monthly, referral=Referral(3, 9, lifetime_days=1)), opened=False)
    shop.open("friend", referrer_id=REFERRER)
    shop.spend(1)
    shop.later(hours=24)
    shop.spend(1)
    assert [txn.kind for txn in shop.booked()] == ["grant", "usage", "referral", "expiry", "usage"]


def test_the_referrer_gets_hers_once_per_friend() -> None:
    shop = Shop(a_shop_program(referral=Referral(3, 2, wallet=WalletType.PREMIUM, lifetime_days=9)))
    paid = shop.pay_referrer(shop.first, 501, 3)
    (grant,) = shop.journal.grants
    assert (paid.kind, paid.tokens, paid.available, grant.source) == ("referral", 3, 3, "referral")
    assert grant.expires_at == shop.now + timedelta(days=9)
    with pytest.raises(AlreadyRedeemed, match="paid before"):
        shop.pay_referrer(shop.first, 501, 3)
    shop.pay_referrer(shop.first, 502, 4)
    assert shop.available() == 7
    assert [one.name for one in shop.journal.awards] == ["referral:501", "referral:502"]


def test_a_referrer_is_paid_what_she_was_owed_when_the_program_has_no_referrals_any_more() -> None:
    shop = Shop()
    assert shop.pay_referrer(shop.first, 501, 3).tokens == 3


def test_a_closed_referrer_gets_nothing_and_a_frozen_one_does() -> None:
    shop = Shop()
    shop.act(SetStatus, status="frozen")
    assert shop.pay_referrer(shop.first, 501, 3).tokens == 3
    shop.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        shop.pay_referrer(shop.first, 502, 3)


def test_nobody_refers_herself() -> None:
    shop = Shop(a_shop_program(referral=Referral(3, 2, Paid.SIGN_UP)), opened=False)
    with pytest.raises(InvalidRequest, match="Nobody refers herself"):
        shop.open("asha", referrer_id=1)
    assert not shop.journal.accounts
    shop = Shop()
    with pytest.raises(InvalidRequest, match="Nobody refers herself"):
        shop.pay_referrer(shop.first, shop.first, 3)
