"""An event that can't be booked as a row, and back: bounded, plain, and without what no database keeps."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from creditbook.store.sources import Row

from .planning import Plan
from .values import Event

MOST_ATTRIBUTES, LONGEST_NAME, LONGEST_VALUE, LONGEST_REASON = 100, 200, 500, 500
MOST_CHARACTERS = 16_000


def row_of(plan: Plan, now: datetime, today: date) -> dict[str, Any]:
    """What is kept of an event that waits or was rejected."""
    event = plan.event
    at = event.at if event.at is not None and event.at.tzinfo is not None else None
    return {
        "event_key": plan.key, "event_id": plain_text(event.event_id, LONGEST_NAME), "received_at": now,
        "org_date": today, "event_at": at, "account": plan.named,
        "reason": plain_text(plan.reason, LONGEST_REASON), "problem": plain_text(event.problem, LONGEST_REASON),
        "fields": plain(event.fields), "attributes": plain(event.attributes), "state": plan.state,
    }  # fmt: skip


def event_of(row: Row) -> Event:
    """The event again, as its door read it; one without a time happened when it was received."""
    return Event(row.event_id, row.event_at or row.received_at, row.fields, row.attributes, row.problem)


def plain(given: Mapping[str, object]) -> dict[str, object]:
    """Scalars only, each of a length that is kept; what is too much is left out."""
    kept: dict[str, object] = {}
    left = MOST_CHARACTERS
    for name, value in list(given.items())[:MOST_ATTRIBUTES]:
        short = _scalar(value)
        left -= len(name) + len(str(short))
        if short is not None and left >= 0:
            kept[plain_text(name, LONGEST_NAME)] = short
    return kept


def _scalar(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)[:LONGEST_VALUE]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal | datetime | date):
        return str(value)
    if isinstance(value, dict | list | tuple):
        try:
            return plain_text(json.dumps(value, default=str), LONGEST_VALUE)
        except (ValueError, RecursionError):
            return None
    return plain_text(str(value), LONGEST_VALUE)


def plain_text(text: str, longest: int) -> str:
    """Text that every database keeps: no NUL, no half characters, not too long."""
    return text[:longest].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
