"""What an account may still use of a feature, and has used of it: as those who meter ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from creditbook.store import reports_figures as rows
from creditbook.store.batch import BatchStore
from creditbook.store.directory import AccountRef
from creditbook.store.engine import Store

from .figures import period_first
from .settled import settled


@dataclass(frozen=True, slots=True)
class Used:
    """Whole tokens charged for a feature since the running period began, refunds off, and what is owed of them."""

    used: int
    owed: int


def used_of(store: Store, batches: BatchStore, ref: AccountRef, now: datetime, feature: str) -> Used:
    """What the account has used of a feature in its running period, and owes for it."""
    found = settled(batches, ref, now)
    with store.read(ref.org_id) as connection:
        used = rows.used(connection, ref.org_id, ref.account_id, first=period_first(found), feature=feature).net
    return Used(used, sum(debt.owed for debt in found.account.debts.values() if debt.feature == feature))
