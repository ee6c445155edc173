"""The public surface on both databases: what callers see of the rules, and that nothing of a refusal is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from support.ledgers import BARE, PROGRAM, MovedClock

from creditbook import (
    AccountClosed,
    AccountFrozen,
    Conflict,
    HoldAlreadyResolved,
    IdempotencyConflict,
    InsufficientTokens,
    InvalidRequest,
    Ledger,
    NotFound,
    Receipt,
)
from creditbook.reports.proof import prove


def whole(ledger: Ledger) -> bool:
    return all(proof.whole for proof in prove(ledger.core.store))


def test_a_grant_can_be_spent_and_the_receipt_says_what_is_left(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 100, reason="welcome")
    receipt = ledger.spend("acme/asha", action="work", tokens=30, agent="srs")
    assert (receipt.charged, receipt.tokens, receipt.available) == (30, -30, 70)
    assert [(line.wallet, line.amount, line.remaining_after) for line in receipt.lines] == [("BONUS", -30, 70)]
    assert whole(ledger)


def test_a_refused_spend_names_the_shortage_and_stores_nothing(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 10, reason="welcome")
    with pytest.raises(InsufficientTokens) as refusal:
        ledger.spend("acme/asha", action="work", tokens=25, idempotency_key="run")
    assert (refusal.value.required, refusal.value.available, refusal.value.shortage) == (25, 10, 15)
    assert str(refusal.value) == "Need 15 more tokens. Current balance: 10"
    ledger.grant("acme/asha", 20, reason="more")
    assert not ledger.spend("acme/asha", action="work", tokens=25, idempotency_key="run").replayed


def test_the_same_key_answers_with_the_first_result_and_another_request_is_refused(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 100, reason="welcome")
    first = ledger.spend("acme/asha", action="work", tokens=5, idempotency_key="k")
    again = ledger.spend("acme/asha", action="work", tokens=5, idempotency_key="k")
    assert again.replayed
    assert (again.transaction_id, again.available, again.lines) == (first.transaction_id, first.available, first.lines)
    with pytest.raises(IdempotencyConflict):
        ledger.spend("acme/asha", action="work", tokens=6, idempotency_key="k")
    assert ledger.balance("acme/asha").available == 95


def test_a_single_spend_and_the_same_one_in_a_batch_share_their_key(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 100, reason="welcome")
    first = ledger.spend("acme/asha", action="work", tokens=5, idempotency_key="k", agent="srs")
    (again,) = ledger.spend_many(
        [{"account": "acme/asha", "action": "work", "tokens": 5, "idempotency_key": "k", "agent": "srs"}]
    )
    assert isinstance(again, Receipt)
    assert again.replayed
    assert again.transaction_id == first.transaction_id


def test_a_batch_decides_in_order_and_one_refusal_stops_nobody_else(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 10, reason="welcome")
    found = ledger.spend_many([{"account": "acme/asha", "action": "work", "tokens": n} for n in (7, 7, 3)])
    assert [type(one) for one in found] == [Receipt, InsufficientTokens, Receipt]
    assert ledger.balance("acme/asha").available == 0
    assert whole(ledger)


def test_a_job_that_raises_gives_back_what_was_not_captured(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 100, reason="welcome")
    job = ledger.reserve("acme/asha", action="work", estimate=80)

    def work() -> None:
        with job:
            job.capture(tokens=30, agent="idea", final=False)
            assert ledger.balance("acme/asha").held == 50
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    balance = ledger.balance("acme/asha")
    assert (balance.posted, balance.held, balance.available) == (70, 0, 70)
    with pytest.raises(HoldAlreadyResolved):
        job.capture(tokens=1)
    assert whole(ledger)


def test_a_part_beyond_everything_becomes_debt_and_the_next_grant_repays_it(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 50, reason="welcome")
    with ledger.reserve("acme/asha", action="work", estimate=40) as job:
        receipt = job.capture(tokens=70)
    assert (receipt.charged, receipt.debt) == (70, 20)
    assert ledger.balance("acme/asha").debt == 20
    ledger.grant("acme/asha", 30, reason="top-up")
    balance = ledger.balance("acme/asha")
    assert (balance.debt, balance.available) == (0, 10)
    assert whole(ledger)


def test_a_read_shows_what_is_due_without_writing_it(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme/bo", plan="daily")
    ledger.spend("acme/bo", action="build")
    clock.forward(days=3)
    balance = ledger.balance("acme/bo")
    assert balance.pending
    assert balance.available == 5
    assert [txn.kind for txn in ledger.pending("acme/bo")] == ["expiry", "reset"] * 3
    swept = ledger.sweep()
    assert (swept.resets, swept.expiries, swept.tokens_granted, swept.tokens_expired) == (3, 3, 15, 14)
    assert not ledger.balance("acme/bo").pending
    assert ledger.sweep().resets == 0
    assert whole(ledger)


def test_balances_of_the_past_are_answered_from_the_journal(ledger: Ledger, clock: MovedClock) -> None:
    start = clock.at
    ledger.grant("acme/asha", 100, reason="welcome", expires_at=start + timedelta(days=2))
    clock.forward(hours=1)
    hold = ledger.hold("acme/asha", action="work", estimate=40)
    clock.forward(minutes=5)
    ledger.capture("acme/asha", hold.hold_id, tokens=60)
    clock.forward(days=5)
    ledger.grant("acme/asha", 7, reason="later")
    at = {
        "before": start - timedelta(seconds=1),
        "granted": start,
        "held": start + timedelta(hours=1),
        "captured": start + timedelta(hours=1, minutes=5),
        "lapsed": start + timedelta(days=2),
    }
    seen = {name: ledger.balance("acme/asha", moment) for name, moment in at.items()}
    assert {name: (b.posted, b.held, b.available) for name, b in seen.items()} == {
        "before": (0, 0, 0),
        "granted": (100, 0, 100),
        "held": (100, 40, 60),
        "captured": (40, 0, 40),
        "lapsed": (0, 0, 0),
    }
    assert ledger.balance("acme/asha").available == 7


def test_a_member_s_own_reset_counts_in_her_past_though_only_the_pool_was_written_since(
    ledger: Ledger, clock: MovedClock
) -> None:
    ledger.open_account("acme")
    ledger.grant("acme", 100, reason="pool")
    for who in ("a", "b"):
        ledger.open_account(f"acme/{who}", plan="daily", draws_on_pool=True)
    ledger.spend("acme/b", action="work", tokens=5)
    day_one = clock.forward(days=1)
    clock.forward(days=1)
    ledger.spend("acme/a", action="work", tokens=9)
    then = ledger.balance("acme/b", day_one)
    assert (then.posted, then.blocked, then.available, then.from_pool) == (5, 0, 105, 100)


def test_a_balance_of_the_future_is_a_projection(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme/bo", plan="monthly")
    ledger.spend("acme/bo", action="work", tokens=4_000)
    april = ledger.balance("acme/bo", clock.at + timedelta(days=30))
    assert april.available == 10_000 + 3_000
    assert ledger.balance("acme/bo").available == 6_000


def test_a_date_that_a_person_typed_includes_that_local_day(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 10, reason="gift", expires_at=date(2026, 3, 10))
    midnight_in_kolkata = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
    assert ledger.balance("acme/asha", midnight_in_kolkata - timedelta(microseconds=1)).available == 10
    assert ledger.balance("acme/asha", midnight_in_kolkata).available == 0


def test_administrative_acts_want_a_reason_and_stand_in_the_log(ledger: Ledger) -> None:
    with pytest.raises(InvalidRequest, match="Give a reason"):
        ledger.grant("acme/asha", 10, reason="  ")
    ledger.freeze("acme/asha", reason="chargeback", actor="nisha")
    with pytest.raises(AccountFrozen):
        ledger.spend("acme/asha", action="build")
    ledger.unfreeze("acme/asha", reason="settled", actor="nisha")
    ledger.sweep()
    assert whole(ledger)


def test_names_that_are_not_there_are_said_so(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="organization “nowhere”"):
        ledger.balance("nowhere/asha")
    with pytest.raises(NotFound, match="account “zed” in acme"):
        ledger.spend("acme/zed", action="build")
    with pytest.raises(Conflict):
        ledger.open_account("acme/asha")
    with pytest.raises(InvalidRequest, match="no action “paint”"):
        ledger.spend("acme/asha", action="paint")


def test_many_grants_are_one_transaction_with_an_answer_each(ledger: Ledger) -> None:
    ledger.open_account("acme/bo")
    ledger.close_account("acme/bo", reason="left")
    found = ledger.grant_many([{"account": f"acme/{who}", "tokens": 5, "reason": "all"} for who in ("asha", "bo")])
    assert isinstance(found[0], Receipt)
    assert isinstance(found[1], AccountClosed)
    assert ledger.balance("acme/asha").available == 5


def test_a_refund_unwinds_a_usage_and_never_more_than_it_charged(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 100, reason="welcome")
    usage = ledger.spend("acme/asha", action="work", tokens=60)
    ledger.refund("acme/asha", usage.transaction_id, tokens=25, reason="half failed")
    ledger.refund("acme/asha", usage.transaction_id, reason="the rest")
    with pytest.raises(InvalidRequest):
        ledger.refund("acme/asha", usage.transaction_id, reason="again")
    assert ledger.balance("acme/asha").available == 100
    assert whole(ledger)


def test_a_program_that_could_not_be_read_again_never_comes_into_force(ledger: Ledger) -> None:
    twins = {slug: replace(BARE, slug=slug) for slug in ("bare", "twin")}
    with pytest.raises(InvalidRequest):
        ledger.create_organization("broken", replace(PROGRAM, plans=twins))
    with pytest.raises(NotFound):
        ledger.balance("broken/asha")
    with pytest.raises(InvalidRequest):
        ledger.load_program("acme", replace(PROGRAM, plans=twins), reason="mistake")
    assert ledger.program("acme") == PROGRAM
