"""Rule 38: grants above the program's bound wait for a second administrator."""

from __future__ import annotations

import pytest
from support.books import LivingBook, a_program

from creditbook.domain.errors import InvalidRequest, NeedsApproval


def a_book(above: int | None = 100) -> LivingBook:
    book = LivingBook(a_program(approval_above=above))
    book.open()
    return book


def test_a_grant_up_to_the_bound_needs_nobody_else() -> None:
    book = a_book()
    book.grant(100, actor="mary")
    assert book.available() == 100


def test_a_larger_grant_waits_for_a_second_administrator_and_writes_nothing() -> None:
    book = a_book()
    with pytest.raises(NeedsApproval, match="above 100 tokens") as refused:
        book.grant(101, actor="mary")
    assert refused.value.above == 100
    assert not book.booked()
    assert not book.account().wallets


def test_approved_by_another_it_is_given() -> None:
    book = a_book()
    book.grant(101, actor="mary", approved_by="john")
    assert book.available() == 101


def test_nobody_approves_a_grant_of_her_own() -> None:
    book = a_book()
    with pytest.raises(InvalidRequest, match="another administrator"):
        book.grant(101, actor="mary", approved_by="mary")
    assert book.available() == 0


def test_a_program_without_a_bound_asks_nobody() -> None:
    book = a_book(above=None)
    book.grant(1_000_000)
    assert book.available() == 1_000_000


def test_a_bound_of_nothing_asks_for_every_grant() -> None:
    book = a_book(above=0)
    with pytest.raises(NeedsApproval):
        book.grant(1)


def test_a_new_wallet_is_no_way_round_the_bound() -> None:
    book = a_book()
    with pytest.raises(NeedsApproval):
        book.open_wallet("PREMIUM", 101)
    assert not book.account().wallets
    assert book.open_wallet("PREMIUM", 100).type == "PREMIUM"


@pytest.mark.parametrize("kind", ["purchase", "promo", "referral", "reward"])
def test_what_is_bought_or_earned_needs_no_second_administrator(kind: str) -> None:
    book = a_book()
    book.grant(101, kind=kind)
    assert book.available() == 101
