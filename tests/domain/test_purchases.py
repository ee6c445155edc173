"""Rule 32: a purchase is opened with its terms frozen, paid once however often it is told, and granted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from support.books import a_program
from support.shop import BIG, STARTER, Shop, a_shop_program

from creditbook.domain.errors import AccountClosed, InvalidRequest, NotFound
from creditbook.domain.operations import SetStatus
from creditbook.domain.plans import Version
from creditbook.domain.program import GrantClass, Tax, WalletType
from creditbook.domain.sales import PurchaseStatus


def test_an_order_is_pending_and_gives_nothing() -> None:
    shop = Shop()
    order = shop.order("starter", reason="checkout", actor="asha")
    assert (order.status, order.tokens, order.price_minor, order.tax_minor) == ("pending", 100, 999, 0)
    assert (order.currency, order.available, order.transaction_ids) == ("USD", 0, ())
    kept = shop.purchase(order)
    assert (kept.item, kept.title, kept.actor, kept.reason) == ("starter", "Starter", "asha", "checkout")
    assert not shop.booked()


def test_what_is_not_for_sale_is_told_with_what_is() -> None:
    with pytest.raises(InvalidRequest, match="no package “huge”. Its packages: starter, big"):
        Shop().order("huge")
    with pytest.raises(InvalidRequest, match="Its packages: none"):
        Shop(a_program()).order("huge")


def test_paid_it_gives_the_pack_into_its_wallet_as_bought() -> None:
    shop = Shop()
    order = shop.order()
    paid = shop.pay(order, paid_minor=999, currency="usd")
    pack = shop.pack(order)
    assert (paid.status, paid.available) == ("granted", 100)
    assert (pack.source, pack.grant_class, pack.amount) == ("purchase", GrantClass.PURCHASED, 100)
    assert (pack.price_minor, pack.currency, pack.label) == (999, "USD", "Starter")
    assert pack.expires_at == shop.now + timedelta(days=30)
    assert shop.account().wallets[pack.wallet_id].type is WalletType.PREMIUM
    (txn,) = shop.booked()
    assert (txn.kind, txn.txn_id) == ("purchase", paid.transaction_ids[0])
    kept = shop.purchase(order)
    assert (kept.txn_id, kept.grant_id, kept.paid_at, kept.granted_at) == (txn.txn_id, pack.grant_id, *[shop.now] * 2)


def test_a_pack_does_not_arrive_blocked_in_a_wallet_that_is_switched_off() -> None:
    shop = Shop()
    off = shop.open_wallet("PREMIUM", 7)
    shop.set_wallet(off, False)
    first, second = shop.buy(), shop.buy()
    assert (first.available, second.available) == (100, 200)
    assert shop.pack(first).wallet_id == shop.pack(second).wallet_id != off.wallet_id


def test_a_pack_without_an_end_never_ends() -> None:
    shop = Shop()
    assert shop.pack(shop.buy("big")).expires_at is None


def test_the_same_payment_told_again_changes_nothing() -> None:
    shop = Shop()
    order = shop.order()
    shop.pay(order, "pay-1", key="event-1")
    for event in ("event-1", "event-2", "event-3"):
        again = shop.pay(order, "pay-1", key=event)
        assert (again.status, again.available, again.trouble) == ("granted", 100, "")
    assert len(shop.booked()) == 1


def test_a_second_payment_of_a_paid_purchase_is_trouble_and_gives_nothing_more() -> None:
    shop = Shop()
    order = shop.order()
    shop.pay(order, "pay-1")
    for _ in range(2):
        again = shop.pay(order, "pay-2")
        assert (again.status, again.available) == ("granted", 100)
        assert again.trouble == "Paid once more, by pay-2 (stripe). Give that money back."
    assert shop.purchase(order).provider_payment == "pay-1"


def test_one_payment_pays_one_purchase() -> None:
    shop = Shop()
    first, second = shop.order(), shop.order()
    shop.pay(first, "pay-1")
    other = shop.pay(second, "pay-1")
    assert (other.status, other.available) == ("pending", 100)
    assert other.trouble == f"The payment pay-1 (stripe) has paid purchase {first.purchase_id}."
    assert shop.pay(second, "pay-1", provider="razorpay").status == "granted"


@pytest.mark.parametrize(("minor", "currency"), [(998, None), (1000, "USD"), (999, "EUR"), (None, "INR")])
def test_another_amount_or_currency_is_trouble_and_not_taken(minor: int | None, currency: str | None) -> None:
    shop = Shop()
    order = shop.order()
    wrong = shop.pay(order, "pay-1", paid_minor=minor, currency=currency)
    assert (wrong.status, wrong.available) == ("pending", 0)
    assert "999 USD are due" in wrong.trouble
    right = shop.pay(order, "pay-2", paid_minor=999, currency="USD")
    assert (right.status, right.available, right.trouble) == ("granted", 100, "")


def test_a_person_may_take_a_payment_that_did_not_fit() -> None:
    shop = Shop()
    order = shop.order()
    shop.pay(order, "pay-1", paid_minor=900)
    assert shop.pay(order, "pay-1").status == "granted"


def test_a_failed_purchase_can_still_be_paid() -> None:
    shop = Shop()
    order = shop.order()
    failed = shop.fail(order)
    assert (failed.status, shop.purchase(order).closed_at) == ("failed", shop.now)
    paid = shop.pay(order)
    assert (paid.status, paid.available, shop.purchase(order).closed_at) == ("granted", 100, None)


def test_a_failure_told_after_the_payment_changes_nothing() -> None:
    shop = Shop()
    order = shop.buy()
    assert shop.fail(order).status == "granted"
    assert shop.available() == 100


def test_the_price_and_the_pack_are_those_of_the_order() -> None:
    shop = Shop()
    shop.book.versions = (Version(7, shop.now, shop.book.program),)
    order = shop.order()
    dearer = replace(STARTER, tokens=10, price_minor=2_000, lifetime_days=1, wallet=WalletType.BONUS)
    shop.change(packages={"starter": dearer})
    shop.book.versions += (Version(8, shop.now + timedelta(hours=1), shop.book.program),)
    shop.later(days=2)
    paid = shop.pay(order, paid_minor=999)
    assert (paid.status, paid.available, shop.purchase(order).program_id) == ("granted", 100, 7)
    assert shop.pack(order).expires_at == shop.now + timedelta(days=30)
    assert shop.wallet("PREMIUM").wallet_id == shop.pack(order).wallet_id
    assert shop.order().price_minor == 2_000


def test_a_pack_that_is_gone_stays_paid_and_waits_for_a_person() -> None:
    shop = Shop()
    order = shop.order()
    shop.change(packages={"big": BIG})
    shop.book.versions = ()
    paid = shop.pay(order)
    assert (paid.status, paid.available) == ("paid", 0)
    assert "“starter” is no longer there" in paid.trouble
    assert shop.give_back(order).status == "refunded"
    assert shop.purchase(order).trouble == ""


def test_money_that_comes_after_the_account_was_closed_stays_paid() -> None:
    shop = Shop()
    order = shop.order()
    shop.act(SetStatus, status="closed")
    paid = shop.pay(order)
    assert (paid.status, paid.available, "closed" in paid.trouble) == ("paid", 0, True)
    assert shop.pay(order).trouble == paid.trouble
    assert shop.give_back(order).status == "refunded"
    with pytest.raises(AccountClosed):
        shop.order()


def test_a_frozen_account_may_buy() -> None:
    shop = Shop()
    shop.act(SetStatus, status="frozen")
    assert shop.buy().available == 100


def test_what_is_bought_pays_debts_first() -> None:
    shop = Shop()
    shop.grant(10)
    shop.capture(shop.reserve(10), 40)
    assert shop.debt() == 30
    assert (shop.buy().available, shop.debt()) == (70, 0)


def test_the_provider_s_name_of_the_checkout_is_kept() -> None:
    shop = Shop()
    order = shop.order(provider="stripe")
    shop.name(order, "cs_1")
    shop.name(order, "cs_2")
    assert shop.purchase(order).provider_order == "cs_2"
    shop.pay(order)
    shop.name(order, "cs_3")
    assert shop.purchase(order).provider_order == "cs_2"
    with pytest.raises(InvalidRequest, match="order or checkout"):
        shop.name(order, " ")


def test_the_provider_s_name_may_come_after_the_payment() -> None:
    shop = Shop()
    order = shop.buy()
    shop.name(order, "cs_1")
    assert shop.purchase(order).provider_order == "cs_1"


def test_nobody_sees_the_purchase_of_another_account() -> None:
    shop = Shop(opened=False)
    shop.open_pool()
    asha, ravi = shop.open_member("asha"), shop.open_member("ravi")
    order = shop.order(account=asha)
    with pytest.raises(NotFound, match="no purchase"):
        shop.pay(order, account=ravi)
    with pytest.raises(NotFound):
        shop.act(SetStatus, 999, status="frozen")


@pytest.mark.parametrize("said", [{"payment": " "}, {"provider": ""}])
def test_a_payment_has_a_name(said: dict[str, str]) -> None:
    shop = Shop()
    with pytest.raises(InvalidRequest, match="Name the provider"):
        shop.pay(shop.order(), **said)


# ---- an administrator's record of a payment


def test_a_recorded_payment_opens_pays_and_grants_at_once() -> None:
    shop = Shop()
    sold = shop.order(payment="bank-7", actor="mary")
    assert (sold.status, sold.available) == ("granted", 100)
    kept = shop.purchase(sold)
    assert (kept.provider, kept.provider_payment, kept.paid_at) == ("manual", "bank-7", shop.now)
    assert shop.booked()[0].actor == "mary"
    assert shop.journal.purchases == [kept]


def test_a_recorded_payment_counts_once() -> None:
    shop = Shop()
    sold = shop.order(payment="bank-7")
    with pytest.raises(InvalidRequest, match=f"recorded before, for purchase {sold.purchase_id}"):
        shop.order(payment="bank-7")
    assert len(shop.journal.purchases) == 1


def test_a_recorded_payment_of_what_can_not_be_granted_is_refused_whole() -> None:
    shop = Shop()
    shop.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        shop.order(payment="bank-7")
    assert not shop.journal.purchases
    assert not shop.book.payments


# ---- tax


@pytest.mark.parametrize(
    ("rate", "inclusive", "price", "wanted"),
    [
        ("18/100", True, 999, (999, 152)),  # 999 × 18/118 = 152.38…
        ("18/100", False, 999, (1179, 180)),  # 179.82
        ("1/10", False, 25, (27, 2)),  # 2.5, half to even
        ("1/10", False, 35, (39, 4)),  # 3.5
        ("1/4", True, 10, (10, 2)),  # 2 exactly
        ("1/3", True, 10, (10, 2)),  # 2.5, half to even
        ("0", True, 999, (999, 0)),
        ("1", True, 999, (999, 500)),  # 499.5, half to even
    ],
)
def test_tax_is_part_of_the_price_or_comes_on_top(
    rate: str, inclusive: bool, price: int, wanted: tuple[int, int]
) -> None:
    tax = Tax("GST", Fraction(rate), inclusive)
    shop = Shop(a_shop_program(tax=tax))
    shop.change(packages={"starter": replace(STARTER, price_minor=price)})
    order = shop.order()
    assert (order.price_minor, order.tax_minor) == wanted


@pytest.mark.parametrize(("rate", "written"), [("18/100", "0.18"), ("1/3", "1/3"), ("0", "0"), ("1", "1")])
def test_the_tax_is_frozen_with_its_rate_and_label(rate: str, written: str) -> None:
    shop = Shop(a_shop_program(tax=Tax("GST", Fraction(rate), inclusive=False)))
    order = shop.order()
    shop.change(tax=Tax("VAT", Fraction(1, 2)))
    kept = shop.purchase(order)
    assert (kept.tax_label, kept.tax_rate, kept.tax_inclusive) == ("GST", written, False)
    assert shop.pay(order, paid_minor=order.price_minor).status == PurchaseStatus.GRANTED
    assert shop.pack(order).price_minor == order.price_minor
