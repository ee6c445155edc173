"""Debt: repaid by the owing account's next tokens that could have paid it, oldest first (rule 15)."""

from __future__ import annotations

import pytest
from support.books import LivingBook, a_program, allowance, utc

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.operations import Dispute, Reset, SetStatus, WriteOff

GOAL = frozenset({"goal"})


def owing(debt: int = 4, action: str = "work") -> LivingBook:
    """An account that has nothing and owes."""
    book = LivingBook()
    book.open()
    owe(book, debt, action)
    return book


def owe(book: LivingBook, debt: int, action: str = "work", account: int | None = None) -> None:
    """Let the account's work run over by this much."""
    who = account or book.first
    book.grant(1, account=who)
    hold = book.reserve(1, account=who)
    book.capture(hold, debt + 1 if action == "work" else None, action=action, account=who)


def test_a_grant_repays_debt_at_once() -> None:
    book = owing()
    book.grant(10)
    assert (book.debt(), book.available()) == (0, 6)
    repaid = book.booked("debt_repayment")[-1]
    assert (repaid.tokens, repaid.metadata) == (-4, {"debt_of": book.booked("usage")[0].txn_id})


def test_debt_is_repaid_in_part_by_what_is_there() -> None:
    book = owing(10)
    book.grant(3)
    assert (book.debt(), book.available()) == (7, 0)


def test_the_oldest_debt_is_repaid_first() -> None:
    book = LivingBook()
    book.open()
    book.grant(2)
    one, two = book.reserve(1), book.reserve(1)
    book.capture(one, 5)
    book.capture(two, 6)
    book.grant(6)
    assert [debt.owed for debt in book.journal.debts] == [0, 3]


def test_debt_is_repaid_only_by_tokens_that_could_have_paid_it() -> None:
    book = owing()
    book.grant(10, features=GOAL)
    assert (book.debt(), book.available()) == (4, 10)


def test_debt_blocks_nothing_that_it_could_not_have_taken() -> None:
    book = owing()
    book.grant(10, features=GOAL)
    assert book.spend(action="goal").charged == 3


def test_a_debt_for_a_feature_takes_the_tokens_of_that_feature_first() -> None:
    book = owing(action="lead")  # 5 tokens, one of which was there
    wallet = book.open_wallet("PREMIUM", 3, features=frozenset({"lead"}))
    assert (book.debt(), book.available()) == (1, 0)
    assert wallet.features == {"lead"}


def test_a_reset_repays_debt() -> None:
    book = LivingBook(a_program(allowance(10)))
    book.open()
    book.capture(book.reserve(10), 14)
    book.later(days=1)
    book.settle()
    assert (book.debt(), book.available()) == (0, 6)
    assert book.booked("debt_repayment")[0].effective_at == utc(2026, 3, 11)


def test_a_forced_reset_repays_debt() -> None:
    book = LivingBook(a_program(allowance(10)))
    book.open()
    book.capture(book.reserve(10), 14)
    book.act(Reset, reason="sorry")
    assert (book.debt(), book.available()) == (0, 6)


def test_released_tokens_repay_debt() -> None:
    book = LivingBook()
    book.open()
    book.grant(10)
    big, small = book.reserve(8), book.reserve(2)
    book.capture(small, 6)
    assert book.debt() == 4
    book.void(big)
    assert (book.debt(), book.available()) == (0, 4)


def test_a_time_out_repays_debt_at_its_instant() -> None:
    book = LivingBook()
    book.open()
    book.grant(10)
    big, small = book.reserve(8), book.reserve(2)
    book.capture(small, 6)
    book.later(days=1)
    book.settle()
    assert book.booked("debt_repayment")[0].effective_at == big.ends_at


def test_a_refund_repays_another_debt() -> None:
    book = LivingBook()
    book.open()
    book.grant(10)
    paid = book.spend(8)
    book.capture(book.reserve(2), 6)
    book.refund(paid)
    assert (book.debt(), book.available()) == (0, 4)


def test_a_reactivated_wallet_and_a_thawed_grant_repay_debt() -> None:
    for block in ("wallet", "grant"):
        book = LivingBook()
        book.open()
        grant = book.grant(10, "PREMIUM")
        hold = book.reserve(1)
        if block == "wallet":
            book.set_wallet(book.wallet("PREMIUM"), active=False)
        else:
            book.act(Dispute, grant_id=grant.grant_id, disputed=True)
        book.capture(hold, 5)
        assert (book.debt(), book.available()) == (4, 0)
        if block == "wallet":
            book.set_wallet(book.wallet("PREMIUM"), active=True)
        else:
            book.act(Dispute, grant_id=grant.grant_id, disputed=False)
        assert (book.debt(), book.available()) == (0, 5)


def test_a_frozen_account_repays_its_debt() -> None:
    book = owing()
    book.act(SetStatus, status="frozen")
    book.grant(10)
    assert book.debt() == 0


def test_a_pool_pays_its_own_debt_and_never_its_members() -> None:
    team = LivingBook()
    team.open_pool()
    asha = team.open_member()
    team.act(SetStatus, status="frozen")
    owe(team, 4, account=asha)
    team.act(SetStatus, status="active")
    team.grant(10)
    assert (team.debt(asha), team.available()) == (4, 10)
    team.grant(4, account=asha)
    assert team.debt(asha) == 0


def test_a_pools_debt_is_repaid_by_the_pools_tokens_only() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(5)
    asha = team.open_member()
    team.capture(team.reserve(5, account=asha), 9, account=asha)
    team.grant(10, account=asha)
    assert (team.debt(), team.available(asha)) == (4, 10)
    team.grant(10)
    assert (team.debt(), team.available()) == (0, 6)


def test_an_admin_writes_debt_off_oldest_first() -> None:
    book = LivingBook()
    book.open()
    book.grant(2)
    one, two = book.reserve(1), book.reserve(1)
    book.capture(one, 5)
    book.capture(two, 6)
    book.act(WriteOff, tokens=6, reason="goodwill")
    assert [debt.owed for debt in book.journal.debts] == [0, 3]
    book.act(WriteOff, reason="goodwill")
    assert book.debt() == 0
    with pytest.raises(InvalidRequest, match="owes nothing"):
        book.act(WriteOff, reason="again")


def test_no_more_debt_is_written_off_than_is_owed() -> None:
    book = owing()
    for tokens in (0, -1, 5):
        with pytest.raises(InvalidRequest, match="Between 1 and 4"):
            book.act(WriteOff, tokens=tokens, reason="goodwill")
