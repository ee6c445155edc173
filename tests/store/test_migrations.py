"""Migrations run forwards, backwards and forwards again, and make exactly what the tables say."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from support.catalogs import catalog
from support.rows import account_row, organization_row, wallet_row

from creditbook.store import migrate
from creditbook.store.engine import open_store
from creditbook.store.tables import ledger, metadata

# Tables that only the database itself uses; no code reads them through SQLAlchemy's metadata.
OF_THE_DATABASE = {"id_source", "alembic_version"}


def test_up_down_and_up_again_leaves_the_same_catalog(empty_database_url: str) -> None:
    store = open_store(empty_database_url)
    store.upgrade()
    with migrate.transaction(store) as connection:
        first = catalog(connection)
    store.downgrade()
    with migrate.transaction(store) as connection:
        left = sa.inspect(connection).get_table_names()
    assert left == ["alembic_version"]
    store.upgrade()
    with migrate.transaction(store) as connection:
        second = catalog(connection)
    store.close()
    assert first == second
    assert sum(map(len, first.values())) > 50


def test_every_step_down_can_be_taken_by_itself(empty_database_url: str) -> None:
    store = open_store(empty_database_url)
    store.upgrade()
    steps = [script.revision for script in migrate.revisions()]
    for _ in steps:
        store.downgrade("-1")
    with migrate.transaction(store) as connection:
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    for revision in reversed(steps):
        store.upgrade(revision)
    assert store.is_current()
    store.close()


def test_migrations_make_what_the_tables_say(database_url: str) -> None:
    store = open_store(database_url)
    with migrate.transaction(store) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _parents: kind != "table" or name not in OF_THE_DATABASE,
            },
        )
        assert compare_metadata(context, metadata) == []
    store.close()


def test_migrations_make_the_checks_that_the_tables_say(database_url: str) -> None:
    """Alembic compares no CHECKs; they are compared here by name, so none is forgotten on either side."""
    store = open_store(database_url)
    with migrate.transaction(store) as connection:
        inspector = sa.inspect(connection)
        for table in metadata.sorted_tables:
            said = {
                str(constraint.name)
                for constraint in table.constraints
                if isinstance(constraint, sa.CheckConstraint)
                and (store.dialect == "sqlite" or not str(constraint.name).endswith("_is_0_or_1"))
            } | {
                str(check.name)
                for column in table.columns
                for check in column.constraints
                if isinstance(check, sa.CheckConstraint)
            }
            made = {check["name"] for check in inspector.get_check_constraints(table.name)}
            assert made == said, table.name
    store.close()


def test_accounts_that_were_there_before_programs_keep_their_rows_and_what_points_to_them(
    empty_database_url: str,
) -> None:
    store = open_store(empty_database_url)
    store.upgrade("0004_imports")
    old = account_row(1, 100, "asha") | {"plan": "pro", "external_id": "crm-1"}
    wallet = wallet_row(1, 101, 100)
    with store.write(1) as connection:
        connection.execute(sa.insert(ledger.organization), organization_row(1))
        # The table as it is now names columns that are not there yet.
        columns = [sa.column(name, ledger.account.c[name].type) for name in old]
        connection.execute(sa.insert(sa.table("account", *columns)), old)
        connection.execute(sa.insert(ledger.wallet), wallet)
    store.upgrade()
    with store.read(1) as connection:
        there = connection.execute(sa.select(ledger.account)).mappings().one()
    assert {name: there[name] for name in old} == old
    assert (there["program_id"], there["term_status"], there["paid_ahead"], there["next_plan"]) == (0, "active", 0, "")
    assert (there["unpaid"], there["referral_waits"], there["term_ends_at"], there["referrer_id"]) == (
        False,
        False,
        None,
        None,
    )
    with pytest.raises(sa.exc.DBAPIError), store.write(1) as connection:
        connection.execute(sa.update(ledger.account).values(account_id=7))
    store.downgrade("0004_imports")
    with store.read(1) as connection:
        names = [column["name"] for column in sa.inspect(connection).get_columns("account")]
        assert "term_status" not in names
        assert connection.execute(sa.text("SELECT name, external_id FROM account")).one() == ("asha", "crm-1")
        assert connection.execute(sa.select(ledger.wallet.c.wallet_id)).scalar_one() == 101
    store.close()


def test_a_migration_that_fails_in_the_middle_leaves_nothing(empty_sqlite_url: str) -> None:
    store = open_store(empty_sqlite_url)
    try:
        with migrate.transaction(store) as connection:
            connection.exec_driver_sql("CREATE TABLE half_done (a INTEGER) STRICT")
            raise KeyError
    except KeyError:
        pass
    with store.read() as connection:
        assert sa.inspect(connection).get_table_names() == []
    store.close()


def test_the_chain_of_migrations_is_linear_and_named_after_its_files() -> None:
    scripts = migrate.revisions()
    assert all(script.path.endswith(f"{script.revision}.py") for script in scripts)
    assert all(not isinstance(script.down_revision, tuple) for script in scripts)
    assert [s.revision for s in scripts] == sorted((s.revision for s in scripts), reverse=True)


def test_an_upgrade_with_nothing_to_do_checks_no_row_and_one_that_moves_checks_all(empty_sqlite_url: str) -> None:
    store = open_store(empty_sqlite_url)
    said: list[str] = []
    sa.event.listen(
        store.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_more: said.append(statement)
    )
    store.upgrade()
    assert "PRAGMA foreign_key_check" in said
    said.clear()
    store.upgrade()
    assert said
    assert "PRAGMA foreign_key_check" not in said
    store.close()
