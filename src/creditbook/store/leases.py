"""Who of all processes on one database does a recurring job: a lease row that one of them holds for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from .engine import Store
from .retry import is_taken
from .tables.administration import scheduler_lease as lease


@dataclass(frozen=True, slots=True)
class Lease:
    """A job's lease as it stands. ``last_report`` is what the last finished run said."""

    name: str
    holder: str
    until: datetime
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_report: dict[str, Any] | None


def take(store: Store, name: str, holder: str, now: datetime, lasts: timedelta) -> bool:
    """Take the lease, or prolong one's own, until ``now + lasts``. False while another process holds it."""
    try:
        return store.retrying(lambda: _take(store, name, holder, now, now + lasts))
    except sa.exc.IntegrityError as error:
        if is_taken(error):  # two saw no row at once; the other one's is there now
            return False
        raise


def _take(store: Store, name: str, holder: str, now: datetime, until: datetime) -> bool:
    mine = sa.or_(lease.c.until <= now, lease.c.holder == holder)
    with store.write() as connection:
        taken = connection.execute(
            sa.update(lease).where(lease.c.name == name, mine).values(holder=holder, until=until)
        )
        if taken.rowcount:
            return True
        if connection.scalar(sa.select(sa.func.count()).where(lease.c.name == name)):
            return False
        connection.execute(sa.insert(lease).values(name=name, holder=holder, until=until))
    return True


def note(store: Store, name: str, holder: str, **columns: Any) -> None:
    """Write down when the holder's run began or ended, what it said, or that its lease ends (``until``)."""
    with store.write() as connection:
        connection.execute(sa.update(lease).where(lease.c.name == name, lease.c.holder == holder).values(**columns))


def read(store: Store, name: str) -> Lease | None:
    """The job's lease, None where no process ever took it."""
    with store.read() as connection:
        row = connection.execute(sa.select(lease).where(lease.c.name == name)).one_or_none()
    return None if row is None else Lease(*row)
