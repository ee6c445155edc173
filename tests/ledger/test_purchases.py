"""Purchases through the public surface, on both databases: opened, paid, given back, disputed, previewed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.ledgers import MovedClock
from support.sales import SHOP, a_shop, broken

from creditbook import Ledger
from creditbook.domain.errors import IdempotencyConflict, InvalidRequest, NotFound
from creditbook.ledger.ledger import AsyncLedger


@pytest.fixture
def shop(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    opened = a_shop(database_url, clock)
    yield opened
    complaints = broken(opened)
    opened.close()
    assert not complaints


def pay(shop: Ledger, purchase_id: int, payment: str = "pi_1", **said: object) -> object:
    return shop.pay_purchase("acme/asha", purchase_id, provider="stripe", payment=payment, **said)  # type: ignore[arg-type]


def test_an_order_is_paid_once_however_often_it_is_told(shop: Ledger) -> None:
    order = shop.open_purchase("acme/asha", "starter", provider="stripe", actor="asha", idempotency_key="o-1")
    assert (order.status, order.price_minor, order.tax_minor, order.currency) == ("pending", 9_900, 1_510, "INR")
    shop.name_purchase("acme/asha", order.purchase_id, provider_order="cs_1")
    for event in ("e-1", "e-1", "e-2"):
        paid = shop.pay_purchase(
            "acme/asha", order.purchase_id, provider="stripe", payment="pi_1", paid_minor=9_900, currency="inr",
            idempotency_key=event,
        )  # fmt: skip
        assert (paid.status, paid.available, paid.trouble, paid.account) == ("granted", 100, "", "acme/asha")
    again = shop.open_purchase("acme/asha", "starter", provider="stripe", actor="asha", idempotency_key="o-1")
    assert (again.purchase_id, again.replayed) == (order.purchase_id, True)
    with pytest.raises(IdempotencyConflict):
        shop.open_purchase("acme/asha", "big", provider="stripe", idempotency_key="o-1")


def test_trouble_is_told_and_not_raised(shop: Ledger) -> None:
    first = shop.open_purchase("acme/asha", "starter")
    second = shop.open_purchase("acme/asha", "starter")
    pay(shop, first.purchase_id)
    assert "has paid purchase" in pay(shop, second.purchase_id).trouble  # type: ignore[attr-defined]
    assert "are due" in pay(shop, second.purchase_id, "pi_2", paid_minor=1).trouble  # type: ignore[attr-defined]
    assert pay(shop, second.purchase_id, "pi_3").status == "granted"  # type: ignore[attr-defined]
    assert shop.balance("acme/asha").available == 200


def test_a_failed_one_is_paid_late(shop: Ledger, clock: MovedClock) -> None:
    order = shop.open_purchase("acme/asha", "starter")
    assert shop.fail_purchase("acme/asha", order.purchase_id, reason="card refused").status == "failed"
    clock.forward(days=2)
    assert pay(shop, order.purchase_id).status == "granted"  # type: ignore[attr-defined]


def test_an_administrator_records_a_payment_once(shop: Ledger) -> None:
    sold = shop.sell("acme/asha", "big", payment="UPI 7", reason="paid by UPI", actor="mary")
    assert (sold.status, sold.available) == ("granted", 1_000)
    with pytest.raises(InvalidRequest, match="recorded before"):
        shop.sell("acme/asha", "big", payment="UPI 7", reason="paid by UPI", actor="mary")
    with pytest.raises(InvalidRequest, match="Give a reason"):
        shop.sell("acme/asha", "big", reason=" ", actor="mary")
    assert shop.sell("acme/asha", "starter", reason="cash", idempotency_key="k").status == "granted"
    assert shop.sell("acme/asha", "starter", reason="cash", idempotency_key="k").replayed


def test_a_plan_is_bought_and_renewed(shop: Ledger) -> None:
    bought = shop.sell("acme/asha", "monthly", kind="plan", payment="in 1", reason="invoice", actor="mary")
    assert (bought.status, bought.available) == ("granted", 10_000)
    assert shop.balance("acme/asha").plan == "monthly"
    renewed = shop.sell("acme/asha", "", kind="renewal", payment="in 2", reason="invoice", actor="mary")
    assert (renewed.item, renewed.status, renewed.available) == ("monthly", "granted", 10_000)
    with pytest.raises(InvalidRequest, match="no kind of purchase"):
        shop.sell("acme/asha", "monthly", kind="gift", reason="x")


def test_money_goes_back_and_the_pack_with_it(shop: Ledger) -> None:
    order = shop.sell("acme/asha", "starter", reason="cash", actor="mary")
    shop.spend("acme/asha", action="work", tokens=40)
    part = shop.refund_purchase("acme/asha", order.purchase_id, amount_minor=4_950, reason="half", actor="mary")
    assert (part.status, part.available) == ("granted", 10)
    rest = shop.refund_purchase("acme/asha", order.purchase_id, reason="all", actor="mary")
    assert (rest.status, rest.available) == ("refunded", 0)
    with pytest.raises(InvalidRequest, match="given back before"):
        shop.refund_purchase("acme/asha", order.purchase_id, reason="again")
    with pytest.raises(NotFound):
        shop.refund_purchase("acme/asha", 1, reason="whose?")


def test_what_a_used_up_and_refunded_pack_paid_stays_paid(shop: Ledger) -> None:
    order = shop.sell("acme/asha", "starter", reason="cash")
    usage = shop.spend("acme/asha", action="work", tokens=100)
    shop.refund_purchase("acme/asha", order.purchase_id, reason="all")
    with pytest.raises(InvalidRequest, match="given back before"):
        shop.refund("acme/asha", usage.transaction_id, reason="failed")


def test_what_a_refunded_pack_has_held_goes_when_it_is_released(shop: Ledger) -> None:
    order = shop.sell("acme/asha", "starter", reason="cash")
    job = shop.hold("acme/asha", action="work", estimate=30)
    shop.refund_purchase("acme/asha", order.purchase_id, reason="all")
    assert shop.balance("acme/asha").held == 30
    shop.void("acme/asha", job.hold_id)
    assert (shop.balance("acme/asha").posted, shop.balance("acme/asha").available) == (0, 0)


def test_a_dispute_freezes_and_thaws_and_lost_it_takes(shop: Ledger) -> None:
    order = shop.sell("acme/asha", "starter", reason="cash")
    assert shop.dispute_purchase("acme/asha", order.purchase_id, "opened").available == 0
    assert shop.dispute_purchase("acme/asha", order.purchase_id, "won", reason="proved").available == 100
    shop.dispute_purchase("acme/asha", order.purchase_id, "opened")
    assert shop.dispute_purchase("acme/asha", order.purchase_id, "lost").status == "refunded"
    with pytest.raises(InvalidRequest, match="opened, won, lost"):
        shop.dispute_purchase("acme/asha", order.purchase_id, "settled")


def test_a_preview_tells_what_would_happen_and_writes_nothing(shop: Ledger) -> None:
    seen = shop.purchase_preview("acme/asha", "starter")
    assert (seen.before.available, seen.after.available) == (0, 100)
    assert (seen.result.price_minor, seen.result.tax_minor) == (9_900, 1_510)  # type: ignore[union-attr]
    plan = shop.purchase_preview("acme/asha", "pro", kind="plan")
    assert (plan.plan, plan.after.available, plan.term_ends_at is not None) == ("pro", 10_000, True)
    daily = shop.plan_change_preview("acme/asha", "daily", at_once=True)
    assert (daily.plan, daily.after.available) == ("daily", 5)
    with pytest.raises(InvalidRequest, match="no package"):
        shop.purchase_preview("acme/asha", "huge")
    assert (shop.balance("acme/asha").available, shop.balance("acme/asha").plan) == (0, "bare")
    assert shop.sell("acme/asha", "starter", payment="preview", reason="a payment of that name").status == "granted"


def test_a_preview_of_a_change_that_waits_tells_when_it_acts(shop: Ledger) -> None:
    shop.sell("acme/asha", "pro", kind="plan", reason="invoice")
    shop.sell("acme/asha", "pro", kind="renewal", reason="invoice")
    seen = shop.plan_change_preview("acme/asha", "monthly")
    assert (seen.plan, seen.next_plan) == ("pro", "monthly")
    assert seen.term_ends_at is not None
    assert seen.paid_until is not None
    assert 28 <= (seen.paid_until - seen.term_ends_at).days <= 31
    assert shop.subscription("acme/asha").next_plan == ""


def test_the_verbs_can_be_awaited(database_url: str, clock: MovedClock) -> None:
    async def bought() -> int | None:
        async with AsyncLedger(a_shop(database_url, clock, SHOP)) as ledger:
            order = await ledger.open_purchase("acme/asha", "starter")
            await ledger.pay_purchase("acme/asha", order.purchase_id, provider="stripe", payment="pi_1")
            await ledger.redeem("acme/asha", "welcome")
            await ledger.reward("acme/asha", "site")
            return (await ledger.purchase_preview("acme/asha", "big")).after.available

    assert asyncio.run(bought()) == 1_152


def test_one_payment_told_for_many_purchases_at_once_pays_one(shop: Ledger) -> None:
    people = ["acme/asha", *(f"acme/p{number}" for number in range(7))]
    for person in people[1:]:
        shop.open_account(person)
    orders = [(person, shop.open_purchase(person, "starter").purchase_id) for person in people]

    def told(order: tuple[str, int]) -> tuple[str, str]:
        person, purchase_id = order
        paid = shop.pay_purchase(person, purchase_id, provider="stripe", payment="pi_1")
        return paid.status, paid.trouble

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(told, orders))
    assert sorted(status for status, _ in answers) == ["granted"] + ["pending"] * 7
    assert all("has paid purchase" in trouble for status, trouble in answers if status == "pending")
    assert sum(shop.balance(person).available or 0 for person in people) == 100


def test_a_sale_recorded_twice_at_once_is_one(shop: Ledger) -> None:
    shop.open_account("acme/ravi")

    def sold(person: str) -> str:
        try:
            return shop.sell(person, "starter", payment="UPI 9", reason="paid by UPI").status
        except InvalidRequest as refused:
            return "recorded before" if "recorded before" in str(refused) else str(refused)

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(sold, ["acme/asha", "acme/ravi"] * 4))
    assert answers == ["granted"] + ["recorded before"] * 7
