"""How the database itself defends the books: helpers for migrations, the same on SQLite and PostgreSQL.

`create_strict` makes a table, `protect_history` lets it only grow, `protect_columns` freezes some of its columns,
`enable_row_security` shows it to its own organization alone. `drop_strict` takes a table away with all of these;
`drop_guards_of_history` and `drop_guards_of_columns` take the guards alone, for a migration that makes them anew.
`statements` reads the SQL beside a migration.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

from creditbook.store.recipe_postgres import APP_ROLE
from creditbook.store.tables.base import flag_checks

CURRENT_ORG = "nullif(current_setting('app.current_org', true), '')::bigint"
CURRENT_PERSON = "nullif(current_setting('app.current_person', true), '')::bigint"


def on_sqlite() -> bool:
    """Whether this migration runs on SQLite."""
    return op.get_bind().dialect.name == "sqlite"


def statements(migration: str, name: str = "") -> list[str]:
    """The statements of the SQL beside a migration's file (or of another one's, by name) for the database at hand."""
    file = Path(migration)
    ddl = file.with_name(f"{name or file.stem}.{op.get_bind().dialect.name}.sql").read_text(encoding="utf-8")
    kept = "\n".join(line for line in ddl.splitlines() if not line.startswith("--"))
    return [statement.strip() for statement in kept.split(";\n") if statement.strip()]


def create_strict(
    name: str, *items: sa.schema.SchemaItem, fillfactor: int | None = None, rowid: bool = False
) -> sa.Table:
    """Makes a table as all of ours are: STRICT and, unless `rowid`, clustered by its primary key on SQLite.

    Bool columns get their CHECK of 0 or 1 there. Constraint names follow `metadata`'s convention.
    """
    options: dict[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": rowid}
    if fillfactor is not None:
        options["postgresql_with"] = {"fillfactor": fillfactor}
    checks = flag_checks(items) if on_sqlite() else []
    return op.create_table(name, *items, *checks, **options)


def drop_strict(*names: str) -> None:
    """Drops tables in the given order; their triggers, policies and indexes go with them."""
    for name in names:
        op.drop_table(name)


def protect_history(name: str) -> None:
    """Lets a table only grow: UPDATE and DELETE are refused by trigger, whoever asks (rule 28)."""
    if on_sqlite():
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {name}_refuses_{verb.lower()} BEFORE {verb} ON {name} BEGIN "
                f"SELECT RAISE(ABORT, '{name} is history: it is corrected by a new row, never by {verb}'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {name}_refuses_change BEFORE UPDATE OR DELETE ON {name} "
        "FOR EACH ROW EXECUTE FUNCTION creditbook_refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {name}_refuses_truncate BEFORE TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION creditbook_refuse_change()"
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM {APP_ROLE}")


def drop_guards_of_history(name: str) -> None:
    """Takes away what `protect_history` made. What the application's role may not do, it still may not."""
    if on_sqlite():
        op.execute(f"DROP TRIGGER {name}_refuses_update")
        op.execute(f"DROP TRIGGER {name}_refuses_delete")
        return
    op.execute(f"DROP TRIGGER {name}_refuses_change ON {name}")
    op.execute(f"DROP TRIGGER {name}_refuses_truncate ON {name}")


def drop_guards_of_columns(name: str) -> None:
    """Takes away what `protect_columns` made. What the application's role may not do, it still may not."""
    where = "" if on_sqlite() else f" ON {name}"
    op.execute(f"DROP TRIGGER {name}_keeps_its_terms{where}")
    op.execute(f"DROP TRIGGER {name}_refuses_delete{where}")
    if not on_sqlite():
        op.execute(f"DROP TRIGGER {name}_refuses_truncate ON {name}")


def protect_columns(name: str, columns: Sequence[str]) -> None:
    """Freezes some columns of a table and refuses to delete its rows; the other columns may move."""
    frozen = ", ".join(columns)
    if on_sqlite():
        op.execute(
            f"CREATE TRIGGER {name}_keeps_its_terms BEFORE UPDATE OF {frozen} ON {name} BEGIN "
            f"SELECT RAISE(ABORT, 'the terms of a {name} never change'); END"
        )
        op.execute(
            f"CREATE TRIGGER {name}_refuses_delete BEFORE DELETE ON {name} BEGIN "
            f"SELECT RAISE(ABORT, '{name} rows are never deleted'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {name}_keeps_its_terms BEFORE UPDATE OF {frozen} ON {name} "
        "FOR EACH ROW EXECUTE FUNCTION creditbook_refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {name}_refuses_delete BEFORE DELETE ON {name} "
        "FOR EACH ROW EXECUTE FUNCTION creditbook_refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {name}_refuses_truncate BEFORE TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION creditbook_refuse_change()"
    )
    op.execute(f"REVOKE DELETE, TRUNCATE ON {name} FROM {APP_ROLE}")


def enable_row_security(name: str, *, or_visible: str = "") -> None:
    """Shows a table's rows to their own organization alone (PostgreSQL; on SQLite there is nothing to do).

    FORCE binds the owner too. With no organization set, no row is visible and none can be written. `or_visible` is a
    further condition under which rows may be read, never written.
    """
    if on_sqlite():
        return
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    own = f"org_id = {CURRENT_ORG}"
    op.execute(f"CREATE POLICY {name}_of_its_organization ON {name} USING ({own}) WITH CHECK ({own})")
    if or_visible:
        op.execute(f"CREATE POLICY {name}_also_visible ON {name} FOR SELECT USING ({or_visible})")


def create_app_role() -> None:
    """Makes the role that the application works as, with what it may do to today's and tomorrow's tables (PostgreSQL).

    The role belongs to the whole server, so another database's migration may have made it, even at this moment.
    """
    if on_sqlite():
        return
    op.execute(
        f"""
        DO $$ BEGIN
            IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
                CREATE ROLE {APP_ROLE} NOLOGIN;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
        """
    )
    op.execute(
        f"""
        DO $$ BEGIN
            IF NOT pg_has_role(current_user, '{APP_ROLE}', 'MEMBER') THEN
                EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
            END IF;
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO {APP_ROLE}', current_schema());
            EXECUTE format(
                'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE}',
                current_schema());
            EXECUTE format(
                'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE}',
                current_schema());
        END $$
        """
    )
    op.execute(f"GRANT SELECT ON alembic_version TO {APP_ROLE}")


def drop_app_grants() -> None:
    """Takes from the role what it may do in this database. The role stays: other databases may use it (PostgreSQL)."""
    if not on_sqlite():
        op.execute(f"DROP OWNED BY {APP_ROLE}")


def create_refusal() -> None:
    """The function behind PostgreSQL's refusing triggers; SQLite's carry their own sentence."""
    if on_sqlite():
        return
    op.execute(
        """
        CREATE FUNCTION creditbook_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% on % is refused: what happened is corrected by a new row', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation', HINT = 'See rule 28 of the ledger.';
        END $$
        """
    )


def drop_refusal() -> None:
    """Drops the function; every table that it guards must be gone."""
    if not on_sqlite():
        op.execute("DROP FUNCTION creditbook_refuse_change()")
