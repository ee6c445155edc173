"""What is counted while it happens: limits, quotas, and the rollups that pages and reports read (rule 36)."""

from __future__ import annotations

import sqlalchemy as sa

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


def rollup(name: str, *keys: sa.Column[object]) -> sa.Table:
    """A rollup by organization and `keys`."""
    measures = [sa.Column(measure, Big, nullable=False) for measure in MEASURES]
    return table(name, org_id(), *keys, *measures, refers("", "organization"), fillfactor=80)


usage_account_day = rollup(
    "usage_account_day",
    key("account_id"),
    key("account_date", Day),
    key("agent", Text),
    key("model", Text),
    key("feature", Text),
)
"""An account's own pages: by its local date."""

usage_org_day = rollup(
    "usage_org_day",
    key("org_date", Day),
    key("agent", Text),
    key("model", Text),
    key("feature", Text),
    key("plan", Text),
    key("shard", Small),
)
"""Finance: by the organization's local date. Writers spread over shards; readers add them up."""

usage_org_hour = rollup("usage_org_hour", key("org_date", Day), key("org_hour", Small), key("shard", Small))
"""Heat maps: by the organization's local hour."""

usage_month_account = rollup("usage_month_account", key("month", Day), key("account_id"))
"""Rankings: by the month (its first day) of the account's local date."""
