"""Creditbook: one exact, embeddable credit ledger, a dashboard for the people around it, and an API.

    from creditbook import open_ledger, InsufficientTokens

    ledger = open_ledger()
    ledger.spend("studio/asha", action="srs", tokens=3_500, idempotency_key="run-42/srs")

The error tree is drawn in `creditbook.domain.errors`. The ledger is loaded when it is first named, so that a program
that speaks to a server by `creditbook.client` does not wait for databases and prices it never touches.
"""

import importlib
from typing import TYPE_CHECKING, Any

from creditbook.domain.balance import Balance, WalletBalance
from creditbook.domain.errors import (
    AccountClosed,
    AccountFrozen,
    AlreadyRedeemed,
    CodeNotRedeemable,
    Conflict,
    FeatureNotInPlan,
    HoldAlreadyResolved,
    IdempotencyConflict,
    InsufficientTokens,
    InvalidRequest,
    LedgerError,
    LimitExceeded,
    NeedsApproval,
    NotFound,
    Refused,
    RequestTooLarge,
    Unavailable,
)
from creditbook.domain.operations import Cost
from creditbook.domain.program import PromoTerms
from creditbook.domain.results import Done, HoldReceipt, Line, PlanReceipt, PurchaseReceipt, Receipt

if TYPE_CHECKING:
    from creditbook.ledger.ledger import AsyncJob, AsyncLedger, Job, Ledger, open_ledger
    from creditbook.ledger.sweeping import SweepReport

_LATER = {
    "AsyncJob": "creditbook.ledger.ledger", "AsyncLedger": "creditbook.ledger.ledger",
    "Job": "creditbook.ledger.ledger", "Ledger": "creditbook.ledger.ledger",
    "open_ledger": "creditbook.ledger.ledger", "SweepReport": "creditbook.ledger.sweeping",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_LATER[name]), name)
    return found


__all__ = [
    "AccountClosed",
    "AccountFrozen",
    "AlreadyRedeemed",
    "AsyncJob",
    "AsyncLedger",
    "Balance",
    "CodeNotRedeemable",
    "Conflict",
    "Cost",
    "Done",
    "FeatureNotInPlan",
    "HoldAlreadyResolved",
    "HoldReceipt",
    "IdempotencyConflict",
    "InsufficientTokens",
    "InvalidRequest",
    "Job",
    "Ledger",
    "LedgerError",
    "LimitExceeded",
    "Line",
    "NeedsApproval",
    "NotFound",
    "PlanReceipt",
    "PromoTerms",
    "PurchaseReceipt",
    "Receipt",
    "Refused",
    "RequestTooLarge",
    "SweepReport",
    "Unavailable",
    "WalletBalance",
    "open_ledger",
]
