"""Who holds tokens, in which pockets, and the grants in them: the rows that move."""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Day, Text, When, flag, key, org_id, refers, table

account = table(
    "account",
    org_id(),
    key("account_id"),
    sa.Column("name", Text, nullable=False),
    sa.Column("kind", Text, sa.CheckConstraint("kind IN ('member', 'pool')", name="kind"), nullable=False),
    sa.Column("pool_id", Big),
    sa.Column(
        "status", Text, sa.CheckConstraint("status IN ('active', 'frozen', 'closed')", name="status"), nullable=False
    ),
    sa.Column("zone", Text),
    sa.Column("plan", Text, nullable=False),
    sa.Column("plan_anchor", Day, nullable=False),
    sa.Column("plan_started_at", When, nullable=False),
    sa.Column("quota_tokens", Big, sa.CheckConstraint("quota_tokens >= 0", name="quota_is_not_negative")),
    sa.Column("import_id", Big),
    sa.Column("clock_at", When),
    sa.Column("external_id", Text),
    sa.Column("created_at", When, nullable=False),
    sa.Column("program_id", Big, nullable=False, default=0),  # 0: the version in force
    sa.Column(
        "term_status",
        Text,
        sa.CheckConstraint("term_status IN ('active', 'cancelling', 'past_due', 'lapsed')", name="term_status"),
        nullable=False,
        default="active",
    ),
    sa.Column("term_first", Day),
    sa.Column("term_next", Day),
    sa.Column("term_ends_at", When),
    sa.Column(
        "paid_ahead",
        Big,
        sa.CheckConstraint("paid_ahead >= 0", name="paid_ahead_is_not_negative"),
        nullable=False,
        default=0,
    ),
    sa.Column("next_plan", Text, nullable=False, default=""),
    sa.Column(
        "next_paid",
        Big,
        sa.CheckConstraint("next_paid >= 0", name="next_paid_is_not_negative"),
        nullable=False,
        default=0,
    ),
    flag("unpaid"),
    sa.Column("grace_ends_at", When),
    sa.Column("referrer_id", Big, sa.CheckConstraint("referrer_id <> account_id", name="nobody_refers_herself")),
    flag("referral_waits"),
    sa.CheckConstraint("(kind = 'pool') = (name = '')", name="the_pool_has_no_name"),
    sa.CheckConstraint("kind <> 'pool' OR pool_id IS NULL", name="a_pool_draws_on_none"),
    sa.CheckConstraint(
        "(term_first IS NULL) = (term_ends_at IS NULL) AND (term_next IS NULL) = (term_ends_at IS NULL)",
        name="a_term_has_both_ends",
    ),
    sa.CheckConstraint("grace_ends_at IS NULL OR unpaid", name="grace_is_for_what_is_unpaid"),
    sa.UniqueConstraint("org_id", "name"),
    sa.UniqueConstraint("org_id", "external_id"),
    refers("", "organization"),
    refers("pool_id", "account", "account_id"),
    refers("referrer_id", "account", "account_id"),
    fillfactor=70,
)
"""A user's account, or the organization's pool (name ''). `zone` NULL is the organization's; `plan` '' the pool's.

`program_id` is the version of the program that the plan's running term follows; `term_*`, `paid_ahead`, `next_plan`,
`next_paid`, `unpaid` and `grace_ends_at` are its `domain.plans.Term`, empty on a free plan.
`clock_at` is the last instant decided for the family; only its root (the pool, or an account without one) keeps it.
"""

wallet = table(
    "wallet",
    org_id(),
    key("wallet_id"),
    sa.Column("account_id", Big, nullable=False),
    sa.Column(
        "type",
        Text,
        sa.CheckConstraint("type IN ('STANDARD', 'MONTHLY', 'ROLLOVER', 'BONUS', 'PREMIUM')", name="type"),
        nullable=False,
    ),
    sa.Column("label", Text, nullable=False),
    sa.Column("features", Text),
    flag("is_active", default=True),
    sa.Column("expires_at", When),
    sa.Column(
        "every",
        Text,
        sa.CheckConstraint("every IN ('day', 'calendar_month', 'anniversary_month', 'days_30')", name="every"),
    ),
    sa.Column("anchor", Day),
    sa.Column("period_first", Day),
    sa.Column("period_next", Day),
    sa.Column("period_ends_at", When),
    sa.Column("last_reset_at", When),
    sa.Column("forced_count", Big, sa.CheckConstraint("forced_count >= 0", name="forced_count"), nullable=False),
    sa.Column("created_at", When, nullable=False),
    refers("account_id", "account"),
    fillfactor=80,
)
"""A pocket of an account. `features` is a sorted, space separated list, NULL for all; `every` NULL never resets."""

sa.Index(None, wallet.c.org_id, wallet.c.account_id)

token_grant = table(
    "token_grant",
    org_id(),
    key("grant_id"),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("wallet_id", Big, nullable=False),
    sa.Column("txn_id", Big, nullable=False),
    sa.Column("source", Text, nullable=False),
    sa.Column(
        "class",
        Text,
        sa.CheckConstraint("class IN ('free', 'plan', 'promotional', 'purchased')", name="class"),
        nullable=False,
    ),
    sa.Column("label", Text, nullable=False),
    sa.Column("amount", Big, sa.CheckConstraint("amount > 0", name="amount_is_positive"), nullable=False),
    sa.Column("effective_at", When, nullable=False),
    sa.Column("expires_at", When),
    sa.Column("price_minor", Big),
    sa.Column("currency", Text),
    sa.Column("period_first", Day),
    sa.Column("forced_no", Big),
    sa.Column("remaining", Big, nullable=False),
    sa.Column("held", Big, nullable=False),
    sa.Column(
        "tax_minor",
        Big,
        sa.CheckConstraint("tax_minor >= 0 AND tax_minor <= coalesce(price_minor, 0)", name="tax_is_within_the_price"),
        nullable=False,
        default=0,
    ),
    flag("live", default=True),
    flag("disputed"),
    sa.Column("closed_reason", Text),
    sa.Column("closed_at", When),
    sa.CheckConstraint("remaining >= 0 AND remaining <= amount", name="remaining_is_within_amount"),
    sa.CheckConstraint("held >= 0 AND held <= remaining", name="held_is_within_remaining"),
    sa.CheckConstraint("forced_no IS NULL OR period_first IS NOT NULL", name="a_period_is_numbered"),
    sa.CheckConstraint("(closed_reason IS NULL) = (closed_at IS NULL)", name="closing_has_reason_and_time"),
    refers("account_id", "account"),
    refers("wallet_id", "wallet"),
    refers("txn_id", "ledger_transaction"),
    fillfactor=70,
)
"""An allocation, the unit of burn-down. Its terms never change; `remaining`, `held`, `disputed` and `closed_*` move.

`live` is false once nothing is left of it (an allowance, what rolled over: and its period is over); a spend loads live
grants only. `expires_at` moves only by a zone change (rule 22). `period_first` with `forced_no` names an allowance's
period, once. `tax_minor` is the part of `price_minor` that is tax.
"""

# What burns down is found by the first, however long the history; an ordinary spend moves no column that it watches, so
# PostgreSQL updates rows in place.
sa.Index(
    "ix_token_grant_live",
    token_grant.c.org_id,
    token_grant.c.account_id,
    sqlite_where=sa.text("live = 1"),
    postgresql_where=sa.text("live"),
)
sa.Index(None, token_grant.c.org_id, token_grant.c.account_id, token_grant.c.grant_id)
sa.Index(
    "uq_token_grant_period",
    token_grant.c.org_id,
    token_grant.c.wallet_id,
    token_grant.c.period_first,
    token_grant.c.forced_no,
    unique=True,
    sqlite_where=token_grant.c.period_first.is_not(None),
    postgresql_where=token_grant.c.period_first.is_not(None),
)
