"""Changes of plan that act now, and those that are refused (rule 31)."""

from __future__ import annotations

import pytest
from support.books import START, day, utc
from support.plans import left, monthly, studio, told

from creditbook.domain.errors import AccountClosed, InvalidRequest
from creditbook.domain.operations import Reset, SetStatus
from creditbook.domain.plans import PlanStatus
from creditbook.domain.program import GrantClass
from creditbook.domain.selling import ChangePlan

# ---- upgrades from a free plan, and between kinds


def test_an_upgrade_from_a_free_plan_closes_the_running_allowance_and_opens_the_whole_new_one() -> None:
    book = studio()
    book.spend(4)
    bought = book.buy("pro")
    assert (bought.status, bought.price_minor, bought.available) == ("granted", 999, 250)
    assert left(book) == {"MONTHLY": 250}
    assert [(txn.kind, txn.tokens) for txn in book.booked("plan_change")] == [("plan_change", -6), ("plan_change", 250)]
    closed, opened = book.journal.grants
    assert (closed.closed_reason, closed.closed_at) == ("plan_change", START)
    assert (opened.grant_class, opened.expires_at) == (GrantClass.PLAN, utc(2026, 4, 10))


def test_an_upgrade_from_a_free_plan_moves_the_anchor_to_its_day() -> None:
    book = studio()
    book.later(days=9)
    book.buy("basic")
    assert book.account().plan_anchor == day("2026-03-19")
    term = book.term()
    assert (term.status, term.first, term.next) == (PlanStatus.ACTIVE, day("2026-03-19"), day("2026-04-19"))
    assert (term.started_at, term.ends_at) == (book.now, utc(2026, 4, 19))


def test_an_upgrade_on_the_day_of_sign_up_opens_a_second_allowance_of_that_day_in_the_same_wallet() -> None:
    book = studio()
    book.buy("thirties")
    book.change_plan("free", at_once=True)
    book.buy("pro")
    numbered = [(grant.period_first, grant.forced_no) for grant in book.journal.grants]
    assert numbered == [(day("2026-03-10"), number) for number in range(4)]
    assert len(book.account().wallets) == 1


def test_what_is_held_of_the_closed_allowance_goes_when_it_is_released() -> None:
    book = studio()
    kept, given_back = book.reserve(3), book.reserve(4)
    book.buy("pro")
    assert book.balance().held == 7
    assert book.capture(kept, 3).charged == 3
    book.void(given_back)
    assert left(book) == {"MONTHLY": 250}
    assert [txn.tokens for txn in book.booked("plan_change")] == [-3, 250, -4]


def test_an_upgrade_between_kinds_starts_a_full_new_term_now() -> None:
    book = studio("pro")
    book.spend(200)
    book.later(days=5)
    book.buy("thirties")
    assert left(book) == {"MONTHLY": 400}
    assert book.term().ends_at == utc(2026, 4, 15)  # begun within the 15th: 30 days from the 16th
    assert [txn.tokens for txn in book.booked("plan_change")] == [-50, 400]


def test_an_upgrade_from_a_free_plan_is_a_full_new_term_also_where_both_last_a_month() -> None:
    book = studio(free=monthly(30))
    book.later(days=5)
    book.buy("basic")
    assert (left(book), book.term().ends_at) == ({"MONTHLY": 50}, utc(2026, 4, 15))
    assert [txn.tokens for txn in book.booked("plan_change")] == [-30, 50]


def test_closing_an_allowance_rolls_nothing_over() -> None:
    book = studio("pro")
    book.buy("thirties")
    assert not book.booked("rollover")


def test_bought_promotional_and_rolled_over_grants_survive_a_change_of_plan() -> None:
    book = studio("pro")
    book.now = utc(2026, 4, 10, 8)
    book.settle()  # past due, and half of the 250 rolled over
    book.grant(30)
    book.grant(20, "PREMIUM", of="purchased")
    book.buy("thirties")
    assert left(book) == {"MONTHLY": 400, "ROLLOVER": 125, "BONUS": 30, "PREMIUM": 20}
    assert book.account().grants[book.booked("rollover")[0].txn_id + 1].expires_at == utc(2026, 5, 10)


def test_the_welcome_label_is_for_the_first_allowance_only() -> None:
    book = studio()
    book.buy("pro")
    assert book.booked("plan_change")[-1].description != "Welcome bonus"


# ---- upgrades between paid plans of one kind


def test_an_upgrade_of_one_kind_grants_the_difference_beside_the_running_allowance() -> None:
    book = studio("basic")
    book.spend(45)
    book.later(days=10)
    bought = book.buy("pro")
    assert bought.available == 5 + 200
    assert [txn.tokens for txn in book.booked("plan_change")] == [200]
    assert (book.account().plan_anchor, book.term().ends_at) == (day("2026-03-10"), utc(2026, 4, 10))
    assert {grant.expires_at for grant in book.journal.grants} == {utc(2026, 4, 10)}


def test_what_was_granted_beside_rolls_over_with_the_allowance_by_the_new_plan() -> None:
    book = studio("basic")
    book.buy("pro")
    book.renew()
    book.now = utc(2026, 4, 10, 1)
    book.settle()
    assert left(book) == {"MONTHLY": 250, "ROLLOVER": 125}


def test_a_forced_reset_after_an_upgrade_gives_the_new_allowance_once() -> None:
    book = studio("basic")
    book.buy("pro")
    book.act(Reset)
    assert left(book) == {"MONTHLY": 250}


def test_a_change_that_acts_now_loses_time_paid_ahead() -> None:
    book = studio("basic")
    book.renew()
    assert book.term().paid_ahead == 1
    book.buy("pro")
    assert book.term().paid_ahead == 0
    book.change_plan("basic")
    book.renew()
    book.buy("thirties")
    assert (book.term().next_plan, book.term().next_paid) == ("", 0)


def test_an_upgrade_takes_back_what_waits() -> None:
    book = studio("basic")
    book.cancel()
    book.buy("pro")
    assert (book.term().status, book.term().next_plan) == (PlanStatus.ACTIVE, "")


# ---- what is refused


def test_a_higher_plan_that_costs_is_bought_and_not_chosen() -> None:
    with pytest.raises(InvalidRequest, match="Pro has to be paid"):
        studio("basic").change_plan("pro")
    with pytest.raises(InvalidRequest, match="Pro has to be paid"):
        studio().change_plan("pro", at_once=True)


@pytest.mark.parametrize(
    ("plan", "why"), [("pro", "is the running plan"), ("basic", "is below Pro"), ("gold", "no plan")]
)
def test_only_an_upgrade_can_be_bought(plan: str, why: str) -> None:
    book = studio("pro")
    with pytest.raises(InvalidRequest, match=why):
        book.buy(plan)
    assert not book.journal.purchases


def test_a_free_plan_can_be_neither_cancelled_renewed_nor_bought() -> None:
    book = studio()
    with pytest.raises(InvalidRequest, match="no subscription to cancel"):
        book.cancel()
    with pytest.raises(InvalidRequest, match="nothing to renew"):
        book.renew()
    book.buy("basic")
    with pytest.raises(InvalidRequest, match="below Basic"):
        book.buy("free")


def test_a_frozen_account_may_change_its_plan_and_a_closed_one_has_none() -> None:
    book = studio("pro")
    book.act(SetStatus, status="frozen")
    assert book.change_plan("basic").what == "scheduled"
    book.buy("thirties")
    book.act(SetStatus, status="closed")
    for act in (lambda: book.change_plan("pro"), book.cancel, lambda: book.buy("boundless"), book.renew):
        with pytest.raises(AccountClosed):
            act()
    book.later(days=100)
    book.settle()
    assert told(book)[-1][0] == "ended"


def test_a_change_of_plan_is_replayed_by_its_key() -> None:
    book = studio("pro")
    first = book.act(ChangePlan, plan="basic", key="k", sent="s")
    book.later(days=1)
    again = book.act(ChangePlan, plan="basic", key="k", sent="s")
    assert (again.replayed, again.term_ends_at, again.next_plan) == (True, first.term_ends_at, "basic")
    assert len(book.happened("scheduled")) == 1


def test_events_name_what_the_term_costs_and_the_sale_that_paid_it() -> None:
    book = studio()
    sale = book.buy("pro")
    event = book.happened("upgraded")[0]
    assert (event.plan_before, event.plan_after, event.price_minor, event.currency) == ("free", "pro", 999, "USD")
    assert (event.purchase_id, event.term_first, event.term_ends_at) == (
        sale.purchase_id, day("2026-03-10"), utc(2026, 4, 10)
    )  # fmt: skip
    assert (event.at, event.program_id) == (START, 1)
