"""Terms and versions of plans, what is sold and given, approvals, API keys, alerts, webhooks, sweeps and their lease.

The tables are the SQL beside this file, one for each database. Accounts that are there follow the program's version in
force (0). SQLite cannot give a table a further compound key, so `account` is rebuilt there.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

from creditbook.store.migrations.defend import (
    drop_strict,
    enable_row_security,
    on_sqlite,
    protect_columns,
    protect_history,
)

revision = "0005_programs"
down_revision = "0004_imports"
branch_labels = None
depends_on = None

HISTORY = ("plan_event", "redemption", "award", "referral_owed", "alert_sent", "sweep_run")

ACCOUNT_BEFORE = ("org_id", "account_id", "kind", "created_at")
TERMS = {
    "account": (*ACCOUNT_BEFORE, "referrer_id"),
    "purchase": (
        "org_id", "purchase_id", "account_id", "kind", "item", "title", "tokens", "price_minor", "tax_minor",
        "tax_label", "tax_rate", "tax_inclusive", "currency", "program_id", "created_at", "actor", "reason",
    ),
    "promo_code": (
        "org_id", "code_id", "code", "terms", "tokens", "total_limit", "batch", "created_at", "actor", "reason",
    ),
    "approval": ("org_id", "approval_id", "kind", "account_id", "request", "asked_by", "asked_at", "reason"),
    "api_key": ("org_id", "key_id", "digest", "shown", "scopes", "account_id", "created_at", "created_by"),
    "webhook_event": ("provider", "event_id", "received_at", "kind", "payload"),
}  # fmt: skip

TENANTS = (*HISTORY, "purchase", "promo_code", "approval", "api_key", "alert_rule")

# Children first: a table goes before the one that it points to.
DROP_ORDER = (
    "scheduler_lease", "webhook_event", "sweep_run", "alert_sent", "alert_rule", "api_key", "approval",
    "referral_owed", "award", "redemption", "promo_code", "plan_event", "purchase",
)  # fmt: skip

KEPT = (
    "org_id, account_id, name, kind, pool_id, status, zone, plan, plan_anchor, plan_started_at, quota_tokens, "
    "import_id, clock_at, external_id, created_at"
)
ADDED = {
    "program_id": "0", "term_status": "'active'", "paid_ahead": "0", "next_plan": "''", "next_paid": "0", "unpaid": "0",
    "referral_waits": "0",
}  # fmt: skip
ADDED_ON_POSTGRES = (*ADDED, "term_first", "term_next", "term_ends_at", "grace_ends_at", "referrer_id")


def upgrade() -> None:
    """The account's new columns first, then the tables that come with them, then what each refuses."""
    statements = _statements("0005_programs")
    _drop_triggers_of_account()
    if on_sqlite():
        _rebuild_account(statements.pop(0), f"{KEPT}, {', '.join(ADDED)}", f"{KEPT}, {', '.join(ADDED.values())}")
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
    for name in HISTORY:
        protect_history(name)
    for name, columns in TERMS.items():
        protect_columns(name, columns)
    for name in TENANTS:
        enable_row_security(name)


def downgrade() -> None:
    """What was sold, given and planned is forgotten; the tokens that came of it stay in the books."""
    drop_strict(*DROP_ORDER)
    _drop_triggers_of_account()
    if on_sqlite():
        (before,) = (text for text in _statements("0001_ledger") if text.startswith("CREATE TABLE account ("))
        _rebuild_account(before.replace("TABLE account", "TABLE account_rebuilt", 1), KEPT, KEPT)
    else:
        drops = ", ".join(f"DROP COLUMN {name}" for name in ADDED_ON_POSTGRES)
        op.execute(f"ALTER TABLE account {drops}")
    protect_columns("account", ACCOUNT_BEFORE)


def _statements(name: str) -> list[str]:
    dialect = op.get_bind().dialect.name
    ddl = Path(__file__).with_name(f"{name}.{dialect}.sql").read_text(encoding="utf-8")
    kept = "\n".join(line for line in ddl.splitlines() if not line.startswith("--"))
    return [statement.strip() for statement in kept.split(";\n") if statement.strip()]


def _rebuild_account(create: str, columns: str, values: str) -> None:
    """Foreign keys are off while migrations run, so other tables' keys find the new table under the old name."""
    op.get_bind().exec_driver_sql(create)
    op.execute(f"INSERT INTO account_rebuilt ({columns}) SELECT {values} FROM account")
    op.execute("DROP TABLE account")
    op.execute("ALTER TABLE account_rebuilt RENAME TO account")


def _drop_triggers_of_account() -> None:
    """Its guards are made anew: one column more may never change."""
    where = "" if on_sqlite() else " ON account"
    op.execute(f"DROP TRIGGER account_keeps_its_terms{where}")
    op.execute(f"DROP TRIGGER account_refuses_delete{where}")
    if not on_sqlite():
        op.execute("DROP TRIGGER account_refuses_truncate ON account")
