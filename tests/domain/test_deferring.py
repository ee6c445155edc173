from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from support.shop import Shop, a_shop_program

from creditbook.domain.deferring import deferred_minor
from creditbook.domain.errors import LedgerError
from creditbook.domain.program import Tax

MONEY, TOKENS = st.integers(0, 10**9), st.integers(1, 10**9)


def test_a_pack_of_three_for_ten_earns_three_four_three() -> None:
    left = [deferred_minor(10, 3, remaining) for remaining in (3, 2, 1, 0)]
    assert [before - after for before, after in pairwise(left)] == [3, 4, 3]


def test_a_half_is_earned_to_the_even_side() -> None:
    assert deferred_minor(1, 2, 1) == 1  # a half rounds to nothing earned
    assert deferred_minor(3, 2, 1) == 1  # one and a half rounds to two earned


@given(MONEY, TOKENS, st.data())
def test_a_whole_pack_owes_its_whole_price_and_an_empty_one_nothing(net: int, amount: int, data: st.DataObject) -> None:
    remaining = data.draw(st.integers(0, amount))
    assert deferred_minor(net, amount, amount) == net
    assert deferred_minor(net, amount, 0) == 0
    assert 0 <= deferred_minor(net, amount, remaining) <= net


# ---- the books of packs: what is sold, earned, given back, lapses and is refunded


def deferred(shop: Shop) -> dict[str, int]:
    """What all entries changed of the packs' unearned prices, by kind of transaction."""
    kinds = {txn.txn_id: txn.kind for txn in shop.journal.transactions}
    sums: Counter[str] = Counter()
    for entry in shop.journal.entries:
        sums[kinds[entry.txn_id]] += entry.deferred_minor
    return {kind: minor for kind, minor in sums.items() if minor}


def owed(shop: Shop) -> int:
    """What all packs still owe, by the formula of rule 35."""
    return sum(deferred_minor(one.net_minor, one.amount, one.remaining) for one in shop.journal.grants)


def test_a_pack_is_deferred_whole_and_earned_as_it_is_used_and_its_end_is_breakage() -> None:
    shop = Shop()
    shop.buy("starter")  # 100 tokens at 999
    shop.spend(30)
    assert deferred(shop) == {"purchase": 999, "usage": -300}
    shop.later(days=31)
    shop.settle()
    assert deferred(shop) == {"purchase": 999, "usage": -300, "expiry": -699}


def test_the_tax_in_a_price_is_never_revenue() -> None:
    shop = Shop(a_shop_program(tax=Tax("GST", Fraction(18, 100), inclusive=True)))
    shop.buy("big")  # 7000, of it 1068 tax
    shop.spend(1_000)
    assert deferred(shop) == {"purchase": 5_932, "usage": -5_932}


def test_usage_given_back_to_a_living_pack_is_owed_again() -> None:
    shop = Shop()
    shop.buy("starter")
    shop.refund(shop.spend(30), 10)
    assert deferred(shop) == {"purchase": 999, "usage": -300, "refund": 100}


def test_usage_given_back_after_the_pack_ended_carries_its_part_of_the_price() -> None:
    shop = Shop()
    order = shop.buy("starter")
    usage = shop.spend(30)
    shop.later(days=31)
    shop.refund(usage, 10)
    carried = shop.journal.grants[-1]
    assert (carried.source, carried.price_minor, carried.tax_minor, carried.currency) == ("refund", 100, 0, "USD")
    assert shop.pack(order).price_minor == 999
    shop.spend(4)
    assert deferred(shop) == {"purchase": 999, "usage": -300 - 40, "expiry": -699, "refund": 100}
    assert owed(shop) == 60


def test_a_gift_that_ended_comes_back_without_a_price() -> None:
    shop = Shop()
    gift = shop.grant(10, expires_at=shop.now + timedelta(days=1))
    usage = shop.spend(10)
    shop.later(days=2)
    shop.refund(usage)
    assert gift.price_minor is None
    assert (shop.journal.grants[-1].price_minor, shop.journal.grants[-1].currency) == (None, None)


def test_money_paid_back_releases_what_was_still_owed() -> None:
    shop = Shop()
    order = shop.buy("starter")
    shop.spend(30)
    shop.give_back(order)
    assert deferred(shop) == {"purchase": 999, "usage": -300, "purchase_refund": -699}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["buy", "spend", "refund", "money", "later"]), st.integers(1, 120))))
def test_whatever_happens_entries_leave_owed_what_the_packs_owe(steps: list[tuple[str, int]]) -> None:
    shop = Shop(a_shop_program(tax=Tax("GST", Fraction(18, 100), inclusive=True)))
    orders, usages = [], []
    for what, size in steps:
        with suppress(LedgerError):
            match what:
                case "buy":
                    orders.append(shop.buy("starter"))
                case "spend":
                    usages.append(shop.spend(size))
                case "refund" if usages:
                    shop.refund(usages[size % len(usages)], 1 + size % 7)
                case "money" if orders:
                    shop.give_back(orders[size % len(orders)], size)
                case _:
                    shop.later(hours=size * 9)
        assert sum(entry.deferred_minor for entry in shop.journal.entries) == owed(shop)
