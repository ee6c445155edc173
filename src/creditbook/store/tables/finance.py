"""What finance keeps beside the ledger: closed months, budgets, receipts, exports, the accounting system's codes."""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Day, Json, Text, When, flag, key, org_id, refers, table

ACCOUNT_ROLES = (
    "cash", "deferred_revenue", "tax_payable", "revenue", "breakage", "refunds", "model_costs", "accrued_costs",
)  # fmt: skip
"""The accounts of an accounting system that every journal needs; further roles may be named."""

period_close = table(
    "period_close",
    org_id(),
    key("month", Day),
    sa.Column("closed_at", When, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("figures", Json, nullable=False),
    sa.Column("digest", Text, nullable=False),
    refers("", "organization"),
)
"""A closed month (its first day) with the figures that never move again, and their digest (rule 34). History."""

budget = table(
    "budget",
    org_id(),
    key("budget_id"),
    sa.Column("name", Text, nullable=False),
    sa.Column(
        "scope", Text, sa.CheckConstraint("scope IN ('total', 'agent', 'model', 'feature')", name="scope"),
        nullable=False,
    ),
    sa.Column("subject", Text, nullable=False),
    sa.Column("month", Day),
    sa.Column("amount_nanos", Big, sa.CheckConstraint("amount_nanos > 0", name="amount_is_positive"), nullable=False),
    sa.Column("currency", Text, sa.CheckConstraint("currency IN ('USD', 'INR')", name="currency"), nullable=False),
    sa.Column("channel", Text, nullable=False),
    flag("is_on", default=True),
    sa.Column("created_at", When, nullable=False),
    sa.Column("created_by", Text, nullable=False),
    sa.Column("ended_at", When),
    sa.CheckConstraint("scope <> 'total' OR subject = ''", name="a_total_names_nothing"),
    refers("", "organization"),
    fillfactor=80,
)  # fmt: skip
"""What usage of an agent, a model, a feature or all may cost in a month (its first day; NULL: in every month).

Its terms never change; `name`, `channel`, `is_on` and `ended_at` do. `subject` is '' for `total`, and names what is
meant else ('' then means usage that names none).
"""

budget_alert = table(
    "budget_alert",
    org_id(),
    key("budget_id"),
    key("month", Day),
    key("percent"),
    key("attempt"),
    key("step", Text),
    sa.Column("at", When, nullable=False),
    sa.Column("error", Text, nullable=False),
    sa.CheckConstraint("percent > 0", name="percent"),
    sa.CheckConstraint("attempt > 0", name="attempt"),
    sa.CheckConstraint("step IN ('claimed', 'sent', 'failed')", name="step"),
    refers("budget_id", "budget"),
)
"""A budget was used to so many percent in a month: every attempt to tell its channel, and what came of it. History.

An attempt is `claimed` before it is made, so that of two checks at once one sends; then it is `sent` or `failed`.
"""

receipt = table(
    "receipt",
    org_id(),
    key("fiscal_year", Text),
    key("number"),
    sa.Column("purchase_id", Big, nullable=False),
    sa.Column("issued_at", When, nullable=False),
    sa.CheckConstraint("number > 0", name="number"),
    sa.UniqueConstraint("org_id", "purchase_id"),
    refers("purchase_id", "purchase"),
)
"""A purchase's receipt, numbered without a gap within a fiscal year (`2026-27`). History."""

export_schedule = table(
    "export_schedule",
    org_id(),
    key("export_id"),
    sa.Column("what", Text, nullable=False),
    sa.Column("format", Text, nullable=False),
    sa.Column("folder", Text, nullable=False),
    sa.Column("every", Text, sa.CheckConstraint("every IN ('day', 'week', 'month')", name="every"), nullable=False),
    sa.Column("filters", Json, nullable=False),
    flag("is_on", default=True),
    sa.Column("created_at", When, nullable=False),
    sa.Column("created_by", Text, nullable=False),
    sa.Column("last_run_at", When),
    sa.Column("last_result", Text, nullable=False),
    refers("", "organization"),
    fillfactor=80,
)
"""A file that is written to a folder again and again; `last_result` is what came of it the last time, '' before."""

account_code = table(
    "account_code",
    org_id(),
    key("role", Text),
    sa.Column("code", Text, sa.CheckConstraint("code <> ''", name="code"), nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("updated_at", When, nullable=False),
    sa.Column("actor", Text, nullable=False),
    refers("", "organization"),
)
"""What the organization's accounting system calls an account that our journal books to, by its role."""
