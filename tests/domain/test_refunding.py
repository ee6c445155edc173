"""Refunds: a usage's own lines unwound, newest first, never beyond what was charged (rule 29)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.books import LivingBook, a_program, allowance, day

from creditbook.domain.errors import AccountClosed, InvalidRequest, NotFound
from creditbook.domain.operations import Dispute, Expire, Refund, Reset, Revoke, SetStatus, Work, WriteOff
from creditbook.domain.program import GrantClass


def spent(tokens: int = 10) -> tuple[LivingBook, object]:
    book = LivingBook()
    book.open()
    book.grant(10)
    return book, book.spend(tokens)


def test_a_refund_gives_back_what_the_usage_took() -> None:
    book, usage = spent(8)
    receipt = book.refund(usage)
    refund = book.booked("refund")[0]
    assert (receipt.charged, receipt.tokens, receipt.available) == (8, 8, 10)
    assert (refund.reverses_txn_id, refund.requests) == (usage.transaction_id, 0)


def test_a_refund_unwinds_the_newest_line_first() -> None:
    book = LivingBook()
    book.open()
    first, second = book.grant(5), book.grant(5)
    usage = book.spend(8)
    book.refund(usage, 4)
    assert (first.remaining, second.remaining) == (1, 5)


def test_refunds_never_pass_what_was_charged() -> None:
    book, usage = spent(8)
    book.refund(usage, 5)
    for tokens in (4, 0, -1):
        with pytest.raises(InvalidRequest, match="Between 1 and 3"):
            book.refund(usage, tokens)
    book.refund(usage, 3)
    with pytest.raises(InvalidRequest, match="given back before"):
        book.refund(usage)


def test_metered_usage_has_nothing_to_refund() -> None:
    book = LivingBook()
    book.open()
    usage = book.spend(5, meter=True)
    with pytest.raises(InvalidRequest, match="charged nothing"):
        book.refund(usage)


def test_anothers_usage_is_not_there() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(10)
    asha, ravi = team.open_member(), team.open_member("ravi")
    usage = team.spend(3, account=asha)
    with pytest.raises(NotFound):
        team.refund(usage, account=ravi)
    with pytest.raises(NotFound):
        team.act(Refund, txn_id=12_345)


def test_unpaid_debt_is_cancelled_before_any_grant_gets_tokens_back() -> None:
    book = LivingBook()
    book.open()
    book.grant(10)
    usage = book.capture(book.reserve(10), 14)
    receipt = book.refund(usage, 6)
    assert (book.debt(), receipt.tokens, receipt.charged, book.available()) == (0, 2, 6, 2)
    assert book.journal.debt_entries[-1].cause == "cancelled"


def test_grants_that_repaid_its_debt_get_their_tokens_back_first() -> None:
    book = LivingBook()
    book.open()
    old = book.grant(10)
    usage = book.capture(book.reserve(10), 14)
    young = book.grant(9, "PREMIUM")
    assert (young.remaining, book.debt()) == (5, 0)
    book.refund(usage, 5)
    assert (old.remaining, young.remaining) == (1, 9)


def test_a_debt_repaid_in_the_very_batch_of_the_refund_is_given_back_too() -> None:
    book = LivingBook(a_program(allowance(10)))
    book.open()
    usage = book.capture(book.reserve(10), 14)
    book.later(days=1)  # the reset is due, repays the debt, and was not there when the usage was loaded
    receipt = book.refund(usage)
    assert (receipt.charged, book.debt()) == (14, 0)
    assert book.available() == 10 + 10  # the new allowance whole, and the old one's tokens for seven days


def test_written_off_debt_is_left_out() -> None:
    book = LivingBook()
    book.open()
    book.grant(10)
    usage = book.capture(book.reserve(10), 14)
    book.act(WriteOff, tokens=3, reason="goodwill")
    with pytest.raises(InvalidRequest, match="Between 1 and 11"):
        book.refund(usage, 12)
    assert book.refund(usage).charged == 11


def test_a_live_grant_takes_its_tokens_back_with_its_old_end() -> None:
    book = LivingBook()
    book.open()
    grant = book.grant(10, expires_at=book.now + timedelta(days=2))
    usage = book.spend(10)
    assert not grant.live
    book.later(days=1)
    book.refund(usage)
    assert (grant.remaining, grant.live, len(book.journal.grants)) == (10, True, 1)
    book.later(days=1)
    book.settle()
    assert grant.remaining == 0


@pytest.mark.parametrize(("of", "days"), [("purchased", 30), ("plan", 7), ("free", 7), ("promotional", 7)])
def test_for_a_dead_grant_a_new_one_of_its_class_opens(of: str, days: int) -> None:
    book = LivingBook()
    book.open()
    book.grant(10, "PREMIUM", of=of, expires_at=book.now + timedelta(days=1))
    usage = book.spend(10)
    book.later(days=3)
    book.refund(usage)
    fresh = book.journal.grants[-1]
    assert (fresh.amount, fresh.grant_class, fresh.source) == (10, GrantClass(of), "refund")
    assert fresh.expires_at == book.now + timedelta(days=days)
    assert fresh.wallet_id == book.journal.grants[0].wallet_id


def test_a_grant_is_dead_when_it_was_revoked_expired_or_reset() -> None:
    for end in (Revoke, Expire):
        book, usage = spent(8)
        book.act(end, grant_id=book.journal.grants[0].grant_id)
        book.refund(usage)
        assert book.journal.grants[-1].source == "refund"
    book = LivingBook(a_program(allowance(10)))
    book.open()
    usage = book.spend(8)
    book.act(Reset, reason="sorry")
    book.refund(usage)
    assert (book.journal.grants[-1].source, book.available()) == ("refund", 18)


def test_a_disputed_grant_lives_and_takes_its_tokens_back_blocked() -> None:
    book, usage = spent(8)
    (grant,) = book.journal.grants
    book.act(Dispute, grant_id=grant.grant_id, disputed=True)
    book.refund(usage)
    assert (grant.remaining, book.available(), book.balance().blocked) == (10, 0, 10)


def test_where_the_wallet_expired_the_tokens_go_into_one_of_its_type_without_an_end() -> None:
    book = LivingBook()
    book.open()
    wallet = book.open_wallet("PREMIUM", 10, expires_at=book.now + timedelta(days=1))
    usage = book.spend(10)
    book.later(days=2)
    book.refund(usage)
    fresh = book.journal.grants[-1]
    assert fresh.wallet_id != wallet.wallet_id
    assert book.account().wallets[fresh.wallet_id].type == "PREMIUM"


def test_a_new_grant_in_a_deactivated_wallet_is_blocked() -> None:
    book = LivingBook()
    book.open()
    book.grant(10, expires_at=book.now + timedelta(days=1))
    usage = book.spend(10)
    book.set_wallet(book.wallet("BONUS"), active=False)
    book.later(days=2)
    book.refund(usage)
    assert (book.available(), book.balance().blocked) == (0, 10)


def test_a_refund_gives_the_quota_of_the_period_of_use_back_and_no_request() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(100)
    asha = team.open_member(quota=10)
    team.grant(3, account=asha)
    usage = team.spend(9, account=asha)  # 3 her own, 6 the pool's
    assert team.account(asha).quota_used == {None: 6}
    team.refund(usage, 8, account=asha)
    assert team.account(asha).quota_used == {None: 0}
    assert team.account(asha).requests == {day("2026-03-10"): 1}
    assert team.booked("refund")[0].quota_charged == -6


def test_a_cancelled_debt_of_the_pool_gives_quota_back() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(4)
    asha = team.open_member(quota=4)
    usage = team.capture(team.reserve(4, account=asha), 10, account=asha)
    team.refund(usage, 5, account=asha)
    assert (team.debt(), team.account(asha).quota_used) == (1, {None: 5})


def test_what_a_closed_pool_paid_is_left_out() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(100)
    asha = team.open_member()
    team.grant(3, account=asha)
    usage = team.spend(9, account=asha)
    team.act(SetStatus, status="closed")
    assert team.refund(usage, account=asha).charged == 3
    assert team.available(asha) == 3


def test_a_refund_reaches_a_frozen_account_and_not_a_closed_one() -> None:
    book, usage = spent(8)
    book.act(SetStatus, status="frozen")
    assert book.refund(usage, 1).charged == 1
    book.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        book.refund(usage, 1)


def test_a_refund_books_on_its_own_day_with_the_usages_agent_and_model() -> None:
    book = LivingBook()
    book.open()
    book.grant(10)
    usage = book.spend(4, work=Work(agent="srs", model="claude"))
    book.later(days=40)
    book.refund(usage)
    refund = book.booked("refund")[0]
    assert (refund.agent, refund.model, refund.org_date) == ("srs", "claude", day("2026-04-19"))
    assert refund.cost_usd_nanos is None
