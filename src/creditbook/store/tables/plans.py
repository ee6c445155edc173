"""What happened to accounts' plans, for reports and finance. All of it only grows."""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Day, Text, When, key, org_id, refers, table

PLAN_EVENTS = (
    "started", "upgraded", "downgraded", "scheduled", "cancelling", "resumed", "renewed", "term", "past_due", "lapsed",
    "ended",
)  # fmt: skip

plan_event = table(
    "plan_event",
    org_id(),
    key("event_id"),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("at", When, nullable=False),
    sa.Column("what", Text, sa.CheckConstraint(f"what IN {PLAN_EVENTS!r}", name="what"), nullable=False),
    sa.Column("plan_before", Text, nullable=False),
    sa.Column("plan_after", Text, nullable=False),
    sa.Column("price_minor", Big, sa.CheckConstraint("price_minor >= 0", name="price_minor"), nullable=False),
    sa.Column("currency", Text, nullable=False),
    sa.Column("term_first", Day),
    sa.Column("term_ends_at", When),
    sa.Column("program_id", Big, nullable=False),
    sa.Column("purchase_id", Big),
    sa.Column("actor", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    refers("account_id", "account"),
    refers("purchase_id", "purchase"),
)
"""One thing that happened to an account's plan (`domain.plans.PlanEvent`). History."""

sa.Index(None, plan_event.c.org_id, plan_event.c.account_id, plan_event.c.event_id)
