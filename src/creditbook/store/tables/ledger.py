"""The ledger's tables in one place to import from, and which of them only grow."""

from __future__ import annotations

from .ledger_accounts import account, token_grant, wallet
from .ledger_counters import (
    MEASURES,
    account_day,
    quota_use,
    usage_account_day,
    usage_month_account,
    usage_org_day,
    usage_org_hour,
)
from .ledger_history import KINDS, entry, ledger_transaction, operation_key
from .ledger_holds import debt, debt_entry, hold, hold_entry
from .ledger_organizations import audit, audit_seal, creditbook_id, organization, program_version

HISTORY = (program_version, ledger_transaction, entry, operation_key, hold_entry, debt_entry, audit, audit_seal)
"""Tables whose rows are never changed nor deleted (rule 28)."""

__all__ = [
    "HISTORY",
    "KINDS",
    "MEASURES",
    "account",
    "account_day",
    "audit",
    "audit_seal",
    "creditbook_id",
    "debt",
    "debt_entry",
    "entry",
    "hold",
    "hold_entry",
    "ledger_transaction",
    "operation_key",
    "organization",
    "program_version",
    "quota_use",
    "token_grant",
    "usage_account_day",
    "usage_month_account",
    "usage_org_day",
    "usage_org_hour",
    "wallet",
]
