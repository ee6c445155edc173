"""One row in each table of finance, beside those of `rows.fill` and `rows_of_sales.fill_sales`."""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa

from creditbook.domain.rolling import BOOK_MEASURES
from creditbook.store.tables import ledger

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)
MONTH = date(2026, 11, 1)


def budget_row(org_id: int, budget_id: int, **changes: object) -> dict[str, object]:
    """Ten dollars in every month for one agent."""
    return {
        "org_id": org_id,
        "budget_id": budget_id,
        "name": "Writers",
        "scope": "agent",
        "subject": "srs",
        "amount_nanos": 10_000_000_000,
        "currency": "USD",
        "channel": "page",
        "is_on": True,
        "created_at": NOON,
        "created_by": "anna",
        **changes,
    }


def fill_finance(connection: sa.Connection, org_id: int) -> None:
    """One row in every such table of an organization that `rows.fill` has filled."""
    first, grant = org_id * 100 + 10, org_id * 100 + 3
    measures = dict.fromkeys(BOOK_MEASURES, 1)
    for table, row in (
        (
            ledger.books_day,
            {"accounting_date": TODAY, "kind": "usage", "class": "free", "currency": "", "shard": 0, **measures},
        ),
        (ledger.pack_month, {"month": MONTH, "grant_id": grant, "kind": "usage", **measures}),
        (
            ledger.period_close,
            {"month": MONTH, "closed_at": NOON, "actor": "fina", "reason": "month end", "figures": {}, "digest": "d"},
        ),
        (ledger.budget, budget_row(org_id, first)),
        (
            ledger.budget_alert,
            {"budget_id": first, "month": MONTH, "percent": 80, "attempt": 1, "step": "sent", "at": NOON, "error": ""},
        ),
        (ledger.receipt, {"fiscal_year": "2026-27", "number": 1, "purchase_id": first, "issued_at": NOON}),
        (
            ledger.export_schedule,
            {"export_id": first, "what": "usage", "format": "csv", "folder": "exports", "every": "month", "filters": {},
             "created_at": NOON, "created_by": "fina", "last_result": ""},
        ),
        (
            ledger.account_code,
            {"role": "cash", "code": "1000", "name": "Bank", "updated_at": NOON, "actor": "fina"},
        ),
    ):  # fmt: skip
        connection.execute(sa.insert(table), {"org_id": org_id, **row})
