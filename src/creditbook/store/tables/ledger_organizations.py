"""Tenants and the programs they run."""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Day, Json, Text, When, flag, key, metadata, org_id, refers, table

organization = table(
    "organization",
    org_id(),
    sa.Column("slug", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("zone", Text, nullable=False),
    sa.Column("currency", Text, nullable=False),
    # The version in force; its row is written after this one, so no foreign key can stand here.
    sa.Column("program_id", Big, nullable=False),
    sa.Column("closed_through", Day),
    flag("is_sample"),
    sa.Column("created_at", When, nullable=False),
    sa.UniqueConstraint("slug"),
)
"""The directory of tenants; it alone may be read without naming an organization (`Store.read()`)."""

program_version = table(
    "program_version",
    org_id(),
    key("program_id"),
    sa.Column("name", Text, nullable=False),
    sa.Column("version", Big, nullable=False),
    sa.Column("document", Json, nullable=False),
    sa.Column("created_at", When, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.UniqueConstraint("org_id", "name", "version"),
    refers("", "organization"),
)
"""Every version of an organization's program, as it was loaded. History."""

audit = table(
    "audit",
    org_id(),
    key("audit_id"),
    sa.Column("at", When, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("act", Text, nullable=False),
    sa.Column("subject", Text, nullable=False),
    sa.Column("before", Json),
    sa.Column("after", Json),
    sa.Column("reason", Text, nullable=False),
    refers("", "organization"),
)
"""Who did what to whom, when and why (rule 38). History."""

audit_seal = table(
    "audit_seal",
    org_id(),
    key("audit_id"),
    sa.Column("previous", Text, nullable=False),
    sa.Column("digest", Text, nullable=False),
    refers("audit_id", "audit"),
)
"""The hash chain over `audit`, one link a row. History."""

creditbook_id = sa.Sequence("creditbook_id", data_type=sa.BigInteger(), start=1, increment=32, metadata=metadata)
"""PostgreSQL's source of ids, in blocks of 32; SQLite has the one-row table `id_source` (see `store.ids`)."""
