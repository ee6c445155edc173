"""Everything that the page of usage shows, read in one snapshot so that its parts add up, in as few scans as can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditbook.access.values import Principal
from creditbook.reports.usage import Usage
from creditbook.store.engine import Store
from creditbook.store.finance import usage as store_usage

from .changes import Mover, Why, movers, why
from .money import Booking
from .usage import Figures, Holder, figures_of, in_rollups
from .wanted import NAMED, Dimension, Named, Wanted

RAW_MOST = 200_000
"""Requests that may be counted one by one where filters ask for hours, which are rolled up without names."""

SPENDERS = 10


@dataclass(frozen=True, slots=True)
class Sheet:
    """One period of usage and the one before. ``was`` and what follows are None where nothing is compared.

    ``days`` are by (day, name) of the split; ``names`` by each dimension; ``hours`` by (weekday, hour), of all usage
    where ``hours_of_all`` says that the filters asked for too many; ``past`` are the spenders' figures before.
    """

    total: Usage
    days: Figures
    names: Mapping[Named, Figures]
    hours: Figures
    hours_of_all: bool
    spenders: tuple[tuple[Holder, Usage], ...]
    accounts: int
    was: Usage | None
    past: Mapping[int, Usage] | None
    why: tuple[Why, Why] | None
    movers: tuple[Mover, ...]
    moved: Mapping[int, Holder]


def total(store: Store, who: Principal, wanted: Wanted) -> Usage:
    """Everything together, for a page that asks first whether there is anything."""
    with store.read(who.org_id) as connection:
        return figures_of(connection, who, wanted)[()]


def sheet(
    store: Store,
    who: Principal,
    wanted: Wanted,
    before: Wanted | None,
    booking: Booking,
    *,
    split: Named = "model",
    movers_by: Dimension = "model",
) -> Sheet:
    """Reads it. Rupees are told as ``booking`` says; ``movers_by`` is whose part in the change is told."""
    with store.read(who.org_id) as connection:

        def read(asked: Wanted, *by: Dimension) -> Figures:
            return booking.each(figures_of(connection, who, asked, *by))

        now = read(wanted, *NAMED)
        whole = added(now)
        rows, many = store_usage.ranked(connection, who.org_id, wanted, "cost_usd_nanos", SPENDERS)
        ids = [row[0] for row in rows]
        then = read(before, *NAMED) if before else {}
        moved = (_moved(read, before, wanted, then, now, movers_by)) if before and then else ()
        shown = {one.key for one in moved[:SPENDERS]} if movers_by == "account" else set()
        holders = holders_of(connection, who, [*ids, *shown])
        countable = whole.requests <= RAW_MOST or in_rollups(wanted, "weekday_hour")
        past = read(before.only(*ids), "account") if before and then and ids else None
        return Sheet(
            total=whole,
            days=read(wanted, "org_date", split),
            names={name: folded(now, place) for place, name in enumerate(NAMED)},
            hours=read(wanted if countable else Wanted(wanted.first, wanted.last), "weekday_hour"),
            hours_of_all=not countable,
            spenders=tuple((holders[row[0]], booking.of(Usage(*row[1:]))) for row in rows),
            accounts=many,
            was=added(then) if then else None,
            past={account: usage for (account,), usage in past.items()} if past is not None else None,
            why=why(folded(then, NAMED.index("model")), folded(now, NAMED.index("model"))) if then else None,
            movers=moved,
            moved=holders,
        )


def _moved(read: Any, before: Wanted, wanted: Wanted, then: Figures, now: Figures, by: Dimension) -> tuple[Mover, ...]:
    if by in NAMED:
        place = NAMED.index(by)
        return tuple(movers(folded(then, place), folded(now, place)))
    return tuple(movers(read(before, by), read(wanted, by)))


def holders_of(connection: Any, who: Principal, account_ids: list[int]) -> dict[int, Holder]:
    """Who these accounts are, by id, within a snapshot that is open."""
    return {row[0]: Holder(*row) for row in store_usage.accounts(connection, who.org_id, account_ids)}


def added(figures: Figures) -> Usage:
    """All of them together."""
    return folded(figures, None).get((), Usage())


def folded(figures: Figures, place: int | None) -> Figures:
    """Figures by one part of their keys, or (None) all in one."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    for key, usage in figures.items():
        line = [getattr(usage, name) for name in _NAMES]
        narrowed = () if place is None else (key[place],)
        there = sums.setdefault(narrowed, [0] * len(_NAMES))
        for n, amount in enumerate(line):
            there[n] += amount
    return {key: Usage(*line) for key, line in sums.items()}


_NAMES = tuple(Usage.__dataclass_fields__)
