"""Rollover, expiry and forced resets (rules 23–25)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from support.books import LivingBook, a_program, allowance, day, utc

from creditbook.domain.errors import AccountClosed, InvalidRequest, NotFound
from creditbook.domain.operations import Reset, SetStatus
from creditbook.domain.program import GrantClass, Plan, WalletType

MONTHLY = WalletType.MONTHLY


def opened(*allowances: object, at: datetime | None = None, zone: str = "UTC", **terms: object) -> LivingBook:
    program = a_program(*allowances, zone=zone, **terms)  # type: ignore[arg-type]
    book = LivingBook(program, at or utc(2026, 3, 10, 9, 30))
    book.open()
    return book


# ---- rollover


def rolled(book: LivingBook) -> list[int]:
    return [grant.amount for grant in book.journal.grants if grant.source == "rollover"]


def test_half_of_the_unspent_allowance_rolls_over_rounded_down_for_one_period() -> None:
    book = opened(allowance(9, rollover="1/2"))
    book.spend(2)
    book.later(days=1)
    book.settle()
    assert (rolled(book), book.available()) == ([3], 12)
    roll = book.journal.grants[1]
    assert (roll.expires_at, roll.grant_class) == (utc(2026, 3, 12), GrantClass.FREE)
    assert book.account().wallets[roll.wallet_id].type == "ROLLOVER"


def test_what_rolled_over_never_rolls_again() -> None:
    book = opened(allowance(8, rollover="1/2"))
    book.later(days=2)
    book.settle()
    assert (rolled(book), book.available()) == ([4, 4], 12)


def test_rollover_is_capped() -> None:
    book = opened(allowance(100, rollover="1/2", cap=7))
    book.later(days=1)
    book.settle()
    assert (rolled(book), book.available()) == ([7], 107)


def test_bonus_bought_and_given_back_tokens_are_no_part_of_the_base() -> None:
    book = opened(allowance(10, rollover="1/2"))
    book.grant(100, "STANDARD")
    book.grant(100, "PREMIUM", of="purchased")
    usage = book.spend(10)
    book.act(Reset, reason="sorry")
    book.refund(usage)
    book.later(days=1)
    book.settle()
    assert rolled(book) == [5]


def test_rollover_is_reckoned_wallet_by_wallet() -> None:
    goal, lead = frozenset({"goal"}), frozenset({"lead"})
    book = opened(
        allowance(5, wallet=MONTHLY, rollover="1/2", features=goal),
        allowance(5, wallet=MONTHLY, rollover="1/2", features=lead),
    )
    book.later(days=1)
    book.settle()
    assert rolled(book) == [2, 2]  # not 5 of 10
    features = {w.features for w in book.account().wallets.values() if w.type == "ROLLOVER"}
    assert features == {goal, lead}


def test_nothing_unspent_rolls_nothing() -> None:
    book = opened(allowance(2, rollover="1/3"))
    book.later(days=1)
    book.settle()
    assert (rolled(book), book.booked("rollover")) == ([], [])


def test_rollover_keeps_the_class_of_the_plan_that_ended() -> None:
    paid = Plan("paid", "Paid", 1, GrantClass.PLAN, (allowance(10, rollover="1/2"),))
    book = LivingBook(a_program(plans=(paid,)))
    book.open(plan="paid")
    book.later(days=1)
    book.settle()
    assert book.journal.grants[1].grant_class is GrantClass.PLAN


# ---- expiry


def test_what_lapses_is_booked_as_expiry_at_its_instant() -> None:
    book = opened()
    grant = book.grant(10, expires_at=book.now + timedelta(hours=5, microseconds=7))
    book.spend(3)
    book.later(days=9)
    book.settle()
    (expiry,) = book.booked("expiry")
    assert (expiry.tokens, expiry.effective_at, grant.live) == (-7, grant.expires_at, False)


def test_a_wallets_own_expiry_bounds_its_grants() -> None:
    book = opened()
    ends = book.now + timedelta(days=2)
    wallet = book.open_wallet("PREMIUM", 10, expires_at=ends)
    later = book.grant(5, wallet_id=wallet.wallet_id, expires_at=ends + timedelta(days=1))
    sooner = book.grant(5, wallet_id=wallet.wallet_id, expires_at=ends - timedelta(days=1))
    assert (book.journal.grants[0].expires_at, later.expires_at) == (ends, ends)
    assert sooner.expires_at == ends - timedelta(days=1)
    book.now = ends
    book.settle()
    assert book.available() == 0
    with pytest.raises(InvalidRequest, match="expired"):
        book.grant(5, wallet_id=wallet.wallet_id)


# ---- forced


def test_a_forced_reset_gives_the_allowance_anew_within_its_period() -> None:
    book = opened(allowance(10))
    book.grant(7)
    book.spend(4)
    book.later(hours=1)
    done = book.act(Reset, reason="sorry", actor="root")
    assert [(t.kind, t.tokens, t.actor, t.reason) for t in book.booked()[3:]] == [
        ("expiry", -6, "root", "sorry"),
        ("reset", 10, "root", "sorry"),
    ]
    assert (done.available, book.wallet("STANDARD").period_ends_at) == (17, utc(2026, 3, 11))
    forced = book.journal.grants[-1]
    assert (forced.period_first, forced.forced_no) == (day("2026-03-10"), 1)


def test_a_forced_reset_rolls_nothing_over_and_later_only_the_last_allowance_counts() -> None:
    book = opened(allowance(10, rollover="1/2"))
    book.act(Reset, reason="sorry")
    assert rolled(book) == []
    book.later(days=1)
    book.settle()
    assert (rolled(book), book.available()) == ([5], 15)


def test_what_is_released_to_a_forced_allowance_at_the_boundary_does_not_roll_over() -> None:
    book = opened(allowance(10, rollover="1/2"), at=utc(2026, 3, 10, 23, 45))
    book.reserve(4)  # times out at midnight
    book.act(Reset, reason="sorry")
    book.later(minutes=15)
    book.settle()
    assert (rolled(book), book.available()) == ([5], 15)


def test_what_is_held_of_a_forced_allowance_expires_when_released() -> None:
    book = opened(allowance(10))
    hold = book.reserve(4)
    book.act(Reset, reason="sorry")
    assert (book.available(), book.balance().held) == (10, 4)
    book.void(hold)
    assert (book.available(), book.booked("expiry")[-1].tokens) == (10, -4)


def test_a_forced_reset_is_keyed_like_every_call() -> None:
    book = opened(allowance(10))
    book.act(Reset, reason="sorry", key="once", sent="once")
    again = book.act(Reset, reason="sorry", key="once", sent="once")
    assert again.replayed
    assert len(book.booked("reset")) == 1


def test_a_forced_reset_needs_a_wallet_that_resets() -> None:
    book = opened(allowance(10))
    book.grant(5)
    with pytest.raises(NotFound):
        book.act(Reset, wallet_id=999)
    with pytest.raises(InvalidRequest, match="no active wallet"):
        book.act(Reset, wallet_id=book.wallet("BONUS").wallet_id)
    book.set_wallet(book.wallet("STANDARD"), active=False)
    with pytest.raises(InvalidRequest, match="no active wallet"):
        book.act(Reset)
    book.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        book.act(Reset)


def test_a_frozen_account_may_be_reset_by_force_and_its_time_runs_on() -> None:
    book = opened(allowance(10))
    book.act(SetStatus, status="frozen")
    book.act(Reset, reason="sorry")
    book.later(days=1)
    book.settle()
    assert len(book.booked("reset")) == 2
