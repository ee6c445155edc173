"""What is sold and given against conditions: purchases, promo codes, rewards and referrals (rule 32)."""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Day, Json, Text, When, flag, key, org_id, refers, table

purchase = table(
    "purchase",
    org_id(),
    key("purchase_id"),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("kind", Text, sa.CheckConstraint("kind IN ('package', 'plan', 'renewal')", name="kind"), nullable=False),
    sa.Column("item", Text, nullable=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("tokens", Big, sa.CheckConstraint("tokens >= 0", name="tokens"), nullable=False),
    sa.Column("price_minor", Big, sa.CheckConstraint("price_minor >= 0", name="price_minor"), nullable=False),
    sa.Column("tax_minor", Big, nullable=False),
    sa.Column("tax_label", Text, nullable=False),
    sa.Column("tax_rate", Text, nullable=False),
    flag("tax_inclusive", default=True),
    sa.Column("currency", Text, nullable=False),
    sa.Column("program_id", Big, nullable=False),
    sa.Column("created_at", When, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("provider", Text, nullable=False),
    sa.Column("provider_order", Text, nullable=False),
    sa.Column("provider_payment", Text, nullable=False),
    sa.Column(
        "status",
        Text,
        sa.CheckConstraint("status IN ('pending', 'paid', 'granted', 'failed', 'refunded', 'disputed')", name="status"),
        nullable=False,
    ),
    sa.Column("paid_at", When),
    sa.Column("granted_at", When),
    sa.Column("closed_at", When),
    sa.Column("txn_id", Big),
    sa.Column("grant_id", Big),
    sa.Column("refunded_minor", Big, nullable=False),
    sa.Column("refunded_tokens", Big, nullable=False),
    sa.Column("missed_tokens", Big, nullable=False),
    flag("dispute_open"),
    sa.Column("trouble", Text, nullable=False),
    sa.CheckConstraint("tax_minor >= 0 AND tax_minor <= price_minor", name="tax_is_within_the_price"),
    sa.CheckConstraint("refunded_minor >= 0 AND refunded_minor <= price_minor", name="refunds_are_within_the_price"),
    sa.CheckConstraint(
        "refunded_tokens >= 0 AND missed_tokens >= 0 "
        "AND (kind <> 'package' OR refunded_tokens + missed_tokens <= tokens)",
        name="refunds_are_within_the_pack",
    ),
    sa.CheckConstraint("status <> 'granted' OR granted_at IS NOT NULL", name="granted_has_its_time"),
    sa.CheckConstraint("granted_at IS NULL OR paid_at IS NOT NULL", name="nothing_is_granted_unpaid"),
    refers("account_id", "account"),
    refers("txn_id", "ledger_transaction"),
    refers("grant_id", "token_grant"),
    fillfactor=80,
)
"""A sale with the terms that were in force when it was opened; those never change (`domain.sales.Purchase`)."""

sa.Index(None, purchase.c.org_id, purchase.c.account_id, purchase.c.purchase_id)
sa.Index(
    "uq_purchase_payment",
    purchase.c.org_id,
    purchase.c.provider,
    purchase.c.provider_payment,
    unique=True,
    sqlite_where=sa.text("provider_payment <> ''"),
    postgresql_where=sa.text("provider_payment <> ''"),
)
sa.Index(
    "ix_purchase_order",
    purchase.c.org_id,
    purchase.c.provider,
    purchase.c.provider_order,
    sqlite_where=sa.text("provider_order <> ''"),
    postgresql_where=sa.text("provider_order <> ''"),
)

promo_code = table(
    "promo_code",
    org_id(),
    key("code_id"),
    sa.Column("code", Text, sa.CheckConstraint("code <> ''", name="code"), nullable=False),
    sa.Column("terms", Json, nullable=False),
    sa.Column("tokens", Big, sa.CheckConstraint("tokens > 0", name="tokens"), nullable=False),
    sa.Column("total_limit", Big, sa.CheckConstraint("total_limit > 0", name="total_limit")),
    sa.Column("redeemed", Big, nullable=False),
    flag("is_disabled"),
    sa.Column("batch", Text, nullable=False),
    sa.Column("created_at", When, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    # Whatever else goes wrong, no code is redeemed past its limit.
    sa.CheckConstraint("redeemed >= 0 AND (total_limit IS NULL OR redeemed <= total_limit)", name="within_its_limit"),
    sa.UniqueConstraint("org_id", "code"),
    refers("", "organization"),
    fillfactor=80,
)
"""A code with its terms, which never change; `code` is normalized, `redeemed` counts over all accounts.

`tokens` and `total_limit` stand in `terms` too; here they are what the database itself checks and lists.
"""

sa.Index(None, promo_code.c.org_id, promo_code.c.batch, promo_code.c.code_id)

redemption = table(
    "redemption",
    org_id(),
    key("code_id"),
    key("account_id"),
    key("number"),
    sa.Column("txn_id", Big, nullable=False),
    sa.Column("grant_id", Big, nullable=False),
    sa.Column("at", When, nullable=False),
    sa.CheckConstraint("number > 0", name="number"),
    refers("code_id", "promo_code"),
    refers("account_id", "account"),
    refers("txn_id", "ledger_transaction"),
    refers("grant_id", "token_grant"),
)
"""One account redeemed a code for the `number`-th time. History."""

award = table(
    "award",
    org_id(),
    key("account_id"),
    key("name", Text),
    key("period", Day),
    sa.Column("txn_id", Big, nullable=False),
    sa.Column("grant_id", Big, nullable=False),
    sa.Column("at", When, nullable=False),
    refers("account_id", "account"),
    refers("txn_id", "ledger_transaction"),
    refers("grant_id", "token_grant"),
)
"""A reward or one side of a referral, once per account, name and period (0001-01-01: for ever). History."""

referral_owed = table(
    "referral_owed",
    org_id(),
    key("friend_id"),
    sa.Column("referrer_id", Big, nullable=False),
    sa.Column("tokens", Big, sa.CheckConstraint("tokens >= 0", name="tokens"), nullable=False),
    sa.Column("at", When, nullable=False),
    sa.CheckConstraint("referrer_id <> friend_id", name="nobody_refers_herself"),
    refers("friend_id", "account", "account_id"),
    refers("referrer_id", "account", "account_id"),
)
"""A friend's condition is met and her side paid; the referrer's side is owed once, and paid by an award. History."""
