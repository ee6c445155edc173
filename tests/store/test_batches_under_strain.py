"""Batches under strain: failures, rivals for a lock, lost connections, and more than was foreseen."""

from __future__ import annotations

import os
import socket
import threading
import time

import psycopg
import pytest
import sqlalchemy as sa
from support.batching import ASHA, ORG, START, Desk, receipt, spend

from creditbook.domain.decide import decide
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.domain.journal import AuditRow, Journal
from creditbook.store.batch import Wanted
from creditbook.store.pipe import Pipe
from creditbook.store.tables import ledger


def test_four_hundred_missed_days_fit_into_one_batch_with_rising_ids(desk: Desk, asha: int) -> None:
    desk.later(days=400)
    (done,) = desk.run(spend(desk, asha, 1))
    resets = desk.rows(ledger.ledger_transaction, kind="reset")
    assert len(resets) == 400
    by_id = [txn.effective_at for txn in resets]
    assert by_id == sorted(by_id)
    assert receipt(done).transaction_id > resets[-1].txn_id


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


def test_more_batches_at_once_than_connections_are_kept_give_theirs_back_to_be_used_again(
    desk: Desk, asha: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a connection has prepared goes back to the pool with it: whoever gets it next may not prepare it again."""
    monkeypatch.setattr("creditbook.store.batch_postgres.KEPT", 0)
    for _ in range(3):
        receipt(desk.run(spend(desk, asha, 1))[0])
    with pytest.raises(ZeroDivisionError), desk.batches.begin([desk.wanted([])]):
        raise ZeroDivisionError
    receipt(desk.run(spend(desk, asha, 1))[0])
    assert len(desk.rows(ledger.ledger_transaction, kind="usage")) == 4


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
