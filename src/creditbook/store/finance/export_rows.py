"""Rows for exports, read in pieces of one snapshot: however many there are, only a piece is held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.ledger import MEASURES, account, ledger_transaction, purchase, usage_account_day
from creditbook.store.tables.people import membership, person

from .wanted import Basis

t, u, p, a = ledger_transaction.c, usage_account_day.c, purchase.c, account.c
PIECE = 5_000

LACKS_A_PRICE = sa.and_(t.unpriced, t.kind == "usage").label("unpriced")
"""On a correction the flag says that it gave its usage a price: that lacks none."""

TRANSACTION = (
    t.txn_id, a.name.label("account"), t.kind, t.event_at, t.effective_at, t.created_at, t.org_date, t.accounting_date,
    t.account_date, t.action, t.feature, t.agent, t.model, t.project, t.description, t.plan, t.tokens, t.charged,
    t.metered, t.requests, t.input_tokens, t.output_tokens, t.cached_tokens, t.reasoning_tokens, t.cost_usd_nanos,
    t.cost_inr_nanos, LACKS_A_PRICE, t.price_version, t.fx_rate_id, t.available_after, t.hold_id, t.reverses_txn_id,
    t.actor, t.reason,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Days:
    """Which days of the organization, both included, of which of its dates; of one account, or of all (None)."""

    first: date
    last: date
    basis: Basis = "event"
    account_id: int | None = None


def transactions(connection: sa.Connection, org_id: int, days: Days, piece: int = PIECE) -> Iterator[Any]:
    """Every transaction of the days as `TRANSACTION`: by date where they happened, in order of booking else."""
    named = sa.and_(a.org_id == t.org_id, a.account_id == t.account_id)
    query = sa.select(*TRANSACTION).join_from(ledger_transaction, account, named).where(t.org_id == org_id)
    by = t.org_date if days.basis == "event" else t.accounting_date
    query = query.where(by >= days.first, by <= days.last)
    if days.account_id is not None:
        query = query.where(t.account_id == days.account_id)
    by_date = days.basis == "event" and days.account_id is None
    order = (t.org_date, t.txn_id) if by_date else (t.txn_id,)
    query = query.order_by(*order).limit(piece)
    seen: Any = None
    while True:
        following = query if seen is None else query.where(_beyond(seen, by_date=by_date))
        rows = connection.execute(following).all()
        yield from rows
        if len(rows) < piece:
            return
        seen = rows[-1]


def _beyond(seen: Any, *, by_date: bool) -> Any:
    if not by_date:
        return t.txn_id > seen.txn_id
    return sa.and_(t.org_date >= seen.org_date, sa.or_(t.org_date > seen.org_date, t.txn_id > seen.txn_id))


def usage_days(connection: sa.Connection, org_id: int, days: Days) -> Iterator[Any]:
    """What each account used on each date by agent, model and feature, from the rollup, a date at a time.

    Rows are (org_date, account_id, account, kind, agent, model, feature, …`MEASURES`).
    """
    mine = [u.org_id == org_id, u.org_date >= days.first, u.org_date <= days.last]
    if days.account_id is not None:
        mine.append(u.account_id == days.account_id)
    keys = (u.org_date, u.account_id, a.name.label("account"), a.kind, u.agent, u.model, u.feature)
    added = [sa.cast(sa.func.sum(u[name]), sa.BigInteger).label(name) for name in MEASURES]
    named = sa.and_(a.org_id == u.org_id, a.account_id == u.account_id)
    query = sa.select(*keys, *added).join_from(usage_account_day, account, named).where(*mine)
    query = query.group_by(u.org_date, u.account_id, a.name, a.kind, u.agent, u.model, u.feature).order_by(
        a.name, u.agent, u.model, u.feature
    )
    for day in connection.scalars(sa.select(u.org_date).where(*mine).distinct().order_by(u.org_date)).all():
        yield from connection.execute(query.where(u.org_date == day)).all()


def paid(connection: sa.Connection, org_id: int, account_id: int | None = None, piece: int = PIECE) -> Iterator[Any]:
    """Every purchase that was ever paid with its account's name, in the order in which they were opened."""
    named = sa.and_(a.org_id == p.org_id, a.account_id == p.account_id)
    query = sa.select(a.name.label("account"), a.kind.label("account_kind"), purchase)
    query = query.join_from(purchase, account, named).where(p.org_id == org_id, p.paid_at.is_not(None))
    if account_id is not None:
        query = query.where(p.account_id == account_id)
    query = query.order_by(p.purchase_id).limit(piece)
    seen = 0
    while rows := connection.execute(query.where(p.purchase_id > seen)).all():
        yield from rows
        seen = rows[-1].purchase_id


def holder(connection: sa.Connection, org_id: int, account_id: int) -> str:
    """The name of the person whose account it is; '' while it is nobody's."""
    hers = sa.select(person.c.display_name).join(membership, membership.c.person_id == person.c.person_id)
    hers = hers.where(membership.c.org_id == org_id, membership.c.account_id == account_id)
    return connection.scalar(hers.limit(1)) or ""
