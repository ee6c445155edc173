"""Rewards and referrals through the public surface, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.ledgers import MovedClock
from support.sales import SHOP, a_shop, broken

from creditbook import Ledger
from creditbook.domain.errors import AlreadyRedeemed, InvalidRequest
from creditbook.domain.program import Paid, Referral
from creditbook.store import promo


@pytest.fixture
def shop(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    opened = a_shop(database_url, clock)
    yield opened
    complaints = broken(opened)
    opened.close()
    assert not complaints


def test_a_reward_comes_once_and_a_daily_one_once_a_day(shop: Ledger, clock: MovedClock) -> None:
    assert shop.reward("acme/asha", "site", reason="it is live", actor="mary").available == 2
    with pytest.raises(AlreadyRedeemed):
        shop.reward("acme/asha", "site")
    for days in range(3):
        assert shop.reward("acme/asha", "visit").available == 3 + days
        with pytest.raises(AlreadyRedeemed):
            shop.reward("acme/asha", "visit")
        clock.forward(days=1)
    clock.forward(days=400)
    with pytest.raises(AlreadyRedeemed):
        shop.reward("acme/asha", "site")


def a_friend(shop: Ledger, name: str = "ravi") -> None:
    shop.open_account(f"acme/{name}", referred_by="asha")
    shop.grant(f"acme/{name}", 20, reason="a start")


def test_the_friend_s_first_build_pays_both_at_once(shop: Ledger) -> None:
    a_friend(shop)
    shop.spend("acme/ravi", action="work", tokens=5)
    assert shop.balance("acme/asha").available == 0
    assert shop.spend("acme/ravi", action="build").available == 16
    assert shop.balance("acme/asha").available == 3
    shop.spend("acme/ravi", action="build")
    assert (shop.balance("acme/asha").available, shop.balance("acme/ravi").available) == (3, 15)


def test_a_captured_part_pays_too_and_each_friend_once(shop: Ledger) -> None:
    for name in ("ravi", "mina"):
        a_friend(shop, name)
        with shop.reserve(f"acme/{name}", action="build") as job:
            job.capture()
    assert shop.balance("acme/asha").available == 6


def test_at_sign_up_both_are_paid_where_the_program_says_so(database_url: str, clock: MovedClock) -> None:
    with a_shop(database_url, clock, replace(SHOP, referral=Referral(3, 2, Paid.SIGN_UP))) as shop:
        shop.open_account("acme/ravi", referred_by="asha")
        assert (shop.balance("acme/asha").available, shop.balance("acme/ravi").available) == (3, 2)
        assert not broken(shop)


def test_members_of_a_pool_may_bring_each_other(shop: Ledger) -> None:
    shop.open_account("acme")
    shop.open_account("acme/mina", draws_on_pool=True)
    shop.open_account("acme/ravi", draws_on_pool=True, referred_by="mina")
    shop.grant("acme", 9, reason="for all")
    shop.spend("acme/ravi", action="build")
    assert shop.balance("acme/mina").posted == 3
    assert shop.balance("acme/ravi").posted == 2


@pytest.mark.parametrize(("who", "why"), [("ravi", "refers herself"), ("nobody", "nobody called “nobody”")])
def test_only_somebody_else_who_is_there_can_refer(shop: Ledger, who: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        shop.open_account("acme/ravi", referred_by=who)


def test_a_closed_referrer_gets_nothing_and_waits_for_nothing(shop: Ledger) -> None:
    a_friend(shop)
    shop.close_account("acme/asha", reason="gone")
    shop.spend("acme/ravi", action="build")
    assert shop.balance("acme/ravi").available == 21
    assert promo.owed_referrals(shop.core.store, shop.core.organization("acme").org_id) == []
    shop.sweep("acme")
    assert shop.balance("acme/asha").posted == 0


def test_what_was_missed_between_two_transactions_the_sweep_pays_once(
    shop: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_friend(shop)
    with monkeypatch.context() as patched:
        patched.setattr(type(shop.core.executor), "_pay_referrer", lambda *_: None)  # the process died here
        shop.spend("acme/ravi", action="build")
    org_id = shop.core.organization("acme").org_id
    assert shop.balance("acme/asha").available == 0
    assert len(promo.owed_referrals(shop.core.store, org_id)) == 1
    for _ in range(2):
        shop.sweep("acme")
        assert shop.balance("acme/asha").available == 3
    assert promo.owed_referrals(shop.core.store, org_id) == []
