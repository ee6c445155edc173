"""Wallets switched off and on, grants given and taken back (rules 26, 30)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.books import LivingBook, a_program, allowance, day, utc

from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.domain.operations import (
    Dispute,
    Expire,
    OpenWallet,
    Revoke,
    SetWalletActive,
)
from creditbook.domain.program import Every, WalletType

GOAL = frozenset({"goal"})


def opened(*allowances: object, **terms: object) -> LivingBook:
    book = LivingBook(a_program(*allowances, **terms))  # type: ignore[arg-type]
    book.open()
    return book


# ---- wallets


def test_a_deactivated_wallet_is_blocked_and_not_reset_and_its_expiries_run_on() -> None:
    book = opened(allowance(5))
    book.set_wallet(book.wallet("STANDARD"), active=False)
    assert (book.balance().posted, book.balance().blocked, book.balance().available) == (5, 5, 0)
    assert book.balance().next_reset is None
    book.later(days=3)
    book.settle()
    assert [t.kind for t in book.booked("expiry", "reset")] == ["expiry"]
    assert book.balance().posted == 0


def test_a_wallet_reactivated_after_its_period_gets_one_whole_allowance_until_the_anchored_end() -> None:
    book = opened(allowance(100, Every.ANNIVERSARY_MONTH, WalletType.MONTHLY))
    wallet = book.wallet("MONTHLY")
    book.set_wallet(wallet, active=False)
    book.now = utc(2026, 6, 20)
    book.set_wallet(wallet, active=True)
    assert (book.available(), wallet.period_ends_at) == (100, utc(2026, 7, 10))
    assert len(book.booked("reset")) == 1


def test_a_wallet_reactivated_within_its_period_gets_nothing_new() -> None:
    book = opened(allowance(5))
    book.spend(3)
    for active in (False, True):
        book.set_wallet(book.wallet("STANDARD"), active=active)
    assert (book.available(), len(book.booked("reset"))) == (2, 0)


def test_a_reactivated_thirty_day_wallet_keeps_the_terms_that_it_had() -> None:
    book = opened(allowance(5, Every.DAYS_30, WalletType.MONTHLY))  # 10 March 09:30, so to 10 April
    wallet = book.wallet("MONTHLY")
    book.set_wallet(wallet, active=False)
    book.now = utc(2026, 5, 20)  # terms: 10 April, 10 May, 9 June
    book.set_wallet(wallet, active=True)
    assert (wallet.period_first, wallet.period_next) == (day("2026-05-10"), day("2026-06-09"))
    book.now = utc(2026, 6, 9)
    book.settle()
    assert wallet.period_next == day("2026-07-09")


def test_switching_a_wallet_is_told_to_the_entries_so_that_the_past_can_be_asked() -> None:
    book = opened(allowance(5))
    for active in (False, True):
        book.set_wallet(book.wallet("STANDARD"), active=active)
    assert [(e.amount, e.blocked) for e in book.journal.entries] == [(5, False), (0, True), (0, False)]


def test_a_wallet_that_is_not_there_or_already_so_is_told() -> None:
    book = opened(allowance(5))
    with pytest.raises(NotFound):
        book.act(SetWalletActive, wallet_id=99, active=False)
    with pytest.raises(InvalidRequest):
        book.set_wallet(book.wallet("STANDARD"), active=True)


def test_a_wallet_opens_with_tokens_in_it_or_empty() -> None:
    book = opened()
    assert book.open_wallet("PREMIUM").type == "PREMIUM"
    assert book.available() == 0
    book.open_wallet("PREMIUM", 10, expires_at=book.now + timedelta(days=30))
    assert book.available() == 10
    for wrong in ({"tokens": -1}, {"expires_at": book.now}):
        with pytest.raises(InvalidRequest):
            book.act(OpenWallet, type=WalletType.PREMIUM, **wrong)


def test_a_grant_goes_into_the_oldest_wallet_of_its_type_and_features_that_has_no_end() -> None:
    book = opened()
    book.open_wallet("BONUS", 1, expires_at=book.now + timedelta(days=1))
    first = book.grant(5)
    second = book.grant(5)
    other = book.grant(5, features=GOAL)
    assert first.wallet_id == second.wallet_id != other.wallet_id
    book.set_wallet(book.account().wallets[first.wallet_id], active=False)
    assert book.grant(5).wallet_id == first.wallet_id  # blocked, with the rest of it
    assert book.balance().blocked == 15


def test_grants_begin_with_a_token_and_end_in_the_future() -> None:
    book = opened()
    for tokens in (0, -5):
        with pytest.raises(InvalidRequest, match="at least 1"):
            book.grant(tokens)
    with pytest.raises(InvalidRequest, match="already have expired"):
        book.grant(5, expires_at=book.now)
    with pytest.raises(NotFound):
        book.grant(5, wallet_id=123)


# ---- taking back


def test_a_revocation_takes_all_that_is_free_or_the_tokens_named() -> None:
    book = opened()
    grant = book.grant(10)
    assert book.act(Revoke, grant_id=grant.grant_id, tokens=4).tokens == -4
    assert book.available() == 6
    book.act(Revoke, grant_id=grant.grant_id)
    assert (book.available(), grant.closed_reason) == (0, "revoked")
    assert {t.reverses_txn_id for t in book.booked("revocation")} == {grant.txn_id}


def test_no_more_is_revoked_than_is_free() -> None:
    book = opened()
    grant = book.grant(10)
    book.reserve(4)
    for tokens in (0, -1, 7):
        with pytest.raises(InvalidRequest, match="Only 6 tokens"):
            book.act(Revoke, grant_id=grant.grant_id, tokens=tokens)


def test_a_grant_that_has_ended_is_ended_no_more() -> None:
    book = opened()
    grant = book.grant(10)
    book.reserve(4)
    book.act(Revoke, grant_id=grant.grant_id)
    for again, terms in ((Revoke, {}), (Revoke, {"tokens": 0}), (Expire, {})):
        with pytest.raises(InvalidRequest):
            book.act(again, grant_id=grant.grant_id, **terms)
    with pytest.raises(NotFound, match="no grant 999"):
        book.act(Revoke, grant_id=999)


def test_a_dispute_freezes_one_grant_and_thaws_it() -> None:
    book = opened()
    grant = book.grant(10)
    book.act(Dispute, grant_id=grant.grant_id, disputed=True)
    assert (book.available(), book.balance().blocked) == (0, 10)
    with pytest.raises(InvalidRequest):
        book.act(Dispute, grant_id=grant.grant_id, disputed=True)
    book.act(Dispute, grant_id=grant.grant_id, disputed=False)
    assert book.available() == 10
