"""The invariants are seen to catch what they are for: each is broken once by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.books import LivingBook, a_program, allowance

from creditbook.domain.invariants import broken
from creditbook.domain.program import GrantClass


def lived() -> LivingBook:
    """A book in which a little of everything happened, and nothing is broken."""
    book = LivingBook(a_program(allowance(10, rollover="1/2")))
    book.open()
    book.grant(5, of="purchased")
    book.capture(book.reserve(4), 16)
    book.grant(9, expires_at=book.now + timedelta(days=9))
    book.reserve(2)
    usage = book.spend(3)
    book.refund(usage, 2)
    book.later(days=2)
    book.settle()
    book.reserve(1)
    assert broken(book.book, book.journal) == []
    return book


def overdraw(book: LivingBook) -> None:
    book.journal.grants[0].remaining += 1


def lose_a_class(book: LivingBook) -> None:
    next(grant for grant in book.journal.grants if grant.source == "rollover").grant_class = GrantClass.PURCHASED


def hold_more(book: LivingBook) -> None:
    next(grant for grant in book.journal.grants if grant.free > 1).held += 1


def keep_a_closed_hold(book: LivingBook) -> None:
    hold = book.journal.holds[-1]
    hold.status = type(hold.status)("captured")


def owe_more(book: LivingBook) -> None:
    book.journal.debts[0].owed += 1


def repay_from_nothing(book: LivingBook) -> None:
    first = book.journal.debt_entries[0]
    book.journal.debt_entries[0] = replace(first, cause="repaid")


def forget_a_line(book: LivingBook) -> None:
    book.journal.transactions[1].tokens += 1


def charge_twice(book: LivingBook) -> None:
    next(t for t in book.journal.transactions if t.kind == "usage").charged += 1


def give_back_too_much(book: LivingBook) -> None:
    next(t for t in book.journal.transactions if t.kind == "refund").charged += 50


def turn_the_clock_back(book: LivingBook) -> None:
    book.journal.transactions[0].effective_at = book.now


def grant_twice(book: LivingBook) -> None:
    twice = [g for g in book.journal.grants if g.source == "allowance"]
    twice[1].period_first = twice[0].period_first


def let_dead_tokens_live(book: LivingBook) -> None:
    grant = next(grant for grant in book.account().grants.values() if grant.free)
    grant.expires_at = book.now


def forget_to_time_out(book: LivingBook) -> None:
    book.journal.holds[-1].ends_at = book.now


def forget_to_repay(book: LivingBook) -> None:
    debt = book.journal.debts[0]
    debt.owed, book.account().debts[debt.debt_id] = 1, debt


def count_a_quota_twice(book: LivingBook) -> None:
    book.account().quota_used[None] = 3


@pytest.mark.parametrize(
    ("breaking", "told"),
    [
        (overdraw, "its entries make"),
        (lose_a_class, "rollover made"),
        (hold_more, "open holds reserve"),
        (keep_a_closed_hold, "still reserves"),
        (owe_more, "owes"),
        (repay_from_nothing, "is repaid by"),
        (forget_a_line, "its entries make"),
        (charge_twice, "and left a debt of"),
        (give_back_too_much, "was given"),
        (turn_the_clock_back, "was decided before"),
        (grant_twice, "2 times"),
        (let_dead_tokens_live, "did not lapse"),
        (forget_to_time_out, "is still open"),
        (forget_to_repay, "could pay it are free"),
        (count_a_quota_twice, "quota of None counts 3"),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_what_is_broken_is_named(breaking: Callable[[LivingBook], None], told: str) -> None:
    book = lived()
    breaking(book)
    assert told in "\n".join(broken(book.book, book.journal))
