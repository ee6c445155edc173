"""Work that is done already and told of by somebody else: charged like a late part of a hold (rules 12, 13)."""

from __future__ import annotations

import pytest
from support.books import LivingBook, a_program

from creditbook.domain.errors import AccountClosed, InsufficientTokens, InvalidRequest
from creditbook.domain.operations import SetStatus
from creditbook.domain.program import Enforcement, Overrun


def funded(tokens: int = 10, **terms: object) -> LivingBook:
    book = LivingBook(a_program(**terms))
    book.open()
    if tokens:
        book.grant(tokens)
    return book


def test_what_is_there_pays_and_the_rest_is_debt() -> None:
    book = funded(10)
    receipt = book.spend(15, done=True)
    assert (receipt.charged, receipt.debt, receipt.available) == (15, 5, 0)
    assert [line.amount for line in receipt.lines] == [-10]
    book.grant(7)
    assert book.available() == 2


def test_a_program_that_rejects_overruns_leaves_everything_as_it_was() -> None:
    book = funded(10, overrun=Overrun.REJECT)
    with pytest.raises(InsufficientTokens) as refusal:
        book.spend(15, done=True)
    assert (refusal.value.required, refusal.value.available) == (15, 10)
    assert book.available() == 10


def test_no_limit_of_requests_binds_it_and_it_counts_as_none() -> None:
    book = funded(10, limits={"requests_per_day": 1})
    book.spend(1)
    assert [book.spend(1, done=True).charged for _ in range(3)] == [1, 1, 1]
    assert sum(book.account().requests.values()) == 1


def test_a_members_quota_does_not_bind_it_and_the_pool_owes_what_is_short() -> None:
    team = LivingBook(a_program())
    team.open_pool()
    team.grant(20)
    asha = team.open_member(quota=5)
    receipt = team.spend(30, account=asha, done=True)
    assert (receipt.charged, receipt.debt) == (30, 10)
    assert sum(debt.owed for debt in team.account().debts.values()) == 10


def test_a_frozen_account_is_charged_and_a_closed_one_refuses() -> None:
    book = funded(10)
    book.act(SetStatus, status="frozen")
    assert book.spend(4, done=True).charged == 4
    book.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        book.spend(1, done=True)


def test_an_action_that_nobody_knows_is_refused_when_charging_and_taken_when_metering() -> None:
    book = funded(10)
    with pytest.raises(InvalidRequest, match="no action"):
        book.spend(1, action="dance", done=True)
    assert book.spend(1, action="dance", done=True, meter=True).metered


def test_shadow_charges_what_is_there_and_owes_nothing() -> None:
    book = funded(10, enforcement=Enforcement.SHADOW)
    receipt = book.spend(15, done=True)
    assert (receipt.charged, receipt.debt, receipt.would_refuse) == (10, 0, None)
    assert book.spend(1, action="dance", done=True).would_refuse == "InvalidRequest"


def test_a_program_that_is_off_meters_it() -> None:
    receipt = funded(10, enforcement=Enforcement.OFF).spend(15, done=True)
    assert (receipt.metered, receipt.charged, receipt.available) == (True, 0, 10)
