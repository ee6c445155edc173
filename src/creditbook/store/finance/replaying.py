"""What happened to some accounts between two instants, read for a replay: work, holds, gifts, plans, sales and acts.

Nothing is written. Rows come as the database has them; `reports.finance.replay_events` makes operations of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from creditbook.domain.state import Book
from creditbook.store import as_of
from creditbook.store.engine import Store
from creditbook.store.tables.ledger import (
    account,
    audit,
    entry,
    hold,
    hold_entry,
    ledger_transaction,
    organization,
    plan_event,
    purchase,
    token_grant,
    wallet,
)

t, g, h, e, a = ledger_transaction.c, token_grant.c, hold.c, entry.c, audit.c
ACTS = ("freeze", "unfreeze", "close", "set_zone", "wallet_off", "wallet_on", "dispute_purchase")
"""Administrative acts that change how the rules treat an account."""

_fix = ledger_transaction.alias("correction")


def _put_right(name: str) -> sa.ColumnElement[Any]:
    """A cost with what corrections have put right of it since; unknown while nobody has."""
    more = (
        sa.select(sa.cast(sa.func.sum(_fix.c[name]), sa.BigInteger))
        .where(_fix.c.org_id == t.org_id, _fix.c.reverses_txn_id == t.txn_id, _fix.c.kind == "adjustment")
        .correlate(ledger_transaction)
        .scalar_subquery()
    )
    known = sa.or_(t[name].is_not(None), more.is_not(None))
    return sa.case((known, sa.func.coalesce(t[name], 0) + sa.func.coalesce(more, 0))).label(name)


_COLUMNS = [_put_right(one.name) if one.name in ("cost_usd_nanos", "cost_inr_nanos") else one for one in t]

TAKES_BACK = ("expiry", "revocation", "purchase_refund")
"""Kinds by which a person takes tokens back."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One family's rows. ``grants`` are those opened in the window, with their wallet's type and features.

    ``holds`` began in the window or were open when it began; ``lines`` are the entries of usages that refunds in it
    name, and of what people took back; ``plan_events`` and ``acts`` are all there are. ``paid_first`` is the type of
    the wallet that paid first, by usage without a hold and by hold.
    """

    transactions: Sequence[Any]
    grants: Sequence[Any]
    holds: Sequence[Any]
    lines: Sequence[Any]
    usages: Sequence[Any]
    plan_events: Sequence[Any]
    purchases: Sequence[Any]
    acts: Sequence[Any]
    opened: dict[int, datetime]
    paid_first: dict[int, str]


def happened(store: Store, org_id: int, account_ids: Sequence[int], since: datetime, until: datetime) -> Happened:
    """Everything of these accounts from ``since`` up to, and without, ``until``."""
    with store.read(org_id) as connection:
        transactions = connection.execute(
            sa.select(*_COLUMNS)
            .where(t.org_id == org_id, t.account_id.in_(account_ids), t.effective_at >= since, t.effective_at < until)
            .order_by(t.effective_at, t.txn_id)
        ).all()
        named = [row.reverses_txn_id for row in transactions if row.kind == "refund" and row.reverses_txn_id]
        taken = [row.txn_id for row in transactions if row.kind in TAKES_BACK and row.actor not in ("", "system")]
        return Happened(
            transactions=transactions,
            grants=_grants(connection, org_id, account_ids, since, until),
            holds=_holds(connection, org_id, account_ids, since, until),
            lines=connection.execute(
                sa.select(entry).where(e.org_id == org_id, e.txn_id.in_([*named, *taken])).order_by(e.txn_id, e.seq)
            ).all(),
            usages=connection.execute(
                sa.select(ledger_transaction).where(t.org_id == org_id, t.txn_id.in_(named))
            ).all(),
            plan_events=_of(connection, plan_event, org_id, account_ids, plan_event.c.event_id),
            purchases=[
                row
                for row in _of(connection, purchase, org_id, account_ids, purchase.c.purchase_id)
                if row.paid_at is not None and since <= row.paid_at < until
            ],
            acts=_acts(connection, org_id, account_ids),
            paid_first=_paid_first(connection, org_id, account_ids, since, until),
            opened={
                row.account_id: row.created_at
                for row in connection.execute(
                    sa.select(account.c.account_id, account.c.created_at).where(
                        account.c.org_id == org_id, account.c.account_id.in_(account_ids)
                    )
                )
            },
        )


def family_at(store: Store, present: Book, at: datetime) -> Book:
    """A whole family as it stood at a past instant, from the journal: grants, debts, holds, quotas and plans.

    Names, zones and what is switched off are as they are now; see `reports.finance.replay_opening` for those.
    """
    past = replace(present, accounts=dict(present.accounts), quiet_until=None)
    with store.read(present.org_id) as connection:
        as_of.rebuild(connection, present.org_id, past, at)
    return past


def _grants(connection: sa.Connection, org_id: int, ids: Sequence[int], since: datetime, until: datetime) -> Any:
    w = wallet.c
    columns = (token_grant, w.type.label("wallet_type"), w.features, w.expires_at.label("wallet_ends"))
    mine = sa.and_(w.org_id == g.org_id, w.wallet_id == g.wallet_id)
    return connection.execute(
        sa.select(*columns)
        .join(wallet, mine)
        .where(g.org_id == org_id, g.account_id.in_(ids), g.effective_at >= since, g.effective_at < until)
    ).all()


def _paid_first(
    connection: sa.Connection, org_id: int, ids: Sequence[int], since: datetime, until: datetime
) -> dict[int, str]:
    """Which wallet a caller preferred stands in no row: it shows in what paid first."""
    r = hold_entry.c
    paying = sa.and_(wallet.c.org_id == g.org_id, wallet.c.wallet_id == g.wallet_id)
    spent = (
        sa.select(e.txn_id, wallet.c.type)
        .join(ledger_transaction, sa.and_(t.org_id == e.org_id, t.txn_id == e.txn_id))
        .join(token_grant, sa.and_(g.org_id == e.org_id, g.grant_id == e.grant_id))
        .join(wallet, paying)
        .where(t.org_id == org_id, t.account_id.in_(ids), t.effective_at >= since, t.effective_at < until)
        .where(t.kind == "usage", t.hold_id.is_(None), e.seq == 1)
    )
    reserved = (
        sa.select(r.hold_id, wallet.c.type)
        .join(hold, sa.and_(h.org_id == r.org_id, h.hold_id == r.hold_id))
        .join(token_grant, sa.and_(g.org_id == r.org_id, g.grant_id == r.grant_id))
        .join(wallet, paying)
        .where(h.org_id == org_id, h.account_id.in_(ids), h.effective_at >= since, h.effective_at < until, r.seq == 1)
    )
    return {row[0]: row[1] for query in (spent, reserved) for row in connection.execute(query)}


def _holds(connection: sa.Connection, org_id: int, ids: Sequence[int], since: datetime, until: datetime) -> Any:
    running = sa.or_(h.effective_at >= since, h.closed_at >= since, h.closed_at.is_(None))
    return connection.execute(
        sa.select(hold)
        .where(h.org_id == org_id, h.account_id.in_(ids), h.effective_at < until, running)
        .order_by(h.effective_at, h.hold_id)
    ).all()


def _of(connection: sa.Connection, table: sa.Table, org_id: int, ids: Sequence[int], key: Any) -> Any:
    rows = sa.select(table).where(table.c.org_id == org_id, table.c.account_id.in_(ids)).order_by(key)
    return connection.execute(rows).all()


def _acts(connection: sa.Connection, org_id: int, ids: Sequence[int]) -> Any:
    """Acts name an account as people write it."""
    its, path = account.c, organization.c.slug + "/" + account.c.name
    subject = sa.case((its.name == "", organization.c.slug), else_=path).label("subject")
    mine = sa.select(its.account_id, subject).join(organization, organization.c.org_id == its.org_id)
    names = mine.where(its.org_id == org_id, its.account_id.in_(ids)).subquery()
    return connection.execute(
        sa.select(names.c.account_id, a.at, a.act, a.before, a.after)
        .join(names, names.c.subject == a.subject)
        .where(a.org_id == org_id, a.act.in_(ACTS))
        .order_by(a.audit_id)
    ).all()
