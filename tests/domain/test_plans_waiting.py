"""What waits for the end of the time paid for: downgrades, cancellation; and terms paid ahead (rule 31)."""

from __future__ import annotations

import pytest
from support.books import day, utc
from support.plans import left, studio, told

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.plans import PlanStatus

# ---- downgrades


def test_a_downgrade_waits_for_the_end_of_the_time_paid_for() -> None:
    book = studio("pro")
    told_so = book.change_plan("basic")
    assert (told_so.what, told_so.plan, told_so.next_plan, told_so.status) == ("scheduled", "pro", "basic", "active")
    assert (told_so.term_ends_at, told_so.available) == (utc(2026, 4, 10), 250)
    book.renew()  # pays Basic's first term
    book.now = utc(2026, 4, 10, 0, 1)
    book.settle()
    assert (book.account().plan, book.term().status) == ("basic", PlanStatus.ACTIVE)
    assert left(book) == {"MONTHLY": 50, "ROLLOVER": 125}
    assert book.account().plan_anchor == day("2026-03-10")


def test_a_downgrade_waits_for_terms_that_are_paid_ahead() -> None:
    book = studio("pro")
    book.renew()
    book.change_plan("basic")
    book.now = utc(2026, 4, 20)
    book.settle()
    assert (book.account().plan, book.term().next_plan) == ("pro", "basic")
    book.now = utc(2026, 5, 10)
    book.settle()
    assert book.account().plan == "basic"


def test_what_waits_says_when_it_acts() -> None:
    book = studio("thirties")
    book.renew()
    book.renew()
    told_so = book.change_plan("basic")
    assert (told_so.term_ends_at, told_so.paid_until) == (utc(2026, 4, 10), utc(2026, 6, 9))
    due = studio("pro")
    due.now = utc(2026, 4, 11)
    assert due.cancel().paid_until == utc(2026, 4, 13)  # the end of the grace
    assert due.change_plan("free", at_once=True).paid_until is None


def test_the_allowance_that_ends_with_a_downgrade_rolls_over_by_the_plan_that_ended() -> None:
    book = studio("pro")
    book.change_plan("free")
    book.now = utc(2026, 4, 10)
    book.settle()
    assert left(book) == {"MONTHLY": 10, "ROLLOVER": 125}
    rolled = next(grant for grant in book.account().grants.values() if grant.source == "rollover")
    assert rolled.expires_at == utc(2026, 5, 1)  # where the free plan's first month ends


def test_a_downgrade_to_another_kind_is_anchored_on_its_day() -> None:
    book = studio("thirties", at=utc(2026, 1, 31, 12))
    book.change_plan("basic")
    book.now = utc(2026, 3, 3)  # 30 days from 1 February
    book.renew()
    assert (book.account().plan, book.account().plan_anchor) == ("basic", day("2026-03-03"))
    assert (book.term().first, book.term().next) == (day("2026-03-03"), day("2026-04-03"))


def test_a_downgrade_of_one_kind_keeps_the_anchor_so_that_months_do_not_drift() -> None:
    book = studio("pro", at=utc(2026, 1, 31, 12))
    book.change_plan("basic")
    book.now = utc(2026, 2, 28)
    book.renew()
    assert (book.account().plan, book.term().next) == ("basic", day("2026-03-31"))


def test_an_administrators_downgrade_at_once_starts_a_full_new_term() -> None:
    book = studio("pro")
    book.renew()
    book.later(days=3)
    book.change_plan("basic", at_once=True)
    assert (left(book), book.account().plan_anchor) == ({"MONTHLY": 50}, day("2026-03-13"))
    assert (book.term().status, book.term().paid_ahead, book.term().ends_at) == ("active", 0, utc(2026, 4, 13))
    book.change_plan("free", at_once=True)
    assert (left(book), book.term().status, book.term().ends_at) == ({"MONTHLY": 10}, "active", None)


def test_a_downgrade_can_be_changed_for_another_while_it_waits() -> None:
    book = studio("thirties")
    book.change_plan("pro")
    assert book.change_plan("basic").next_plan == "basic"
    with pytest.raises(InvalidRequest, match="waits already"):
        book.change_plan("basic")


# ---- cancellation


def test_a_cancelled_plan_ends_with_the_time_paid_for() -> None:
    book = studio("pro")
    receipt = book.cancel()
    assert (receipt.what, receipt.status, receipt.next_plan) == ("cancelling", "cancelling", "free")
    book.now = utc(2026, 4, 9, 23, 59)
    assert book.spend(1).charged == 1
    book.now = utc(2026, 4, 10)
    book.settle()
    assert (book.account().plan, book.term().status, book.term().ends_at) == ("free", PlanStatus.ACTIVE, None)
    assert (book.account().plan_anchor, book.wallet("MONTHLY").period_ends_at) == (day("2026-04-10"), utc(2026, 5, 1))
    assert told(book)[-1] == ("ended", "pro", "free")


def test_choosing_the_running_plan_again_cancels_what_waits() -> None:
    book = studio("pro")
    for wait in (lambda: book.change_plan("basic"), book.cancel, lambda: book.change_plan("free")):
        wait()
        again = book.change_plan("pro")
        assert (again.what, again.status, again.next_plan) == ("resumed", "active", "")
    with pytest.raises(InvalidRequest, match="nothing waits"):
        book.change_plan("pro")


def test_choosing_the_free_plan_is_cancelling() -> None:
    book = studio("pro")
    assert book.change_plan("free").status == "cancelling"
    with pytest.raises(InvalidRequest, match="cancelled already"):
        book.cancel()


# ---- renewal


def test_a_renewal_pays_the_next_term_and_gives_no_allowance_early() -> None:
    book = studio("basic")
    book.spend(50)
    receipt = book.renew()
    assert (receipt.status, receipt.price_minor, receipt.available, receipt.transaction_ids) == ("granted", 299, 0, ())
    book.now = utc(2026, 4, 10)
    book.settle()
    assert (left(book), book.term().status, book.term().paid_ahead) == ({"MONTHLY": 50}, "active", 0)
    assert [event.what for event in book.journal.plan_events] == ["started", "renewed", "term"]


def test_a_renewal_pays_the_lower_plans_term_where_a_downgrade_waits() -> None:
    book = studio("pro")
    book.change_plan("basic")
    receipt = book.renew()
    assert (receipt.item, receipt.price_minor) == ("basic", 299)
    assert (book.term().paid_ahead, book.term().next_paid) == (0, 1)
    book.now = utc(2026, 5, 9)
    book.settle()
    assert (book.account().plan, book.term().status) == ("basic", PlanStatus.ACTIVE)
    book.now = utc(2026, 5, 10)
    book.settle()
    assert book.term().status is PlanStatus.PAST_DUE


def test_a_renewal_resumes_a_cancelled_plan() -> None:
    book = studio("pro")
    book.cancel()
    book.renew()
    assert (book.term().status, book.term().next_plan, book.term().paid_ahead) == ("active", "", 1)
    assert [what for what, _, _ in told(book)] == ["started", "cancelling", "renewed", "resumed"]


def test_a_lower_plan_whose_term_is_paid_comes_even_where_all_is_cancelled_then() -> None:
    book = studio("pro")
    book.change_plan("basic")
    book.renew()
    with pytest.raises(InvalidRequest, match="on Basic, is paid already"):
        book.change_plan("pro")
    assert book.cancel().next_plan == "basic"
    book.now = utc(2026, 4, 10)
    book.settle()
    assert (book.account().plan, book.term().status, book.term().next_plan) == ("basic", "cancelling", "free")
    book.now = utc(2026, 5, 10)
    book.settle()
    assert (book.account().plan, book.term().status) == ("free", "active")
