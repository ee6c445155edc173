"""The SQL of the write path's appending half, built once from the tables' own columns.

Each statement exists three times: for SQLite (one row, `?`), for PostgreSQL (one row, `$1`) and for PostgreSQL with one
array per column (`unnest`), which wins above a handful of rows.
"""

# ruff: noqa: S608 -- SQL is put together from constants of our own; values are always parameters.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from creditbook.domain.rolling import BOOK_MEASURES
from creditbook.domain.rollups import MEASURES
from creditbook.store.tables import ledger

_POSTGRES = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One write to one table. ``columns`` names the values of a row, in order."""

    table: str
    columns: tuple[str, ...]
    sqlite: str
    row: str
    rows: str


def _types(table: sa.Table, columns: Sequence[str]) -> list[str]:
    return [table.c[name].type.compile(dialect=_POSTGRES).lower() for name in columns]


def _dollars(table: sa.Table, columns: Sequence[str]) -> list[str]:
    # A cast on every parameter: one plan whatever the values, and a NULL knows its type.
    return [f"${place}::{kind}" for place, kind in enumerate(_types(table, columns), 1)]


def _unnest(table: sa.Table, columns: Sequence[str]) -> str:
    arrays = ", ".join(f"{dollar}[]" for dollar in _dollars(table, columns))
    names = ", ".join(f"c{place}" for place in range(len(columns)))
    return f"unnest({arrays}) AS given({names})"


def insert(table: sa.Table, columns: Sequence[str]) -> Statement:
    """New rows."""
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    return Statement(
        table.name,
        tuple(columns),
        sqlite=f"{into} VALUES ({', '.join('?' * len(columns))})",
        row=f"{into} VALUES ({', '.join(_dollars(table, columns))})",
        rows=f"{into} SELECT * FROM {_unnest(table, columns)}",
    )


def add(table: sa.Table, keys: Sequence[str], measures: Sequence[str]) -> Statement:
    """Rows whose measures are added to what stands there; the first one puts them there."""
    plain = insert(table, [*keys, *measures])
    sums = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in measures)
    conflict = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"
    return Statement(table.name, plain.columns, plain.sqlite + conflict, plain.row + conflict, plain.rows + conflict)


def update(table: sa.Table, columns: Sequence[str]) -> Statement:
    """New values for rows found by their primary key, whose values come last in a row."""
    keys = [column.name for column in table.primary_key.columns]
    every = [*columns, *keys]
    dollars = _dollars(table, every)
    sets = ", ".join(f"{name} = {dollar}" for name, dollar in zip(columns, dollars, strict=False))
    found = " AND ".join(f"{name} = {dollar}" for name, dollar in zip(keys, dollars[len(columns) :], strict=True))
    sets_many = ", ".join(f"{name} = given.c{place}" for place, name in enumerate(columns))
    found_many = " AND ".join(f"{table.name}.{name} = given.c{place}" for place, name in enumerate(keys, len(columns)))
    marks = ", ".join(f"{name} = ?" for name in columns)
    return Statement(
        table.name,
        tuple(every),
        sqlite=f"UPDATE {table.name} SET {marks} WHERE {' AND '.join(f'{name} = ?' for name in keys)}",
        row=f"UPDATE {table.name} SET {sets} WHERE {found}",
        rows=f"UPDATE {table.name} SET {sets_many} FROM {_unnest(table, every)} WHERE {found_many}",
    )


ACCOUNT_STATE = ("status", "plan", "plan_anchor", "zone", "quota_tokens", "import_id", "clock_at")
ACCOUNT_TERM = (
    "plan_started_at", "program_id", "term_status", "term_first", "term_next", "term_ends_at", "paid_ahead",
    "next_plan", "next_paid", "unpaid", "grace_ends_at", "referral_waits",
)  # fmt: skip
WALLET_STATE = (
    "label", "is_active", "expires_at", "every", "anchor", "period_first", "period_next", "period_ends_at",
    "last_reset_at", "forced_count",
)  # fmt: skip
GRANT_STATE = ("remaining", "held", "disputed", "closed_reason", "closed_at", "expires_at")
HOLD_STATE = ("ends_at", "status", "closed_at", "captured", "metered")

ACCOUNT = insert(
    ledger.account,
    (
        "org_id", "account_id", "name", "kind", "pool_id", "external_id", "created_at", "referrer_id",
        *ACCOUNT_STATE, *ACCOUNT_TERM,
    ),
)  # fmt: skip
ACCOUNT_MOVED = update(ledger.account, ACCOUNT_STATE)
ACCOUNT_TURNED = update(ledger.account, ACCOUNT_TERM)
WALLET = insert(
    ledger.wallet, ("org_id", "wallet_id", "account_id", "type", "features", "created_at", *WALLET_STATE)
)  # fmt: skip
WALLET_MOVED = update(ledger.wallet, WALLET_STATE)
HOLD = insert(
    ledger.hold,
    (
        "org_id", "hold_id", "account_id", "pool_id", "action", "feature", "estimate", "seconds", "effective_at",
        "quota_period", "project", "metadata", *HOLD_STATE,
    ),
)  # fmt: skip
HOLD_MOVED = update(ledger.hold, HOLD_STATE)
TRANSACTION = insert(
    ledger.ledger_transaction,
    (
        "org_id", "txn_id", "account_id", "pool_id", "kind", "tokens", "charged", "metered", "late_capture",
        "would_refuse", "action", "feature", "agent", "model", "project", "description", "plan", "input_tokens",
        "output_tokens", "cached_tokens", "reasoning_tokens", "requests", "cost_usd_nanos", "cost_inr_nanos",
        "cost_parts", "unpriced", "price_version", "fx_rate_id", "event_at", "effective_at", "created_at",
        "account_date", "org_date", "accounting_date", "org_hour", "available_before", "available_after", "hold_id",
        "reverses_txn_id", "quota_period", "quota_charged", "actor", "reason", "metadata",
    ),
)  # fmt: skip
GRANT = insert(
    ledger.token_grant,
    (
        "org_id", "grant_id", "account_id", "wallet_id", "txn_id", "source", "class", "label", "amount",
        "effective_at", "price_minor", "currency", "period_first", "forced_no", "tax_minor", "live", *GRANT_STATE,
    ),
)  # fmt: skip
GRANT_MOVED = update(ledger.token_grant, GRANT_STATE)
GRANT_LIVED = update(ledger.token_grant, ("live", *GRANT_STATE))
ENTRY = insert(
    ledger.entry,
    (
        "org_id", "txn_id", "seq", "grant_id", "account_id", "amount", "remaining_after", "blocked",
        "returns_txn_id", "returns_seq", "deferred_minor",
    ),
)  # fmt: skip
DEBT = insert(ledger.debt, ("org_id", "debt_id", "account_id", "txn_id", "feature", "incurred", "effective_at", "owed"))
DEBT_MOVED = update(ledger.debt, ("owed",))
DEBT_ENTRY = insert(ledger.debt_entry, ("org_id", "txn_id", "seq", "debt_id", "amount", "owed_after", "cause"))
HOLD_ENTRY = insert(
    ledger.hold_entry,
    ("org_id", "hold_id", "seq", "grant_id", "account_id", "amount", "effective_at", "cause", "txn_id"),
)
PURCHASE_STATE = (
    "provider", "provider_order", "provider_payment", "status", "paid_at", "granted_at", "closed_at", "txn_id",
    "grant_id", "refunded_minor", "refunded_tokens", "missed_tokens", "dispute_open", "trouble",
)  # fmt: skip
PURCHASE = insert(
    ledger.purchase,
    (
        "org_id", "purchase_id", "account_id", "kind", "item", "title", "tokens", "price_minor", "tax_minor",
        "tax_label", "tax_rate", "tax_inclusive", "currency", "program_id", "created_at", "actor", "reason",
        *PURCHASE_STATE,
    ),
)  # fmt: skip
PURCHASE_MOVED = update(ledger.purchase, PURCHASE_STATE)
CODE_MOVED = update(ledger.promo_code, ("redeemed", "is_disabled"))
REDEMPTION = insert(
    ledger.redemption, ("org_id", "code_id", "account_id", "number", "txn_id", "grant_id", "at")
)  # fmt: skip
AWARD = insert(ledger.award, ("org_id", "account_id", "name", "period", "txn_id", "grant_id", "at"))
REFERRAL_OWED = insert(ledger.referral_owed, ("org_id", "friend_id", "referrer_id", "tokens", "at"))
PLAN_EVENT = insert(
    ledger.plan_event,
    (
        "org_id", "event_id", "account_id", "at", "what", "plan_before", "plan_after", "price_minor", "currency",
        "term_first", "term_ends_at", "program_id", "purchase_id", "actor", "reason",
    ),
)  # fmt: skip
KEY = insert(ledger.operation_key, ("org_id", "operation", "key", "request_hash", "result", "created_at"))
AUDIT = insert(
    ledger.audit, ("org_id", "audit_id", "at", "actor", "act", "subject", "before", "after", "reason")
)  # fmt: skip
ACCOUNT_DAY = add(ledger.account_day, ("org_id", "account_id", "day"), ("requests",))
QUOTA_USE = add(ledger.quota_use, ("org_id", "account_id", "pool_id", "period_first"), ("charged",))
USAGE_ACCOUNT_DAY = add(
    ledger.usage_account_day,
    ("org_id", "account_id", "account_date", "org_date", "agent", "model", "feature"),
    MEASURES,
)
USAGE_ORG_DAY = add(
    ledger.usage_org_day,
    ("org_id", "org_date", "accounting_date", "agent", "model", "feature", "plan", "shard"),
    MEASURES,
)
USAGE_ORG_HOUR = add(ledger.usage_org_hour, ("org_id", "org_date", "org_hour", "shard"), MEASURES)
USAGE_MONTH_ACCOUNT = add(ledger.usage_month_account, ("org_id", "month", "account_id"), MEASURES)
BOOKS_DAY = add(
    ledger.books_day, ("org_id", "accounting_date", "kind", "class", "currency", "shard"), BOOK_MEASURES
)  # fmt: skip
PACK_MONTH = add(ledger.pack_month, ("org_id", "month", "grant_id", "kind"), BOOK_MEASURES)

IN_ORDER = (
    ACCOUNT, WALLET, HOLD, TRANSACTION, GRANT, ENTRY, DEBT, DEBT_ENTRY, HOLD_ENTRY, PURCHASE, REDEMPTION, AWARD,
    REFERRAL_OWED, PLAN_EVENT, KEY, AUDIT, PURCHASE_MOVED, CODE_MOVED, ACCOUNT_MOVED, ACCOUNT_TURNED, WALLET_MOVED,
    GRANT_MOVED, GRANT_LIVED, HOLD_MOVED, DEBT_MOVED, ACCOUNT_DAY, QUOTA_USE, USAGE_ACCOUNT_DAY, USAGE_ORG_DAY,
    USAGE_ORG_HOUR, USAGE_MONTH_ACCOUNT, BOOKS_DAY, PACK_MONTH,
)  # fmt: skip
"""Every statement of a batch: no row before what it points to, and what other writers wait for at the end."""
