"""What time does to a plan (rule 31): terms that end unpaid, grace, lapse; and settlement that comes late (rule 18)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.books import LivingBook, allowance, day, utc
from support.plans import a_studio, left, paid, studio, told

from creditbook.domain.context import Desk
from creditbook.domain.journal import Journal
from creditbook.domain.operations import Reserve, SetZone
from creditbook.domain.plans import PlanStatus
from creditbook.domain.program import Every
from creditbook.domain.settling import project

END = utc(2026, 4, 10)


def unpaid(**terms: Any) -> LivingBook:
    """A Pro account whose first term has ended unpaid, an hour ago; 100 of its 250 were spent."""
    book = studio("pro", **terms)
    book.spend(100)
    book.now = END + timedelta(hours=1)
    book.settle()
    return book


# ---- past due


def test_at_an_unpaid_end_the_next_term_opens_as_if_paid() -> None:
    book = unpaid()
    assert left(book) == {"MONTHLY": 250, "ROLLOVER": 75}
    term = book.term()
    assert (term.status, term.unpaid) == (PlanStatus.PAST_DUE, True)
    assert (term.first, term.ends_at) == (day("2026-04-10"), utc(2026, 5, 10))
    assert [txn.kind for txn in book.booked()] == ["grant", "usage", "rollover", "expiry", "reset"]


def test_the_grace_is_three_local_dates_fixed_when_it_begins() -> None:
    book = unpaid()
    assert book.term().grace_ends_at == utc(2026, 4, 13)
    book.edit(a_studio(grace_days=30))
    book.act(SetZone, zone="Pacific/Honolulu")
    book.now = utc(2026, 4, 13)
    book.settle()
    assert book.term().status is PlanStatus.LAPSED


def test_grace_days_are_dates_of_the_accounts_zone() -> None:
    book = studio("pro", zone="Asia/Kolkata")
    book.now = utc(2026, 4, 10)
    book.settle()
    assert book.term().grace_ends_at == utc(2026, 4, 12, 18, 30)


def test_a_renewal_pays_the_past_due_term_and_no_other() -> None:
    book = unpaid()
    assert book.renew().available == 325
    assert (book.term().status, book.term().unpaid, book.term().paid_ahead) == (PlanStatus.ACTIVE, False, 0)
    book.now = utc(2026, 5, 10)
    book.settle()
    assert (book.account().plan, book.term().status) == ("pro", PlanStatus.PAST_DUE)


def test_an_upgrade_pays_the_past_due_term() -> None:
    book = studio("basic")
    book.now = END
    book.settle()
    assert book.term().status is PlanStatus.PAST_DUE
    assert book.buy("pro").available == 50 + 200 + 25
    assert (book.term().status, book.term().ends_at) == (PlanStatus.ACTIVE, utc(2026, 5, 10))
    book.now = utc(2026, 5, 9)
    book.settle()
    assert book.account().plan == "pro"


def test_a_downgrade_waits_for_the_payment_of_the_past_due_term() -> None:
    book = unpaid()
    book.change_plan("basic")
    assert (book.account().plan, book.term().status) == ("pro", PlanStatus.PAST_DUE)
    assert book.renew().item == "pro"
    assert (book.term().status, book.term().next_plan) == (PlanStatus.ACTIVE, "basic")
    book.now = utc(2026, 5, 10)
    book.settle()
    assert book.account().plan == "basic"


def test_a_cancellation_waits_for_the_payment_of_the_past_due_term() -> None:
    book = unpaid()
    assert book.cancel().status == "past_due"
    book.renew()
    assert book.term().status is PlanStatus.CANCELLING
    book.now = utc(2026, 5, 10)
    book.settle()
    assert told(book)[-1] == ("ended", "pro", "free")


@pytest.mark.parametrize("waits", ["free", "basic"])
def test_a_cancellation_or_downgrade_of_a_past_due_term_waits_for_the_graces_end(waits: str) -> None:
    book = unpaid()
    book.change_plan(waits)
    book.now = utc(2026, 4, 12, 23)
    book.settle()
    assert book.account().plan == "pro"
    book.now = utc(2026, 4, 13)
    book.settle()
    assert (book.account().plan, book.term().status) == ("free", PlanStatus.LAPSED)


def test_a_lower_plan_that_waited_for_an_unpaid_end_opens_past_due() -> None:
    book = studio("pro")
    book.change_plan("basic")
    book.now = END
    book.settle()
    assert (book.account().plan, book.term().status) == ("basic", PlanStatus.PAST_DUE)
    assert told(book)[-2:] == [("downgraded", "pro", "basic"), ("past_due", "basic", "basic")]
    assert book.renew().price_minor == 299


# ---- the lapse


def test_still_unpaid_after_the_grace_the_account_falls_to_the_free_plan_afresh() -> None:
    book = unpaid()
    book.spend(70)  # what rolled over goes first
    book.grant(6)
    book.now = utc(2026, 4, 13)
    book.settle()
    assert (book.account().plan, book.account().plan_anchor) == ("free", day("2026-04-13"))
    assert (book.term().status, book.term().ends_at) == (PlanStatus.LAPSED, None)
    assert left(book) == {"MONTHLY": 10, "BONUS": 6, "ROLLOVER": 5}  # what was rolled into the term stays
    assert [(txn.kind, txn.tokens) for txn in book.booked()[-2:]] == [("plan_change", -250), ("plan_change", 10)]


def test_a_hold_on_a_lapsed_term_can_be_captured_and_what_it_releases_goes() -> None:
    book = studio("pro")
    book.now = END
    hold = book.reserve(200, seconds=80_000)
    for _ in range(4):
        book.later(hours=20)
        book.capture(hold, 10, final=False)
    assert (book.account().plan, book.balance().held) == ("free", 160)
    book.capture(hold, 60)
    assert left(book) == {"MONTHLY": 10, "ROLLOVER": 25}
    assert book.booked("plan_change")[-1].tokens == -75


def test_without_grace_the_unpaid_end_is_the_lapse_and_the_plan_that_ended_still_rolls_over() -> None:
    book = studio("pro", grace_days=0)
    book.now = END
    book.settle()
    assert (book.account().plan, book.term().status, left(book)) == ("free", "lapsed", {"MONTHLY": 10, "ROLLOVER": 125})
    assert [what for what, _, _ in told(book)] == ["started", "lapsed"]


def test_a_grace_that_runs_is_not_cut_short_by_an_edit_that_allows_none() -> None:
    daily = paid("daily", 1, 10, allowance(5, Every.DAY))
    book = LivingBook(a_studio(daily, free=allowance(1)))
    book.open(plan="daily")
    book.now = utc(2026, 3, 11)
    book.settle()
    book.edit(a_studio(daily, free=allowance(1), grace_days=0))
    book.now = utc(2026, 3, 13, 23)
    book.settle()
    assert (book.account().plan, book.term().status) == ("daily", PlanStatus.PAST_DUE)


def test_a_plan_bought_after_the_lapse_begins_anew() -> None:
    book = unpaid()
    book.now = utc(2026, 4, 20)
    book.buy("pro")
    assert (book.term().status, book.account().plan_anchor, left(book)["MONTHLY"]) == ("active", day("2026-04-20"), 250)


def test_terms_shorter_than_the_grace_go_on_as_if_paid_until_it_ends() -> None:
    daily = paid("daily", 1, 10, allowance(5, Every.DAY))
    book = LivingBook(a_studio(daily, free=allowance(1)))
    book.open(plan="daily")
    book.later(days=2)
    book.settle()
    assert (left(book), book.term().status) == ({"STANDARD": 5}, PlanStatus.PAST_DUE)
    assert book.term().grace_ends_at == utc(2026, 3, 14)
    book.renew()
    assert (book.term().status, book.term().ends_at) == (PlanStatus.ACTIVE, utc(2026, 3, 13))
    book.now = utc(2026, 3, 16)
    book.settle()
    assert (book.account().plan, left(book)) == ("free", {"STANDARD": 1})


# ---- terms and the calendar


def test_terms_of_thirty_days_tile_from_the_anchor() -> None:
    book = studio("thirties")
    for end in (utc(2026, 4, 10), utc(2026, 5, 10), utc(2026, 6, 9)):
        assert book.term().ends_at == end
        book.renew()
        book.now = end
        book.settle()


def test_a_month_that_began_on_the_31st_does_not_drift() -> None:
    book = studio("pro", at=utc(2026, 1, 31, 12))
    for end in (utc(2026, 2, 28), utc(2026, 3, 31), utc(2026, 4, 30)):
        assert book.term().ends_at == end
        book.renew()
        book.now = end
        book.settle()


def test_a_zone_change_moves_the_terms_end_with_its_allowances() -> None:
    book = studio("pro")
    book.renew()
    book.act(SetZone, zone="America/New_York")
    assert book.term().ends_at == book.wallet("MONTHLY").period_ends_at == utc(2026, 4, 10, 4)
    book.act(SetZone, zone="Asia/Tokyo")
    assert book.term().ends_at == utc(2026, 4, 10, 4)
    book.now = utc(2026, 4, 10, 4)
    book.settle()
    assert book.term().ends_at == book.wallet("MONTHLY").period_ends_at == utc(2026, 5, 9, 15)


# ---- late is punctual


def lives(*, punctual: bool) -> LivingBook:
    """Ten weeks with every kind of boundary, settled every few hours or only where somebody acts."""
    book = studio("pro")
    book.grant(3, of="purchased", expires_at=utc(2026, 4, 12))

    def until(at: datetime) -> None:
        while punctual and book.now < at:
            book.now = min(at, book.now + timedelta(hours=7))
            book.settle()
        book.now = at

    book.change_plan("basic")
    book.renew()
    until(utc(2026, 4, 9, 20))
    book.act(Reserve, action="work", estimate=40, seconds=80_000)
    until(utc(2026, 5, 11))
    book.renew()
    until(utc(2026, 6, 25))
    book.buy("thirties")
    book.cancel()
    until(utc(2026, 8, 30))
    book.settle()
    return book


def test_late_settlement_writes_row_for_row_what_punctual_settlement_does() -> None:
    early, late = lives(punctual=True), lives(punctual=False)
    rows = [
        [(t.kind, t.tokens, t.effective_at, t.plan, t.available_before, t.available_after) for t in book.booked()]
        for book in (early, late)
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 10
    events = [[replace(e, event_id=0, purchase_id=None) for e in book.journal.plan_events] for book in (early, late)]
    assert events[0] == events[1]
    assert {"downgraded", "past_due", "lapsed", "ended", "renewed"} <= {event.what for event in events[0]}
    assert early.account().term == late.account().term


# ---- a look ahead


def projected(book: LivingBook, at: datetime) -> LivingBook:
    desk = Desk(book.book, Journal(1, book.new_id), book.now)
    project(desk, at)
    book.now = at
    return book


def test_a_balance_in_the_future_takes_a_running_subscription_as_paid() -> None:
    book = projected(studio("pro"), utc(2026, 7, 1))
    assert (book.account().plan, book.term().status, left(book)["MONTHLY"]) == ("pro", PlanStatus.ACTIVE, 250)


def test_a_balance_in_the_future_takes_a_past_due_subscription_as_paid() -> None:
    book = projected(unpaid(), utc(2026, 7, 1))
    assert (book.account().plan, book.term().status) == ("pro", PlanStatus.ACTIVE)


def test_a_balance_in_the_future_lets_a_cancelled_subscription_end() -> None:
    cancelled = studio("pro")
    cancelled.cancel()
    assert projected(cancelled, utc(2026, 7, 1)).account().plan == "free"
    due = unpaid()
    due.cancel()
    assert projected(due, utc(2026, 4, 12)).account().plan == "pro"
    assert projected(due, utc(2026, 4, 13)).account().plan == "free"
