"""Databases are opened by the recipe, and their transactions are whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.rows import organization_row

from creditbook.domain.errors import InvalidRequest, Unavailable
from creditbook.store import ids, retry
from creditbook.store.engine import Store, open_store
from creditbook.store.tables import ledger


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


def pragma(connection: sa.Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_every_sqlite_connection_is_durable_and_minds_its_keys(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with store.read() as one, store.read() as two, store.write() as three:
        for connection in (one, two, three):
            assert pragma(connection, "synchronous") == 2
            assert pragma(connection, "foreign_keys") == 1
            assert pragma(connection, "recursive_triggers") == 1
            assert pragma(connection, "busy_timeout") == 5000
            assert pragma(connection, "wal_autocheckpoint") == 10000
            assert pragma(connection, "journal_mode") == "wal"
            assert connection.connection.driver_connection.isolation_level is None  # type: ignore[union-attr]
    store.close()


def test_every_postgresql_connection_is_the_app_in_utc_and_binds_to_row_security(postgres_url: str) -> None:
    store = open_store(postgres_url)
    with store.read() as one, store.write() as two:
        for connection in (one, two):
            who = "SELECT rolname, rolsuper, current_setting('TimeZone') FROM pg_roles WHERE rolname = current_user"
            assert connection.exec_driver_sql(who).one() == ("creditbook_app", False, "UTC")
            assert connection.connection.driver_connection.prepare_threshold == 0  # type: ignore[union-attr]
    store.close()


def test_an_old_sqlite_keeps_a_rollback_journal_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from creditbook.store import recipe_sqlite

    monkeypatch.setattr(recipe_sqlite, "SAFE_WAL", (99, 0, 0))
    recipe_sqlite.journal_mode.cache_clear()
    try:
        store = open_store(f"sqlite:///{tmp_path / 'old.db'}")
        with pytest.warns(RuntimeWarning, match="rollback journal"):
            store.engine.connect().close()
        with store.read() as connection:
            assert pragma(connection, "journal_mode") == "delete"
            assert pragma(connection, "synchronous") == 2
        store.close()
    finally:
        recipe_sqlite.journal_mode.cache_clear()


def test_a_write_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(KeyError), store.write(7) as connection:  # noqa: PT012
        connection.execute(sa.insert(ledger.organization), organization_row(7))
        raise KeyError
    with store.read(7) as connection:
        assert connection.execute(sa.select(ledger.organization)).all() == []


def test_a_read_sees_one_moment_whatever_is_written_meanwhile(store: Store) -> None:
    count = sa.select(sa.func.count()).select_from(ledger.organization)
    with store.read() as reader:
        before = reader.execute(count).scalar_one()
        with store.write(7) as writer:
            writer.execute(sa.insert(ledger.organization), organization_row(7))
        assert reader.execute(count).scalar_one() == before == 0
    with store.read() as reader:
        assert reader.execute(count).scalar_one() == 1


def test_two_writers_never_both_spend_what_they_read(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with store.write() as connection:
        connection.exec_driver_sql("CREATE TABLE pot (tokens INTEGER NOT NULL) STRICT")
        connection.exec_driver_sql("INSERT INTO pot VALUES (100)")
    spent: list[bool] = []
    start = threading.Barrier(2)

    def spend_eighty() -> None:
        start.wait()
        with store.write() as connection:
            enough = connection.exec_driver_sql("SELECT tokens FROM pot").scalar_one() >= 80
            if enough:
                connection.exec_driver_sql("UPDATE pot SET tokens = tokens - 80")
            spent.append(enough)

    threads = [threading.Thread(target=spend_eighty) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(spent) == [False, True]
    store.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "is no database address"),
        ("mysql://localhost/x", "not on mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("postgresql+psycopg2://localhost/x", "needs psycopg 3"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_what_to_write_instead(url: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        open_store(url)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    store = open_store("postgresql+psycopg://nobody@127.0.0.1:9/none")
    assert store.is_current() is False
    with pytest.raises(Unavailable):
        store.retrying(lambda: store.read().__enter__())


def test_what_passes_by_itself_is_tried_again_and_what_does_not_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry.time, "sleep", lambda _seconds: None)

    class Deadlock(Exception):
        sqlstate = "40P01"

    tries = []

    def third_time_lucky() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise Deadlock
        return 42

    assert retry.retrying(third_time_lucky) == 42

    def always() -> None:
        tries.append(1)
        raise Deadlock

    tries.clear()
    with pytest.raises(Unavailable):
        retry.retrying(always)
    assert len(tries) == retry.ATTEMPTS

    def wrong() -> None:
        tries.append(1)
        raise ZeroDivisionError

    tries.clear()
    with pytest.raises(ZeroDivisionError):
        retry.retrying(wrong)
    assert len(tries) == 1


def test_a_writer_that_waits_too_long_for_sqlite_is_told_so_in_our_words(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    monkeypatch.setattr(retry.time, "sleep", lambda _seconds: None)
    holder, waiter = open_store(sqlite_url), open_store(sqlite_url)

    def impatient() -> None:
        with waiter.read() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=1")
        with waiter.write():
            raise AssertionError("two writers at once")

    with holder.write(), pytest.raises(Unavailable):
        waiter.retrying(impatient)
    holder.close()
    waiter.close()


def test_ids_rise_and_are_never_handed_out_twice(store: Store) -> None:
    with store.write() as connection:
        taken = ids.take(connection, 40) + ids.take(connection, 1)
    with store.write() as connection:
        taken += ids.take(connection, 33)
    assert taken == sorted(set(taken))
    assert len(taken) == 74


def test_an_instant_comes_back_in_utc_to_the_microsecond_and_one_without_zone_is_refused(store: Store) -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    instant = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=kolkata)
    with store.write(7) as connection:
        connection.execute(sa.insert(ledger.organization), organization_row(7) | {"created_at": instant})
    with store.read(7) as connection:
        found = connection.execute(sa.select(ledger.organization.c.created_at)).scalar_one()
    assert found == instant
    assert found.tzinfo is UTC
    with pytest.raises(sa.exc.StatementError, match="has no zone"), store.write(8) as connection:
        connection.execute(
            sa.insert(ledger.organization), organization_row(8) | {"created_at": instant.replace(tzinfo=None)}
        )
