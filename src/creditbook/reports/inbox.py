"""What waits for a person in one organization: each kind with what is needed to decide it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from creditbook.access.values import Principal
from creditbook.domain.sales import PurchaseStatus
from creditbook.store import approvals, purchases, webhooks
from creditbook.store import reports_inbox as rows
from creditbook.store.approvals import Approval
from creditbook.store.engine import Store
from creditbook.store.purchases import Sold

MOST = 100
STUCK_AFTER = timedelta(hours=24)
IMPORTS_SINCE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Event:
    """A webhook that matched nothing here, or could not be acted upon."""

    provider: str
    event_id: str
    kind: str
    status: str
    note: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Owing:
    """An account that owes whole tokens, since when; the pool's name is ''."""

    name: str
    owed: int
    since: datetime


@dataclass(frozen=True, slots=True)
class RefusedImport:
    """An import of the last thirty days that refused rows, and where they are."""

    file_name: str
    imported: int
    refused: int
    path: str
    actor: str
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Inbox:
    """Everything that waits. ``to_pay`` are purchases that an administrator may mark as paid."""

    grants: tuple[Approval, ...]
    to_pay: tuple[Sold, ...]
    stuck: tuple[Sold, ...]
    disputes: tuple[Sold, ...]
    events: tuple[Event, ...]
    debts: tuple[Owing, ...]
    imports: tuple[RefusedImport, ...]

    @property
    def count(self) -> int:
        """How many things wait."""
        parts = (self.grants, self.to_pay, self.stuck, self.disputes, self.events, self.debts, self.imports)
        return sum(map(len, parts))


def inbox(store: Store, who: Principal, now: datetime) -> Inbox:
    """What waits in her organization; events that match no organization are shown to operators."""
    org_id = who.org_id
    pending = purchases.of_organization(store, org_id, statuses=[PurchaseStatus.PENDING], most=MOST)
    waiting = purchases.waiting(store, org_id, pending_before=now - STUCK_AFTER, most=MOST)
    by_hand = tuple(one for one in pending if one.purchase.provider == "manual")
    ours = {one.purchase.purchase_id for one in by_hand}
    stuck = tuple(one for one in waiting if not one.purchase.dispute_open and one.purchase.purchase_id not in ours)
    with store.read(org_id) as connection:
        owing = rows.debts(connection, org_id, MOST)
        refused = rows.refused_imports(connection, org_id, now - IMPORTS_SINCE, MOST)
    return Inbox(
        grants=tuple(approvals.waiting(store, org_id)),
        to_pay=by_hand,
        stuck=stuck,
        disputes=tuple(one for one in waiting if one.purchase.dispute_open),
        events=_events(store, who),
        debts=tuple(Owing(row.name, int(row.owed), row.since) for row in owing),
        imports=tuple(
            RefusedImport(row.file_name, row.imported, row.refused, row.refused_path or "", row.actor, row.finished_at)
            for row in refused
        ),
    )


def _events(store: Store, who: Principal) -> tuple[Event, ...]:
    found: list[Any] = list(webhooks.open_events(store, None if who.is_operator else who.org_id, MOST))
    return tuple(
        Event(row.provider, row.event_id, row.kind, row.status, row.note, row.received_at)
        for row in found
        if row.org_id in (None, who.org_id)
    )
