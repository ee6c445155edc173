"""What a database says of itself, as plain values that can be compared: also what Alembic does not look at."""

from __future__ import annotations

import sqlalchemy as sa

POSTGRES_QUESTIONS = {
    "columns": """
        SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "tables": """
        SELECT relname, relkind, relrowsecurity, relforcerowsecurity, reloptions::text, relacl::text
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v', 'm', 'p')
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    """,
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
    """,
    "policies": "SELECT * FROM pg_policies WHERE schemaname = 'public'",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, increment_by, cache_size FROM pg_sequences
        WHERE schemaname = 'public'
    """,
    "default privileges": "SELECT defaclobjtype, defaclacl::text FROM pg_default_acl",
}


def catalog(connection: sa.Connection) -> dict[str, list[str]]:
    """Every table, constraint, index, trigger, function, policy, sequence and grant, sorted and as text."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master").all()
        return {"sqlite_master": sorted(str(tuple(row)) for row in rows)}
    return {
        name: sorted(str(tuple(row)) for row in connection.exec_driver_sql(question.replace("%", "%%")).all())
        for name, question in POSTGRES_QUESTIONS.items()
    }
