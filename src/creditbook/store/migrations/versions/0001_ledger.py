"""The ledger: organizations, accounts, grants, what happened to them, and the guards around it.

The tables are the SQL beside this file, one for each database, so that what was made can be read as it was made.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

from creditbook.store.migrations.defend import (
    create_app_role,
    create_refusal,
    drop_app_grants,
    drop_refusal,
    drop_strict,
    enable_row_security,
    on_sqlite,
    protect_columns,
    protect_history,
)

revision = "0001_ledger"
down_revision = None
branch_labels = None
depends_on = None

HISTORY = (
    "program_version",
    "audit",
    "audit_seal",
    "ledger_transaction",
    "entry",
    "operation_key",
    "hold_entry",
    "debt_entry",
)

TERMS = {
    "account": ("org_id", "account_id", "kind", "created_at"),
    "wallet": ("org_id", "wallet_id", "account_id", "type", "created_at"),
    "token_grant": (
        "org_id", "grant_id", "account_id", "wallet_id", "txn_id", "source", "class", "label", "amount",
        "effective_at", "price_minor", "currency", "period_first", "forced_no",
    ),
    "hold": ("org_id", "hold_id", "account_id", "pool_id", "action", "feature", "estimate", "seconds", "effective_at"),
    "debt": ("org_id", "debt_id", "account_id", "txn_id", "feature", "incurred", "effective_at"),
}  # fmt: skip

COUNTERS = ("account_day", "quota_use", "usage_account_day", "usage_org_day", "usage_org_hour", "usage_month_account")

# Children first: a table goes before the one that it points to.
DROP_ORDER = (
    "hold_entry", "debt_entry", "entry", "debt", "token_grant", "ledger_transaction", "hold", "wallet", *COUNTERS,
    "operation_key", "audit_seal", "audit", "program_version", "account", "organization",
)  # fmt: skip


def upgrade() -> None:
    """Tables, then the role, then what each table refuses and to whom it shows itself."""
    create_app_role()
    create_refusal()
    dialect = op.get_bind().dialect.name
    ddl = Path(__file__).with_name(f"0001_ledger.{dialect}.sql").read_text(encoding="utf-8")
    for statement in ddl.split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
    for name in HISTORY:
        protect_history(name)
    for name, columns in TERMS.items():
        protect_columns(name, columns)
    for name in (*HISTORY, *TERMS, *COUNTERS):
        enable_row_security(name)
    # Names must be found before their organization is known: by code that says so, for reading only.
    enable_row_security("organization", or_visible="current_setting('app.directory', true) = 'on'")


def downgrade() -> None:
    """Everything goes; the role stays on the server without rights in this database."""
    drop_strict(*DROP_ORDER)
    if on_sqlite():
        drop_strict("id_source")
    else:
        op.execute("DROP SEQUENCE creditbook_id")
    drop_refusal()
    drop_app_grants()
