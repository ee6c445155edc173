"""Versions of a program: editing a plan changes no running period (rule 31)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.books import LivingBook, a_program, allowance, utc
from support.plans import BASIC, PRO, THIRTY, a_studio, left, monthly, studio, told

from creditbook.domain.errors import FeatureNotInPlan
from creditbook.domain.program import Every, Plan, Program, WalletType
from creditbook.domain.selling import PayPurchase

GOAL, LEAD = frozenset({"goal"}), frozenset({"lead"})


def edited(**plans: Plan) -> Program:
    base = a_studio()
    return replace(base, plans={**base.plans, **plans})


def test_editing_a_plan_changes_no_running_period() -> None:
    book = studio("basic")
    book.renew()
    book.edit(edited(basic=replace(BASIC, allowances=(monthly(70),), requests_per_day=1)))
    book.spend(20)
    book.spend(20)
    assert left(book) == {"MONTHLY": 10}
    book.now = utc(2026, 4, 10)
    book.settle()
    assert left(book) == {"MONTHLY": 70, "ROLLOVER": 5}  # by the rate of the plan as it was
    assert book.account().program_id == 2


def test_the_version_in_force_at_the_boundary_counts_however_late_it_is_settled() -> None:
    book = studio()
    book.now = utc(2026, 4, 2)
    book.edit(edited(free=replace(a_studio().plans["free"], allowances=(monthly(99, Every.CALENDAR_MONTH),))))
    book.now = utc(2026, 4, 20)
    book.settle()
    assert (left(book), book.account().program_id) == ({"MONTHLY": 10, "ROLLOVER": 5}, 1)
    book.now = utc(2026, 5, 1)
    book.settle()
    assert (left(book), book.account().program_id) == ({"MONTHLY": 99, "ROLLOVER": 5}, 2)


def test_a_plan_that_a_version_drops_stays_as_it_was_for_those_who_are_on_it() -> None:
    book = studio("basic")
    book.renew()
    book.edit(a_studio(PRO))
    book.now = utc(2026, 4, 10)
    book.settle()
    assert (book.account().plan, left(book)["MONTHLY"], book.account().program_id) == ("basic", 50, 1)


def test_a_wallet_that_an_edit_adds_opens_with_the_next_term_and_one_that_it_drops_ends() -> None:
    book = studio("basic")
    book.renew()
    book.edit(edited(basic=replace(BASIC, allowances=(allowance(3, Every.ANNIVERSARY_MONTH),))))
    book.now = utc(2026, 4, 10)
    book.settle()
    assert left(book) == {"STANDARD": 3, "ROLLOVER": 25}
    assert book.wallet("STANDARD").period_ends_at == book.term().ends_at == utc(2026, 5, 10)
    assert book.wallet("MONTHLY").every is None


def test_a_wallet_that_an_edit_adds_to_a_free_plan_keeps_step_with_those_that_are_there() -> None:
    free = monthly(10)
    book = LivingBook(a_studio(free=free), utc(2026, 1, 31, 12))
    book.open()
    book.edit(edited(free=replace(a_studio().plans["free"], allowances=(free, allowance(3, free.every)))))
    book.now = utc(2026, 2, 28)
    book.settle()
    assert left(book) == {"MONTHLY": 10, "STANDARD": 3}
    assert {wallet.period_ends_at for wallet in book.account().wallets.values()} == {utc(2026, 3, 31)}


def test_a_plan_whose_term_an_edit_changes_counts_the_next_one_from_its_first_day() -> None:
    book = studio("basic", at=utc(2026, 1, 31, 9))
    book.renew()
    book.edit(edited(basic=replace(BASIC, allowances=(monthly(60, THIRTY),))))
    book.now = utc(2026, 2, 28)
    book.settle()
    assert (left(book)["MONTHLY"], book.term().ends_at) == (60, utc(2026, 3, 30))


def test_a_free_plan_that_an_edit_puts_a_price_on_is_past_due_from_its_next_period() -> None:
    book = studio()
    free = replace(a_studio().plans["free"], price_minor=100)
    other = Plan("gift", "Gift", -1, free.grant_class, (monthly(1, Every.CALENDAR_MONTH),))
    book.edit(replace(edited(free=free, gift=other), default_plan="gift"))
    book.now = utc(2026, 4, 1)
    book.settle()
    assert (book.account().plan, book.term().status, left(book)["MONTHLY"]) == ("free", "past_due", 10)
    book.now = utc(2026, 4, 4)
    book.settle()
    assert (book.account().plan, book.term().status) == ("gift", "lapsed")


def test_a_pending_sale_gives_the_plan_as_it_was_when_it_was_opened() -> None:
    book = studio()
    sale = book.open_sale("basic")
    book.edit(edited(basic=replace(BASIC, price_minor=999, allowances=(monthly(70),))))
    book.later(days=1)
    paid_for = book.act(PayPurchase, purchase_id=sale.purchase_id, provider="manual", payment="p")
    assert (paid_for.status, left(book), book.account().program_id) == ("granted", {"MONTHLY": 50}, 1)


def test_a_payment_that_comes_when_the_plan_is_no_upgrade_any_more_waits_for_a_person() -> None:
    book = studio()
    sale = book.open_sale("basic")
    book.buy("pro")
    late = book.act(PayPurchase, purchase_id=sale.purchase_id, provider="stripe", payment="p")
    assert late.status == "paid"
    assert "below Pro" in late.trouble
    assert left(book) == {"MONTHLY": 250}


def test_accounts_follow_the_version_in_force_when_they_open_and_their_history_says_so() -> None:
    book = studio()
    book.edit(edited())
    ravi = book.open("ravi")
    assert (book.account().program_id, book.account(ravi).program_id) == (1, 2)
    assert [event.program_id for event in book.journal.plan_events] == [1, 2]
    assert told(book) == [("started", "", "free")] * 2


def test_an_edit_reaches_a_plan_without_any_period_at_once() -> None:
    bare = a_program(limits={"features": GOAL})
    book = LivingBook(bare)
    book.open()
    book.grant(9)
    assert book.spend(action="goal").charged == 3
    book.later(days=1)
    book.edit(replace(bare, plans={"free": replace(bare.plans["free"], features=LEAD, allowances=(allowance(4),))}))
    book.later(days=1, hours=2)
    with pytest.raises(FeatureNotInPlan):
        book.spend(action="goal")
    assert left(book) == {"BONUS": 6, "STANDARD": 4}
    assert [txn.effective_at for txn in book.booked("reset")] == [utc(2026, 3, 11, 9, 30), utc(2026, 3, 12)]


def test_a_month_beside_days_rolls_over_by_the_version_that_it_began_under() -> None:
    def days_and_months(month_rolls: str) -> Program:
        month = allowance(20, Every.CALENDAR_MONTH, WalletType.MONTHLY, rollover=month_rolls)
        return a_program(allowance(5), month)

    book = LivingBook(days_and_months("0"))
    book.open()
    book.later(days=3)
    book.edit(days_and_months("1/2"))
    book.now = utc(2026, 4, 2)
    book.settle()
    assert not book.booked("rollover"), "March began before the edit"
    book.now = utc(2026, 5, 2)
    book.settle()
    assert [txn.effective_at for txn in book.booked("rollover")] == [utc(2026, 5, 1)]
    assert book.available() == 5 + 20 + 10
