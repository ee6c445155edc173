"""One row in each table of sales, plans and administration, beside those of `rows.fill`."""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa

from creditbook.store.tables import ledger

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)


def purchase_row(org_id: int, purchase_id: int, account_id: int, **changes: object) -> dict[str, object]:
    """A package of ten tokens for ₹99.00, waiting for its payment."""
    texts = ("provider_order", "provider_payment", "actor", "reason", "trouble")
    return {
        "org_id": org_id,
        "purchase_id": purchase_id,
        "account_id": account_id,
        "kind": "package",
        "item": "starter",
        "title": "Starter",
        "tokens": 10,
        "price_minor": 9_900,
        "tax_minor": 1_510,
        "tax_label": "GST",
        "tax_rate": "18/100",
        "currency": "INR",
        "program_id": 1,
        "created_at": NOON,
        "provider": "manual",
        "status": "pending",
        "refunded_minor": 0,
        "refunded_tokens": 0,
        "missed_tokens": 0,
        **dict.fromkeys(texts, ""),
        **changes,
    }


def promo_row(org_id: int, code_id: int, code: str, **changes: object) -> dict[str, object]:
    """A code of ten tokens that two accounts may redeem."""
    return {
        "org_id": org_id,
        "code_id": code_id,
        "code": code,
        "terms": {"code": code, "tokens": 10},
        "tokens": 10,
        "total_limit": 2,
        "redeemed": 1,
        "batch": "",
        "created_at": NOON,
        "actor": "test",
        "reason": "spring",
        **changes,
    }


def approval_row(org_id: int, approval_id: int, account_id: int, **changes: object) -> dict[str, object]:
    """A grant that waits for a second administrator."""
    return {
        "org_id": org_id,
        "approval_id": approval_id,
        "kind": "grant",
        "account_id": account_id,
        "request": {"tokens": 10_000},
        "asked_by": "anna",
        "asked_at": NOON,
        "reason": "a big one",
        "status": "waiting",
        "note": "",
        **changes,
    }


def fill_sales(connection: sa.Connection, org_id: int) -> None:
    """One row in every such table of an organization that `rows.fill` has filled; ids begin at org_id × 100 + 10."""
    account, txn, grant = org_id * 100, org_id * 100 + 2, org_id * 100 + 3
    first = org_id * 100 + 10
    friend = {"org_id": org_id, "account_id": first, "name": "friend", "kind": "member", "status": "active",
              "plan": "free", "plan_anchor": TODAY, "plan_started_at": NOON, "clock_at": NOON, "created_at": NOON,
              "referrer_id": account}  # fmt: skip
    booked = {"org_id": org_id, "txn_id": txn, "grant_id": grant, "at": NOON}
    counts = ("accounts", "resets", "rollovers", "expiries", "tokens_granted", "tokens_expired", "failed")
    for table, row in (
        (ledger.account, friend),
        (ledger.purchase, purchase_row(org_id, first, account)),
        (
            ledger.plan_event,
            {"org_id": org_id, "event_id": first, "account_id": account, "at": NOON, "what": "started",
             "plan_before": "", "plan_after": "free", "price_minor": 0, "currency": "INR", "program_id": 1,
             "actor": "", "reason": ""},
        ),
        (ledger.promo_code, promo_row(org_id, first, "SPRING")),
        (ledger.redemption, {"code_id": first, "account_id": account, "number": 1, **booked}),
        (ledger.award, {"account_id": account, "name": "reward:site", "period": date(1, 1, 1), **booked}),
        (
            ledger.referral_owed,
            {"org_id": org_id, "friend_id": first, "referrer_id": account, "tokens": 3, "at": NOON},
        ),
        (ledger.approval, approval_row(org_id, first, account)),
        (
            ledger.api_key,
            {"org_id": org_id, "key_id": first, "name": "app", "digest": "d", "shown": "cb_org", "scopes": "read spend",
             "created_at": NOON, "created_by": "anna"},
        ),
        (
            ledger.alert_rule,
            {"org_id": org_id, "alert_id": first, "account_id": account, "kind": "low_balance", "threshold": 5,
             "channel": "page", "created_at": NOON},
        ),
        (
            ledger.alert_sent,
            {"org_id": org_id, "sent_id": first, "alert_id": first, "account_id": account, "at": NOON,
             "kind": "low_balance", "figure": 4, "delivered": True, "error": ""},
        ),
        (
            ledger.sweep_run,
            {"org_id": org_id, "run_id": first, "started_at": NOON, "finished_at": NOON, "actor": "scheduler",
             **dict.fromkeys(counts, 0)},
        ),
    ):  # fmt: skip
        connection.execute(sa.insert(table), row)
