"""What an import has reached, so that an interrupted one goes on where it stopped. State, not history: the rows that
it booked stand in the ledger under their keys, and would be met there again if this table were empty."""

from __future__ import annotations

import sqlalchemy as sa

from creditbook.store.tables.base import Big, Json, Text, When, key, org_id, refers, table

import_run = table(
    "import_run",
    org_id(),
    key("import_id"),
    sa.Column("file_name", Text, nullable=False),
    sa.Column("file_hash", Text, nullable=False),
    sa.Column("settings_hash", Text, nullable=False),  # the same file mapped otherwise is another import
    sa.Column("settings", Json, nullable=False),
    sa.Column("mode", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("position", Big, nullable=False),  # rows of the file that need not be given to the ledger again
    sa.Column("imported", Big, nullable=False),
    sa.Column("replayed", Big, nullable=False),
    sa.Column("refused", Big, nullable=False),
    sa.Column("unpriced", Big, nullable=False),
    sa.Column("refused_bytes", Big, nullable=False),  # how much of the file of refused rows is meant
    sa.Column("refused_path", Text),
    sa.Column("actor", Text, nullable=False),
    sa.Column("started_at", When, nullable=False),
    sa.Column("updated_at", When, nullable=False),
    sa.Column("finished_at", When),
    refers("", "organization"),
    sa.CheckConstraint("mode IN ('meter', 'charge')", name="mode_is_known"),
    sa.CheckConstraint("status IN ('running', 'finished')", name="status_is_known"),
    sa.CheckConstraint("(status = 'finished') = (finished_at IS NOT NULL)", name="finished_has_its_time"),
    sa.CheckConstraint(
        "position >= 0 AND imported >= 0 AND replayed >= 0 AND refused >= 0 AND unpriced >= 0 AND refused_bytes >= 0",
        name="counts_are_not_negative",
    ),
    sa.Index("ix_import_run_of_file", "org_id", "file_hash", "settings_hash"),
)
