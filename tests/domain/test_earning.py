"""Plans' prices earned evenly over the days of the terms they pay (rule 35), whatever happens to the plan."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from support.books import day, utc
from support.earnings import Closings, sales_of
from support.plans import BASIC, PRO, THIRTIES, a_studio
from support.shop import Shop

from creditbook.domain.earning import NOTHING, PlanFigures, PlanSale
from creditbook.domain.errors import LedgerError
from creditbook.domain.operations import SetStatus
from creditbook.domain.program import Tax

FIRST = day("2026-04-01")


def a_studio_shop(**terms: object) -> Shop:
    """An account on the free plan, at the first minute of April; Basic is 299 a month, Pro 999."""
    return Shop(a_studio(BASIC, PRO, THIRTIES, **terms), utc(2026, 4, 1))


def sale(shop: Shop, nth: int = -1) -> PlanSale:
    return sales_of(shop)[nth]


def figures(one: PlanSale, text: str) -> tuple[int, int, int]:
    """Earned, breakage and still deferred by the end of a day."""
    found = one.through(day(text))
    return found.earned, found.breakage, found.deferred


def test_a_term_is_earned_evenly_over_its_days_from_the_first_to_the_last() -> None:
    shop = a_studio_shop()
    shop.buy("pro", kind="plan")
    one = sale(shop)
    assert (one.first, one.next, one.on) == (FIRST, day("2026-05-01"), FIRST)
    assert figures(one, "2026-03-31") == (0, 0, 0)
    assert figures(one, "2026-04-01") == (33, 0, 966)  # 999 / 30, half to even
    assert figures(one, "2026-04-15") == (500, 0, 499)
    assert figures(one, "2026-04-30") == (999, 0, 0)
    assert figures(one, "2027-01-01") == (999, 0, 0)


def test_every_days_share_is_the_difference_of_two_rounded_sums() -> None:
    one = PlanSale(1, 1, "pro", "USD", 10, 0, FIRST, FIRST, FIRST + timedelta(days=3), FIRST)
    assert [one.between(FIRST + timedelta(days=n), FIRST + timedelta(days=n)).earned for n in range(4)] == [3, 4, 3, 0]


def test_the_tax_in_a_plans_price_is_owed_to_the_state_and_never_earned() -> None:
    shop = a_studio_shop(tax=Tax("GST", Fraction(18, 100), inclusive=True))
    shop.buy("pro", kind="plan")
    found = sale(shop).through(day("2026-12-31"))
    assert (found.sold, found.tax, found.earned) == (847, 152, 847)


def test_a_renewal_waits_and_is_earned_over_the_term_that_it_pays() -> None:
    shop = a_studio_shop()
    shop.buy("pro", kind="plan")
    shop.later(days=9)
    shop.buy("", kind="renewal")
    assert figures(sale(shop), "2026-12-31") == (0, 0, 999)  # its term has not begun: nobody knows when it will
    shop.now = utc(2026, 5, 1)
    shop.settle()
    one = sale(shop)
    assert (one.on, one.first, one.next) == (day("2026-04-10"), day("2026-05-01"), day("2026-06-01"))
    assert figures(one, "2026-04-30") == (0, 0, 999)
    assert figures(one, "2026-05-31") == (999, 0, 0)


def test_a_past_due_term_that_is_paid_late_catches_up_on_the_day_of_its_payment() -> None:
    shop = a_studio_shop()
    shop.buy("pro", kind="plan")
    shop.now = utc(2026, 5, 3)
    shop.buy("", kind="renewal")
    one = sale(shop)
    assert (one.first, one.next) == (day("2026-05-01"), day("2026-06-01"))
    assert figures(one, "2026-05-02") == (0, 0, 0)
    assert one.between(day("2026-05-03"), day("2026-05-03")).earned == 97  # 3 of 31 days


def test_an_upgrade_beside_lets_the_old_payment_run_and_earns_the_new_one_over_the_days_left() -> None:
    shop = a_studio_shop()
    shop.buy("basic", kind="plan")
    shop.later(days=15)
    shop.buy("pro", kind="plan")
    old, new = sales_of(shop)
    assert (new.first, new.next) == (day("2026-04-16"), day("2026-05-01"))
    assert figures(old, "2026-04-30") == (299, 0, 0)
    assert old.forfeited is None
    assert figures(new, "2026-04-16") == (67, 0, 932)


def test_an_upgrade_to_another_kind_loses_what_is_left_of_the_old_term() -> None:
    shop = a_studio_shop()
    shop.buy("basic", kind="plan")
    shop.later(days=9)
    shop.buy("thirties", kind="plan")
    old = sale(shop, 0)
    assert figures(old, "2026-04-09") == (90, 0, 209)
    assert figures(old, "2026-04-10") == (100, 199, 0)


def test_a_change_that_acts_now_loses_terms_paid_ahead() -> None:
    shop = a_studio_shop()
    shop.buy("basic", kind="plan")
    shop.buy("", kind="renewal")
    shop.later(days=2)
    shop.buy("pro", kind="plan")
    assert figures(sale(shop, 1), "2026-04-03") == (0, 299, 0)


def test_a_lower_plan_paid_ahead_takes_its_own_term() -> None:
    shop = a_studio_shop()
    shop.buy("pro", kind="plan")
    shop.change_plan("basic")
    shop.buy("", kind="renewal")
    shop.now = utc(2026, 5, 2)
    shop.settle()
    lower = sale(shop)
    assert (lower.plan, lower.first, lower.next) == ("basic", day("2026-05-01"), day("2026-06-01"))


def test_an_administrators_downgrade_and_a_closed_account_lose_what_is_left() -> None:
    shop = a_studio_shop()
    shop.buy("pro", kind="plan")
    shop.later(days=2)
    shop.change_plan("basic", at_once=True)
    assert figures(sale(shop), "2026-04-03") == (100, 899, 0)
    shop = a_studio_shop()
    shop.buy("pro", kind="plan")
    shop.later(days=2)
    shop.act(SetStatus, status="closed")
    assert figures(sale(shop), "2026-04-03") == (100, 899, 0)


def test_a_whole_refund_releases_what_is_owed_and_reverses_what_was_earned() -> None:
    shop = a_studio_shop(tax=Tax("GST", Fraction(18, 100), inclusive=True))
    order = shop.buy("pro", kind="plan")
    shop.later(days=14)
    shop.give_back(order)
    found = sale(shop).through(day("2026-04-30"))
    assert (found.earned, found.reversed, found.released, found.deferred) == (424, 424, 423, 0)
    assert (found.paid_back, found.paid_back_tax) == (999, 152)


def test_a_partial_refund_lowers_the_price_as_if_it_had_always_been_so() -> None:
    shop = a_studio_shop()
    order = shop.buy("pro", kind="plan")
    shop.later(days=14)
    shop.give_back(order, 399)
    one = sale(shop)
    found = one.through(day("2026-04-15"))
    assert (found.earned - found.reversed, found.deferred) == (300, 300)
    assert (found.reversed, found.released) == (200, 199)
    later = one.through(day("2026-04-30"))
    assert (later.earned - later.reversed, later.deferred) == (600, 0)


def test_a_refunded_renewal_gives_its_turn_to_the_one_that_waits() -> None:
    shop = a_studio_shop()
    shop.buy("pro", kind="plan")
    first = shop.buy("", kind="renewal")
    shop.buy("", kind="renewal")
    shop.now = utc(2026, 5, 11)
    shop.give_back(first)
    assert shop.term().paid_ahead == 0
    waited = sale(shop)
    assert (waited.first, waited.next, waited.known) == (day("2026-05-01"), day("2026-06-01"), day("2026-05-11"))
    assert figures(waited, "2026-05-10") == (0, 0, 999)  # until then another payment was of these days
    assert figures(waited, "2026-05-11") == (354, 0, 645)
    assert figures(sale(shop, 1), "2026-05-31")[2] == 0


def test_a_refunded_renewal_that_waits_pays_no_term() -> None:
    shop = a_studio_shop()
    shop.buy("pro", kind="plan")
    ahead = shop.buy("", kind="renewal")
    shop.later(days=3)
    shop.give_back(ahead)
    shop.now = utc(2026, 5, 1)
    shop.settle()
    found = sale(shop).through(day("2026-12-31"))
    assert (found.earned, found.released, found.deferred) == (0, 999, 0)


def test_what_is_paid_into_a_closed_month_is_sold_and_caught_up_in_the_open_one() -> None:
    shop, closings = a_studio_shop(), Closings()
    shop.buy("basic", kind="plan")
    shop.now = utc(2026, 5, 2)  # the next term is past due
    shop.settle()
    closings.close(shop, day("2026-05-31"))
    shop.buy("", kind="renewal")
    late = sales_of(shop, closings)[-1]
    assert (late.on, late.first) == (day("2026-06-01"), day("2026-05-01"))
    assert late.through(day("2026-05-31")) == NOTHING
    assert late.between(day("2026-06-01"), day("2026-06-01")).earned == 299


STEPS = ["basic", "pro", "thirties", "renew", "down", "cancel", "later", "later", "money", "all money", "close month"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 40)), max_size=25))
def test_whatever_happens_what_closed_months_earned_never_moves_and_nothing_is_owed_twice(
    steps: list[tuple[str, int]],
) -> None:
    shop, closings = a_studio_shop(), Closings()
    shop.checked = False
    orders = []
    frozen: dict[date, PlanFigures] = {}
    for what, size in steps:
        with suppress(LedgerError):
            match what:
                case "basic" | "pro" | "thirties":
                    orders.append(shop.buy(what, kind="plan"))
                case "renew":
                    orders.append(shop.buy("", kind="renewal"))
                case "down":
                    shop.change_plan("basic", at_once=size > 20)
                case "cancel":
                    shop.cancel()
                case "later":
                    shop.later(days=size)
                case "money" | "all money" if orders:
                    shop.give_back(orders[size % len(orders)], size if what == "money" else None)
                case "close month":
                    shop.settle()
                    through = shop.now.date().replace(day=1) - timedelta(days=1)
                    if not frozen or through > max(frozen):
                        closings.close(shop, through)
                        frozen[through] = total(sales_of(shop, closings), through)
        sold = sales_of(shop, closings)
        for through, then in frozen.items():
            assert total(sold, through) == then
    for one in sold if steps else []:
        if (settled_on := one.settled_on) is not None:
            assert one.deferred(settled_on) == 0
            assert one.through(settled_on) == one.through(settled_on + timedelta(days=900))
        for through in (shop.now.date(), shop.now.date() + timedelta(days=400)):
            found = one.through(through)
            assert min(found) >= 0
            assert found.deferred >= 0
            assert found.paid_back - found.paid_back_tax == found.released + found.reversed


def total(sales: list[PlanSale], day: date) -> PlanFigures:
    found = NOTHING
    for one in sales:
        found = found.and_also(one.through(day))
    return found
