"""The rows beneath the books: grants with what was left of them on a day, and the transactions that moved a class.

Days are accounting dates (rule 34). What moved is looked for only on days on which `books_day` says that it did.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa

from creditbook.store.tables.ledger import account, books_day, entry, ledger_transaction, token_grant

b, e, g, t, a = books_day.c, entry.c, token_grant.c, ledger_transaction.c, account.c

Side = Literal["in", "out"]
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Moves:
    """Which entries are meant: of a class ('' for all), of these kinds or of all others, that came in or went out.

    With a currency only what was paid for in it, measured by what it changed of the deferred money.
    """

    side: Side
    kinds: frozenset[str]
    others: bool = False
    grant_class: str = ""
    currency: str = ""


def moved(
    connection: sa.Connection, org_id: int, first: date, last: date, wanted: Moves, *, after_id: int | None, limit: int
) -> list[Any]:
    """Transactions, newest day first: (txn_id, accounting_date, kind, account, actor, reason, tokens, minor).

    Of a transaction only what its wanted entries moved is added up. ``after_id`` is the last transaction seen. Days are
    read one by one over their index, so a first page is quick however much a month holds.
    """
    seen = None if after_id is None else _day_of(connection, org_id, after_id)
    found: list[Any] = []
    for day in reversed(_days(connection, org_id, first, last if seen is None else min(last, seen), wanted)):
        before = after_id if day == seen else None
        while len(found) < limit:
            rows = _booked_on(connection, org_id, day, wanted, before)
            sums = _sums(connection, org_id, [row.txn_id for row in rows], wanted)
            found += [(*row, *sums[row.txn_id]) for row in rows if row.txn_id in sums]
            if len(rows) < AT_ONCE:
                break
            before = rows[-1].txn_id
        if len(found) >= limit:
            break
    return found[:limit]


def _day_of(connection: sa.Connection, org_id: int, txn_id: int) -> date | None:
    found: date | None = connection.scalar(sa.select(t.accounting_date).where(t.org_id == org_id, t.txn_id == txn_id))
    return found


def _booked_on(connection: sa.Connection, org_id: int, day: date, wanted: Moves, before: int | None) -> list[Any]:
    """Transactions of the wanted kinds that are booked on a day, newest first: what happened on it, over the index by
    that, and what a closing moved there, over the small index of those."""
    parts = (
        (t.org_date == day, t.accounting_date == t.org_date),
        (t.accounting_date == day, t.accounting_date != t.org_date),
    )
    rows: list[Any] = []
    for terms in parts:
        query = (
            sa.select(t.txn_id, t.accounting_date, t.kind, a.name.label("account"), t.actor, t.reason)
            .join_from(ledger_transaction, account, sa.and_(a.org_id == t.org_id, a.account_id == t.account_id))
            .where(t.org_id == org_id, *terms, _of_kind(t.kind, wanted))
            .order_by(t.txn_id.desc())
            .limit(AT_ONCE)
        )
        if before is not None:
            query = query.where(t.txn_id < before)
        rows += connection.execute(query).all()
    return sorted(rows, key=lambda row: -row.txn_id)[:AT_ONCE]


def _sums(connection: sa.Connection, org_id: int, ids: list[int], wanted: Moves) -> dict[int, tuple[int, int]]:
    """What the wanted entries of these transactions moved: tokens, and minor units of deferred money."""
    if not ids:
        return {}
    measure = e.deferred_minor if wanted.currency else e.amount
    query = (
        sa.select(e.txn_id, _whole(sa.func.sum(e.amount)), _whole(sa.func.sum(e.deferred_minor)))
        .join_from(entry, token_grant, sa.and_(g.org_id == e.org_id, g.grant_id == e.grant_id))
        .where(e.org_id == org_id, e.txn_id.in_(ids), measure > 0 if wanted.side == "in" else measure < 0)
        .group_by(e.txn_id)
    )
    if wanted.grant_class:
        query = query.where(g["class"] == wanted.grant_class)
    if wanted.currency:
        query = query.where(g.currency == wanted.currency)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def _days(connection: sa.Connection, org_id: int, first: date, last: date, wanted: Moves) -> list[date]:
    """The days on which anything of it moved."""
    measure = {
        ("in", False): b.tokens_in, ("out", False): b.tokens_out,
        ("in", True): b.deferred_in_minor, ("out", True): b.deferred_out_minor,
    }[wanted.side, bool(wanted.currency)]  # fmt: skip
    terms = [b.org_id == org_id, b.accounting_date.between(first, last), measure > 0, _of_kind(b.kind, wanted)]
    if wanted.grant_class:
        terms.append(b["class"] == wanted.grant_class)
    if wanted.currency:
        terms.append(b.currency == wanted.currency)
    return list(connection.scalars(sa.select(b.accounting_date).where(*terms).distinct().order_by(b.accounting_date)))


def _of_kind(column: sa.ColumnElement[Any], wanted: Moves) -> sa.ColumnElement[bool]:
    kinds = sorted(wanted.kinds)
    return column.not_in(kinds) if wanted.others else column.in_(kinds)


def _whole(added: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    # PostgreSQL adds bigints into numeric; every total of ours is a 64-bit whole number.
    return sa.cast(sa.func.coalesce(added, 0), sa.BigInteger)


def outstanding(
    connection: sa.Connection,
    org_id: int,
    day: date,
    until: datetime,
    *,
    grant_classes: Collection[str] = (),
    currency: str = "",
    before_id: int | None,
    limit: int,
) -> list[Any]:
    """Grants of which anything was left at the end of an accounting date, newest first, each with how much.

    ``until`` is the instant at which that day ends. Rows: (grant_id, account, class, source, label, amount,
    price_minor, currency, effective_at, expires_at, remaining, minor).
    """
    found: list[Any] = []
    while True:
        rows = _candidates(connection, org_id, day, until, grant_classes, currency, before_id)
        left = _left(connection, org_id, day, [row.grant_id for row in rows])
        for row in rows:
            remaining, minor = left.get(row.grant_id, (0, 0))
            if remaining or minor:
                found.append((*row, remaining, minor))
                if len(found) == limit:
                    return found
        if len(rows) < AT_ONCE:
            return found
        before_id = rows[-1].grant_id


def _candidates(
    connection: sa.Connection,
    org_id: int,
    day: date,
    until: datetime,
    grant_classes: Collection[str],
    currency: str,
    before_id: int | None,
) -> list[Any]:
    """Grants that live, or that something moved after the day; all others had nothing left by then.

    Of those that began after it, only what something moved by then all the same: work told late may be booked on a day
    on which the grant that paid it had not been given (rule 34).
    """
    later, by_then = _booked(t.accounting_date > day), _booked(t.accounting_date <= day)
    query = (
        sa.select(
            g.grant_id, a.name.label("account"), g["class"].label("grant_class"), g.source, g.label, g.amount,
            g.price_minor, g.currency, g.effective_at, g.expires_at,
        )
        .join_from(token_grant, account, sa.and_(a.org_id == g.org_id, a.account_id == g.account_id))
        .where(g.org_id == org_id, sa.or_(g.effective_at < until, by_then), sa.or_(g.live, later))
        .order_by(g.grant_id.desc())
        .limit(AT_ONCE)
    )  # fmt: skip
    if grant_classes:
        query = query.where(g["class"].in_(sorted(grant_classes)))
    if currency:
        query = query.where(g.currency == currency)
    if before_id is not None:
        query = query.where(g.grant_id < before_id)
    return list(connection.execute(query).all())


def _booked(when: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether anything was booked on the grant then."""
    return (
        sa.select(sa.literal(1))
        .select_from(entry)
        .join(ledger_transaction, sa.and_(t.org_id == e.org_id, t.txn_id == e.txn_id))
        .where(e.org_id == g.org_id, e.grant_id == g.grant_id, when)
        .exists()
    )


def _left(connection: sa.Connection, org_id: int, day: date, grant_ids: list[int]) -> dict[int, tuple[int, int]]:
    """What was left of grants at the end of an accounting date: tokens, and minor units not earned yet."""
    if not grant_ids:
        return {}
    query = (
        sa.select(e.grant_id, _whole(sa.func.sum(e.amount)), _whole(sa.func.sum(e.deferred_minor)))
        .join_from(entry, ledger_transaction, sa.and_(t.org_id == e.org_id, t.txn_id == e.txn_id))
        .where(e.org_id == org_id, e.grant_id.in_(grant_ids), t.accounting_date <= day)
        .group_by(e.grant_id)
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def names(connection: sa.Connection, org_id: int, account_ids: Collection[int]) -> dict[int, str]:
    """Accounts' names by their ids; the pool's is ''."""
    asked, found = sorted(account_ids), dict[int, str]()
    for start in range(0, len(asked), AT_ONCE):
        some = a.account_id.in_(asked[start : start + AT_ONCE])
        rows = connection.execute(sa.select(a.account_id, a.name).where(a.org_id == org_id, some))
        found |= {row[0]: row[1] for row in rows}
    return found
