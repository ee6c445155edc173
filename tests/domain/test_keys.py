"""Idempotency keys (rule 16) and charging imports (rule 27)."""

from __future__ import annotations

from typing import Any

import pytest
from support.books import LivingBook, a_program, allowance, utc

from creditbook.domain.errors import (
    FeatureNotInPlan,
    IdempotencyConflict,
    InsufficientTokens,
    InvalidRequest,
    Unavailable,
)
from creditbook.domain.operations import EndImport, Spend, Work
from creditbook.domain.program import GrantClass, Plan


def funded() -> LivingBook:
    book = LivingBook()
    book.open()
    book.grant(10)
    return book


def test_the_same_request_under_its_key_is_answered_by_its_first_result() -> None:
    book = funded()
    first = book.spend(4, key="run", sent="one")
    book.later(days=3)
    again = book.spend(4, key="run", sent="one")
    assert again.replayed
    assert not first.replayed
    assert (again.transaction_id, again.available, again.lines) == (first.transaction_id, 6, first.lines)
    assert book.available() == 6


def test_the_replay_of_a_hold_and_of_an_act_is_their_first_result() -> None:
    book = funded()
    hold = book.reserve(4, key="job", sent="job")
    book.capture(hold, 4)
    again = book.reserve(4, key="job", sent="job")
    assert (again.replayed, again.hold_id, again.status, again.ends_at) == (True, hold.hold_id, "open", hold.ends_at)


def test_a_key_used_for_another_request_is_a_conflict() -> None:
    book = funded()
    book.spend(4, key="run", sent="one")
    with pytest.raises(IdempotencyConflict, match="another request"):
        book.spend(5, key="run", sent="two")


def test_each_operation_has_keys_of_its_own() -> None:
    book = funded()
    book.spend(4, key="run", sent="one")
    assert book.reserve(4, key="run", sent="one").held == 4


def test_a_refused_call_keeps_no_key() -> None:
    book = funded()
    with pytest.raises(InsufficientTokens):
        book.spend(11, key="run", sent="one")
    book.grant(5)
    assert not book.spend(11, key="run", sent="one").replayed


# ---- imports


def importing(**terms: Any) -> tuple[LivingBook, int]:
    """An account that import 7 opened as of its first row, three months ago."""
    book = LivingBook(a_program(allowance(5), **terms), utc(2025, 12, 1, 8))
    number = book.open(import_id=7)
    book.now = utc(2026, 3, 10, 9, 30)
    return book, number


def row(book: LivingBook, account: int, at: Any, tokens: int | None = 3, action: str = "work") -> Any:
    work = Work(event_at=at)
    return book.act(Spend, account, action=action, tokens=tokens, work=work, import_id=7, decided_at=at)


def test_a_charging_import_decides_its_rows_as_of_their_own_time() -> None:
    book, account = importing()
    receipts = [row(book, account, utc(2025, 12, d, 9)) for d in (1, 2, 4)]
    assert [r.effective_at for r in receipts] == [utc(2025, 12, d, 9) for d in (1, 2, 4)]
    assert [t.effective_at for t in book.booked("reset")] == [utc(2025, 12, d) for d in (2, 3, 4)]
    with pytest.raises(InsufficientTokens):
        row(book, account, utc(2025, 12, 4, 10))


def test_sweeps_and_others_leave_an_imports_account_alone_until_it_ends() -> None:
    book, account = importing()
    with pytest.raises(Unavailable, match="import"):
        book.settle(account)
    with pytest.raises(Unavailable):
        book.spend(1)
    assert book.booked("reset") == []
    book.act(EndImport, account, import_id=7)
    assert len(book.booked("reset")) == 99
    assert book.spend(1).effective_at == book.now


def test_a_charging_import_fills_only_accounts_that_it_opened_itself() -> None:
    book = funded()
    with pytest.raises(InvalidRequest, match="opened itself"):
        row(book, book.first, utc(2026, 3, 1))


def test_request_limits_do_not_bind_an_import_and_its_plans_features_do() -> None:
    limits = {"max_request_tokens": 2, "requests_per_day": 0, "features": frozenset({"work"})}
    book, account = importing(limits=limits)
    assert row(book, account, utc(2025, 12, 1, 9)).charged == 3
    assert book.account().requests == {}
    with pytest.raises(FeatureNotInPlan):
        row(book, account, utc(2025, 12, 1, 9), None, "lead")


def test_a_pool_pays_nothing_of_an_import_and_lives_on_by_its_own_clock() -> None:
    member = Plan("member", "Member", 1, GrantClass.FREE, (allowance(5),))
    team = LivingBook(a_program(allowance(50), plans=(member,)), utc(2026, 3, 10, 9, 30))
    team.open_pool()
    today = team.now
    team.now = utc(2025, 12, 1, 8)
    asha = team.open("asha", import_id=7, pool_id=team.book.root_id, plan="member")
    team.now = today
    assert team.account(asha).wallets
    assert team.book.root.clock_at == today
    receipt = row(team, asha, utc(2025, 12, 3, 9), 5)
    assert (receipt.effective_at, receipt.charged) == (utc(2025, 12, 3, 9), 5)
    with pytest.raises(InsufficientTokens):
        row(team, asha, utc(2025, 12, 3, 10), 5)
    assert team.book.root.clock_at == today
    assert team.available() == 50
    team.act(EndImport, asha, import_id=7)
    team.settle()
    assert team.spend(55, account=asha).charged == 55


def test_after_an_import_ended_a_clock_that_steps_back_is_ignored_for_its_member_too() -> None:
    member = Plan("member", "Member", 1, GrantClass.FREE, (allowance(5),))
    team = LivingBook(a_program(allowance(50), plans=(member,)), utc(2026, 3, 10, 9, 30))
    team.open_pool()
    asha = team.open("asha", import_id=7, pool_id=team.book.root_id, plan="member")
    team.later(hours=5)
    team.act(EndImport, asha, import_id=7)
    team.later(hours=-4)
    assert team.spend(1, account=asha).effective_at == utc(2026, 3, 10, 14, 30)
