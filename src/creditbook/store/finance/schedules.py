"""Exports that run by themselves: what, where to, how often, and what came of the last time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from creditbook.store import ids
from creditbook.store.tables.finance import export_schedule

s = export_schedule.c
Every = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A scheduled export. ``last_run_at`` is when it was last tried, ``last_result`` what came of it ('' before)."""

    export_id: int
    what: str
    format: str
    folder: str
    every: Every
    filters: dict[str, Any]
    is_on: bool
    created_at: datetime
    created_by: str
    last_run_at: datetime | None
    last_result: str


def every(connection: sa.Connection, org_id: int) -> list[Schedule]:
    """An organization's schedules, oldest first, those that are off too."""
    rows = connection.execute(_columns().where(s.org_id == org_id).order_by(s.export_id))
    return [Schedule(*row) for row in rows]


def one(connection: sa.Connection, org_id: int, export_id: int) -> Schedule | None:
    """One schedule."""
    row = connection.execute(_columns().where(s.org_id == org_id, s.export_id == export_id)).one_or_none()
    return None if row is None else Schedule(*row)


def add(connection: sa.Connection, org_id: int, **columns: Any) -> int:
    """A new schedule that is on; returns its id."""
    (export_id,) = ids.take(connection, 1)
    row = {"org_id": org_id, "export_id": export_id, "is_on": True, "last_result": ""}
    connection.execute(sa.insert(export_schedule).values(row | columns))
    return export_id


def change(connection: sa.Connection, org_id: int, export_id: int, **columns: Any) -> None:
    """New values for some columns of a schedule."""
    connection.execute(sa.update(export_schedule).where(s.org_id == org_id, s.export_id == export_id).values(columns))


def _columns() -> sa.Select[Any]:
    columns: Sequence[sa.Column[Any]] = [s[name] for name in Schedule.__dataclass_fields__]
    return sa.select(*columns)
