"""Where usage comes from by itself: sources, what arrived by day, and what could not be booked at once."""

from __future__ import annotations

import sqlalchemy as sa

from creditbook.store.migrations.defend import create_strict, drop_strict, enable_row_security
from creditbook.store.tables.base import Big, Day, Json, Text, When, flag, key, org_id, refers

revision = "0008_sources"
down_revision = "0007_explaining"
branch_labels = None
depends_on = None

COUNTS = ("received", "booked", "replayed", "waiting", "rejected", "dismissed", "empty")
OPEN, DEFAULT, BOUND = map(sa.text, ("resolved_at IS NULL", "key_id IS NULL", "key_id IS NOT NULL"))


def upgrade() -> None:
    """Three tables, each seen by its own organization alone."""
    create_strict(
        "source",
        org_id(),
        key("source_id"),
        *(sa.Column(name, Text, nullable=False) for name in ("name", "kind", "mode", "unknown")),
        *(sa.Column(name, Json, nullable=False) for name in ("who", "mapping", "fixed")),
        sa.Column("key_id", Big),
        flag("is_on", default=True),
        sa.Column("created_at", When, nullable=False),
        sa.Column("created_by", Text, nullable=False),
        sa.CheckConstraint("name <> ''", name="name"),
        sa.CheckConstraint("kind IN ('cloudevents', 'otlp', 'litellm')", name="kind"),
        sa.CheckConstraint("mode IN ('meter', 'charge')", name="mode"),
        sa.CheckConstraint("unknown IN ('queue', 'create')", name="unknown"),
        sa.UniqueConstraint("org_id", "name"),
        sa.Index(
            "uq_source_of_kind", "org_id", "kind", unique=True, sqlite_where=DEFAULT, postgresql_where=DEFAULT
        ),
        sa.Index(
            "uq_source_of_key", "org_id", "key_id", "kind", unique=True, sqlite_where=BOUND, postgresql_where=BOUND
        ),
        refers("", "organization"),
        refers("key_id", "api_key"),
    )  # fmt: skip
    create_strict(
        "source_day",
        org_id(),
        key("source_id"),
        key("org_date", Day),
        *(sa.Column(name, Big, nullable=False) for name in COUNTS),
        sa.Column("last_at", When, nullable=False),
        sa.CheckConstraint(
            " AND ".join(f"{name} >= 0" for name in COUNTS[1:]), name="counts_are_not_negative"
        ),
        sa.CheckConstraint("received = " + " + ".join(COUNTS[1:]), name="all_that_came_is_somewhere"),
        refers("source_id", "source"),
        fillfactor=80,
    )  # fmt: skip
    create_strict(
        "source_event",
        org_id(),
        key("arrival_id"),
        sa.Column("source_id", Big, nullable=False),
        *(sa.Column(name, Text, nullable=False) for name in ("event_key", "event_id")),
        sa.Column("received_at", When, nullable=False),
        sa.Column("org_date", Day, nullable=False),
        sa.Column("event_at", When),
        *(sa.Column(name, Text, nullable=False) for name in ("account", "reason", "problem")),
        *(sa.Column(name, Json, nullable=False) for name in ("fields", "attributes")),
        sa.Column("state", Text, nullable=False),
        sa.Column("resolved_at", When),
        sa.Column("resolved_by", Text),
        sa.CheckConstraint("state IN ('waiting', 'rejected', 'booked', 'dismissed')", name="state"),
        sa.CheckConstraint(
            "(state IN ('waiting', 'rejected')) = (resolved_at IS NULL)", name="resolved_has_its_time"
        ),
        sa.UniqueConstraint("org_id", "source_id", "event_key"),
        sa.Index(
            "ix_source_event_open", "org_id", "source_id", "arrival_id", sqlite_where=OPEN, postgresql_where=OPEN
        ),
        refers("source_id", "source"),
        rowid=True,
    )  # fmt: skip
    for name in ("source", "source_day", "source_event"):
        enable_row_security(name)


def downgrade() -> None:
    """What waits is forgotten; sent again, what is in the books is booked no second time."""
    drop_strict("source_event", "source_day", "source")
