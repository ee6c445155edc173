"""Holds: reserved, captured in parts, voided, and what takes more than is there (rules 12, 14)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.books import LivingBook, a_program, utc

from creditbook.domain.errors import (
    InsufficientTokens,
    InvalidRequest,
)
from creditbook.domain.operations import SetStatus, Work
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
    assert book.balance().held == 8
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
