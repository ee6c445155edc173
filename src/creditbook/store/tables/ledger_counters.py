"""What is counted while it happens: limits, quotas, and the rollups that pages and reports read (rule 36)."""

from __future__ import annotations

import sqlalchemy as sa

from creditbook.domain.rolling import BOOK_MEASURES

from .base import Big, Day, Small, Text, key, org_id, refers, table

account_day = table(
    "account_day",
    org_id(),
    key("account_id"),
    key("day", Day),
    sa.Column("requests", Big, sa.CheckConstraint("requests >= 0", name="requests"), nullable=False),
    refers("account_id", "account"),
    fillfactor=70,
)
"""Live requests per account and local date (rule 33)."""

quota_use = table(
    "quota_use",
    org_id(),
    key("account_id"),
    key("pool_id"),
    key("period_first", Day),
    sa.Column("charged", Big, nullable=False),
    refers("account_id", "account"),
    refers("pool_id", "account", "account_id"),
    fillfactor=70,
)
"""What a member charged to its pool per pool period; 0001-01-01 stands for a pool without periods."""

MEASURES = (
    "requests", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "charged", "refunded",
    "cost_usd_nanos", "cost_inr_nanos", "unpriced",
)  # fmt: skip
"""The columns of every rollup, in order. Tokens, nano-USD, nano-INR; `unpriced` counts transactions without a price."""


def rollup(name: str, *keys: sa.schema.SchemaItem, measures: tuple[str, ...] = MEASURES) -> sa.Table:
    """A rollup by organization and `keys`."""
    sums = [sa.Column(measure, Big, nullable=False) for measure in measures]
    return table(name, org_id(), *keys, *sums, refers("", "organization"), fillfactor=80)


usage_account_day = rollup(
    "usage_account_day",
    key("account_id"),
    key("account_date", Day),
    key("org_date", Day),
    key("agent", Text),
    key("model", Text),
    key("feature", Text),
)
"""An account's own pages: by its local date. By the organization's (`org_date`) it ranks accounts over any days."""

sa.Index(None, usage_account_day.c.org_id, usage_account_day.c.org_date, usage_account_day.c.account_id)

usage_org_day = rollup(
    "usage_org_day",
    key("org_date", Day),
    key("accounting_date", Day),
    key("agent", Text),
    key("model", Text),
    key("feature", Text),
    key("plan", Text),
    key("shard", Small),
)
"""Finance: by the organization's local date, and by the date that the books use (rule 34), which is nearly always the
same. Writers spread over shards; readers add them up.
"""

# What was booked into another month than it happened in: few rows, found without reading the others.
sa.Index(
    "ix_usage_org_day_late",
    usage_org_day.c.org_id,
    usage_org_day.c.accounting_date,
    sqlite_where=sa.text("accounting_date <> org_date"),
    postgresql_where=sa.text("accounting_date <> org_date"),
)

usage_org_hour = rollup("usage_org_hour", key("org_date", Day), key("org_hour", Small), key("shard", Small))
"""Heat maps: by the organization's local hour."""

usage_month_account = rollup("usage_month_account", key("month", Day), key("account_id"))
"""Rankings: by the month (its first day) of the organization's local date."""

books_day = rollup(
    "books_day",
    key("accounting_date", Day),
    key("kind", Text),
    key("class", Text),
    key("currency", Text),
    key("shard", Small),
    measures=BOOK_MEASURES,
)
"""The books by day: how entries moved grants of a class, by the kind of transaction, in tokens and in unearned money.

`currency` is '' for grants that nobody paid for; `deferred_*` are minor units of it (`domain.journal.Entry`).
"""

pack_month = rollup(
    "pack_month",
    key("month", Day),
    key("grant_id"),
    key("kind", Text),
    refers("grant_id", "token_grant"),
    measures=BOOK_MEASURES,
)
"""The same by month of a single grant, of those with a price alone: what each sale earned, and still owes."""
