"""Tokens reserved before the work, and what work took beyond all that was there."""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Day, Json, Text, When, flag, key, org_id, refers, table

hold = table(
    "hold",
    org_id(),
    key("hold_id"),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("pool_id", Big),
    sa.Column("action", Text, nullable=False),
    sa.Column("feature", Text, nullable=False),
    sa.Column("estimate", Big, sa.CheckConstraint("estimate >= 0", name="estimate"), nullable=False),
    sa.Column("seconds", Big, sa.CheckConstraint("seconds > 0", name="seconds"), nullable=False),
    sa.Column("effective_at", When, nullable=False),
    sa.Column("ends_at", When, nullable=False),
    sa.Column(
        "status",
        Text,
        sa.CheckConstraint("status IN ('open', 'captured', 'voided', 'timed_out')", name="status"),
        nullable=False,
    ),
    sa.Column("closed_at", When),
    sa.Column("captured", Big, sa.CheckConstraint("captured >= 0", name="captured"), nullable=False),
    flag("metered"),
    sa.Column("quota_period", Day),
    sa.Column("project", Text, nullable=False),
    sa.Column("metadata", Json),
    sa.CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="open_until_closed"),
    refers("account_id", "account"),
    refers("pool_id", "account", "account_id"),
    fillfactor=70,
)
"""A reservation for one action and a time (rule 12). `captured` is what its parts took so far, in tokens."""

_open = sa.text("status = 'open'")
sa.Index("ix_hold_open", hold.c.org_id, hold.c.account_id, sqlite_where=_open, postgresql_where=_open)
sa.Index("ix_hold_open_on_pool", hold.c.org_id, hold.c.pool_id, sqlite_where=_open, postgresql_where=_open)
sa.Index(None, hold.c.org_id, hold.c.account_id, hold.c.effective_at)

hold_entry = table(
    "hold_entry",
    org_id(),
    key("hold_id"),
    key("seq"),
    sa.Column("grant_id", Big, nullable=False),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("amount", Big, nullable=False),
    sa.Column("effective_at", When, nullable=False),
    sa.Column(
        "cause", Text, sa.CheckConstraint("cause IN ('reserved', 'captured', 'released')", name="cause"), nullable=False
    ),
    sa.Column("txn_id", Big),
    refers("hold_id", "hold"),
    refers("grant_id", "token_grant"),
    refers("account_id", "account"),
    refers("txn_id", "ledger_transaction"),
)
"""One signed line of a hold on a grant: reserved (+), captured or released (−). History."""

sa.Index(None, hold_entry.c.org_id, hold_entry.c.account_id, hold_entry.c.effective_at)

debt = table(
    "debt",
    org_id(),
    key("debt_id"),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("txn_id", Big, nullable=False),
    sa.Column("feature", Text, nullable=False),
    sa.Column("incurred", Big, sa.CheckConstraint("incurred > 0", name="incurred"), nullable=False),
    sa.Column("owed", Big, sa.CheckConstraint("owed >= 0 AND owed <= incurred", name="owed"), nullable=False),
    sa.Column("effective_at", When, nullable=False),
    refers("account_id", "account"),
    refers("txn_id", "ledger_transaction"),
)
"""The shortfall of a captured part, owed by its account and repaid by its next tokens (rule 15)."""

sa.Index(None, debt.c.org_id, debt.c.account_id)
sa.Index(None, debt.c.org_id, debt.c.txn_id)

debt_entry = table(
    "debt_entry",
    org_id(),
    key("txn_id"),
    key("seq"),
    sa.Column("debt_id", Big, nullable=False),
    sa.Column("amount", Big, nullable=False),
    sa.Column("owed_after", Big, sa.CheckConstraint("owed_after >= 0", name="owed_after"), nullable=False),
    sa.Column(
        "cause",
        Text,
        sa.CheckConstraint("cause IN ('incurred', 'repaid', 'cancelled', 'written_off')", name="cause"),
        nullable=False,
    ),
    refers("txn_id", "ledger_transaction"),
    refers("debt_id", "debt"),
)
"""One signed line on a debt: incurred (+); repaid, cancelled or written off (−). History."""

sa.Index(None, debt_entry.c.org_id, debt_entry.c.debt_id, debt_entry.c.txn_id)
