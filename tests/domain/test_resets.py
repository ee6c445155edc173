"""Allowances in time: reset at every boundary's own instant, however late it comes (rules 18–23)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from support.books import LivingBook, a_program, allowance, day, utc

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.journal import Transaction
from creditbook.domain.program import Every, WalletType

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
    book.edit(a_program(allowance(7)))
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
