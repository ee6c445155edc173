"""Holds: reserved, captured in parts, voided, timed out, captured late (rules 12–14)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.books import LivingBook, a_program, allowance, utc

from creditbook.domain.errors import (
    AccountClosed,
    HoldAlreadyResolved,
    InsufficientTokens,
    InvalidRequest,
    LimitExceeded,
    NotFound,
)
from creditbook.domain.operations import Dispute, Expire, Revoke, SetStatus, Work
from creditbook.domain.program import Overrun, WalletType

GOAL = frozenset({"goal"})


def funded(tokens: int = 10, **terms: object) -> LivingBook:
    book = LivingBook(a_program(**terms))
    book.open()
    if tokens:
        book.grant(tokens)
    return book


# ---- reserving


def test_a_hold_reserves_tokens_that_nobody_else_can_spend() -> None:
    book = funded()
    hold = book.reserve(7)
    assert (hold.held, hold.available, hold.status) == (7, 3, "open")
    assert (book.balance().posted, book.balance().held, book.balance().available) == (10, 7, 3)
    with pytest.raises(InsufficientTokens) as refused:
        book.reserve(4)
    assert (refused.value.required, refused.value.available) == (4, 3)


def test_a_hold_reserves_in_burn_down_order() -> None:
    book = funded()
    soon = book.grant(4, expires_at=book.now + timedelta(days=1))
    book.reserve(6)
    assert (soon.held, book.journal.grants[0].held) == (4, 2)


def test_a_hold_of_a_fixed_price_holds_the_price_unless_told_otherwise() -> None:
    book = funded()
    assert book.reserve(action="goal").held == 3
    assert book.reserve(5, action="goal").held == 5


def test_a_priced_hold_needs_an_estimate_of_at_least_one_and_a_free_one_holds_nothing() -> None:
    book = funded()
    for estimate in (None, 0, -1):
        with pytest.raises(InvalidRequest, match="estimate"):
            book.reserve(estimate)
    assert book.reserve(action="chat").held == 0


def test_a_hold_lives_a_quarter_of_an_hour_unless_told_and_at_most_a_day() -> None:
    book = funded()
    assert book.reserve(1).ends_at == book.now + timedelta(minutes=15)
    assert book.reserve(1, seconds=86_400).ends_at == book.now + timedelta(hours=24)
    for seconds in (0, 86_401):
        with pytest.raises(InvalidRequest, match="24 hours"):
            book.reserve(1, seconds=seconds)


def test_an_unknown_action_can_not_be_reserved_for() -> None:
    with pytest.raises(InvalidRequest, match="no action"):
        funded().reserve(5, action="nonsense")


# ---- parts


def test_each_part_is_a_usage_of_its_own_and_the_final_one_releases_the_rest() -> None:
    book = funded()
    hold = book.reserve(8)
    first = book.capture(hold, 3, work=Work(agent="idea"), final=False)
    second = book.capture(hold, 2, work=Work(agent="srs"))
    assert [(t.agent, t.charged, t.hold_id) for t in book.booked("usage")] == [
        ("idea", 3, hold.hold_id),
        ("srs", 2, hold.hold_id),
    ]
    assert first.transaction_id != second.transaction_id
    assert (book.balance().held, book.available()) == (0, 5)
    assert book.book.resolved[hold.hold_id].status == "captured"


def test_what_was_captured_stands_when_the_hold_is_voided() -> None:
    book = funded()
    hold = book.reserve(8)
    book.capture(hold, 3, final=False)
    book.void(hold)
    assert (book.available(), book.balance().held, book.balance().posted) == (7, 0, 7)


def test_a_voided_hold_costs_nothing() -> None:
    book = funded()
    voided = book.void(book.reserve(8))
    assert (voided.status, voided.held, book.available()) == ("voided", 0, 10)
    assert book.booked("usage") == []


def test_each_part_moves_the_holds_end_and_never_earlier() -> None:
    book = funded()
    hold = book.reserve(8, seconds=600)
    book.later(minutes=9)
    book.capture(hold, 1, final=False)
    kept = book.account().holds[hold.hold_id]
    assert kept.ends_at == book.now + timedelta(minutes=10)
    book.later(minutes=-5)  # a clock that steps back is ignored
    book.capture(hold, 1, final=False)
    assert kept.ends_at == utc(2026, 3, 10, 9, 49)


def test_a_part_takes_from_the_hold_only_what_its_own_action_could_have_spent() -> None:
    book = funded(0)
    goal_only = book.grant(5, features=GOAL)
    general = book.grant(10)
    hold = book.reserve(8, action="goal")
    assert (goal_only.held, general.held) == (5, 3)
    assert book.burned(book.capture(hold, 6, action="work", final=False)) == [(general.grant_id, 6)]
    assert (goal_only.held, general.held) == (5, 0)
    assert book.burned(book.capture(hold, action="plan_goal")) == [(goal_only.grant_id, 4)]


def test_of_a_fixed_price_the_estimate_is_held_and_the_price_captured() -> None:
    book = funded()
    receipt = book.capture(book.reserve(9, action="goal"))
    assert (receipt.charged, receipt.available) == (3, 7)
    with pytest.raises(InvalidRequest, match="fixed price"):
        book.capture(book.reserve(3, action="goal"), 2)


def test_a_part_beyond_the_hold_takes_what_is_available_in_one_entry_a_grant() -> None:
    book = funded()
    (grant,) = book.journal.grants
    receipt = book.capture(book.reserve(4), 9)
    assert book.burned(receipt) == [(grant.grant_id, 9)]
    assert (receipt.available, receipt.debt) == (1, 0)


def test_a_part_beyond_the_hold_forgets_the_holds_preferred_wallet() -> None:
    book = funded(0)
    premium = book.grant(3, "PREMIUM")
    standard = book.grant(9, "STANDARD")
    hold = book.reserve(3, wallet=WalletType.PREMIUM)
    assert premium.held == 3
    assert book.burned(book.capture(hold, 5)) == [(premium.grant_id, 3), (standard.grant_id, 2)]


def test_a_part_may_pass_a_quota() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(100)
    asha = team.open_member(quota=5)
    hold = team.reserve(5, account=asha)
    assert team.capture(hold, 8, account=asha).charged == 8
    assert team.account(asha).quota_used == {None: 8}
    assert team.available(asha) == 0


def test_a_free_part_of_a_hold_is_recorded() -> None:
    book = funded()
    hold = book.reserve(5)
    assert book.capture(hold, action="chat", final=False).metered
    assert book.balance().held == 5


# ---- overruns


def test_a_part_beyond_everything_is_done_and_leaves_a_debt() -> None:
    book = funded()
    receipt = book.capture(book.reserve(10), 14)
    assert (receipt.charged, receipt.tokens, receipt.debt, receipt.available) == (14, -10, 4, 0)
    assert (book.debt(), book.balance().debt) == (4, 4)


def test_a_program_that_rejects_overruns_refuses_the_part_and_leaves_the_hold_open() -> None:
    book = funded(overrun=Overrun.REJECT, packages_url="/plans")
    hold = book.reserve(8)
    with pytest.raises(InsufficientTokens) as refused:
        book.capture(hold, 14)
    told = refused.value
    assert (told.required, told.available, told.packages_url) == (14, 10, "/plans")
    assert book.capture(hold, 10).charged == 10


def test_a_members_overrun_is_the_pools_debt_and_part_of_her_quota() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(6)
    asha = team.open_member(quota=6)
    receipt = team.capture(team.reserve(6, account=asha), 10, account=asha)
    assert (receipt.charged, receipt.debt) == (10, 4)
    assert (team.debt(), team.debt(asha)) == (4, 0)
    assert team.account(asha).quota_used == {None: 10}
    assert team.booked("usage")[0].quota_charged == 10


def test_an_overrun_is_hers_where_the_pool_is_frozen() -> None:
    team = LivingBook()
    team.open_pool()
    asha = team.open_member()
    team.grant(5, account=asha)
    hold = team.reserve(5, account=asha)
    team.act(SetStatus, status="frozen")
    team.capture(hold, 9, account=asha)
    assert (team.debt(), team.debt(asha)) == (0, 4)


# ---- time


def test_a_hold_is_released_at_its_very_instant_swept_or_not() -> None:
    book = funded()
    hold = book.reserve(10)
    book.now = hold.ends_at - timedelta(microseconds=1)
    with pytest.raises(InsufficientTokens):
        book.spend(1)
    book.now = hold.ends_at
    assert book.spend(10).charged == 10


def test_a_late_capture_is_charged_afresh_flagged_and_final() -> None:
    book = funded()
    hold = book.reserve(10)
    book.later(minutes=15)
    book.spend(4)
    receipt = book.capture(hold, 5, final=False)
    assert (receipt.charged, receipt.late_capture, receipt.available) == (5, True, 1)
    with pytest.raises(HoldAlreadyResolved):
        book.capture(hold, 1)


def test_a_late_capture_asks_no_limit_and_no_quota() -> None:
    team = LivingBook(a_program(limits={"requests_per_day": 1}))
    team.open_pool()
    team.grant(100)
    asha = team.open_member(quota=5)
    hold = team.reserve(5, account=asha)
    team.later(hours=1)
    with pytest.raises(LimitExceeded):
        team.spend(1, account=asha)
    assert team.capture(hold, 9, account=asha).late_capture


def test_a_late_capture_follows_the_overrun_policy() -> None:
    owing, strict = funded(), funded(overrun=Overrun.REJECT)
    for book in (owing, strict):
        hold = book.reserve(10)
        book.later(hours=1)
        book.spend(8)
        if book is owing:
            assert book.capture(hold, 5).debt == 3
        else:
            with pytest.raises(InsufficientTokens):
                book.capture(hold, 5)
            assert book.capture(hold, 2).late_capture  # it stays timed out


def test_a_frozen_account_captures_on_time_and_late() -> None:
    book = funded()
    early, late = book.reserve(2), book.reserve(2)
    book.act(SetStatus, status="frozen")
    assert book.capture(early, 2).charged == 2
    book.later(hours=1)
    assert book.capture(late, 2).late_capture


def test_voiding_a_timed_out_hold_closes_it() -> None:
    book = funded()
    hold = book.reserve(2)
    book.later(hours=1)
    assert book.void(hold).status == "voided"
    with pytest.raises(HoldAlreadyResolved):
        book.capture(hold, 1)


def test_a_resolved_hold_says_so_after_the_accounts_status() -> None:
    book = funded()
    captured, voided = book.reserve(2), book.reserve(2)
    book.capture(captured, 1)
    book.void(voided)
    for hold in (captured, voided):
        for again in (lambda hold=hold: book.capture(hold, 1), lambda hold=hold: book.void(hold)):
            with pytest.raises(HoldAlreadyResolved):
                again()
    book.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        book.capture(captured, 1)


def test_another_accounts_hold_is_not_there() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(10)
    asha, ravi = team.open_member(), team.open_member("ravi")
    hold = team.reserve(2, account=asha)
    with pytest.raises(NotFound):
        team.capture(hold, 1, account=ravi)


# ---- grants that end, wallets that close, while they are held


def test_a_grant_that_ends_while_held_can_be_captured_and_what_is_released_to_it_expires() -> None:
    book = funded(0)
    grant = book.grant(10, expires_at=book.now + timedelta(minutes=5))
    hold = book.reserve(6)
    book.later(minutes=6)
    book.settle()
    assert (grant.remaining, grant.held) == (6, 6)
    book.capture(hold, 2)
    assert grant.remaining == 0
    assert [(t.kind, t.tokens) for t in book.booked("usage", "expiry")] == [
        ("expiry", -4),
        ("usage", -2),
        ("expiry", -4),
    ]
    assert [(t.available_before, t.available_after) for t in book.booked("expiry")] == [(4, 0), (0, 0)]


def test_what_a_time_out_releases_to_a_dead_grant_expires_at_that_instant() -> None:
    book = funded(0)
    book.grant(10, expires_at=book.now + timedelta(minutes=5))
    hold = book.reserve(6)
    book.later(days=1)
    book.settle()
    assert [(t.tokens, t.effective_at) for t in book.booked("expiry")] == [
        (-4, utc(2026, 3, 10, 9, 35)),
        (-6, hold.ends_at),
    ]


def test_held_tokens_of_a_disputed_grant_or_a_deactivated_wallet_can_be_captured() -> None:
    book = funded()
    disputed = book.grant(10, "PREMIUM")
    first, second = book.reserve(10), book.reserve(10)
    book.act(Dispute, grant_id=disputed.grant_id, disputed=True)
    book.set_wallet(book.wallet("BONUS"), active=False)
    assert book.capture(first, 9).charged == 9
    assert book.capture(second, 9).charged == 9
    assert (book.available(), book.balance().blocked) == (0, 2)


def test_a_revoked_grant_gives_up_its_held_tokens_when_they_are_released() -> None:
    book = funded()
    (grant,) = book.journal.grants
    hold = book.reserve(6)
    assert book.act(Revoke, grant_id=grant.grant_id).tokens == -4
    book.capture(hold, 1)
    assert [(t.kind, t.tokens) for t in book.booked("usage", "revocation")] == [
        ("revocation", -4),
        ("usage", -1),
        ("revocation", -5),
    ]


def test_a_grant_that_is_held_whole_can_be_expired_and_lapses_when_released() -> None:
    book = funded()
    (grant,) = book.journal.grants
    hold = book.reserve(10)
    assert book.act(Expire, grant_id=grant.grant_id).tokens == 0
    book.void(hold)
    assert (grant.remaining, book.booked("expiry")[-1].tokens) == (0, -10)


def test_tokens_held_at_a_boundary_do_not_roll_over() -> None:
    book = LivingBook(a_program(allowance(10, rollover="1/2")), utc(2026, 3, 10, 23, 50))
    book.open()
    hold = book.reserve(4, seconds=3_600)
    book.later(hours=1)
    book.void(hold)
    assert [(t.kind, t.tokens) for t in book.booked("rollover", "expiry", "reset")] == [
        ("rollover", 0),
        ("expiry", -3),
        ("reset", 10),
        ("expiry", -4),
    ]
    assert book.available() == 13
