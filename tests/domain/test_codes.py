"""Rule 32: promo codes, their terms, and what is told to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.books import a_program, allowance, day, utc
from support.shop import Shop, a_shop_program

from creditbook.domain.errors import (
    AccountClosed,
    AccountFrozen,
    AlreadyRedeemed,
    CodeNotRedeemable,
    IdempotencyConflict,
    InvalidRequest,
)
from creditbook.domain.operations import SetStatus
from creditbook.domain.program import GrantClass, Plan, WalletType
from creditbook.domain.redeeming import normalized


def test_a_code_gives_its_tokens_into_its_wallet() -> None:
    shop = Shop()
    promo = shop.create("WELCOME", 50, lifetime_days=10, label="Welcome!")
    receipt = shop.redeem("WELCOME")
    (grant,) = shop.journal.grants
    assert (receipt.kind, receipt.tokens, receipt.available) == ("promo", 50, 50)
    assert (grant.source, grant.grant_class, grant.label) == ("promo", GrantClass.PROMOTIONAL, "Welcome!")
    assert grant.expires_at == shop.now + timedelta(days=10)
    assert shop.account().wallets[grant.wallet_id].type is WalletType.BONUS
    (redemption,) = shop.journal.redemptions
    assert (redemption.code_id, redemption.account_id, redemption.number) == (promo.code_id, shop.first, 1)
    assert (redemption.txn_id, redemption.grant_id) == (receipt.transaction_id, grant.grant_id)
    assert shop.booked()[0].metadata == {"code": "WELCOME"}
    assert shop.journal.touched_codes == {promo.code_id: promo}


def test_a_code_may_name_a_wallet_and_features() -> None:
    shop = Shop()
    shop.create(wallet=WalletType.PREMIUM, features=frozenset({"goal"}))
    shop.redeem()
    assert (shop.available(feature="goal"), shop.available(feature="lead")) == (50, 0)
    assert shop.wallet("PREMIUM").features == {"goal"}
    assert shop.journal.grants[0].expires_at is None


@pytest.mark.parametrize("typed", ["welcome", " WELCOME ", "WeLcOmE\n", "\twelcome"])
def test_blanks_around_and_case_make_no_difference(typed: str) -> None:
    shop = Shop()
    shop.create("Welcome")
    assert shop.redeem(typed).tokens == 50
    assert normalized(typed) == "welcome"
    assert normalized("Straße") == normalized("STRASSE")
    assert normalized("wel come") != "welcome"


def test_once_per_account_means_once() -> None:
    shop = Shop()
    promo = shop.create()
    shop.redeem()
    with pytest.raises(AlreadyRedeemed, match="before"):
        shop.redeem()
    assert (shop.available(), promo.redeemed) == (50, 1)


def test_as_often_as_the_terms_say() -> None:
    shop = Shop()
    shop.create(per_account=3)
    for _ in range(3):
        shop.redeem()
    with pytest.raises(AlreadyRedeemed, match="3 times"):
        shop.redeem()
    assert [one.number for one in shop.journal.redemptions] == [1, 2, 3]


def test_the_total_limit_is_never_passed() -> None:
    shop = Shop(opened=False)
    shop.open_pool()
    promo = shop.create(total_limit=2)
    people = [shop.open_member(f"m{number}") for number in range(3)]
    for person in people[:2]:
        shop.redeem(account=person)
    with pytest.raises(CodeNotRedeemable):
        shop.redeem(account=people[2])
    assert promo.redeemed == 2


def test_a_replay_is_the_first_answer_and_redeems_nothing() -> None:
    shop = Shop()
    promo = shop.create(per_account=5)
    first = shop.redeem(key="k")
    again = shop.redeem(key="k")
    assert (again.transaction_id, again.replayed, promo.redeemed) == (first.transaction_id, True, 1)
    with pytest.raises(IdempotencyConflict):
        shop.redeem("OTHER", key="k")


def test_unknown_ended_exhausted_and_disabled_codes_read_the_same_whoever_asks() -> None:
    shop = Shop()
    shop.create("ENDED", valid_through=day("2026-03-09"))
    shop.create("EARLY", valid_from=day("2026-03-11"))
    shop.create("GONE", total_limit=1)
    shop.redeem("GONE")
    shop.create("OFF").is_disabled = True
    said = set()
    for code in ("NONE", "ENDED", "EARLY", "GONE", "OFF", ""):
        with pytest.raises(CodeNotRedeemable) as refused:
            shop.redeem(code)
        said.add(str(refused.value))
    assert len(said) == 1
    assert shop.available() == 50


def test_the_window_is_of_the_organization_s_days_both_included() -> None:
    shop = Shop(a_shop_program(zone="Asia/Kolkata"), utc(2026, 3, 9, 18, 29))
    shop.create(valid_from=day("2026-03-10"), valid_through=day("2026-03-11"), per_account=9)
    shop.account().zone = "America/Los_Angeles"
    with pytest.raises(CodeNotRedeemable):
        shop.redeem()
    shop.now = utc(2026, 3, 9, 18, 30)  # 00:00 of 10 March in Kolkata
    shop.redeem()
    shop.now = utc(2026, 3, 11, 18, 29)
    shop.redeem()
    shop.now = utc(2026, 3, 11, 18, 30)
    with pytest.raises(CodeNotRedeemable):
        shop.redeem()


def test_a_disabled_code_claws_nothing_back() -> None:
    shop = Shop()
    promo = shop.create()
    shop.redeem()
    promo.is_disabled = True
    shop.settle()
    assert shop.available() == 50


def test_a_condition_on_the_plan_is_told_in_words() -> None:
    pro = Plan("pro", "Pro", 5, GrantClass.PLAN, (allowance(9),))
    shop = Shop(a_program(plans=(pro,)), opened=False)
    shop.open(plan="pro")
    shop.create("FREEBIE", plans=frozenset({"free"}))
    shop.create("PROS", plans=frozenset({"pro"}))
    with pytest.raises(InvalidRequest, match="for accounts on Free. Yours is on Pro"):
        shop.redeem("FREEBIE")
    assert shop.redeem("PROS").tokens == 50


def test_a_member_is_asked_for_the_plan_that_she_lives_on() -> None:
    pro = Plan("pro", "Pro", 5, GrantClass.PLAN, (allowance(9),))
    shop = Shop(a_program(plans=(pro,)), opened=False)
    shop.open_pool("pro")
    member = shop.open_member()
    shop.create(plans=frozenset({"pro"}))
    assert shop.redeem(account=member).tokens == 50


def test_a_code_for_those_who_have_bought_nothing_yet() -> None:
    shop = Shop()
    shop.create(first_purchase=True, per_account=2)
    shop.order()
    shop.redeem()
    shop.buy()
    with pytest.raises(InvalidRequest, match="bought nothing yet"):
        shop.redeem()


def test_a_purchase_that_was_refunded_was_a_purchase() -> None:
    shop = Shop()
    shop.create(first_purchase=True)
    shop.give_back(shop.buy())
    with pytest.raises(InvalidRequest, match="bought nothing yet"):
        shop.redeem()


def test_whoever_had_it_hears_that_before_any_condition() -> None:
    shop = Shop()
    shop.create(first_purchase=True)
    shop.redeem()
    shop.buy()
    with pytest.raises(AlreadyRedeemed):
        shop.redeem()


def test_a_refused_code_keeps_nothing() -> None:
    shop = Shop()
    with pytest.raises(CodeNotRedeemable):
        shop.redeem("NONE", key="k")
    shop.create("NONE")
    assert shop.redeem("NONE", key="k").tokens == 50


def test_frozen_and_closed_accounts_redeem_nothing() -> None:
    shop = Shop()
    shop.create()
    shop.act(SetStatus, status="frozen")
    with pytest.raises(AccountFrozen):
        shop.redeem()
    shop.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        shop.redeem()


def test_what_a_code_gives_pays_debts_first() -> None:
    shop = Shop()
    shop.grant(10)
    shop.capture(shop.reserve(10), 30)
    shop.create()
    assert (shop.redeem().available, shop.debt()) == (30, 0)
