"""Moving an account to another zone (rule 22): never two grants for one local date, no end earlier than it was."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from support.books import LivingBook, a_program, allowance, day, utc

from creditbook.domain.calendar import local_date
from creditbook.domain.errors import AccountClosed, InvalidRequest
from creditbook.domain.operations import SetStatus, SetZone
from creditbook.domain.program import Every, WalletType

MONTHLY = WalletType.MONTHLY


def daily(zone: str, at: datetime, **terms: object) -> LivingBook:
    book = LivingBook(a_program(allowance(5, **terms)), at)  # type: ignore[arg-type]
    book.open(zone=zone)
    return book


def dates(book: LivingBook) -> list[str]:
    """The local dates for which an allowance was given."""
    return [str(grant.period_first) for grant in book.journal.grants if grant.source == "allowance"]


def test_moving_west_lets_the_running_allowance_live_until_the_next_date_begins_there() -> None:
    book = daily("Asia/Tokyo", utc(2026, 3, 10, 12))  # ends 15:00 UTC
    (grant,) = book.journal.grants
    book.act(SetZone, zone="America/New_York")
    assert grant.expires_at == utc(2026, 3, 11, 4)  # the 11th begins in New York
    book.later(days=2)
    book.settle()
    assert dates(book) == ["2026-03-10", "2026-03-11", "2026-03-12"]


def test_moving_east_ends_nothing_earlier_and_skips_the_date_that_has_passed_by() -> None:
    book = daily("Pacific/Pago_Pago", utc(2026, 3, 10, 12))  # the 10th, 01:00; ends on the 11th, 11:00 UTC
    (grant,) = book.journal.grants
    book.act(SetZone, zone="Pacific/Kiritimati")  # already the 11th, 02:00
    assert grant.expires_at == utc(2026, 3, 11, 11)
    book.now = utc(2026, 3, 12, 11)
    book.settle()
    assert dates(book) == ["2026-03-10", "2026-03-12", "2026-03-13"]


def test_both_ends_of_what_moved_are_booked_once_a_grant() -> None:
    book = daily("Asia/Tokyo", utc(2026, 3, 9, 12), rollover="1/2")
    book.later(days=1)
    book.act(SetZone, zone="Europe/Berlin", reason="moved")
    (adjustment,) = book.booked("adjustment")
    assert adjustment.metadata is not None
    ends = adjustment.metadata["moved_ends"]
    assert isinstance(ends, list)
    ids = [end["grant_id"] for end in ends]
    live = [g for g in book.journal.grants if g.live]
    assert sorted(ids) == sorted(g.grant_id for g in live)
    assert {(end["from"], end["to"]) for end in ends} == {("2026-03-10T15:00:00+00:00", "2026-03-10T23:00:00+00:00")}
    assert (adjustment.tokens, adjustment.reason) == (0, "moved")


def test_what_rolled_over_ends_with_the_running_allowance_wallet_by_wallet() -> None:
    goal, lead = frozenset({"goal"}), frozenset({"lead"})
    book = LivingBook(
        a_program(
            allowance(6, wallet=MONTHLY, rollover="1/2", features=goal),
            allowance(6, wallet=MONTHLY, rollover="1/2", features=lead),
        ),
        utc(2026, 3, 9, 12),
    )
    book.open(zone="Asia/Tokyo")
    book.later(days=1)
    book.act(SetZone, zone="Europe/Berlin")
    (adjustment,) = book.booked("adjustment")
    assert len([e for e in book.journal.entries if e.txn_id == adjustment.txn_id]) == 4
    assert {g.expires_at for g in book.account().grants.values()} == {utc(2026, 3, 10, 23)}


def test_what_rolled_over_ends_later_also_where_it_is_spent_and_takes_back_what_is_refunded_until_then() -> None:
    book = daily("Asia/Tokyo", utc(2026, 3, 9, 12), rollover="1/2")
    book.later(days=1)
    usage = book.spend(7)  # the 5 of the day, then the 2 that rolled over
    book.act(SetZone, zone="Europe/Berlin")
    (rolled,) = (g for g in book.journal.grants if g.source == "rollover")
    assert (rolled.remaining, rolled.expires_at) == (0, utc(2026, 3, 10, 23))
    book.now = utc(2026, 3, 10, 16)  # past the end that it had in Tokyo
    book.refund(usage)
    assert (rolled.remaining, book.available()) == (2, 5 + 2)
    book.now = utc(2026, 3, 10, 23)
    book.settle()
    assert not rolled.live


def test_what_rolled_over_and_is_spent_is_loaded_until_its_period_ends_and_no_longer() -> None:
    book = daily("UTC", utc(2026, 3, 9, 12), rollover="1/2")
    for _ in range(3):
        book.later(days=1)  # 2 of the 5 roll over
        book.spend(7)
        assert sorted(g.source for g in book.journal.grants if g.live) == ["allowance", "rollover"]
        book.later(days=1)  # nothing does
        book.settle()
        assert [g.source for g in book.journal.grants if g.live] == ["allowance"]


def test_moving_back_before_the_boundary_does_not_bring_the_end_back() -> None:
    book = daily("Asia/Tokyo", utc(2026, 3, 10, 12))
    book.act(SetZone, zone="America/New_York")
    book.act(SetZone, zone="Asia/Tokyo")
    (grant,) = book.journal.grants
    assert grant.expires_at == utc(2026, 3, 11, 4)
    book.now = utc(2026, 3, 11, 15)
    book.settle()
    assert dates(book) == ["2026-03-10", "2026-03-11", "2026-03-12"]
    assert [t.effective_at for t in book.booked("reset")] == [utc(2026, 3, 11, 4), utc(2026, 3, 11, 15)]


def test_dates_use_the_new_zone_at_once() -> None:
    book = daily("UTC", utc(2026, 3, 10, 20))
    book.act(SetZone, zone="Asia/Tokyo")
    book.spend()
    assert book.booked("usage")[0].account_date == day("2026-03-11")


def test_an_anniversary_moves_with_the_zone() -> None:
    book = LivingBook(a_program(allowance(10, Every.ANNIVERSARY_MONTH, MONTHLY)), utc(2026, 1, 31, 12))
    book.open(zone="Asia/Tokyo")
    book.act(SetZone, zone="America/New_York")
    book.now = utc(2026, 5, 1)
    book.settle()
    assert [t.effective_at for t in book.booked("reset")] == [
        utc(2026, 2, 28, 5),
        utc(2026, 3, 31, 4),
        utc(2026, 4, 30, 4),
    ]


def test_a_wallet_that_slept_over_its_boundary_waits_where_the_zone_brought_a_granted_date_back() -> None:
    book = daily("Asia/Tokyo", utc(2026, 3, 10, 12))
    wallet = book.wallet("STANDARD")
    book.set_wallet(wallet, active=False)
    book.now = utc(2026, 3, 10, 16)  # the 11th in Tokyo
    book.act(SetZone, zone="America/New_York")  # the 10th again
    book.set_wallet(wallet, active=True)
    assert (dates(book), book.available()) == (["2026-03-10"], 0)
    book.now = utc(2026, 3, 11, 4)
    book.settle()
    assert dates(book) == ["2026-03-10", "2026-03-11"]


@pytest.mark.parametrize("hours", [1, 5, 7, 11])
def test_never_two_allowances_for_one_local_date_however_often_she_moves(hours: int) -> None:
    book = daily("UTC", utc(2026, 3, 10, 1))
    zones = ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "America/Havana", "Pacific/Chatham"]
    for step in range(60):
        book.later(hours=hours)
        book.settle()
        book.act(SetZone, zone=zones[step % len(zones)])
    assert len(dates(book)) == len(set(dates(book)))
    for txn in book.booked("reset"):
        assert txn.account_date >= day("2026-03-10")


def test_going_home_to_the_organizations_zone() -> None:
    book = daily("Asia/Tokyo", utc(2026, 3, 10, 12))
    book.act(SetZone, zone=None)
    assert (book.account().zone, book.account().own_zone) == ("UTC", False)
    assert local_date(book.now, book.account().zone) == day("2026-03-10")


def test_a_zone_has_to_be_one_and_a_closed_account_moves_nowhere() -> None:
    book = daily("UTC", utc(2026, 3, 10, 12))
    with pytest.raises(InvalidRequest, match="IANA"):
        book.act(SetZone, zone="Mars/Olympus")
    assert book.account().zone == "UTC"
    book.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        book.act(SetZone, zone="Asia/Tokyo")


def test_a_zone_change_after_the_boundary_settles_the_boundary_by_the_old_zone_first() -> None:
    book = daily("UTC", utc(2026, 3, 10, 12))
    book.later(days=1)
    book.act(SetZone, zone="Asia/Tokyo")
    assert [t.kind for t in book.booked()] == ["grant", "expiry", "reset"]
    assert book.booked("reset")[0].effective_at == book.now - timedelta(hours=12)
