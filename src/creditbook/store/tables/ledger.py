"""The ledger's tables in one place to import from, and which of them only grow."""

from __future__ import annotations

from .administration import alert_rule, alert_sent, api_key, approval, sweep_run
from .finance import (
    ACCOUNT_ROLES,
    account_code,
    budget,
    budget_alert,
    export_schedule,
    period_close,
    receipt,
)
from .ledger_accounts import account, token_grant, wallet
from .ledger_counters import (
    MEASURES,
    account_day,
    books_day,
    pack_month,
    quota_use,
    usage_account_day,
    usage_month_account,
    usage_org_day,
    usage_org_hour,
)
from .ledger_history import KINDS, entry, ledger_transaction, operation_key
from .ledger_holds import debt, debt_entry, hold, hold_entry
from .ledger_organizations import audit, audit_seal, creditbook_id, organization, program_version
from .plans import PLAN_EVENTS, plan_event
from .sales import award, promo_code, purchase, redemption, referral_owed

HISTORY = (
    program_version, ledger_transaction, entry, operation_key, hold_entry, debt_entry, audit, audit_seal, plan_event,
    redemption, award, referral_owed, alert_sent, sweep_run, period_close, budget_alert, receipt,
)  # fmt: skip
"""Tables whose rows are never changed nor deleted (rule 28)."""

__all__ = [
    "ACCOUNT_ROLES",
    "HISTORY",
    "KINDS",
    "MEASURES",
    "PLAN_EVENTS",
    "account",
    "account_code",
    "account_day",
    "alert_rule",
    "alert_sent",
    "api_key",
    "approval",
    "audit",
    "audit_seal",
    "award",
    "books_day",
    "budget",
    "budget_alert",
    "creditbook_id",
    "debt",
    "debt_entry",
    "entry",
    "export_schedule",
    "hold",
    "hold_entry",
    "ledger_transaction",
    "operation_key",
    "organization",
    "pack_month",
    "period_close",
    "plan_event",
    "program_version",
    "promo_code",
    "purchase",
    "quota_use",
    "receipt",
    "redemption",
    "referral_owed",
    "sweep_run",
    "token_grant",
    "usage_account_day",
    "usage_month_account",
    "usage_org_day",
    "usage_org_hour",
    "wallet",
]
