"""Batches write what was decided and load what is needed, the same on both databases."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from support.batching import GOALS, ORG, START, Desk

from creditbook.domain.decide import decide
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.domain.journal import AuditRow, Journal
from creditbook.domain.operations import (
    Capture,
    Cost,
    GrantTokens,
    OpenWallet,
    Refund,
    Reserve,
    Revoke,
    SetStatus,
    Settle,
    SetWalletActive,
    SetZone,
    Spend,
    Void,
    Work,
    WriteOff,
)
from creditbook.domain.program import GrantClass, WalletType
from creditbook.domain.results import HoldReceipt, Receipt
from creditbook.store.batch import Wanted
from creditbook.store.pipe import Pipe
from creditbook.store.tables import ledger

ASHA, POOL, RAVI, MEI = 10, 20, 21, 22

WORK = Work(
    agent="srs",
    model="claude-sonnet-4-5",
    project='Ünïcode {1,2} "quoted" \\ back',
    description="NULL",
    input_tokens=900,
    output_tokens=2_600,
    cached_tokens=5,
    reasoning_tokens=7,
    cost=Cost(41_700_000, 3_461_100_000, {"input": 2_700_000, "output": 39_000_000}, "genai-prices 0.2", 3),
    event_at=START - timedelta(days=3),
    metadata={"projectId": 42, "tags": ["ä", None]},
)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    yield desk
    desk.close()


@pytest.fixture
def asha(desk: Desk) -> int:
    return desk.open("asha", ASHA, external_id="crm-1")


@pytest.fixture
def team(desk: Desk) -> int:
    desk.open("", POOL, kind="pool")
    desk.open("ravi", RAVI, pool_id=POOL, quota_tokens=150)
    desk.open("mei", MEI, pool_id=POOL)
    return POOL


def spend(desk: Desk, account: int, tokens: int, **more: object) -> Spend:
    key = desk.key(str(more.pop("key", "")))
    return Spend(account_id=account, action="srs", tokens=tokens, **key, **more)  # type: ignore[arg-type]


def reserve(desk: Desk, account: int, estimate: int, **more: object) -> Reserve:
    return Reserve(account_id=account, action="srs", estimate=estimate, **desk.key(), **more)  # type: ignore[arg-type]


def receipt(result: object) -> Receipt:
    assert isinstance(result, Receipt), result
    return result


def hold_of(result: object) -> int:
    assert isinstance(result, HoldReceipt), result
    return result.hold_id


def test_a_spend_is_written_to_every_row_it_touches_and_nowhere_else(desk: Desk, asha: int) -> None:
    (done,) = desk.run(spend(desk, asha, 30, work=WORK, actor="asha", reason="because"))
    txn_id = receipt(done).transaction_id
    (txn,) = desk.rows(ledger.ledger_transaction, txn_id=txn_id)
    assert (txn.agent, txn.model, txn.project, txn.description) == (WORK.agent, WORK.model, WORK.project, "NULL")
    assert (txn.input_tokens, txn.output_tokens, txn.cached_tokens, txn.reasoning_tokens) == (900, 2_600, 5, 7)
    assert (txn.cost_usd_nanos, txn.cost_inr_nanos, txn.cost_parts) == (
        41_700_000,
        3_461_100_000,
        {"input": 2_700_000, "output": 39_000_000},
    )
    assert (txn.price_version, txn.fx_rate_id, txn.metadata) == ("genai-prices 0.2", 3, WORK.metadata)
    assert (txn.tokens, txn.charged, txn.requests, txn.metered, txn.unpriced) == (-30, 30, 1, False, False)
    assert (txn.event_at, txn.effective_at, txn.created_at) == (START - timedelta(days=3), START, START)
    assert (txn.available_before, txn.available_after, txn.actor, txn.reason) == (100, 70, "asha", "because")
    (entry,) = desk.rows(ledger.entry, txn_id=txn_id)
    assert (entry.amount, entry.remaining_after, entry.blocked) == (-30, 70, False)
    (grant,) = desk.rows(ledger.token_grant)
    assert (grant.remaining, grant.held, grant.live, grant.label) == (70, 0, True, "Welcome")
    (day,) = desk.rows(ledger.account_day)
    assert (day.account_id, day.day, day.requests) == (asha, START.date(), 1)
    measures = (1, 900, 2_600, 5, 7, 30, 0, 41_700_000, 3_461_100_000, 0)
    for table in (
        ledger.usage_account_day,
        ledger.usage_org_day,
        ledger.usage_org_hour,
        ledger.usage_month_account,
    ):
        (row,) = desk.rows(table)
        assert tuple(row)[-len(measures) :] == measures, table.name


def test_many_rows_at_once_are_written_like_few(desk: Desk, asha: int) -> None:
    desk.run(*(spend(desk, asha, n, work=replace(WORK, agent=f"a{n % 3}", model="\\{,}'")) for n in range(1, 13)))
    desk.run(spend(desk, asha, 13, work=replace(WORK, agent="a1", model="\\{,}'")))
    transactions = desk.rows(ledger.ledger_transaction, kind="usage")
    assert [txn.charged for txn in transactions] == list(range(1, 14))
    assert {txn.project for txn in transactions} == {WORK.project}
    assert [txn.txn_id for txn in transactions] == sorted({txn.txn_id for txn in transactions})
    rolled = {row.agent: (row.requests, row.charged) for row in desk.rows(ledger.usage_account_day)}
    assert rolled == {"a0": (4, 30), "a1": (5, 35), "a2": (4, 26)}
    assert {row.model for row in desk.rows(ledger.usage_org_day)} == {"\\{,}'"}
    assert len(desk.rows(ledger.operation_key, operation="spend")) == 13


def test_two_families_in_one_batch_add_up_in_the_rollups_they_share(desk: Desk, asha: int) -> None:
    other = desk.open("bela", ASHA + 4)  # the same shard of the organization's rollups
    desk.run(*(spend(desk, account, 1) for account in (asha, other, asha, other, asha, other)))
    (row,) = desk.rows(ledger.usage_org_day)
    assert (row.requests, row.charged) == (6, 6)


def test_a_key_is_found_with_its_first_result(desk: Desk, asha: int) -> None:
    (first,) = desk.run(spend(desk, asha, 30, key="once"))
    (again, other) = desk.run(spend(desk, asha, 30, key="once"), spend(desk, asha, 1, key="twice"))
    assert receipt(again) == replace(receipt(first), replayed=True)
    assert not receipt(other).replayed
    assert len(desk.rows(ledger.ledger_transaction, kind="usage")) == 2


def test_wallets_and_grants_come_back_with_all_their_terms(desk: Desk, asha: int) -> None:
    wallet = OpenWallet(
        account_id=asha, type=WalletType.PREMIUM, tokens=9, label="Launch", features=GOALS,
        expires_at=START + timedelta(days=9, microseconds=1), grant_class=GrantClass.PURCHASED, **desk.key(),
    )  # fmt: skip
    pack = GrantTokens(
        account_id=asha, tokens=50, wallet=WalletType.BONUS, grant_class=GrantClass.PURCHASED, kind="purchase",
        label="Starter", price_minor=9_900, currency="INR", **desk.key(),
    )  # fmt: skip
    desk.run(wallet, pack)
    account = desk.book(asha).accounts[asha]
    premium = next(w for w in account.wallets.values() if w.type is WalletType.PREMIUM)
    assert (premium.label, premium.features) == ("Launch", GOALS)
    assert premium.expires_at == START + timedelta(days=9, microseconds=1)
    desk.run(SetWalletActive(account_id=asha, wallet_id=premium.wallet_id, active=False, **desk.key()))
    desk.run(SetZone(account_id=asha, zone="America/New_York", **desk.key()))
    desk.run(SetStatus(account_id=asha, status="frozen", **desk.key()))


def test_a_grant_that_is_used_up_is_loaded_no_more_and_an_allowance_only_when_its_period_ends(
    desk: Desk, asha: int
) -> None:
    desk.run(GrantTokens(account_id=asha, tokens=5, **desk.key()))
    desk.run(spend(desk, asha, 105))
    assert [grant.source for grant in desk.book(asha).accounts[asha].grants.values()] == ["allowance"]
    desk.later(hours=7)
    desk.run(Settle(account_id=asha))
    assert [grant.remaining for grant in desk.book(asha).accounts[asha].grants.values()] == [100]
    assert len(desk.rows(ledger.token_grant)) == 3


def test_four_hundred_missed_days_fit_into_one_batch_with_rising_ids(desk: Desk, asha: int) -> None:
    desk.later(days=400)
    (done,) = desk.run(spend(desk, asha, 1))
    resets = desk.rows(ledger.ledger_transaction, kind="reset")
    assert len(resets) == 400
    by_id = [txn.effective_at for txn in resets]
    assert by_id == sorted(by_id)
    assert receipt(done).transaction_id > resets[-1].txn_id


def test_a_hold_comes_back_with_what_it_still_reserves_in_burn_down_order(desk: Desk, asha: int) -> None:
    desk.run(GrantTokens(account_id=asha, tokens=40, **desk.key()))
    (held,) = desk.run(reserve(desk, asha, 120, project="p", metadata={"a": 1}))
    hold_id = hold_of(held)
    desk.run(Capture(account_id=asha, hold_id=hold_id, tokens=70, final=False, **desk.key()))
    hold = desk.book(asha).accounts[asha].holds[hold_id]
    assert list(hold.reserved.values()) == [30, 20]
    assert (hold.captured, hold.seq, hold.metadata, hold.project) == (70, 3, {"a": 1}, "p")
    desk.run(Void(account_id=asha, hold_id=hold_id, **desk.key()))
    assert desk.rows(ledger.hold)[0].status == "voided"
    assert sum(line.amount for line in desk.rows(ledger.hold_entry)) == 0


def test_a_hold_that_timed_out_is_found_by_its_name(desk: Desk, asha: int) -> None:
    (held,) = desk.run(reserve(desk, asha, 20))
    desk.later(hours=1)
    desk.run(Settle(account_id=asha))
    (late,) = desk.run(Capture(account_id=asha, hold_id=hold_of(held), tokens=7, **desk.key()))
    assert receipt(late).late_capture
    (gone,) = desk.run(Void(account_id=asha, hold_id=10**9, **desk.key()))
    assert isinstance(gone, NotFound)


def test_settling_a_pool_loads_the_members_whose_holds_on_it_are_due(desk: Desk, team: int) -> None:
    desk.run(reserve(desk, RAVI, 120), reserve(desk, MEI, 30, seconds=7_200))
    assert set(desk.book(POOL).accounts) == {POOL}
    desk.later(hours=1)
    assert set(desk.book(POOL).accounts) == {POOL, RAVI}
    desk.run(Settle(account_id=POOL))
    assert [hold.status for hold in desk.rows(ledger.hold)] == ["timed_out", "open"]
    (pool,) = desk.rows(ledger.token_grant, amount=200)
    assert pool.held == 30


def test_a_whole_family_is_loaded_when_it_is_asked_for(desk: Desk, team: int) -> None:
    assert set(desk.book(POOL, whole_families=True).accounts) == {POOL, RAVI, MEI}
    assert set(desk.book(RAVI).accounts) == {POOL, RAVI}


def test_a_members_quota_is_counted_per_period_of_the_pool(desk: Desk, team: int) -> None:
    desk.run(spend(desk, RAVI, 40), spend(desk, RAVI, 2))
    used = desk.book(RAVI).accounts[RAVI].quota_used
    assert list(used.values()) == [42]
    desk.later(days=31)
    desk.run(spend(desk, RAVI, 1))
    assert list(desk.book(RAVI).accounts[RAVI].quota_used.values()) == [1]
    assert [row.charged for row in desk.rows(ledger.quota_use)] == [42, 1]


def test_debt_is_written_loaded_and_repaid(desk: Desk, asha: int) -> None:
    (held,) = desk.run(reserve(desk, asha, 100))
    (over,) = desk.run(Capture(account_id=asha, hold_id=hold_of(held), tokens=130, **desk.key()))
    assert receipt(over).debt == 30
    (debt,) = desk.book(asha).accounts[asha].debts.values()
    assert (debt.owed, debt.incurred, debt.feature) == (30, 30, "srs")
    desk.run(GrantTokens(account_id=asha, tokens=20, **desk.key()))
    desk.run(WriteOff(account_id=asha, tokens=4, **desk.key()))
    assert [line.cause for line in desk.rows(ledger.debt_entry)] == ["incurred", "repaid", "written_off"]
    assert desk.rows(ledger.debt)[0].owed == 6


def test_a_refund_sees_every_line_that_paid_also_those_that_repaid_the_debt(desk: Desk, asha: int) -> None:
    (held,) = desk.run(reserve(desk, asha, 100))
    (over,) = desk.run(Capture(account_id=asha, hold_id=hold_of(held), tokens=130, **desk.key()))
    desk.run(GrantTokens(account_id=asha, tokens=20, **desk.key()))
    desk.run(WriteOff(account_id=asha, tokens=4, **desk.key()))
    usage = receipt(over).transaction_id
    (first,) = desk.run(Refund(account_id=asha, txn_id=usage, tokens=11, **desk.key()))
    assert receipt(first).charged == 11
    past = desk.book(asha, refunds=(usage,)).pasts[usage]
    assert [(line.amount, line.returned) for line in past.lines] == [(-100, 0), (-20, 5)]
    assert (past.charged, past.refunded, past.written_off) == (130, 11, 4)
    assert past.debt is not None
    assert past.debt.owed == 0
    (rest,) = desk.run(Refund(account_id=asha, txn_id=usage, **desk.key()))
    assert receipt(rest).charged == 130 - 4 - 11
    (other,) = desk.run(Refund(account_id=asha, txn_id=receipt(rest).transaction_id, **desk.key()))
    assert isinstance(other, NotFound)


def test_a_grant_that_was_empty_lives_again_when_a_refund_fills_it(desk: Desk, asha: int) -> None:
    desk.run(GrantTokens(account_id=asha, tokens=5, **desk.key()))
    (used,) = desk.run(spend(desk, asha, 105))
    assert [grant.live for grant in desk.rows(ledger.token_grant)] == [True, False]
    desk.run(Refund(account_id=asha, txn_id=receipt(used).transaction_id, **desk.key()))
    assert [(grant.live, grant.remaining) for grant in desk.rows(ledger.token_grant)] == [(True, 100), (True, 5)]


def test_an_audit_row_is_kept_with_what_was_before_and_after(desk: Desk, asha: int) -> None:
    with desk.batches.begin([desk.wanted([])]) as batch:
        journal = Journal(ORG, batch.loaded[0].new_id)
        row = AuditRow(journal.new_id(), desk.now, "root", "grant", "asha", {"available": 1}, {"available": 2}, "gift")
        journal.audits.append(row)
        batch.append([journal], desk.now)
    (kept,) = desk.rows(ledger.audit)
    assert (kept.before, kept.after, kept.reason) == ({"available": 1}, {"available": 2}, "gift")


def test_a_batch_that_fails_leaves_nothing_and_the_next_one_works(desk: Desk, asha: int) -> None:
    with pytest.raises(ZeroDivisionError), desk.batches.begin([desk.wanted([spend(desk, asha, 1)])]) as batch:  # noqa: PT012
        batch.append([Journal(ORG, batch.loaded[0].new_id)], desk.now)
        raise ZeroDivisionError
    first = spend(desk, asha, 1)
    with pytest.raises(Exception, match="(?i)constraint"):  # noqa: PT012, SIM117
        with desk.batches.begin([desk.wanted([first])]) as batch:
            book = batch.loaded[0].books[asha]
            journal = Journal(ORG, batch.loaded[0].new_id)
            (grant,) = book.accounts[asha].grants.values()
            grant.remaining = 10**6
            journal.touched_grants[grant.grant_id] = grant
            batch.append([journal], desk.now)
    desk.run(spend(desk, asha, 1))
    assert len(desk.rows(ledger.ledger_transaction, kind="usage")) == 1


def test_an_unknown_organization_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound), desk.batches.begin([Wanted(99, {1: 1}, desk.now)]):
        pass
    desk.open("asha", ASHA)


def test_whoever_waited_for_the_lock_sees_what_the_winner_wrote(desk: Desk, asha: int) -> None:
    """Lock and load in one statement would read the snapshot from before the wait, and spend the key twice."""
    operation = spend(desk, asha, 80, key="both")
    entered, seen = threading.Event(), []

    def second() -> None:
        entered.wait()
        with desk.batches.begin([desk.wanted([operation])]) as batch:
            (grant,) = batch.loaded[0].books[asha].accounts[asha].grants.values()
            seen.append((grant.remaining, ("spend", "both") in batch.loaded[0].keys))

    waiting = threading.Thread(target=second)
    waiting.start()
    with desk.batches.begin([desk.wanted([operation])]) as batch:
        entered.set()
        time.sleep(0.3)
        assert seen == []
        loaded = batch.loaded[0]
        journal = Journal(ORG, loaded.new_id)
        decide(loaded.books[asha], journal, operation, desk.now, loaded.keys)
        batch.append([journal], desk.now)
    waiting.join()
    assert seen == [(20, True)]


def test_a_read_takes_no_lock_and_sees_nothing_unfinished(desk: Desk, asha: int) -> None:
    with desk.batches.begin([desk.wanted([spend(desk, asha, 1)])]) as batch:
        assert desk.book(asha).accounts[asha].grants == batch.loaded[0].books[asha].accounts[asha].grants


def test_a_text_that_postgresql_cannot_keep_is_refused_in_our_words(postgres_url: str) -> None:
    desk = Desk(postgres_url)
    desk.open("asha", ASHA)
    with pytest.raises(InvalidRequest, match="NUL"):
        desk.run(spend(desk, ASHA, 1, reason="a\x00b"))
    desk.run(spend(desk, ASHA, 1))
    desk.close()


def test_a_connection_that_was_cut_is_replaced_by_the_next_try(postgres_url: str) -> None:
    desk = Desk(postgres_url)
    desk.open("asha", ASHA)
    desk.run(spend(desk, ASHA, 1))
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as killer:
        killer.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    operation = spend(desk, ASHA, 1, key="after the cut")
    desk.store.retrying(lambda: desk.run(operation))
    assert desk.book(ASHA).accounts[ASHA].requests == {START.date(): 2}
    desk.close()


def test_a_commit_whose_answer_was_lost_is_told_by_its_key(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(postgres_url)
    desk.open("asha", ASHA)
    flush, cuts = Pipe.flush, []

    def flush_and_lose_the_first_spend(pipe: Pipe) -> None:
        flush(pipe)
        committed = desk.rows(ledger.ledger_transaction, kind="usage")
        if committed and not cuts:
            cuts.append(len(committed))
            with socket.socket(fileno=os.dup(pipe._pg.socket)) as wire:
                wire.shutdown(socket.SHUT_RDWR)
            raise psycopg.OperationalError("the answer was lost")

    monkeypatch.setattr(Pipe, "flush", flush_and_lose_the_first_spend)
    operation = spend(desk, ASHA, 1, key="lost")
    (done,) = desk.store.retrying(lambda: desk.run(operation))
    assert receipt(done).replayed
    assert cuts == [1]
    assert len(desk.rows(ledger.ledger_transaction, kind="usage")) == 1
    desk.close()


def test_revoking_takes_back_what_is_free(desk: Desk, asha: int) -> None:
    (given,) = desk.run(GrantTokens(account_id=asha, tokens=5, **desk.key()))
    desk.run(Revoke(account_id=asha, grant_id=receipt(given).lines[0].grant_id, **desk.key()))
    assert [grant.closed_reason for grant in desk.rows(ledger.token_grant)] == [None, "revoked"]
