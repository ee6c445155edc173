"""Rule 30: money of a purchase goes back, or is disputed, and its pack with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.books import utc
from support.shop import STARTER, Shop, a_shop_program

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.operations import Expire, Revoke, SetStatus
from creditbook.domain.program import Overrun


def test_a_refund_takes_what_is_left_of_the_pack() -> None:
    shop = Shop()
    order = shop.buy()
    shop.grant(5)
    shop.spend(35)  # of the pack, which ends sooner than the gift
    back = shop.give_back(order)
    assert (back.status, back.available) == ("refunded", 5)
    kept = shop.purchase(order)
    assert (kept.refunded_minor, kept.refunded_tokens, kept.missed_tokens) == (999, 65, 35)
    assert kept.closed_at == shop.now
    (txn,) = shop.booked("purchase_refund")
    assert (txn.tokens, txn.reverses_txn_id) == (-65, kept.txn_id)
    assert (txn.available_before, txn.available_after) == (70, 5)
    assert txn.metadata == {"purchase_id": order.purchase_id, "amount_minor": 999, "currency": "USD"}


def test_what_is_held_of_the_pack_goes_when_it_is_released() -> None:
    shop = Shop()
    order = shop.buy()
    hold = shop.reserve(30)
    back = shop.give_back(order)
    assert (back.available, shop.balance().posted, shop.balance().held) == (0, 30, 30)
    shop.capture(hold, 10)
    assert (shop.available(), shop.balance().posted) == (0, 0)
    assert [txn.tokens for txn in shop.booked("purchase_refund")] == [-70, -20]
    assert shop.purchase(order).missed_tokens == 0


def test_money_goes_back_once() -> None:
    shop = Shop()
    order = shop.buy()
    shop.give_back(order)
    with pytest.raises(InvalidRequest, match="given back before"):
        shop.give_back(order)
    assert len(shop.booked("purchase_refund")) == 1


def test_a_pack_that_cost_nothing_can_be_taken_back_too() -> None:
    shop = Shop()
    shop.change(packages={"starter": replace(STARTER, price_minor=0)})
    order = shop.buy()
    assert (shop.give_back(order).status, shop.available()) == ("refunded", 0)
    assert (shop.purchase(order).refunded_tokens, shop.purchase(order).missed_tokens) == (100, 0)


@pytest.mark.parametrize("minor", [0, -1, 1000])
def test_no_more_money_goes_back_than_came(minor: int) -> None:
    shop = Shop()
    order = shop.buy()
    with pytest.raises(InvalidRequest, match="Between 1 and 999"):
        shop.give_back(order, minor)


def test_an_unpaid_purchase_has_nothing_to_give_back() -> None:
    shop = Shop()
    order = shop.order()
    with pytest.raises(InvalidRequest, match="has not been paid"):
        shop.give_back(order)
    shop.fail(order)
    with pytest.raises(InvalidRequest, match="has not been paid"):
        shop.dispute(order, "opened")


def test_a_part_of_the_money_takes_that_part_of_the_pack_rounded_down_over_all_refunds() -> None:
    shop = Shop()
    order = shop.buy()  # 100 tokens for 999
    taken = []
    for _ in range(3):
        before = shop.available() or 0
        assert shop.give_back(order, 333).available == (shop.available() or 0)
        taken.append(before - (shop.available() or 0))
    assert taken == [33, 33, 34]  # 33.3, 66.6, 100
    kept = shop.purchase(order)
    assert (kept.status, kept.refunded_tokens, kept.missed_tokens) == ("refunded", 100, 0)


def test_a_part_takes_at_most_what_is_free_and_never_makes_up_for_what_it_missed() -> None:
    shop = Shop()
    order = shop.buy()
    hold = shop.reserve(90)
    assert shop.give_back(order, 500).available == 0  # 50 are due, 10 are free
    assert (shop.purchase(order).refunded_tokens, shop.purchase(order).missed_tokens) == (10, 40)
    shop.void(hold)
    assert shop.available() == 90
    assert shop.give_back(order).available == 40  # the other 50, no more
    assert (shop.purchase(order).refunded_tokens, shop.purchase(order).missed_tokens) == (60, 40)
    assert shop.purchase(order).status == "refunded"


def test_a_part_leaves_the_purchase_granted() -> None:
    shop = Shop()
    order = shop.buy()
    assert shop.give_back(order, 1).status == "granted"
    assert shop.available() == 100  # a tenth of a token, rounded down
    assert shop.give_back(order, 9).available == 99


def test_what_a_refunded_pack_paid_is_not_given_back() -> None:
    shop = Shop()
    order = shop.buy()
    usage = shop.spend(100)
    assert not shop.account().grants
    shop.give_back(order)
    with pytest.raises(InvalidRequest, match="given back before"):
        shop.refund(usage)
    assert shop.purchase(order).missed_tokens == 100


def test_what_a_pack_paid_that_was_refunded_in_part_is_given_back() -> None:
    shop = Shop()
    order = shop.buy()
    usage = shop.spend(60)
    shop.give_back(order, 500)
    assert shop.available() == 0
    shop.refund(usage)
    assert shop.available() == 60


@pytest.mark.parametrize("how", ["ended", "expired", "revoked"])
def test_a_pack_that_is_dead_gives_nothing_and_all_of_it_is_missed(how: str) -> None:
    shop = Shop()
    order = shop.buy()
    if how == "ended":
        shop.later(days=31)
    else:
        shop.act({"expired": Expire, "revoked": Revoke}[how], grant_id=shop.pack(order).grant_id)
    back = shop.give_back(order)
    assert (back.status, back.available) == ("refunded", 0)
    assert (shop.purchase(order).refunded_tokens, shop.purchase(order).missed_tokens) == (0, 100)
    assert shop.booked("purchase_refund")[0].tokens == 0


def test_a_closed_account_gets_its_money_back() -> None:
    shop = Shop()
    order = shop.buy()
    shop.act(SetStatus, status="closed")
    assert shop.give_back(order).status == "refunded"


def test_only_the_pack_pays_and_no_debt_arises() -> None:
    shop = Shop(a_shop_program(overrun=Overrun.DEBT))
    order = shop.buy()
    shop.grant(50)
    shop.spend(100)
    shop.give_back(order)
    assert (shop.available(), shop.debt()) == (50, 0)


# ---- disputes


def test_a_dispute_freezes_the_pack_and_won_it_thaws() -> None:
    shop = Shop()
    order = shop.buy()
    opened = shop.dispute(order, "opened")
    assert (opened.status, opened.available, shop.balance().blocked) == ("disputed", 0, 100)
    assert shop.purchase(order).dispute_open
    won = shop.dispute(order, "won")
    assert (won.status, won.available, shop.purchase(order).dispute_open) == ("granted", 100, False)


def test_won_it_repays_the_debts_that_waited() -> None:
    shop = Shop()
    order = shop.buy()
    hold = shop.reserve(10)
    shop.dispute(order, "opened")
    shop.capture(hold, 40)
    assert shop.debt() == 30
    assert shop.dispute(order, "won").available == 60
    assert shop.debt() == 0


def test_lost_it_is_a_refund_of_all_that_is_left() -> None:
    shop = Shop()
    order = shop.buy()
    shop.spend(20)
    shop.dispute(order, "opened")
    lost = shop.dispute(order, "lost")
    assert (lost.status, lost.available, shop.balance().posted) == ("refunded", 0, 0)
    kept = shop.purchase(order)
    assert (kept.refunded_minor, kept.refunded_tokens, kept.missed_tokens) == (999, 80, 20)
    assert not kept.dispute_open
    assert shop.booked("purchase_refund")[0].tokens == -80


def test_lost_after_a_part_went_back_it_takes_the_other_part() -> None:
    shop = Shop()
    order = shop.buy()
    hold = shop.reserve(90)
    shop.give_back(order, 500)
    shop.dispute(order, "opened")
    shop.void(hold)
    assert shop.dispute(order, "lost").available == 40
    assert shop.balance().blocked == 0


@pytest.mark.parametrize("what", ["won", "lost"])
def test_what_is_told_twice_happens_once(what: str) -> None:
    shop = Shop()
    order = shop.buy()
    for _ in range(2):
        shop.dispute(order, "opened")
    assert len(shop.booked("adjustment")) == 1
    first = shop.dispute(order, what)
    again = shop.dispute(order, what)
    assert (again.status, again.available) == (first.status, first.available)
    assert len(shop.booked("purchase_refund")) == (what == "lost")


def test_a_dispute_lost_before_it_was_told_that_it_was_opened_is_a_refund() -> None:
    shop = Shop()
    order = shop.buy()
    assert shop.dispute(order, "lost").status == "refunded"
    late = shop.dispute(order, "opened")
    assert (late.status, "Answer the dispute" in late.trouble) == ("refunded", True)


def test_what_usage_gives_back_to_a_disputed_pack_is_blocked() -> None:
    shop = Shop()
    order = shop.buy()
    usage = shop.spend(100)
    shop.dispute(order, "opened")
    shop.refund(usage)
    assert (shop.available(), shop.balance().blocked) == (0, 100)
    assert shop.dispute(order, "won").available == 100


def test_a_disputed_pack_ends_when_it_would_have() -> None:
    shop = Shop(at=utc(2026, 3, 1))
    order = shop.buy()
    shop.dispute(order, "opened")
    shop.later(days=30)
    shop.settle()
    assert shop.dispute(order, "won").available == 0
    assert [txn.kind for txn in shop.booked()] == ["purchase", "adjustment", "expiry"]
