"""What happened: transactions, their entries, and the keys under which they were asked for. All of it only grows."""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Day, Json, Small, Text, When, flag, key, org_id, refers, table

KINDS = (
    "usage", "grant", "purchase", "promo", "referral", "reward", "reset", "rollover", "expiry", "plan_change",
    "refund", "purchase_refund", "revocation", "debt_repayment", "adjustment",
)  # fmt: skip


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, Big, sa.CheckConstraint(f"{name} >= 0", name=f"{name}_is_not_negative"), nullable=False)


ledger_transaction = table(
    "ledger_transaction",
    org_id(),
    key("txn_id"),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("pool_id", Big),
    sa.Column("kind", Text, sa.CheckConstraint(f"kind IN {KINDS!r}", name="kind"), nullable=False),
    sa.Column("tokens", Big, nullable=False),
    _count("charged"),
    flag("metered"),
    flag("late_capture"),
    sa.Column("would_refuse", Text),
    sa.Column("action", Text, nullable=False),
    sa.Column("feature", Text, nullable=False),
    sa.Column("agent", Text, nullable=False),
    sa.Column("model", Text, nullable=False),
    sa.Column("project", Text, nullable=False),
    sa.Column("description", Text, nullable=False),
    sa.Column("plan", Text, nullable=False),
    _count("input_tokens"),
    _count("output_tokens"),
    _count("cached_tokens"),
    _count("reasoning_tokens"),
    sa.Column("requests", Small, sa.CheckConstraint("requests IN (0, 1)", name="requests"), nullable=False),
    sa.Column("cost_usd_nanos", Big),
    sa.Column("cost_inr_nanos", Big),
    sa.Column("cost_parts", Json),
    flag("unpriced"),
    sa.Column("price_version", Text),
    sa.Column("fx_rate_id", Big),
    sa.Column("event_at", When, nullable=False),
    sa.Column("effective_at", When, nullable=False),
    sa.Column("created_at", When, nullable=False),
    sa.Column("account_date", Day, nullable=False),
    sa.Column("org_date", Day, nullable=False),
    sa.Column("accounting_date", Day, nullable=False),
    sa.Column("org_hour", Small, sa.CheckConstraint("org_hour BETWEEN 0 AND 23", name="org_hour"), nullable=False),
    sa.Column("available_before", Big),
    sa.Column("available_after", Big),
    sa.Column("hold_id", Big),
    sa.Column("reverses_txn_id", Big),
    sa.Column("quota_period", Day),
    sa.Column("quota_charged", Big, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("metadata", Json),
    refers("account_id", "account"),
    refers("pool_id", "account", "account_id"),
    refers("hold_id", "hold"),
    refers("reverses_txn_id", "ledger_transaction", "txn_id"),
)
"""One thing that happened. `tokens` is the signed change of posted; `charged` what usage took or a refund gave back.

`agent`, `model`, `feature` and `plan` are '' when unknown, because rollups are keyed by them. `available_*` is NULL
when unlimited. Costs are in nano-USD and nano-INR, frozen when booked (rule 3).
"""

_txn = ledger_transaction.c
sa.Index(None, _txn.org_id, _txn.account_id, _txn.txn_id)
# The rows beneath a bar of a page: by day of the organization, and what was booked into another month than that.
sa.Index(None, _txn.org_id, _txn.org_date, _txn.txn_id)
for _index, _where in (
    ("ix_ledger_transaction_late", "accounting_date <> org_date"),
    ("ix_ledger_transaction_money_back", "kind = 'purchase_refund'"),
):
    _text = sa.text(_where)
    sa.Index(_index, _txn.org_id, _txn.accounting_date, _txn.txn_id, sqlite_where=_text, postgresql_where=_text)
sa.Index(
    # What a price set late may be for; work that has a price never touches it.
    "ix_ledger_transaction_unpriced",
    _txn.org_id,
    _txn.model,
    _txn.txn_id,
    sqlite_where=sa.text("unpriced = 1"),
    postgresql_where=sa.text("unpriced"),
)
sa.Index(
    # One correction of a usage's cost by one version of a price, however often it is asked for.
    "uq_ledger_transaction_correction",
    _txn.org_id,
    _txn.reverses_txn_id,
    _txn.price_version,
    unique=True,
    sqlite_where=sa.text("kind = 'adjustment' AND price_version IS NOT NULL"),
    postgresql_where=sa.text("kind = 'adjustment' AND price_version IS NOT NULL"),
)
# What opens a balance: an account's lines that aren't usage, and a pool's by its members.
for _index, _who, _where in (
    ("ix_ledger_transaction_of_account_by_kind", _txn.account_id, "kind <> 'usage'"),
    ("ix_ledger_transaction_of_pool_by_kind", _txn.pool_id, "pool_id IS NOT NULL"),
):
    _text = sa.text(_where)
    sa.Index(_index, _txn.org_id, _who, _txn.kind, _txn.txn_id, sqlite_where=_text, postgresql_where=_text)
for _name in ("reverses_txn_id", "hold_id"):
    _named = _txn[_name].is_not(None)
    sa.Index(None, _txn.org_id, _txn[_name], _txn.txn_id, sqlite_where=_named, postgresql_where=_named)

entry = table(
    "entry",
    org_id(),
    key("txn_id"),
    key("seq"),
    sa.Column("grant_id", Big, nullable=False),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("amount", Big, nullable=False),
    sa.Column(
        "remaining_after", Big, sa.CheckConstraint("remaining_after >= 0", name="remaining_after"), nullable=False
    ),
    flag("blocked"),
    sa.Column("returns_txn_id", Big),
    sa.Column("returns_seq", Big),
    sa.Column("deferred_minor", Big, nullable=False, default=0),
    refers("txn_id", "ledger_transaction"),
    refers("grant_id", "token_grant"),
    refers("account_id", "account"),
    refers("returns_txn_id returns_seq", "entry", "txn_id seq"),
)
"""One signed line of a transaction: which grant moved, by how much, and what remained of it.

`deferred_minor` is by how much that moved what the grant's price has not earned yet (rule 35).
"""

sa.Index(None, entry.c.org_id, entry.c.grant_id, entry.c.txn_id)

operation_key = table(
    "operation_key",
    org_id(),
    key("operation", Text),
    key("key", Text),
    sa.Column("request_hash", Text, nullable=False),
    sa.Column("result", Text, nullable=False),
    sa.Column("created_at", When, nullable=False),
    refers("", "organization"),
)
"""A used idempotency key with the hash of its request and its first result (JSON), kept for ever (rule 16)."""
