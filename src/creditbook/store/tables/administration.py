"""What administration and the installation keep beside the ledger: approvals, API keys, alerts, webhooks, sweeps."""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Json, Text, When, flag, key, org_id, refers, table

approval = table(
    "approval",
    org_id(),
    key("approval_id"),
    sa.Column("kind", Text, sa.CheckConstraint("kind IN ('grant')", name="kind"), nullable=False),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("request", Json, nullable=False),
    sa.Column("asked_by", Text, nullable=False),
    sa.Column("asked_at", When, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column(
        "status",
        Text,
        sa.CheckConstraint("status IN ('waiting', 'approved', 'declined')", name="status"),
        nullable=False,
    ),
    sa.Column("decided_by", Text),
    sa.Column("decided_at", When),
    sa.Column("note", Text, nullable=False),
    sa.Column("txn_id", Big),
    sa.CheckConstraint("(status = 'waiting') = (decided_at IS NULL)", name="decided_has_its_time"),
    sa.CheckConstraint("(status = 'waiting') = (decided_by IS NULL)", name="decided_has_its_name"),
    sa.CheckConstraint("decided_by <> asked_by", name="nobody_approves_her_own"),
    sa.CheckConstraint("(status = 'approved') = (txn_id IS NOT NULL)", name="approved_has_its_transaction"),
    refers("account_id", "account"),
    refers("txn_id", "ledger_transaction"),
)
"""What waits for a second administrator (rule 38), and what became of it. The request itself never changes."""

sa.Index(None, approval.c.org_id, approval.c.status, approval.c.approval_id)

api_key = table(
    "api_key",
    org_id(),
    key("key_id"),
    sa.Column("name", Text, nullable=False),
    sa.Column("digest", Text, nullable=False),
    sa.Column("shown", Text, nullable=False),  # its first characters, by which people tell it from others
    sa.Column("scopes", Text, nullable=False),  # sorted, space separated
    sa.Column("account_id", Big),
    sa.Column("created_at", When, nullable=False),
    sa.Column("created_by", Text, nullable=False),
    sa.Column("expires_at", When),
    sa.Column("revoked_at", When),
    sa.Column("last_used_at", When),
    sa.Column("replaced_by", Big),
    sa.UniqueConstraint("org_id", "digest"),
    refers("", "organization"),
    refers("account_id", "account"),
    refers("replaced_by", "api_key", "key_id"),
)
"""A key for programs, `cb_<slug>_<secret>`: only its digest is kept. `account_id` NULL is the whole organization."""

alert_rule = table(
    "alert_rule",
    org_id(),
    key("alert_id"),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("kind", Text, sa.CheckConstraint("kind IN ('low_balance', 'run_out')", name="kind"), nullable=False),
    sa.Column("threshold", Big, sa.CheckConstraint("threshold >= 0", name="threshold"), nullable=False),
    sa.Column("channel", Text, nullable=False),
    flag("is_on", default=True),
    flag("is_armed", default=True),
    sa.Column("last_fired_at", When),
    sa.Column("created_at", When, nullable=False),
    refers("account_id", "account"),
)
"""What an account's holder wants to hear about, and where; `is_armed` until it has fired, again when it recovers.

`threshold` is in whole tokens for `low_balance`, in days left for `run_out`.
"""

sa.Index(None, alert_rule.c.org_id, alert_rule.c.account_id)

alert_sent = table(
    "alert_sent",
    org_id(),
    key("sent_id"),
    # No foreign key: a rule names somebody's address, and she may delete it.
    sa.Column("alert_id", Big, nullable=False),
    sa.Column("account_id", Big, nullable=False),
    sa.Column("at", When, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("figure", Big, nullable=False),
    flag("delivered"),
    sa.Column("error", Text, nullable=False),
    refers("account_id", "account"),
)
"""An alert that was sent, or could not be. History."""

sa.Index(None, alert_sent.c.org_id, alert_sent.c.account_id, alert_sent.c.sent_id)

sweep_run = table(
    "sweep_run",
    org_id(),
    key("run_id"),
    sa.Column("started_at", When, nullable=False),
    sa.Column("finished_at", When, nullable=False),
    sa.Column("actor", Text, nullable=False),
    *(
        sa.Column(name, Big, nullable=False)
        for name in ("accounts", "resets", "rollovers", "expiries", "tokens_granted", "tokens_expired", "failed")
    ),
    refers("", "organization"),
)
"""What a sweep did to one organization. History."""

webhook_event = table(
    "webhook_event",
    key("provider", Text),
    key("event_id", Text),
    sa.Column("received_at", When, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("payload", Json, nullable=False),
    sa.Column("payment", Text, nullable=False),  # the provider's name of the payment; '' when the event names none
    sa.Column("org_id", Big),
    sa.Column("purchase_id", Big),
    sa.Column(
        "status",
        Text,
        sa.CheckConstraint("status IN ('received', 'handled', 'unmatched', 'ignored', 'failed')", name="status"),
        nullable=False,
    ),
    sa.Column("note", Text, nullable=False),
    sa.Column("handled_at", When),
    rowid=True,
)
"""What a payment provider told us, once per event. It is the installation's: whose it is, is known only after reading.

`org_id` and `purchase_id` say which sale it was found to be about; they point without a foreign key.
"""

sa.Index(None, webhook_event.c.org_id, webhook_event.c.received_at)
sa.Index(None, webhook_event.c.provider, webhook_event.c.payment)

scheduler_lease = table(
    "scheduler_lease",
    key("name", Text),
    sa.Column("holder", Text, nullable=False),
    sa.Column("until", When, nullable=False),
    sa.Column("last_started_at", When),
    sa.Column("last_finished_at", When),
    sa.Column("last_report", Json),
)
"""Who of this installation's processes does a recurring job, and until when nobody else may."""
