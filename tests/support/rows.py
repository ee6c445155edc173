"""The smallest rows that the schema accepts, for tests that look at the database itself."""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa
from support.rows_of_finance import fill_finance
from support.rows_of_sales import fill_sales

from creditbook.store.tables import ledger

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)


def organization_row(org_id: int) -> dict[str, object]:
    """An organization named after its id."""
    return {
        "org_id": org_id,
        "slug": f"org{org_id}",
        "name": f"Organization {org_id}",
        "zone": "Asia/Kolkata",
        "currency": "INR",
        "program_id": 1,
        "is_sample": False,
        "created_at": NOON,
    }


def account_row(org_id: int, account_id: int, name: str) -> dict[str, object]:
    """A member's account without a pool."""
    return {
        "org_id": org_id,
        "account_id": account_id,
        "name": name,
        "kind": "member",
        "status": "active",
        "plan": "free",
        "plan_anchor": TODAY,
        "plan_started_at": NOON,
        "clock_at": NOON,
        "created_at": NOON,
    }


def wallet_row(org_id: int, wallet_id: int, account_id: int) -> dict[str, object]:
    """A wallet that never resets."""
    return {
        "org_id": org_id,
        "wallet_id": wallet_id,
        "account_id": account_id,
        "type": "BONUS",
        "label": "",
        "is_active": True,
        "forced_count": 0,
        "created_at": NOON,
    }


def transaction_row(org_id: int, txn_id: int, account_id: int, **changes: object) -> dict[str, object]:
    """A grant's transaction."""
    text = ("action", "feature", "agent", "model", "project", "description", "plan", "actor", "reason")
    counts = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "requests", "charged")
    return {
        "org_id": org_id,
        "txn_id": txn_id,
        "account_id": account_id,
        "kind": "grant",
        "tokens": 10,
        "quota_charged": 0,
        "metered": False,
        "late_capture": False,
        "unpriced": False,
        "event_at": NOON,
        "effective_at": NOON,
        "created_at": NOON,
        "account_date": TODAY,
        "org_date": TODAY,
        "accounting_date": TODAY,
        "org_hour": 17,
        **dict.fromkeys(text, ""),
        **dict.fromkeys(counts, 0),
        **changes,
    }


def grant_row(org_id: int, grant_id: int, account_id: int, wallet_id: int, txn_id: int) -> dict[str, object]:
    """Ten tokens that never expire."""
    return {
        "org_id": org_id,
        "grant_id": grant_id,
        "account_id": account_id,
        "wallet_id": wallet_id,
        "txn_id": txn_id,
        "source": "grant",
        "class": "promotional",
        "label": "",
        "amount": 10,
        "effective_at": NOON,
        "remaining": 10,
        "held": 0,
        "live": True,
        "disputed": False,
    }


def entry_row(org_id: int, txn_id: int, seq: int, grant_id: int, account_id: int) -> dict[str, object]:
    """The entry that filled the grant."""
    return {
        "org_id": org_id,
        "txn_id": txn_id,
        "seq": seq,
        "grant_id": grant_id,
        "account_id": account_id,
        "amount": 10,
        "remaining_after": 10,
        "blocked": False,
    }


def fill(connection: sa.Connection, org_id: int) -> None:
    """One row in every ledger table of an organization; ids begin at org_id × 100."""
    a, w, t, g, h, d, u = (org_id * 100 + n for n in range(7))
    usage = transaction_row(org_id, t, a)
    put = connection.execute
    put(sa.insert(ledger.organization), organization_row(org_id))
    put(
        sa.insert(ledger.program_version),
        {"org_id": org_id, "program_id": 1, "name": "daily", "version": 1, "document": {"plans": {}},
         "created_at": NOON, "actor": "test", "reason": "first"},
    )  # fmt: skip
    put(sa.insert(ledger.account), account_row(org_id, a, "asha"))
    put(sa.insert(ledger.wallet), wallet_row(org_id, w, a))
    put(sa.insert(ledger.ledger_transaction), usage)
    put(sa.insert(ledger.token_grant), grant_row(org_id, g, a, w, t))
    put(sa.insert(ledger.entry), entry_row(org_id, t, 1, g, a))
    put(
        sa.insert(ledger.hold),
        {"org_id": org_id, "hold_id": h, "account_id": a, "action": "srs", "feature": "srs", "estimate": 3,
         "seconds": 900, "effective_at": NOON, "ends_at": NOON, "status": "open", "captured": 0, "metered": False,
         "project": ""},
    )  # fmt: skip
    put(
        sa.insert(ledger.hold_entry),
        {"org_id": org_id, "hold_id": h, "seq": 1, "grant_id": g, "account_id": a, "amount": 3,
         "effective_at": NOON, "cause": "reserved"},
    )  # fmt: skip
    put(
        sa.insert(ledger.debt),
        {"org_id": org_id, "debt_id": d, "account_id": a, "txn_id": t, "feature": "srs", "incurred": 5, "owed": 5,
         "effective_at": NOON},
    )  # fmt: skip
    put(
        sa.insert(ledger.debt_entry),
        {"org_id": org_id, "txn_id": t, "seq": 2, "debt_id": d, "amount": 5, "owed_after": 5, "cause": "incurred"},
    )  # fmt: skip
    put(
        sa.insert(ledger.operation_key),
        {"org_id": org_id, "operation": "grant", "key": "k", "request_hash": "h", "result": "{}", "created_at": NOON},
    )  # fmt: skip
    put(
        sa.insert(ledger.audit),
        {"org_id": org_id, "audit_id": u, "at": NOON, "actor": "test", "act": "grant", "subject": "asha",
         "before": {}, "after": {}, "reason": "because"},
    )  # fmt: skip
    put(sa.insert(ledger.audit_seal), {"org_id": org_id, "audit_id": u, "previous": "", "digest": "x"})
    put(sa.insert(ledger.account_day), {"org_id": org_id, "account_id": a, "day": TODAY, "requests": 1})
    put(
        sa.insert(ledger.quota_use),
        {"org_id": org_id, "account_id": a, "pool_id": a, "period_first": TODAY, "charged": 1},
    )
    measures = dict.fromkeys(ledger.MEASURES, 1)
    work = {"agent": "", "model": "", "feature": ""}
    for table, keys in (
        (ledger.usage_account_day, {"account_id": a, "account_date": TODAY, "org_date": TODAY, **work}),
        (ledger.usage_org_day, {"org_date": TODAY, "accounting_date": TODAY, **work, "plan": "", "shard": 0}),
        (ledger.usage_org_hour, {"org_date": TODAY, "org_hour": 17, "shard": 0}),
        (ledger.usage_month_account, {"month": TODAY.replace(day=1), "account_id": a}),
    ):
        put(sa.insert(table), {"org_id": org_id, **keys, **measures})
    fill_sales(connection, org_id)
    fill_finance(connection, org_id)
