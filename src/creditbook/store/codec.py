"""How values cross to each database's raw driver on the write path, and back.

SQLite keeps instants as whole microseconds and dates as text; PostgreSQL's driver brings both as Python values.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from creditbook.domain.rolling import SHARDS
from creditbook.store.tables.base import EPOCH, MICROSECOND, from_microseconds, to_json

NO_PERIOD = date(1, 1, 1)
"""Stands in `quota_use.period_first` for a pool that has no periods."""


@dataclass(frozen=True, slots=True)
class Codec:
    """`when` and `day` read an instant and a date, `to_when` and `to_day` write them; None stays None everywhere.

    ``shards`` is over how many rows the writers of one organization's rollups spread: where there is one writer anyway,
    more rows would only be more to read.
    """

    when: Callable[[Any], Any]
    day: Callable[[Any], Any]
    to_when: Callable[[datetime | None], Any]
    to_day: Callable[[date | None], Any]
    shards: int


def document(value: Any) -> str | None:
    """A JSON document as text, on either database."""
    return None if value is None else to_json(value)


def read_document(text: Any) -> Any:
    """A document that came as text."""
    return json.loads(text) if isinstance(text, str) else text


def _sqlite_when(value: int | None) -> datetime | None:
    return None if value is None else from_microseconds(value)


def _sqlite_day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def to_sqlite_when(value: datetime | None) -> int | None:
    """Microseconds since 1970, as SQLite keeps an instant."""
    return None if value is None else (value - EPOCH) // MICROSECOND


def _to_sqlite_day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _postgres_when(value: datetime | None) -> datetime | None:
    # The session is in UTC; `datetime.UTC` compares faster than the driver's ZoneInfo.
    return None if value is None else value.replace(tzinfo=UTC)


def _as_it_is(value: Any) -> Any:
    return value


SQLITE = Codec(_sqlite_when, _sqlite_day, to_sqlite_when, _to_sqlite_day, shards=1)
POSTGRES = Codec(_postgres_when, _as_it_is, _as_it_is, _as_it_is, shards=SHARDS)
