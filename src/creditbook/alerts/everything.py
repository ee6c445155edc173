"""All that is checked after a sweep: balances, then budgets."""

from __future__ import annotations

from datetime import datetime

from creditbook.ledger.ledger import Ledger
from creditbook.settings import Settings

from . import checking
from .budget_checking import check_budgets
from .checking import AlertReport


def check(ledger: Ledger, now: datetime, *, settings: Settings | None = None) -> AlertReport:
    """Look at every rule and every budget, in every organization, and send what is due. Safe to run twice at once."""
    settings = settings or Settings.from_environment()
    of_accounts = checking.check(ledger, now, settings=settings)
    of_budgets = check_budgets(ledger.core.store, now, settings)
    return AlertReport(
        of_accounts.watched + of_budgets.watched,
        of_accounts.delivered + of_budgets.delivered,
        of_accounts.failed + of_budgets.failed,
        of_accounts.rearmed,
    )
