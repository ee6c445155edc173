"""What an import has reached, so that an interrupted one goes on where it stopped.

State, not history: what it booked stands in the ledger under keys of its own.
"""

from __future__ import annotations

import sqlalchemy as sa

from creditbook.store.migrations.defend import create_strict, drop_strict, enable_row_security
from creditbook.store.tables.base import Big, Json, Text, When, key, org_id, refers

revision = "0004_imports"
down_revision = "0003_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row per import, seen by its own organization alone."""
    counts = ("position", "imported", "replayed", "refused", "unpriced", "refused_bytes")
    create_strict(
        "import_run",
        org_id(),
        key("import_id"),
        *(sa.Column(name, Text, nullable=False) for name in ("file_name", "file_hash", "settings_hash")),
        sa.Column("settings", Json, nullable=False),
        sa.Column("mode", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        *(sa.Column(name, Big, nullable=False) for name in counts),
        sa.Column("refused_path", Text),
        sa.Column("actor", Text, nullable=False),
        sa.Column("started_at", When, nullable=False),
        sa.Column("updated_at", When, nullable=False),
        sa.Column("finished_at", When),
        refers("", "organization"),
        sa.CheckConstraint("mode IN ('meter', 'charge')", name="mode_is_known"),
        sa.CheckConstraint("status IN ('running', 'finished')", name="status_is_known"),
        sa.CheckConstraint("(status = 'finished') = (finished_at IS NOT NULL)", name="finished_has_its_time"),
        sa.CheckConstraint(" AND ".join(f"{name} >= 0" for name in counts), name="counts_are_not_negative"),
        sa.Index("ix_import_run_of_file", "org_id", "file_hash", "settings_hash"),
    )
    enable_row_security("import_run")


def downgrade() -> None:
    """Interrupted imports are forgotten; run again, they book nothing twice."""
    drop_strict("import_run")
