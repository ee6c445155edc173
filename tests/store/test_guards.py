"""The database itself refuses what must never be: wrong types, broken books, edited history, other people's rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.databases import PostgresServer
from support.rows import (
    NOON,
    TODAY,
    account_row,
    entry_row,
    fill,
    grant_row,
    organization_row,
    transaction_row,
    wallet_row,
)
from support.rows_of_finance import budget_row
from support.rows_of_sales import promo_row, purchase_row

from creditbook.store import migrate
from creditbook.store.engine import Store, open_store
from creditbook.store.tables import ledger, metadata

REFUSED = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.OperationalError, sa.exc.DataError)

ORG_OWNED = [table for table in metadata.sorted_tables if "org_id" in table.primary_key.columns]

# An organization's slug is how it is found before anyone knows its id: the one key that cannot lead with it.
NOT_LED_BY_ORG = {"uq_organization_slug"}


@contextmanager
def filled(url: str) -> Iterator[Store]:
    """A store in which two organizations have a row in every table."""
    opened = open_store(url)
    for org_id in (1, 2):
        with opened.write(org_id) as connection:
            fill(connection, org_id)
    yield opened
    opened.close()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with filled(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def kept_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("guards") / "creditbook.db")
    with filled(f"sqlite:///{path}") as opened:
        yield opened


@pytest.fixture(scope="module")
def kept_postgres(postgres_server: PostgresServer) -> Iterator[Store]:
    with postgres_server.database(migrated=True) as url, filled(url) as opened:
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def kept(request: pytest.FixtureRequest) -> Store:
    """One store for all that only look, or try what is refused."""
    found: Store = request.getfixturevalue(f"kept_{'sqlite' if request.param == 'sqlite' else 'postgres'}")
    return found


def refuse(store: Store, org_id: int | None, statement: sa.Executable, match: str = "") -> None:
    with pytest.raises(REFUSED, match=match), store.write(org_id) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("table", ledger.HISTORY, ids=lambda table: table.name)
def test_history_refuses_update_and_delete_even_from_its_owner(kept: Store, table: sa.Table) -> None:
    column = list(table.primary_key.columns)[-1]
    with migrate.transaction(kept) as owner:
        said = r"is history|is refused|permission denied"
        for statement in (sa.update(table).values({column: column}), sa.delete(table)):
            with pytest.raises(REFUSED, match=said), owner.begin_nested():
                owner.execute(statement)
    refuse(kept, 1, sa.update(table).values({column: column}), said)
    refuse(kept, 1, sa.delete(table), said)


def test_history_cannot_be_replaced_nor_truncated(store: Store) -> None:
    if store.dialect == "sqlite":
        replace = "INSERT OR REPLACE INTO ledger_transaction SELECT * FROM ledger_transaction"
        refuse(store, 1, sa.text(replace), "history")
        return
    refuse(store, 1, sa.text("TRUNCATE ledger_transaction CASCADE"), "permission denied|is refused")
    with pytest.raises(REFUSED, match="is refused"), migrate.transaction(store) as owner:
        owner.exec_driver_sql("TRUNCATE ledger_transaction CASCADE")


@pytest.mark.parametrize(
    ("table", "terms", "moves"),
    [
        (ledger.token_grant, {"amount": 99}, {"remaining": 4, "held": 3}),
        (ledger.token_grant, {"class": "purchased"}, {"disputed": True}),
        (ledger.hold, {"estimate": 99}, {"captured": 2}),
        (ledger.debt, {"incurred": 99}, {"owed": 2}),
        (ledger.account, {"kind": "pool"}, {"status": "frozen"}),
        (ledger.wallet, {"type": "STANDARD"}, {"is_active": False}),
        (ledger.purchase, {"price_minor": 1}, {"status": "failed"}),
        (ledger.purchase, {"tax_rate": "0"}, {"provider_order": "cs_1"}),
        (ledger.promo_code, {"total_limit": 99}, {"redeemed": 2}),
        (ledger.promo_code, {"terms": {}}, {"is_disabled": True}),
        (ledger.approval, {"request": {}}, {"note": "let me see"}),
        (ledger.api_key, {"scopes": "admin"}, {"last_used_at": NOON}),
        (ledger.account, {"referrer_id": None}, {"referral_waits": True}),
        (ledger.token_grant, {"tax_minor": 0}, {"live": False}),
        (ledger.budget, {"amount_nanos": 1}, {"is_on": False, "ended_at": NOON}),
        (ledger.budget, {"subject": "code"}, {"channel": "none"}),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_terms_of_a_row_stand_while_its_state_moves(
    store: Store, table: sa.Table, terms: dict[str, object], moves: dict[str, object]
) -> None:
    with store.write(1) as connection:
        assert connection.execute(sa.update(table).where(table.c.org_id == 1).values(moves)).rowcount >= 1
    refuse(store, 1, sa.update(table).where(table.c.org_id == 1).values(terms), "never change|is refused")
    refuse(store, 1, sa.delete(table), "never deleted|is refused|permission denied")


def test_a_number_is_a_number(store: Store) -> None:
    columns = {**entry_row(1, 102, 9, 103, 100)}
    names, values = ", ".join(columns), ", ".join(":" + name for name in columns)
    statement = sa.text(f"INSERT INTO entry ({names}) VALUES ({values})")
    bad = columns | {"amount": "abc", "blocked": False if store.dialect == "postgresql" else 0}
    with pytest.raises(REFUSED), store.write(1) as connection:
        connection.execute(statement, bad)
    with store.write(1) as connection:
        connection.execute(statement, bad | {"amount": 0})


def test_yes_and_no_are_the_only_flags_on_sqlite(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with store.write(1) as connection:
        fill(connection, 1)
    refuse(store, 1, sa.text("UPDATE token_grant SET disputed = 2"), "is_0_or_1")
    store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE token_grant SET remaining = -1",
        "UPDATE token_grant SET remaining = 11",
        "UPDATE token_grant SET held = 11",
        "UPDATE token_grant SET held = -1",
        "UPDATE token_grant SET closed_reason = 'revoked'",
        "UPDATE debt SET owed = 6",
        "UPDATE debt SET owed = -1",
        "UPDATE hold SET status = 'captured'",
        "UPDATE hold SET status = 'lost'",
        "UPDATE account SET status = 'asleep'",
        "UPDATE account SET quota_tokens = -1",
        "UPDATE account SET name = ''",
        "UPDATE account_day SET requests = -1",
        "UPDATE account SET term_status = 'asleep'",
        "UPDATE account SET paid_ahead = -1",
        "UPDATE account SET term_first = '2026-11-21'",
        "UPDATE account SET term_ends_at = created_at",
        "UPDATE account SET grace_ends_at = created_at",
        "UPDATE purchase SET status = 'lost'",
        "UPDATE purchase SET refunded_minor = 9901",
        "UPDATE purchase SET refunded_tokens = 8, missed_tokens = 3",
        "UPDATE purchase SET status = 'granted', paid_at = created_at",
        "UPDATE purchase SET granted_at = created_at",
        "UPDATE promo_code SET redeemed = 3",
        "UPDATE promo_code SET redeemed = -1",
        "UPDATE approval SET status = 'approved', decided_at = asked_at, decided_by = 'bela'",
        "UPDATE approval SET status = 'declined', decided_at = asked_at",
        "UPDATE approval SET status = 'declined', decided_at = asked_at, decided_by = 'anna'",
        "UPDATE alert_rule SET threshold = -1",
        "UPDATE export_schedule SET every = 'hour'",
        "UPDATE account_code SET code = ''",
    ],
)
def test_no_row_says_what_cannot_be(kept: Store, statement: str) -> None:
    refuse(kept, 1, sa.text(statement), "(?i)check constraint")


def test_one_allowance_per_wallet_and_period(store: Store) -> None:
    allowance = grant_row(1, 900, 100, 101, 102) | {"period_first": TODAY, "forced_no": 0}
    with store.write(1) as connection:
        connection.execute(sa.insert(ledger.token_grant), allowance)
    refuse(store, 1, sa.insert(ledger.token_grant).values(allowance | {"grant_id": 901}), "(?i)unique")
    with store.write(1) as connection:
        connection.execute(sa.insert(ledger.token_grant), allowance | {"grant_id": 901, "forced_no": 1})


def test_one_purchase_per_payment_of_a_provider(store: Store) -> None:
    paid = purchase_row(1, 900, 100, provider="stripe", provider_payment="pi_1")
    with store.write(1) as connection:
        connection.execute(sa.insert(ledger.purchase), paid)
        connection.execute(sa.insert(ledger.purchase), paid | {"purchase_id": 901, "provider": "razorpay"})
        connection.execute(sa.insert(ledger.purchase), [purchase_row(1, n, 100) for n in (902, 903)])
    refuse(store, 1, sa.insert(ledger.purchase).values(paid | {"purchase_id": 904}), "(?i)unique")


def test_no_budget_names_a_subject_of_everything_and_no_tax_passes_its_price(store: Store) -> None:
    refuse(store, 1, sa.insert(ledger.budget).values(budget_row(1, 900, scope="total")), "(?i)check constraint")
    refuse(store, 1, sa.insert(ledger.budget).values(budget_row(1, 900, amount_nanos=0)), "(?i)check constraint")
    pack = grant_row(1, 900, 100, 101, 102) | {"price_minor": 9_900, "tax_minor": 9_901, "currency": "INR"}
    refuse(store, 1, sa.insert(ledger.token_grant).values(pack), "(?i)check constraint")
    refuse(store, 1, sa.insert(ledger.token_grant).values(pack | {"price_minor": None}), "(?i)check constraint")
    with store.write(1) as connection:
        connection.execute(sa.insert(ledger.budget), budget_row(1, 900, scope="total", subject=""))
        connection.execute(sa.insert(ledger.token_grant), pack | {"tax_minor": 9_900})


def test_a_usage_is_corrected_by_one_version_of_a_price_once_and_a_purchase_has_one_receipt(store: Store) -> None:
    correction = transaction_row(1, 900, 100, kind="adjustment", reverses_txn_id=102, price_version="own 2")
    with store.write(1) as connection:
        connection.execute(sa.insert(ledger.ledger_transaction), correction)
    again = correction | {"txn_id": 901}
    refuse(store, 1, sa.insert(ledger.ledger_transaction).values(again), "(?i)unique")
    with store.write(1) as connection:
        for txn_id, other in (
            (901, {"price_version": "own 3"}),
            (902, {"price_version": None}),
            (903, {"kind": "refund"}),
        ):
            connection.execute(sa.insert(ledger.ledger_transaction), again | other | {"txn_id": txn_id})
    receipt = {"org_id": 1, "fiscal_year": "2026-27", "number": 2, "purchase_id": 110, "issued_at": NOON}
    refuse(store, 1, sa.insert(ledger.receipt).values(receipt), "(?i)unique")


def test_a_code_an_award_and_a_referral_are_there_once(store: Store) -> None:
    refuse(store, 1, sa.insert(ledger.promo_code).values(promo_row(1, 900, "SPRING")), "(?i)unique")
    for table in (ledger.redemption, ledger.award, ledger.referral_owed):
        with store.read(1) as connection:
            there = connection.execute(sa.select(table).where(table.c.org_id == 1)).mappings().one()
        refuse(store, 1, sa.insert(table).values(dict(there)), "(?i)unique")


def test_a_row_cannot_point_into_another_organization(store: Store) -> None:
    foreign_account, foreign_wallet, foreign_txn = 200, 201, 202
    refuse(store, 1, sa.insert(ledger.wallet).values(wallet_row(1, 900, foreign_account)), "(?i)foreign key")
    refuse(
        store, 1, sa.insert(ledger.token_grant).values(grant_row(1, 900, 100, foreign_wallet, 102)), "(?i)foreign key"
    )
    refuse(store, 1, sa.insert(ledger.entry).values(entry_row(1, foreign_txn, 9, 103, 100)), "(?i)foreign key")
    refuse(
        store,
        1,
        sa.insert(ledger.ledger_transaction).values(transaction_row(1, 900, 100, reverses_txn_id=foreign_txn)),
        "(?i)foreign key",
    )
    refuse(store, 1, sa.insert(ledger.purchase).values(purchase_row(1, 900, foreign_account)), "(?i)foreign key")
    member = account_row(1, 900, "bela") | {"referrer_id": foreign_account}
    refuse(store, 1, sa.insert(ledger.account).values(member), "(?i)foreign key")


@pytest.mark.parametrize("table", ORG_OWNED, ids=lambda table: table.name)
def test_every_key_of_a_tenants_table_leads_with_the_organization(kept: Store, table: sa.Table) -> None:
    with migrate.transaction(kept) as connection:
        inspector = sa.inspect(connection)
        assert inspector.get_pk_constraint(table.name)["constrained_columns"][0] == "org_id"
        keys = [*inspector.get_unique_constraints(table.name)]
        for unique in keys + [index for index in inspector.get_indexes(table.name) if index["unique"]]:
            assert unique["column_names"][0] == "org_id" or unique["name"] in NOT_LED_BY_ORG
        for foreign in inspector.get_foreign_keys(table.name):
            if foreign["referred_table"] in {owned.name for owned in ORG_OWNED}:
                assert foreign["constrained_columns"][0] == foreign["referred_columns"][0] == "org_id"
                assert foreign["options"].get("ondelete") == "RESTRICT"


@pytest.mark.postgres
def test_every_tenants_table_forces_row_security(postgres_url: str) -> None:
    store = open_store(postgres_url)
    question = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND relforcerowsecurity"
    with migrate.transaction(store) as connection:
        secured = set(connection.exec_driver_sql(question).scalars())
    assert {table.name for table in ORG_OWNED} <= secured
    store.close()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Store]:
    with filled(postgres_url) as opened:
        yield opened


LEDGER_TABLES = [table for table in vars(ledger).values() if isinstance(table, sa.Table)]


@pytest.mark.parametrize("table", LEDGER_TABLES, ids=lambda table: table.name)
def test_an_organization_sees_its_own_rows_and_nobody_without_one_sees_any(
    kept_postgres: Store, table: sa.Table
) -> None:
    def owners(connection: sa.Connection) -> set[int]:
        return set(connection.execute(sa.select(table.c.org_id)).scalars())

    with kept_postgres.read(1) as connection:
        assert owners(connection) == {1}
    with kept_postgres.read(2) as connection:
        assert owners(connection) == {2}
    with kept_postgres.read(3) as connection:
        assert owners(connection) == set()
    with kept_postgres.read() as connection:
        assert owners(connection) == ({1, 2} if table.name == "organization" else set())
    with kept_postgres.engine.connect() as connection:
        assert owners(connection) == set()


def test_another_organizations_rows_cannot_be_written_moved_or_taken_over(postgres: Store) -> None:
    refuse(postgres, 1, sa.insert(ledger.account).values(account_row(2, 900, "mallory")), "row-level security")
    refuse(postgres, None, sa.insert(ledger.account).values(account_row(2, 900, "mallory")), "row-level security")
    refuse(postgres, None, sa.insert(ledger.organization).values(organization_row(9)), "row-level security")
    with postgres.write(1) as connection:
        theirs = ledger.token_grant.c.org_id == 2
        assert connection.execute(sa.update(ledger.token_grant).where(theirs).values(remaining=0)).rowcount == 0
    with postgres.write() as connection:
        renamed = sa.update(ledger.organization).values(name="mine now")
        assert connection.execute(renamed).rowcount == 0


def test_the_organization_is_forgotten_with_its_transaction(postgres: Store) -> None:
    with postgres.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SET LOCAL app.current_org = 1")
        assert connection.execute(sa.select(sa.func.count()).select_from(ledger.account)).scalar_one() == 2
        connection.exec_driver_sql("COMMIT")
        # The setting is now '' rather than unset: nullif in the policy keeps that from being an error.
        assert connection.execute(sa.select(sa.func.count()).select_from(ledger.account)).scalar_one() == 0
