"""Holds in time: timed out, captured late, and grants that end while they are held (rule 13)."""

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
from creditbook.domain.operations import Dispute, Expire, Revoke, SetStatus
from creditbook.domain.program import Enforcement, Overrun

GOAL = frozenset({"goal"})


def funded(tokens: int = 10, **terms: object) -> LivingBook:
    book = LivingBook(a_program(**terms))
    book.open()
    if tokens:
        book.grant(tokens)
    return book


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


def test_a_part_that_is_invalid_says_so_before_status_and_before_its_hold_is_resolved() -> None:
    book = funded()
    hold = book.reserve(2)
    book.capture(hold, 1)
    for part in ({"action": "nonsense"}, {"action": "goal", "tokens": 7}):
        with pytest.raises(InvalidRequest):
            book.capture(hold, **part)
    book.act(SetStatus, status="closed")
    with pytest.raises(InvalidRequest):
        book.capture(hold, action="nonsense")


def test_in_shadow_a_closed_accounts_hold_goes_on_as_it_was_let_begin() -> None:
    book = funded(enforcement=Enforcement.SHADOW)
    before = book.reserve(3)
    book.act(SetStatus, status="closed")
    for late in (book.capture(before, 3), book.capture(before, 3)):
        assert (late.charged, late.would_refuse) == (0, "AccountClosed")
    assert book.void(before).status == "voided"
    captured, voided = book.reserve(2), book.reserve(2)
    part = book.capture(captured, 2)
    assert (part.charged, part.would_refuse, book.debt()) == (0, "AccountClosed", 0)
    assert book.void(voided).status == "voided"


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
