"""Allowances in time: reset, rolled over, expired, at every boundary's own instant, however late (rules 18–25)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from support.books import LivingBook, a_program, allowance, day, utc

from creditbook.domain.errors import AccountClosed, InvalidRequest, NotFound
from creditbook.domain.journal import Transaction
from creditbook.domain.operations import Reset, SetStatus
from creditbook.domain.program import Every, GrantClass, Plan, WalletType

MONTHLY = WalletType.MONTHLY


def opened(*allowances: object, at: datetime | None = None, zone: str = "UTC", **terms: object) -> LivingBook:
    program = a_program(*allowances, zone=zone, **terms)  # type: ignore[arg-type]
    book = LivingBook(program, at or utc(2026, 3, 10, 9, 30))
    book.open()
    return book


def told(book: LivingBook) -> list[tuple[object, ...]]:
    """Everything booked, without ids."""
    return [_plain(book, txn) for txn in book.booked()]


def _plain(book: LivingBook, txn: Transaction) -> tuple[object, ...]:
    lines = [(e.amount, e.remaining_after) for e in book.journal.entries if e.txn_id == txn.txn_id]
    return (
        txn.kind, txn.tokens, txn.effective_at, txn.account_date, txn.available_before, txn.available_after, lines,
    )  # fmt: skip


def grants(book: LivingBook) -> list[tuple[object, ...]]:
    return [
        (g.source, g.amount, g.effective_at, g.expires_at, g.remaining, g.period_first) for g in book.journal.grants
    ]


# ---- a reset


def test_a_reset_expires_what_is_left_and_grants_the_whole_allowance_at_local_midnight() -> None:
    book = opened(allowance(5), zone="Asia/Bangkok")
    book.spend(2)
    book.later(days=1)
    book.settle()
    midnight = utc(2026, 3, 10, 17)
    assert [(t.kind, t.tokens, t.effective_at) for t in book.booked()[2:]] == [
        ("expiry", -3, midnight),
        ("reset", 5, midnight),
    ]
    assert [(t.available_before, t.available_after) for t in book.booked()[2:]] == [(3, 0), (0, 5)]
    wallet = book.wallet("STANDARD")
    assert (wallet.last_reset_at, wallet.period_ends_at) == (midnight, utc(2026, 3, 11, 17))


def test_a_reset_grants_what_the_program_says_not_what_the_wallet_was_opened_with() -> None:
    book = opened(allowance(5))
    book.book.program = a_program(allowance(7))
    book.later(days=1)
    book.settle()
    assert book.available() == 7


def test_twenty_settles_grant_once() -> None:
    book = opened(allowance(5))
    book.later(days=1)
    for _ in range(20):
        book.settle()
    assert len(book.booked("reset")) == 1


def test_a_refused_spend_settles_and_the_next_does_not_settle_again() -> None:
    book = opened(allowance(5))
    book.later(days=1)
    with pytest.raises(InvalidRequest):
        book.spend(1, "nonsense")
    book.spend(1)
    assert len(book.booked("reset")) == 1


def test_an_allowance_of_nothing_grants_nothing_and_its_period_moves_on() -> None:
    book = opened(allowance(0))
    book.later(days=3)
    book.settle()
    assert book.booked() == []
    assert book.wallet("STANDARD").period_first == day("2026-03-13")


def test_the_first_allowance_is_whole_and_nothing_is_prorated() -> None:
    book = opened(allowance(100, Every.CALENDAR_MONTH, MONTHLY), at=utc(2026, 3, 30, 23))
    assert book.available() == 100
    book.now = utc(2026, 4, 1)
    book.settle()
    assert book.wallet("MONTHLY").period_ends_at == utc(2026, 5, 1)


def test_an_anniversary_on_the_31st_comes_on_28_february_and_again_on_31_march() -> None:
    book = opened(allowance(10, Every.ANNIVERSARY_MONTH, MONTHLY), at=utc(2026, 1, 31, 15))
    book.now = utc(2026, 5, 1)
    book.settle()
    assert [t.effective_at for t in book.booked("reset")] == [utc(2026, 2, 28), utc(2026, 3, 31), utc(2026, 4, 30)]


def test_a_first_thirty_day_term_has_a_day_more_unless_it_begins_with_one() -> None:
    for at, first in ((utc(2026, 3, 10), utc(2026, 4, 9)), (utc(2026, 3, 10, 9), utc(2026, 4, 10))):
        book = opened(allowance(10, Every.DAYS_30, MONTHLY), at=at)
        book.now = utc(2026, 7, 1)
        book.settle()
        boundaries = [t.effective_at for t in book.booked("reset")]
        assert boundaries[:2] == [first, first + timedelta(days=30)]


# ---- daylight saving


@pytest.mark.parametrize(
    ("zone", "opens", "resets"),
    [
        ("America/Sao_Paulo", utc(2018, 11, 3, 12), [utc(2018, 11, 4, 3), utc(2018, 11, 5, 2)]),
        ("America/Havana", utc(2018, 11, 3, 12), [utc(2018, 11, 4, 4), utc(2018, 11, 5, 5)]),
        ("America/Havana", utc(2018, 3, 10, 12), [utc(2018, 3, 11, 5), utc(2018, 3, 12, 4)]),
        ("Europe/Berlin", utc(2026, 3, 28, 12), [utc(2026, 3, 28, 23), utc(2026, 3, 29, 22)]),
        ("Pacific/Apia", utc(2011, 12, 29, 12), [utc(2011, 12, 30, 10), utc(2011, 12, 31, 10)]),
        ("Asia/Kathmandu", utc(2026, 3, 28, 12), [utc(2026, 3, 28, 18, 15), utc(2026, 3, 29, 18, 15)]),
    ],
)
def test_a_day_resets_when_its_date_begins(zone: str, opens: datetime, resets: list[datetime]) -> None:
    book = opened(allowance(5), at=opens, zone=zone)
    book.now = resets[-1]
    book.settle()
    assert [t.effective_at for t in book.booked("reset")] == resets


def test_a_date_without_an_instant_has_no_allowance() -> None:
    book = opened(allowance(5), at=utc(2011, 12, 28, 12), zone="Pacific/Apia")
    book.now = utc(2012, 1, 1, 12)
    book.settle()
    dates = [grant.period_first for grant in book.journal.grants]
    assert day("2011-12-29") in dates
    assert day("2011-12-30") not in dates
    assert len(dates) == len(set(dates))


# ---- late settlement


PROGRAMS: dict[str, Callable[[], object]] = {
    "days": lambda: a_program(allowance(9, rollover="1/2", cap=3), zone="America/Sao_Paulo"),
    "months": lambda: a_program(
        allowance(80, Every.ANNIVERSARY_MONTH, MONTHLY, rollover="1/3"),
        allowance(4, features=frozenset({"goal"})),
        zone="Europe/Berlin",
    ),
    "terms": lambda: a_program(allowance(40, Every.DAYS_30, MONTHLY, rollover="1"), zone="Asia/Kolkata"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_four_hundred_missed_days_settled_late_are_as_if_settled_at_every_boundary(name: str) -> None:
    def lives(*, punctual: bool) -> LivingBook:
        book = LivingBook(PROGRAMS[name](), utc(2017, 12, 31, 12), checked=False)  # type: ignore[arg-type]
        book.open()
        book.grant(30, expires_at=book.now + timedelta(days=77, hours=5))
        book.reserve(3, seconds=86_400)
        book.capture(book.reserve(2), 200)  # a debt that resets repay
        end = book.now + timedelta(days=400)
        while punctual and book.now < end:
            book.settle()
            book.later(hours=6)
        book.now = end
        book.settle()
        book.checked = True
        book.settle()
        return book

    late, punctual = lives(punctual=False), lives(punctual=True)
    assert told(late) == told(punctual)
    assert grants(late) == grants(punctual)
    assert len(late.booked("reset")) > 12


def test_every_missed_period_is_journaled_at_its_own_boundary() -> None:
    book = opened(allowance(5))
    book.later(days=4)
    book.settle()
    assert [t.effective_at for t in book.booked("reset")] == [utc(2026, 3, d) for d in (11, 12, 13, 14)]
    assert [t.account_date for t in book.booked("expiry")] == [day(f"2026-03-{d}") for d in (11, 12, 13, 14)]


# ---- the order at one instant


def test_at_one_instant_holds_time_out_then_rollover_expiry_allowance_and_repayment_follow() -> None:
    book = opened(allowance(10, rollover="1/2"), at=utc(2026, 3, 10, 23, 45))
    book.reserve(6)  # times out at midnight: it counts as unspent
    book.capture(book.reserve(4), 6)
    book.later(minutes=15)
    book.settle()
    assert [(t.kind, t.tokens) for t in book.booked()[2:]] == [
        ("rollover", 0),
        ("expiry", -3),
        ("reset", 10),
        ("debt_repayment", -2),
    ]
    assert {t.effective_at for t in book.booked()[2:]} == {utc(2026, 3, 11)}
    balances = [(t.available_before, t.available_after) for t in book.booked()[2:]]
    assert balances == [(6, 6), (6, 3), (3, 13), (13, 11)]


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
