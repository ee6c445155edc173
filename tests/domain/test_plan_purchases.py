"""Rules 30 to 32 together: plans and renewals that are bought, and their money that goes back."""

from __future__ import annotations

from typing import Any

import pytest
from support.books import a_program, allowance
from support.shop import Shop

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.plans import PlanStatus
from creditbook.domain.program import Every, GrantClass, Plan, WalletType
from creditbook.domain.results import PurchaseReceipt
from creditbook.domain.selling import CancelPlan, ChangePlan


def a_plan(slug: str, rank: int, tokens: int, price: int) -> Plan:
    gives = (allowance(tokens, Every.DAYS_30, WalletType.MONTHLY),)
    return Plan(slug, slug.title(), rank, GrantClass.PLAN, gives, price_minor=price)


BASIC, PRO = a_plan("basic", 1, 100, 500), a_plan("pro", 2, 300, 900)


def a_shop(**terms: Any) -> Shop:
    return Shop(a_program(plans=(BASIC, PRO), **terms))


def bought(shop: Shop, item: str, kind: str = "plan") -> PurchaseReceipt:
    order = shop.order(item, kind)
    receipt: PurchaseReceipt = shop.pay(order, f"pay-{order.purchase_id}")
    assert receipt.status == "granted"
    return receipt


def test_a_plan_begins_with_its_payment() -> None:
    shop = a_shop()
    order = shop.order("basic", "plan")
    assert (order.status, order.price_minor, order.tokens, shop.account().plan) == ("pending", 500, 0, "free")
    paid = shop.pay(order)
    assert (paid.status, paid.available, shop.account().plan) == ("granted", 100, "basic")
    assert paid.transaction_ids
    event = shop.journal.plan_events[-1]
    assert (event.what, event.purchase_id, event.price_minor) == ("upgraded", order.purchase_id, 500)


def test_what_is_no_upgrade_any_more_when_it_is_paid_stays_paid() -> None:
    shop = a_shop()
    basic, pro = shop.order("basic", "plan"), shop.order("pro", "plan")
    shop.pay(pro, "pay-1")
    late = shop.pay(basic, "pay-2")
    assert (late.status, shop.account().plan, "below Pro" in late.trouble) == ("paid", "pro", True)
    assert shop.give_back(basic).status == "refunded"


def test_only_what_can_be_bought_now_can_be_ordered() -> None:
    shop = a_shop()
    with pytest.raises(InvalidRequest, match="costs nothing"):
        shop.order("free", "renewal")
    with pytest.raises(InvalidRequest, match="no plan “gold”"):
        shop.order("gold", "plan")
    bought(shop, "pro")
    with pytest.raises(InvalidRequest, match="is below Pro"):
        shop.order("basic", "plan")
    with pytest.raises(InvalidRequest, match="running plan"):
        shop.order("pro", "plan")


def test_a_renewal_names_the_plan_whose_term_it_pays() -> None:
    shop = a_shop()
    bought(shop, "pro")
    assert shop.order("", "renewal").item == "pro"
    with pytest.raises(InvalidRequest, match="pays a term of Pro"):
        shop.order("basic", "renewal")
    shop.act(ChangePlan, plan="basic")
    assert (shop.order("", "renewal").item, shop.order("", "renewal").price_minor) == ("basic", 500)


def test_a_refunded_renewal_takes_back_the_term_paid_ahead() -> None:
    shop = a_shop()
    bought(shop, "pro")
    renewal = bought(shop, "", "renewal")
    assert shop.account().term.paid_ahead == 1
    shop.give_back(renewal, 100)
    assert shop.account().term.paid_ahead == 1
    back = shop.give_back(renewal)
    assert (back.status, back.trouble, shop.account().term.paid_ahead) == ("refunded", "", 0)


def test_a_refunded_renewal_of_the_plan_that_waits_takes_back_its_term() -> None:
    shop = a_shop()
    bought(shop, "pro")
    shop.act(ChangePlan, plan="basic")
    renewal = bought(shop, "", "renewal")
    assert (shop.account().term.next_plan, shop.account().term.next_paid) == ("basic", 1)
    shop.give_back(renewal)
    assert (shop.account().term.next_plan, shop.account().term.next_paid) == ("basic", 0)


def test_cancelled_after_the_term_that_was_refunded_it_ends_with_the_running_one() -> None:
    shop = a_shop()
    bought(shop, "pro")
    shop.act(ChangePlan, plan="basic")
    renewal = bought(shop, "", "renewal")
    shop.act(CancelPlan)
    shop.give_back(renewal)
    term = shop.account().term
    assert (term.status, term.next_plan, term.next_paid) == (PlanStatus.CANCELLING, "free", 0)
    shop.later(days=31)
    shop.settle()
    assert shop.account().plan == "free"


@pytest.mark.parametrize("how", ["refund", "dispute"])
def test_a_running_plan_goes_on_and_a_person_is_asked(how: str) -> None:
    shop = a_shop()
    order = bought(shop, "pro")
    back = shop.give_back(order) if how == "refund" else shop.dispute(order, "lost")
    assert (back.status, back.available, shop.account().plan) == ("refunded", 300, "pro")
    assert "the plan goes on" in back.trouble
    (txn,) = shop.booked("purchase_refund")
    assert (txn.tokens, txn.metadata) == (
        0, {"purchase_id": order.purchase_id, "amount_minor": 900, "currency": "USD"}
    )  # fmt: skip


def test_a_plan_that_has_ended_asks_nobody() -> None:
    shop = a_shop()
    order = bought(shop, "pro")
    shop.act(ChangePlan, plan="free", at_once=True)
    assert shop.give_back(order).trouble == ""


def test_a_disputed_plan_is_shown_and_goes_on() -> None:
    shop = a_shop()
    order = bought(shop, "pro")
    opened = shop.dispute(order, "opened")
    assert (opened.status, opened.available) == ("disputed", 300)
    assert shop.dispute(order, "won").status == "granted"
