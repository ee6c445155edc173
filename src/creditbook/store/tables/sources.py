"""Where usage comes from by itself, what arrived by day, and the events that could not be booked at once."""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Day, Json, Text, When, flag, key, org_id, refers, table

COUNTS = ("received", "booked", "replayed", "waiting", "rejected", "dismissed", "empty")

source = table(
    "source",
    org_id(),
    key("source_id"),
    sa.Column("name", Text, sa.CheckConstraint("name <> ''", name="name"), nullable=False),
    sa.Column(
        "kind", Text, sa.CheckConstraint("kind IN ('cloudevents', 'otlp', 'litellm')", name="kind"), nullable=False
    ),
    sa.Column("mode", Text, sa.CheckConstraint("mode IN ('meter', 'charge')", name="mode"), nullable=False),
    sa.Column("unknown", Text, sa.CheckConstraint("unknown IN ('queue', 'create')", name="unknown"), nullable=False),
    sa.Column("who", Json, nullable=False),
    sa.Column("mapping", Json, nullable=False),
    sa.Column("fixed", Json, nullable=False),
    sa.Column("key_id", Big),
    flag("is_on", default=True),
    sa.Column("created_at", When, nullable=False),
    sa.Column("created_by", Text, nullable=False),
    sa.UniqueConstraint("org_id", "name"),
    sa.Index(
        "uq_source_of_kind", "org_id", "kind", unique=True,
        sqlite_where=sa.text("key_id IS NULL"), postgresql_where=sa.text("key_id IS NULL"),
    ),
    sa.Index(
        "uq_source_of_key", "org_id", "key_id", "kind", unique=True,
        sqlite_where=sa.text("key_id IS NOT NULL"), postgresql_where=sa.text("key_id IS NOT NULL"),
    ),
    refers("", "organization"),
    refers("key_id", "api_key"),
)  # fmt: skip
"""What is made of the events of one kind: those of an API key, or (`key_id` NULL) of every key without its own."""

source_day = table(
    "source_day",
    org_id(),
    key("source_id"),
    key("org_date", Day),
    *(sa.Column(name, Big, nullable=False, default=0) for name in COUNTS),
    sa.Column("last_at", When, nullable=False),
    sa.CheckConstraint(
        "booked >= 0 AND replayed >= 0 AND waiting >= 0 AND rejected >= 0 AND dismissed >= 0 AND empty >= 0",
        name="counts_are_not_negative",
    ),
    sa.CheckConstraint(
        "received = booked + replayed + waiting + rejected + dismissed + empty", name="all_that_came_is_somewhere"
    ),
    refers("source_id", "source"),
    fillfactor=80,
)
"""What arrived on a day of the organization's, and where it is now: what waited and was booked later moves over."""

source_event = table(
    "source_event",
    org_id(),
    key("arrival_id"),
    sa.Column("source_id", Big, nullable=False),
    sa.Column("event_key", Text, nullable=False),
    sa.Column("event_id", Text, nullable=False),
    sa.Column("received_at", When, nullable=False),
    sa.Column("org_date", Day, nullable=False),
    sa.Column("event_at", When),
    sa.Column("account", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("problem", Text, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("attributes", Json, nullable=False),
    sa.Column(
        "state", Text,
        sa.CheckConstraint("state IN ('waiting', 'rejected', 'booked', 'dismissed')", name="state"), nullable=False,
    ),
    sa.Column("resolved_at", When),
    sa.Column("resolved_by", Text),
    sa.CheckConstraint(
        "(state IN ('waiting', 'rejected')) = (resolved_at IS NULL)", name="resolved_has_its_time"
    ),
    sa.UniqueConstraint("org_id", "source_id", "event_key"),
    sa.Index(
        "ix_source_event_open", "org_id", "source_id", "arrival_id",
        sqlite_where=sa.text("resolved_at IS NULL"), postgresql_where=sa.text("resolved_at IS NULL"),
    ),
    refers("source_id", "source"),
    rowid=True,
)  # fmt: skip
"""An event that could not be booked when it came: why, and what became of it. What booked at once has no row.

`org_date` is the day on which it was received; `account` is who it names, '' for nobody. `problem` is what its parser
found wrong with it, which no setting mends.
"""
