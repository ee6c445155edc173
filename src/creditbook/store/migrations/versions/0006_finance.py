"""What finance reads and keeps: money in entries, rollups by accounting date, closes, budgets, receipts, exports.

The tables are the SQL beside this file, one for each database. The tax of packs that are there is copied from their
purchases, what every entry changed of a pack's unearned price is computed, and the rollups are filled from history.
"""

from __future__ import annotations

from alembic import op

from creditbook.store.migrations.defend import (
    drop_guards_of_columns,
    drop_guards_of_history,
    drop_strict,
    enable_row_security,
    on_sqlite,
    protect_columns,
    protect_history,
    statements,
)
from creditbook.store.migrations.filling_finance import fill

revision = "0006_finance"
down_revision = "0005_programs"
branch_labels = None
depends_on = None

HISTORY = ("period_close", "budget_alert", "receipt")

GRANT_BEFORE = (
    "org_id", "grant_id", "account_id", "wallet_id", "txn_id", "source", "class", "label", "amount", "effective_at",
    "price_minor", "currency", "period_first", "forced_no",
)  # fmt: skip
TERMS = {
    "token_grant": (*GRANT_BEFORE, "tax_minor"),
    "budget": (
        "org_id", "budget_id", "scope", "subject", "month", "amount_nanos", "currency", "created_at", "created_by",
    ),
}  # fmt: skip

INDEXES_OF_TRANSACTIONS = (
    "uq_ledger_transaction_correction", "ix_ledger_transaction_org_id_org_date_txn_id", "ix_ledger_transaction_late",
    "ix_ledger_transaction_money_back", "ix_ledger_transaction_unpriced",
)  # fmt: skip

REKEYED = ("usage_account_day", "usage_org_day")
TENANTS = (*REKEYED, "books_day", "pack_month", *HISTORY, "budget", "export_schedule", "account_code")

# Children first: a table goes before the one that it points to.
DROP_ORDER = (
    "account_code", "export_schedule", "receipt", "budget_alert", "budget", "period_close", "pack_month", "books_day",
    *REKEYED,
)  # fmt: skip


def upgrade() -> None:
    """The new columns and tables, then what history says is in them, then what each refuses."""
    drop_guards_of_columns("token_grant")
    drop_guards_of_history("entry")
    for statement in statements(__file__):
        op.get_bind().exec_driver_sql(statement)
    fill(later=True)
    for name in ("entry", *HISTORY):
        protect_history(name)
    for name, columns in TERMS.items():
        protect_columns(name, columns)
    for name in TENANTS:
        enable_row_security(name)


def downgrade() -> None:
    """Closed months, budgets and receipts are forgotten; what they were made from stays in the books."""
    drop_guards_of_columns("token_grant")
    drop_guards_of_history("entry")
    drop_strict(*DROP_ORDER)
    for index in INDEXES_OF_TRANSACTIONS:
        op.execute(f"DROP INDEX {index}")
    op.execute("ALTER TABLE entry DROP COLUMN deferred_minor")
    if not on_sqlite():
        op.execute("ALTER TABLE token_grant DROP CONSTRAINT ck_token_grant_tax_is_within_the_price")
    op.execute("ALTER TABLE token_grant DROP COLUMN tax_minor")
    for statement in statements(__file__, "0001_ledger"):
        if statement.startswith(tuple(f"CREATE TABLE {name} (" for name in REKEYED)):
            op.get_bind().exec_driver_sql(statement)
    fill(later=False)
    protect_history("entry")
    protect_columns("token_grant", GRANT_BEFORE)
    for name in REKEYED:
        enable_row_security(name)
