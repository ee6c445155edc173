"""Prices, metering, unlimited plans, shadow and off (rules 6, 9, 10), and what a usage transaction says (3, 11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.books import LivingBook, a_program, allowance, day, utc

from creditbook.domain.errors import AccountClosed, InsufficientTokens, InvalidRequest
from creditbook.domain.operations import Cost, SetStatus, SetZone, Work
from creditbook.domain.program import Enforcement, GrantClass, Overrun, Plan
from creditbook.domain.selling import ChangePlan

BOUNDLESS = Plan("boundless", "Boundless", 9, GrantClass.PLAN, unlimited=True)


def opened(tokens: int = 10, **terms: object) -> LivingBook:
    book = LivingBook(a_program(allowance(tokens), plans=(BOUNDLESS,), **terms))
    book.open()
    return book


# ---- prices


def test_a_fixed_action_costs_its_price_and_refuses_tokens_that_contradict_it() -> None:
    book = opened()
    assert book.spend(action="goal").charged == 3
    assert book.spend(3, "goal").charged == 3
    with pytest.raises(InvalidRequest, match="fixed price of 3"):
        book.spend(4, "goal")
    with pytest.raises(InvalidRequest, match="fixed price of 0"):
        book.spend(1, "chat")


def test_an_actual_action_costs_the_tokens_told_else_what_the_model_counted() -> None:
    book = opened(100)
    assert book.spend(7, work=Work(input_tokens=40, output_tokens=2)).charged == 7
    assert book.spend(work=Work(input_tokens=40, output_tokens=2, cached_tokens=30, reasoning_tokens=1)).charged == 42


def test_an_actual_action_without_tokens_is_free() -> None:
    receipt = opened().spend()
    assert (receipt.charged, receipt.metered, receipt.lines) == (0, True, ())


def test_an_unknown_action_is_invalid_when_charging_and_welcome_when_metering() -> None:
    book = opened()
    with pytest.raises(InvalidRequest, match="no action “nonsense”"):
        book.spend(1, "nonsense")
    assert book.spend(1, "nonsense", meter=True).metered
    assert book.booked("usage")[-1].feature == "nonsense"


@pytest.mark.parametrize(
    "work", [Work(input_tokens=-1), Work(output_tokens=-1), Work(cached_tokens=-1), Work(reasoning_tokens=-1)]
)
def test_counts_below_nothing_are_invalid(work: Work) -> None:
    with pytest.raises(InvalidRequest, match="0 or more"):
        opened().spend(1, work=work)


def test_more_tokens_than_any_reader_can_count_are_invalid() -> None:
    book = opened()
    for attempt in (lambda: book.spend(2**53), lambda: book.reserve(2**53), lambda: book.grant(2**53)):
        with pytest.raises(InvalidRequest):
            attempt()


def test_an_event_of_the_future_is_invalid_but_for_clocks_that_disagree_a_little() -> None:
    book = opened()
    book.spend(1, work=Work(event_at=book.now + timedelta(minutes=5)))
    with pytest.raises(InvalidRequest, match="future"):
        book.spend(1, work=Work(event_at=book.now + timedelta(minutes=5, seconds=1)))


# ---- metering


def test_metering_records_work_and_cost_and_charges_nothing() -> None:
    book = opened()
    cost = Cost(usd_nanos=1_500, inr_nanos=124_500, price_version="2026-03")
    receipt = book.spend(5, work=Work(agent="srs", input_tokens=90, cost=cost), meter=True)
    (txn,) = book.booked("usage")
    assert (receipt.charged, receipt.metered, receipt.available) == (0, True, 10)
    assert (txn.agent, txn.input_tokens, txn.cost_usd_nanos, txn.cost_inr_nanos) == ("srs", 90, 1_500, 124_500)
    assert (txn.price_version, txn.requests) == ("2026-03", 1)
    assert book.account().requests == {}


def test_a_frozen_account_is_metered_and_a_closed_one_is_not() -> None:
    book = opened()
    book.act(SetStatus, status="frozen")
    assert book.spend(5, meter=True).metered
    book.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        book.spend(5, meter=True)


def test_an_unlimited_account_burns_nothing_and_its_available_is_unlimited() -> None:
    book = LivingBook(a_program(plans=(BOUNDLESS,)))
    book.open(plan="boundless")
    book.grant(10)
    receipt = book.spend(1_000)
    assert (receipt.charged, receipt.metered, receipt.available) == (0, True, None)
    assert (book.balance().available, book.balance().posted) == (None, 10)


def test_where_an_active_pool_is_unlimited_so_are_its_members() -> None:
    team = LivingBook(a_program(plans=(BOUNDLESS,)))
    team.open_pool("boundless")
    asha = team.open_member(quota=1)
    own = team.open_member("ravi", plan="free")
    assert team.spend(50, account=asha).metered
    assert team.spend(50, account=own).metered
    team.act(SetStatus, status="frozen")
    for member in (asha, own):
        with pytest.raises(InsufficientTokens):
            team.spend(50, account=member)


def test_a_hold_made_under_an_unlimited_plan_is_captured_as_metered_until_it_times_out() -> None:
    book = opened()
    book.act(ChangePlan, plan="boundless")
    early, late = book.reserve(100), book.reserve(100)
    book.act(ChangePlan, plan="free")
    assert early.held == 0
    assert book.capture(early, 500).metered
    book.later(minutes=16)
    assert book.capture(late, 4).charged == 4


def test_a_hold_that_is_open_when_its_account_becomes_unlimited_is_captured_as_metered() -> None:
    book = opened()
    hold = book.reserve(5)
    book.act(ChangePlan, plan="boundless")
    assert book.capture(hold, 5).metered
    assert [txn.tokens for txn in book.booked("plan_change")] == [-5, -5]  # free at the change, held when released


def test_debt_stays_owed_while_its_account_is_unlimited() -> None:
    book = opened(0)
    book.grant(5)
    book.capture(book.reserve(5), 9)
    book.act(ChangePlan, plan="boundless")
    book.grant(100)
    assert book.debt() == 4
    book.act(ChangePlan, plan="free")
    book.grant(1)
    assert book.debt() == 0


# ---- shadow


def shadow(tokens: int = 10, **terms: object) -> LivingBook:
    return opened(tokens, enforcement=Enforcement.SHADOW, **terms)


def test_shadow_charges_what_is_there_and_marks_what_it_would_have_refused() -> None:
    book = shadow()
    receipt = book.spend(12)
    assert (receipt.charged, receipt.would_refuse, receipt.available, book.debt()) == (10, "InsufficientTokens", 0, 0)
    empty = book.spend(1)
    assert (empty.charged, empty.metered, empty.would_refuse) == (0, True, "InsufficientTokens")


def test_shadow_marks_nothing_where_nothing_would_have_been_refused() -> None:
    assert shadow().spend(4).would_refuse is None


def test_shadow_refuses_no_unknown_action_no_wrong_price_no_frozen_and_no_closed_account() -> None:
    book = shadow()
    assert book.spend(4, "nonsense").would_refuse == "InvalidRequest"
    contradicted = book.spend(4, "goal")
    assert (contradicted.charged, contradicted.would_refuse) == (3, "InvalidRequest")
    book.act(SetStatus, status="frozen")
    assert book.spend(2).would_refuse == "AccountFrozen"
    book.act(SetStatus, status="closed")
    assert book.spend(2).would_refuse == "AccountClosed"


def test_shadow_lets_limits_pass_and_counts_the_requests() -> None:
    limits = {"requests_per_day": 1, "max_request_tokens": 5, "features": frozenset({"work"})}
    book = shadow(limits=limits)
    assert book.spend(6).would_refuse == "RequestTooLarge"
    assert book.spend(1).would_refuse == "LimitExceeded"
    assert book.spend(action="goal").would_refuse == "FeatureNotInPlan"
    assert book.account().requests == {day("2026-03-10"): 3}


def test_shadow_stays_within_the_quota_but_for_parts() -> None:
    team = LivingBook(a_program(enforcement=Enforcement.SHADOW))
    team.open_pool()
    team.grant(100)
    asha = team.open_member(quota=5)
    receipt = team.spend(8, account=asha)
    assert (receipt.charged, receipt.would_refuse) == (5, "LimitExceeded")
    hold = team.reserve(1, account=asha)
    assert team.capture(hold, 8, account=asha).charged == 8


def test_shadow_owes_nothing_and_marks_a_short_part_only_where_it_would_have_been_refused() -> None:
    for overrun, mark in ((Overrun.DEBT, None), (Overrun.REJECT, "InsufficientTokens")):
        book = shadow(overrun=overrun)
        receipt = book.capture(book.reserve(10), 15)
        assert (receipt.charged, receipt.would_refuse, book.debt()) == (10, mark, 0)


def test_shadow_marks_a_part_of_an_unknown_action() -> None:
    book = shadow()
    receipt = book.capture(book.reserve(5), 3, action="nonsense")
    assert (receipt.charged, receipt.would_refuse) == (0, "InvalidRequest")


def test_shadow_holds_what_is_there() -> None:
    assert shadow().reserve(25).held == 10


def test_shadow_still_refuses_counts_that_no_work_can_have() -> None:
    with pytest.raises(InvalidRequest):
        shadow().spend(-1)


# ---- off


def test_off_records_everything_and_charges_nothing() -> None:
    book = opened(0, enforcement=Enforcement.OFF, limits={"requests_per_day": 1, "features": frozenset({"goal"})})
    book.act(SetStatus, status="frozen")
    for _ in range(2):
        receipt = book.spend(50, "anything at all")
        assert (receipt.charged, receipt.metered, receipt.would_refuse) == (0, True, None)
    hold = book.reserve(50)
    assert (hold.held, hold.metered) == (0, True)
    assert book.capture(hold, 70).metered
    assert book.account().requests == {day("2026-03-10"): 3}


# ---- what stands on the transaction


def test_a_transaction_is_dated_by_its_event_in_the_accounts_and_the_organizations_zone() -> None:
    book = LivingBook(a_program(zone="Asia/Kolkata"), utc(2026, 3, 10, 20, 0))
    book.open(zone="America/New_York")
    book.spend(work=Work(event_at=utc(2026, 3, 9, 22, 15)))
    (txn,) = book.booked("usage")
    assert (txn.account_date, txn.org_date, txn.org_hour) == (day("2026-03-09"), day("2026-03-10"), 3)
    assert (txn.event_at, txn.effective_at) == (utc(2026, 3, 9, 22, 15), book.now)


def test_a_zone_change_leaves_past_dates_alone() -> None:
    book = LivingBook(at=utc(2026, 3, 10, 20, 0))
    book.open()
    book.spend()
    book.act(SetZone, zone="Asia/Tokyo")
    book.spend()
    assert [txn.account_date for txn in book.booked("usage")] == [day("2026-03-10"), day("2026-03-11")]


def test_what_falls_into_a_closed_month_is_accounted_on_the_first_day_of_the_open_one() -> None:
    book = opened()
    book.book.closed_through = day("2026-02-28")
    book.spend(1, work=Work(event_at=utc(2026, 2, 20)))
    book.spend(1)
    dates = [(txn.org_date, txn.accounting_date) for txn in book.booked("usage")]
    assert dates == [(day("2026-02-20"), day("2026-03-01")), (day("2026-03-10"), day("2026-03-10"))]


def test_a_members_usage_names_her_and_the_pool_and_is_under_her_own_plan_else_the_pools() -> None:
    team = LivingBook(a_program(allowance(50), plans=(Plan("own", "Own", 1, GrantClass.FREE, (allowance(3),)),)))
    team.open_pool()
    asha, ravi = team.open_member(), team.open_member("ravi", plan="own")
    team.spend(5, account=asha)
    team.spend(5, account=ravi)
    hers, his = team.booked("usage")
    assert (hers.account_id, hers.pool_id, hers.plan, hers.quota_charged) == (asha, team.first, "free", 5)
    assert (his.account_id, his.pool_id, his.plan, his.quota_charged) == (ravi, team.first, "own", 2)


def test_a_transaction_knows_what_was_available_before_and_after_it() -> None:
    book = opened()
    book.spend(4)
    book.spend(1)
    assert [(t.available_before, t.available_after) for t in book.booked()] == [(0, 10), (10, 6), (6, 5)]


def test_the_clock_that_steps_back_is_ignored() -> None:
    book = opened()
    book.spend(1)
    book.later(hours=-5)
    assert book.spend(1).effective_at == utc(2026, 3, 10, 9, 30)
