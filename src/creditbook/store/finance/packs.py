"""What sold packs earned and what was paid out of them: whole months from `pack_month`, days at a period's edges from
the entries of the packs that moved in that month. A pack is any grant with a price, one that a refund opened as well.

Money is in minor units of the pack's currency, and − is what left what is owed (`domain.journal.Entry`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from creditbook.store.tables.ledger import (
    books_day,
    entry,
    ledger_transaction,
    pack_month,
    purchase,
    token_grant,
    usage_org_day,
)

m, e, t, g, p = pack_month.c, entry.c, ledger_transaction.c, token_grant.c, purchase.c
d, u = books_day.c, usage_org_day.c


_AT_ONCE = 5_000
"""Ids in one statement: a database takes so many parameters and no more."""


class Moved(NamedTuple):
    """By how much transactions of a kind changed what a pack still owes."""

    grant_id: int
    kind: str
    deferred_minor: int


class Pack(NamedTuple):
    """A pack and what it was sold as; of one that a refund opened, the pack whose tokens came back."""

    grant_id: int
    account_id: int
    currency: str
    item: str
    title: str


class PaidUsage(NamedTuple):
    """A usage or the correction of one, and how many of its charged tokens a pack paid for."""

    grant_id: int
    plan: str
    account_id: int
    paid: int
    charged: int
    requests: int
    cost_usd_nanos: int
    cost_inr_nanos: int
    unpriced: int


class Led(sa.Join):
    """A join that SQLite makes in the order written: from the few rows to the many, never the other way round."""

    inherit_cache = True


@compiles(Led, "sqlite")
def _led(element: Led, compiler: Any, **how: Any) -> str:
    on = {name: what for name, what in how.items() if name not in ("asfrom", "from_linter")}
    left, right = (compiler.process(side, asfrom=True, **on) for side in (element.left, element.right))
    return f"{left} CROSS JOIN {right} ON {compiler.process(element.onclause, **on)}"


def moved(connection: sa.Connection, org_id: int, first: date, last: date) -> list[Moved]:
    """What moved each pack by accounting date, both days included."""
    dialect = connection.dialect.name
    whole_first, whole_end = whole_months(first, last)
    if whole_first >= whole_end:
        parts = [_entries(dialect, org_id, first, last)]
    else:
        inside = (m.org_id == org_id, m.month >= whole_first, m.month < whole_end)
        deferred = (m.deferred_in_minor - m.deferred_out_minor).label("deferred")
        parts = [sa.select(m.grant_id, m.kind, deferred).where(*inside)]
        edges = ((first, whole_first - timedelta(days=1)), (whole_end, last))
        parts += [_entries(dialect, org_id, since, until) for since, until in edges if since <= until]
    lines = sa.union_all(*parts).subquery()
    query = sa.select(lines.c.grant_id, lines.c.kind, _added(lines.c.deferred)).group_by(lines.c.grant_id, lines.c.kind)
    return [Moved(*row) for row in connection.execute(query)]


def by_day(connection: sa.Connection, org_id: int, first: date, last: date) -> list[Any]:
    """The same of all packs together: (accounting date, kind, currency, deferred_minor)."""
    deferred = _added(d.deferred_in_minor - d.deferred_out_minor)
    asked = (d.org_id == org_id, d.accounting_date.between(first, last), d.currency != "")
    keys = (d.accounting_date, d.kind, d.currency)
    return list(connection.execute(sa.select(*keys, deferred).where(*asked).group_by(*keys).order_by(*keys)).all())


def packs(connection: sa.Connection, org_id: int, grant_ids: Iterable[int]) -> dict[int, Pack]:
    """What each of these grants was sold as."""
    asked, told = sorted(set(grant_ids)), dict[int, Pack]()
    for some in (asked[place : place + _AT_ONCE] for place in range(0, len(asked), _AT_ONCE)):
        origin = _origins(connection, org_id, some)
        sold = _sold(connection, org_id, sorted({origin.get(one, one) for one in some}))
        for row in _grants(connection, org_id, some):
            as_what = sold.get(origin.get(row.grant_id, row.grant_id), (row.label, row.label))
            told[row.grant_id] = Pack(row.grant_id, row.account_id, row.currency or "", *as_what)
    return told


def paid_whole(connection: sa.Connection, org_id: int, first: date, last: date) -> list[PaidUsage]:
    """Usage that a single pack paid for, and corrections of such, added up per pack, plan and spender."""
    lines = paid_by(connection.dialect.name, org_id, first, last).subquery()
    c = lines.c
    keys = (c.grant_id, c.plan, c.account_id)
    sums = [_added(c[name]) for name in PaidUsage._fields[3:]]
    query = sa.select(*keys, *sums).where(c.paid == c.charged).group_by(*keys).order_by(*keys)
    return [PaidUsage(*row) for row in connection.execute(query)]


def paid_parts(connection: sa.Connection, org_id: int, first: date, last: date) -> list[PaidUsage]:
    """Usage of which a pack paid a part only, and corrections of such, each by itself."""
    lines = paid_by(connection.dialect.name, org_id, first, last).subquery()
    query = sa.select(*(lines.c[name] for name in PaidUsage._fields)).where(lines.c.paid != lines.c.charged)
    return [PaidUsage(*row) for row in connection.execute(query)]


def has_late(connection: sa.Connection, org_id: int, first: date, last: date) -> bool:
    """Whether anything of these days is booked on another day than it happened on, or on these from another."""
    late = u.accounting_date != u.org_date
    days = sa.or_(u.org_date.between(first, last), u.accounting_date.between(first, last))
    return connection.execute(sa.select(u.org_id).where(u.org_id == org_id, late, days).limit(1)).first() is not None


def whole_months(first: date, last: date) -> tuple[date, date]:
    """The first day of the first whole month in these days, and the day after the last whole one."""
    begin = first if first.day == 1 else _next(first)
    end = _next(last) if (last + timedelta(days=1)).day == 1 else last.replace(day=1)
    return begin, end


def _next(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _added(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    # PostgreSQL adds bigints into numeric; every total of ours is a 64-bit whole number.
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)


def _with_transactions(
    dialect: str, org_id: int, first: date, last: date, *kinds: str
) -> tuple[Any, sa.ColumnElement[bool]]:
    """Entries, with their transactions, of the packs that moved in the months that these days touch.

    From a pack to its entries SQLite takes the index by grant, statistics or not, where few are said to be its.
    """
    terms = [m.org_id == org_id, m.month >= first.replace(day=1), m.month <= last]
    if kinds:
        terms.append(m.kind.in_(kinds))
    active = sa.select(m.org_id, m.grant_id).distinct().where(*terms).subquery()
    of_pack: Any = e.grant_id == active.c.grant_id
    if dialect == "sqlite":
        of_pack = sa.func.unlikely(of_pack)
    source = Led(active, entry, sa.and_(e.org_id == active.c.org_id, of_pack))
    source = Led(source, ledger_transaction, sa.and_(t.org_id == e.org_id, t.txn_id == e.txn_id))
    return source, t.accounting_date.between(first, last)


def _entries(dialect: str, org_id: int, first: date, last: date) -> Any:
    source, on_these_days = _with_transactions(dialect, org_id, first, last)
    return sa.select(e.grant_id, t.kind, e.deferred_minor.label("deferred")).select_from(source).where(on_these_days)


def paid_by(dialect: str, org_id: int, first: date, last: date) -> Any:
    """Every entry by which a pack paid for usage on these days, with what that usage cost, and corrections of it."""
    source, on_these_days = _with_transactions(dialect, org_id, first, last, "usage")
    usage = sa.select(*_paid_columns(t, t, sa.case((t.unpriced, 1), else_=0))).select_from(source)
    usage = usage.where(on_these_days, t.kind == "usage", sa.or_(t.cost_usd_nanos.is_not(None), t.unpriced))
    return sa.union_all(usage, _corrections(org_id, first, last))


def _corrections(org_id: int, first: date, last: date) -> Any:
    every = ledger_transaction.alias("later").c
    # SQLite uses a partial index only where it sees that its condition holds, and prefers one narrowed by two columns.
    is_correction = sa.and_(
        every.kind == sa.literal_column("'adjustment'"), every.price_version.is_not(None), every.reverses_txn_id > 0
    )
    names = ("org_id", "txn_id", "reverses_txn_id", "requests", "cost_usd_nanos", "cost_inr_nanos", "unpriced")
    later = sa.select(*(every[name] for name in names)).distinct().where(
        every.org_id == org_id, is_correction, every.accounting_date.between(first, last),
        every.cost_usd_nanos.is_not(None),
    ).subquery()  # fmt: skip
    a = later.c
    source = Led(later, ledger_transaction, sa.and_(t.org_id == a.org_id, t.txn_id == a.reverses_txn_id))
    source = Led(source, entry, sa.and_(e.org_id == t.org_id, e.txn_id == t.txn_id))
    source = Led(source, token_grant, sa.and_(g.org_id == e.org_id, g.grant_id == e.grant_id, g.price_minor > 0))
    return sa.select(*_paid_columns(t, a, sa.case((a.unpriced, -1), else_=0))).select_from(source)


def _paid_columns(of: Any, costs: Any, unpriced: sa.ColumnElement[int]) -> Sequence[sa.ColumnElement[Any]]:
    values: tuple[sa.ColumnElement[Any], ...] = (
        e.grant_id, of.plan, of.account_id, -e.amount, of.charged, costs.requests,
        sa.func.coalesce(costs.cost_usd_nanos, 0), sa.func.coalesce(costs.cost_inr_nanos, 0), unpriced,
    )  # fmt: skip
    return [value.label(name) for name, value in zip(PaidUsage._fields, values, strict=True)]


def _grants(connection: sa.Connection, org_id: int, grant_ids: Sequence[int]) -> list[Any]:
    columns = (g.grant_id, g.account_id, g.currency, g.label, g.source, g.txn_id)
    query = sa.select(*columns).where(g.org_id == org_id, g.grant_id.in_(grant_ids))
    return list(connection.execute(query).all())


def _origins(connection: sa.Connection, org_id: int, grant_ids: Sequence[int]) -> dict[int, int]:
    """Of grants that a refund opened, the pack from which their tokens came; through refunds of refunds."""
    origin: dict[int, int] = {}
    asked = list(grant_ids)
    back, past = entry.alias("back"), entry.alias("past")
    while asked:
        opened = [row.grant_id for row in _grants(connection, org_id, asked) if row.source == "refund"]
        query = (
            sa.select(back.c.grant_id, past.c.grant_id)
            .join_from(back, past, sa.and_(past.c.org_id == org_id, past.c.txn_id == back.c.returns_txn_id,
                                           past.c.seq == back.c.returns_seq))
            .where(back.c.org_id == org_id, back.c.grant_id.in_(opened), past.c.grant_id != back.c.grant_id)
        )  # fmt: skip
        found = {row[0]: row[1] for row in connection.execute(query)} if opened else {}
        for one, its in list(origin.items()):
            origin[one] = found.get(its, its)
        origin |= {one: found[one] for one in found if one not in origin}
        asked = [its for its in set(found.values()) if its not in asked]
    return origin


def _sold(connection: sa.Connection, org_id: int, grant_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """The item and the title under which each pack was bought, by the index of its account's purchases."""
    query = (
        sa.select(g.grant_id, p.item, p.title)
        .join_from(token_grant, purchase, sa.and_(p.org_id == org_id, p.account_id == g.account_id,
                                                  p.grant_id == g.grant_id))
        .where(g.org_id == org_id, g.grant_id.in_(grant_ids))
    )  # fmt: skip
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}
