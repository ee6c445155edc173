"""Indexes that open a balance to what isn't usage, and a pool to its members' lines, without scanning history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_explaining"
down_revision = "0006_finance"
branch_labels = None
depends_on = None

ACCOUNT, POOL = "ix_ledger_transaction_of_account_by_kind", "ix_ledger_transaction_of_pool_by_kind"


def upgrade() -> None:
    """Both are partial: an ordinary spend of an account without a pool writes to neither."""
    for name, column, where in ((ACCOUNT, "account_id", "kind <> 'usage'"), (POOL, "pool_id", "pool_id IS NOT NULL")):
        op.create_index(name, "ledger_transaction", ["org_id", column, "kind", "txn_id"],
                        sqlite_where=sa.text(where), postgresql_where=sa.text(where))  # fmt: skip


def downgrade() -> None:
    """Nothing but speed is lost."""
    for name in (ACCOUNT, POOL):
        op.drop_index(name, "ledger_transaction")
