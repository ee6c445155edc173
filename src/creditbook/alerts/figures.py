"""What a check has to know of an account: what is available, and when that is used up at its pace."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from creditbook.domain.balance import balance_of
from creditbook.domain.calendar import start_of_day
from creditbook.domain.context import Desk
from creditbook.domain.journal import Journal
from creditbook.domain.program import Unit
from creditbook.domain.settling import settle
from creditbook.store import alerts as rows
from creditbook.store.batch import IMAGINED_IDS, BatchStore, Wanted
from creditbook.store.engine import Store

WEEK = 7
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Figure:
    """An account at an instant. ``available`` None is unlimited.

    ``empty_at`` is when available is used up at the pace of the last seven local days, None where nothing tells or a
    reset comes first; an account with nothing available is empty now.
    """

    available: int | None
    empty_at: datetime | None
    unit: Unit


def figures(
    store: Store, batches: BatchStore, org_id: int, watched: Mapping[int, tuple[int, str]], now: datetime
) -> dict[int, Figure]:
    """The figures of accounts of one organization, given as id → (root id, zone). Settles in memory, writes nothing."""
    found: dict[int, Figure] = {}
    for chunk in _chunks(sorted(watched)):
        paces = _paces(store, org_id, {account_id: watched[account_id][1] for account_id in chunk}, now)
        wanted = Wanted(org_id, {account_id: watched[account_id][0] for account_id in chunk}, now)
        for account_id, book in batches.read(wanted).books.items():
            at = max(now, book.root.clock_at or now)
            settle(Desk(book, Journal(org_id, itertools.count(IMAGINED_IDS).__next__), at), at)
            balance = balance_of(book, book.accounts[account_id], at, None, pending=False, shown="")
            empty_at = _empty_at(balance.available, paces.get(account_id, 0.0), now, balance.next_reset)
            found[account_id] = Figure(balance.available, empty_at, book.program.unit)
    return found


def _empty_at(available: int | None, pace: float, now: datetime, next_reset: datetime | None) -> datetime | None:
    if available is None:
        return None
    if available == 0:
        return now
    if pace <= 0 or available / pace > 365:
        return None
    empty_at = now + timedelta(days=available / pace)
    return None if next_reset is not None and next_reset <= empty_at else empty_at


def _paces(store: Store, org_id: int, zones: Mapping[int, str], now: datetime) -> dict[int, float]:
    """Tokens a day over the last seven local dates, or since the first use; as `reports.overview` tells it."""
    earliest = now.astimezone(ZoneInfo("Etc/GMT+12")).date() - timedelta(days=WEEK - 1)
    with store.read(org_id) as connection:
        used = rows.used(connection, org_id, list(zones), earliest)
        begun = rows.first_use(connection, org_id, list(used))
    found: dict[int, float] = {}
    for account_id, days in used.items():
        zone = zones[account_id]
        first = now.astimezone(ZoneInfo(zone)).date() - timedelta(days=WEEK - 1)
        since = start_of_day(max(first, begun[account_id]), zone)
        span = max(1.0, (now - since) / timedelta(days=1))
        found[account_id] = max(0, sum(net for day, net in days if first <= day)) / span
    return found


def _chunks(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
