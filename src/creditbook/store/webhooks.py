"""What payment providers told us, and which purchases it is about.

`webhook_event` is the installation's: whose an event is, is known only after reading it. Functions that take a
connection commit nothing; the others are one transaction each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .engine import Store
from .retry import is_taken
from .tables.administration import webhook_event
from .tables.ledger import account, organization
from .tables.sales import purchase

Connection = sa.Connection
Row = sa.Row[*tuple[Any, ...]]

RECEIVED, HANDLED, UNMATCHED, IGNORED, FAILED = "received", "handled", "unmatched", "ignored", "failed"


@dataclass(frozen=True, slots=True)
class SaleRow:
    """A purchase as webhooks need to see it; ``account`` is written `ORG/USERNAME`, or `ORG` for the pool."""

    org_id: int
    slug: str
    purchase_id: int
    account: str
    plan: str
    item: str
    title: str
    kind: str
    status: str
    is_paid: bool
    provider: str
    provider_payment: str
    price_minor: int
    currency: str
    refunded_minor: int
    dispute_open: bool

    @property
    def reference(self) -> str:
        """As a provider's metadata names it."""
        return f"{self.slug}/{self.purchase_id}"


def receive(
    store: Store, provider: str, event_id: str, *, at: datetime, kind: str, payment: str, payload: dict[str, Any]
) -> str | None:
    """Keep an event that is new and return None; return the status of one that is there."""
    row = {"provider": provider, "event_id": event_id, "received_at": at, "kind": kind, "payment": payment,
           "payload": payload, "status": RECEIVED, "note": ""}  # fmt: skip

    def keep() -> str | None:
        with store.write() as connection:
            known = connection.scalar(sa.select(webhook_event.c.status).where(_is(provider, event_id)))
            if known is None:
                connection.execute(sa.insert(webhook_event).values(row))
            return known

    try:
        return store.retrying(keep)
    except sa.exc.IntegrityError as error:  # on PostgreSQL its duplicate was faster
        if not is_taken(error):
            raise
        return store.retrying(keep)


def settle(store: Store, provider: str, event_id: str, **columns: Any) -> None:
    """Note what became of an event: status, note, handled_at, and whose it is where that is known."""
    change = sa.update(webhook_event).where(_is(provider, event_id)).values(columns)

    def write() -> None:
        with store.write() as connection:
            connection.execute(change)

    store.retrying(write)


def event(store: Store, provider: str, event_id: str) -> Row | None:
    """One event as it was kept."""
    with store.read() as connection:
        return connection.execute(sa.select(webhook_event).where(_is(provider, event_id))).one_or_none()


def waiting(store: Store, provider: str, *, payments: Sequence[str], org_id: int, purchase_id: int) -> Sequence[Row]:
    """Unmatched events of these payments or of this purchase, as they came."""
    its_own = (webhook_event.c.org_id == org_id) & (webhook_event.c.purchase_id == purchase_id)
    query = sa.select(webhook_event).where(
        webhook_event.c.provider == provider,
        webhook_event.c.status == UNMATCHED,
        webhook_event.c.payment.in_(payments) | its_own,
    )
    with store.read() as connection:
        return connection.execute(query.order_by(webhook_event.c.received_at, webhook_event.c.event_id)).all()


def open_events(store: Store, org_id: int | None = None, limit: int = 200) -> Sequence[Row]:
    """What waits for a person, newest first: of one organization, or of the whole installation (an operator's).

    What stays `received` broke off while it was handled: the provider sends it again for some days, or replay it.
    """
    query = sa.select(webhook_event).where(webhook_event.c.status.in_((RECEIVED, UNMATCHED, FAILED)))
    if org_id is not None:
        query = query.where(webhook_event.c.org_id == org_id)
    with store.read() as connection:
        return connection.execute(query.order_by(webhook_event.c.received_at.desc()).limit(limit)).all()


def known_by_payment(store: Store, provider: str, payments: Sequence[str]) -> tuple[int, int] | None:
    """Organization and purchase that an earlier event of one of these payments was about."""
    query = sa.select(webhook_event.c.org_id, webhook_event.c.purchase_id).where(
        webhook_event.c.provider == provider,
        webhook_event.c.payment.in_(payments),
        webhook_event.c.payment != "",
        webhook_event.c.purchase_id.is_not(None),
    )
    with store.read() as connection:
        row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else (row.org_id, row.purchase_id)


def is_linked(
    store: Store, provider: str, payments: Sequence[str], purchase_id: int, *, kinds: Sequence[str]
) -> bool:  # fmt: skip
    """Whether a handled event of one of these kinds has said that one of these payments is the purchase's own."""
    query = sa.select(webhook_event.c.event_id).where(
        webhook_event.c.provider == provider,
        webhook_event.c.payment.in_(payments),
        webhook_event.c.purchase_id == purchase_id,
        webhook_event.c.kind.in_(kinds),
        webhook_event.c.status == HANDLED,
    )
    with store.read() as connection:
        return connection.execute(query.limit(1)).one_or_none() is not None


_SALES = sa.select(
    purchase.c.org_id,
    organization.c.slug,
    purchase.c.purchase_id,
    account.c.name,
    account.c.plan,
    purchase.c.item,
    purchase.c.title,
    purchase.c.kind,
    purchase.c.status,
    purchase.c.paid_at.is_not(None).label("is_paid"),
    purchase.c.provider,
    purchase.c.provider_payment,
    purchase.c.price_minor,
    purchase.c.currency,
    purchase.c.refunded_minor,
    purchase.c.dispute_open,
).select_from(
    purchase.join(organization, organization.c.org_id == purchase.c.org_id).join(
        account, (account.c.org_id == purchase.c.org_id) & (account.c.account_id == purchase.c.account_id)
    )
)


def sale(store: Store, org_id: int, purchase_id: int) -> SaleRow | None:
    """One purchase of an organization."""
    query = _SALES.where(purchase.c.org_id == org_id, purchase.c.purchase_id == purchase_id)
    with store.read(org_id) as connection:
        return _sale(connection.execute(query).one_or_none())


def sale_of(
    store: Store, org_id: int, provider: str, *, payments: Sequence[str] = (), orders: Sequence[str] = ()
) -> SaleRow | None:
    """The purchase of an organization that a provider knows by one of these names."""
    named = (purchase.c.provider_payment.in_(payments) & (purchase.c.provider_payment != "")) | (
        purchase.c.provider_order.in_(orders) & (purchase.c.provider_order != "")
    )
    query = _SALES.where(purchase.c.org_id == org_id, purchase.c.provider == provider, named)
    with store.read(org_id) as connection:
        return _sale(connection.execute(query.order_by(purchase.c.purchase_id).limit(1)).one_or_none())


def _sale(row: Row | None) -> SaleRow | None:
    if row is None:
        return None
    name = f"{row.slug}/{row.name}" if row.name else row.slug
    return SaleRow(
        row.org_id, row.slug, row.purchase_id, name, row.plan, row.item, row.title, row.kind, row.status,
        bool(row.is_paid), row.provider, row.provider_payment, row.price_minor, row.currency, row.refunded_minor,
        bool(row.dispute_open),
    )  # fmt: skip


def _is(provider: str, event_id: str) -> sa.ColumnElement[bool]:
    return (webhook_event.c.provider == provider) & (webhook_event.c.event_id == event_id)
