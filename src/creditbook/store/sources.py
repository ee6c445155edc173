"""Sources, their days and the events that wait, as rows.

Every function takes a connection of `Store.read` or `Store.write` with the organization set; none commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from creditbook.store import ids
from creditbook.store.tables.ledger import account, api_key
from creditbook.store.tables.sources import COUNTS, source, source_day, source_event

Connection = sa.Connection
Row = sa.Row[*tuple[Any, ...]]
s, d, e = source.c, source_day.c, source_event.c

OPEN = ("waiting", "rejected")


def every(connection: Connection, org_id: int) -> Sequence[Row]:
    """All sources, oldest first."""
    return connection.execute(sa.select(source).where(s.org_id == org_id).order_by(s.source_id)).all()


def one(connection: Connection, org_id: int, source_id: int) -> Row | None:
    """A source by its id."""
    return connection.execute(sa.select(source).where(s.org_id == org_id, s.source_id == source_id)).one_or_none()


def of_kind(connection: Connection, org_id: int, kind: str, key_id: int | None) -> Row | None:
    """The source of a kind bound to a key, or to one that it has replaced; else that of keys without their own."""
    found = connection.execute(_OF_KIND, {"org": org_id, "of_kind": kind, "key": key_id}).all()
    return max(found, key=lambda row: row.key_id or 0, default=None)


def add(connection: Connection, org_id: int, **columns: Any) -> int:
    """A new source; returns its id."""
    (source_id,) = ids.take(connection, 1)
    connection.execute(sa.insert(source).values(org_id=org_id, source_id=source_id, **columns))
    return source_id


def change(connection: Connection, org_id: int, source_id: int, **columns: Any) -> None:
    """New settings of a source."""
    mine = sa.update(source).where(s.org_id == org_id, s.source_id == source_id)
    connection.execute(mine.values(columns))


def accounts(connection: Connection, org_id: int, names: Collection[str]) -> dict[str, str]:
    """The accounts that these are, each by its own name or by the id that it has elsewhere; the name comes first."""
    if not names:
        return {}
    rows = connection.execute(_ACCOUNTS, {"org": org_id, "names": list(names)}).all()
    found = {row.external_id: row.name for row in rows}
    found |= {row.name: row.name for row in rows}
    return {name: found[name] for name in names if name in found}


def count(
    connection: Connection, org_id: int, source_id: int, day: date, at: datetime, counts: Mapping[str, int]
) -> None:
    """Adds to what arrived on a day; `received` is the sum of the rest. `last_at` never goes back."""
    added = {name: counts.get(name, 0) for name in COUNTS[1:]}
    row = {"org_id": org_id, "source_id": source_id, "org_date": day, "last_at": at, **added}
    connection.execute(_COUNT[connection.dialect.name], {**row, "received": sum(added.values())})


def _counting(insert: Any) -> Any:
    row = insert(source_day)
    moved: dict[str, Any] = {name: d[name] + row.excluded[name] for name in COUNTS}
    moved["last_at"] = sa.case((row.excluded.last_at > d.last_at, row.excluded.last_at), else_=d.last_at)
    return row.on_conflict_do_update(index_elements=[d.org_id, d.source_id, d.org_date], set_=moved)


# Every single event asks these: made once, because making one takes longer than running it.
_COUNT = {"sqlite": _counting(sqlite.insert), "postgresql": _counting(postgresql.insert)}
_NAMES: sa.BindParameter[Any] = sa.bindparam("names", expanding=True)
_ACCOUNTS = sa.select(account.c.name, account.c.external_id).where(
    account.c.org_id == sa.bindparam("org"), account.c.name.in_(_NAMES) | account.c.external_id.in_(_NAMES)
)
# A rotated key is the same sender: its new one goes on where the old one's events went.
_LINE = sa.select(sa.cast(sa.bindparam("key", type_=s.key_id.type), s.key_id.type).label("key_id")).cte(
    "line", recursive=True
)
_LINE = _LINE.union(
    sa.select(api_key.c.key_id).where(
        api_key.c.org_id == sa.bindparam("org"), api_key.c.replaced_by == _LINE.c.key_id
    )
)  # fmt: skip
_OF_KIND = sa.select(source).where(
    s.org_id == sa.bindparam("org"), s.kind == sa.bindparam("of_kind"),
    s.key_id.is_(None) | s.key_id.in_(sa.select(_LINE.c.key_id)),
)  # fmt: skip
_KEPT = sa.select(e.event_key, e.arrival_id, e.state, e.resolved_at).where(
    e.org_id == sa.bindparam("org"), e.source_id == sa.bindparam("source"),
    e.event_key.in_(sa.bindparam("keys", expanding=True)),
)  # fmt: skip


def move(connection: Connection, org_id: int, source_id: int, day: date, frm: str, to: str, number: int) -> None:
    """What waited on a day is somewhere else now: so many from one count to another."""
    if frm == to:
        return
    mine = sa.update(source_day).where(d.org_id == org_id, d.source_id == source_id, d.org_date == day)
    connection.execute(mine.values({frm: d[frm] - number, to: d[to] + number}))


def keep(connection: Connection, org_id: int, source_id: int, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Keeps events that could not be booked; returns the states of the new ones. One that is kept stays as it is."""
    if not rows:
        return []
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    arrivals = ids.take(connection, len(rows))
    values = [{"org_id": org_id, "source_id": source_id, "arrival_id": arrival, **row}
              for arrival, row in zip(arrivals, rows, strict=True)]  # fmt: skip
    put = insert(source_event).on_conflict_do_nothing(index_elements=[e.org_id, e.source_id, e.event_key])
    return [value["state"] for value in values
            if connection.execute(put.values(value).returning(e.arrival_id)).first() is not None]  # fmt: skip


def kept(connection: Connection, org_id: int, source_id: int, keys: Collection[str]) -> dict[str, Row]:
    """Those of these events that could not be booked when they came, by their keys, with what became of them."""
    asked = {"org": org_id, "source": source_id, "keys": list(keys)}
    return {row.event_key: row for row in connection.execute(_KEPT, asked)} if keys else {}


def resolve(
    connection: Connection, org_id: int, arrivals: Collection[int], state: str, at: datetime, by: str
) -> Sequence[Row]:
    """Open events are booked or dismissed and what they told is forgotten; returns those that were, as they were."""
    if not arrivals:
        return []
    mine = (e.org_id == org_id, e.arrival_id.in_(arrivals), e.resolved_at.is_(None))
    columns = (e.arrival_id, e.source_id, e.org_date, e.state)
    lock = sa.select(*columns).where(*mine).order_by(e.arrival_id)
    found = connection.execute(lock if connection.dialect.name == "sqlite" else lock.with_for_update()).all()
    named = [row.arrival_id for row in found]
    if named:
        mine = (e.org_id == org_id, e.arrival_id.in_(named), e.resolved_at.is_(None))
        done = {"state": state, "resolved_at": at, "resolved_by": by, "fields": {}, "attributes": {}}
        connection.execute(sa.update(source_event).where(*mine).values(done))
    return found


def restate(connection: Connection, org_id: int, arrival_id: int, state: str, account: str, reason: str) -> Row | None:
    """An open event that still can't be booked: why, as of now. Returns what it was; None where it is open no more."""
    mine = (e.org_id == org_id, e.arrival_id == arrival_id, e.resolved_at.is_(None))
    query = sa.select(e.org_date, e.state).where(*mine)
    was = connection.execute(query if connection.dialect.name == "sqlite" else query.with_for_update()).one_or_none()
    if was is not None:
        connection.execute(sa.update(source_event).where(*mine).values(state=state, account=account, reason=reason))
    return was


def open_events(
    connection: Connection, org_id: int, source_id: int, *, after: int = 0, limit: int = 100,
    states: Iterable[str] = OPEN, only: Collection[int] | None = None, reason: str | None = None,
    account: str | None = None,
) -> Sequence[Row]:  # fmt: skip
    """What waits or was rejected, oldest first, from after an arrival on."""
    query = sa.select(source_event).where(
        e.org_id == org_id, e.source_id == source_id, e.resolved_at.is_(None), e.arrival_id > after,
        e.state.in_(tuple(states)),
    )  # fmt: skip
    for column, wanted in ((e.reason, reason), (e.account, account)):
        if wanted is not None:
            query = query.where(column == wanted)
    if only is not None:
        query = query.where(e.arrival_id.in_(only))
    return connection.execute(query.order_by(e.arrival_id).limit(limit)).all()


def reasons(connection: Connection, org_id: int, source_id: int) -> Sequence[Row]:
    """What is open by state, reason and whom it names: how many, the first and the last time received."""
    by = (e.state, e.reason, e.account)
    query = sa.select(*by, sa.func.count().label("events"), sa.func.min(e.received_at).label("first_at"),
                      sa.func.max(e.received_at).label("last_at"))  # fmt: skip
    query = query.where(e.org_id == org_id, e.source_id == source_id, e.resolved_at.is_(None))
    return connection.execute(query.group_by(*by).order_by(sa.desc("events"), *by)).all()


def days(connection: Connection, org_id: int, first: date, last: date, source_id: int | None = None) -> Sequence[Row]:
    """What arrived on each of these days, by source, newest day first."""
    query = sa.select(source_day).where(d.org_id == org_id, d.org_date.between(first, last))
    if source_id is not None:
        query = query.where(d.source_id == source_id)
    return connection.execute(query.order_by(d.org_date.desc(), d.source_id)).all()


def totals(connection: Connection, org_id: int) -> dict[int, Row]:
    """All that ever arrived, by source, with the last instant."""
    sums = [sa.cast(sa.func.sum(d[name]), sa.BigInteger).label(name) for name in COUNTS]
    query = sa.select(d.source_id, *sums, sa.func.max(d.last_at).label("last_at")).where(d.org_id == org_id)
    return {row.source_id: row for row in connection.execute(query.group_by(d.source_id))}
