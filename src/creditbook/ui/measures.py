"""What usage is measured in, and how it is laid out for a chart. Names, formats and sums; no drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from creditbook.reports.usage import Usage

from .format import full, inr, percent, short, usd


class Span(Protocol):
    """Days, both included: of an account's filter, or of an organization's."""

    @property
    def first(self) -> date: ...
    @property
    def last(self) -> date: ...


Figures = Mapping[tuple[Any, ...], Usage]
OTHER = "all others"
STACKED, RANKED = 8, 10
"""How many names get a bar of their own; the rest stands together as `OTHER`."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to look at usage. ``scale`` divides the whole number for an axis; ``brief`` and ``whole`` write it."""

    name: str
    of: Callable[[Usage], int]
    brief: Callable[[int], str]
    whole: Callable[[int], str]
    scale: int = 1
    prefix: str = ""

    def axis(self, usage: Usage) -> float:
        """The figure as an axis or a table cell shows it."""
        return self.of(usage) / self.scale if self.scale > 1 else self.of(usage)

    def said(self, usage: Usage) -> str:
        """The figure with its unit; money in both currencies."""
        return both_currencies(usage) if self.prefix else self.whole(self.of(usage))


def _dollars(nanos: int) -> str:
    return usd(nanos, 2 if abs(nanos) >= 10**7 or nanos == 0 else 4)


MEASURES = {
    m.name: m
    for m in (
        Measure("Charged", lambda u: u.net_charged, short, lambda n: f"{full(n)} tokens charged"),
        Measure("Model tokens", lambda u: u.model_tokens, short, lambda n: f"{full(n)} model tokens"),
        Measure("Requests", lambda u: u.requests, full, lambda n: f"{full(n)} requests"),
        Measure("Cost", lambda u: u.cost_usd_nanos, _dollars, _dollars, scale=10**9, prefix="$"),
    )
}
"""By the word that stands in the address."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Bars over time: ``step`` is day, week or month; every bar of the period is there, also an empty one."""

    step: str
    days: list[date]
    names: list[str]
    bars: dict[date, dict[str, Usage]]
    totals: list[Usage]


def add(figures: Iterable[Usage]) -> Usage:
    """Figures added up, every column for itself."""
    listed = list(figures)
    return Usage(*(sum(getattr(usage, name) for usage in listed) for name in Usage.__dataclass_fields__))


def ranked(figures: Figures, measure: Measure) -> list[tuple[str, Usage]]:
    """Names by what they used, most first; those that used nothing of it are left out."""
    found = [(str(key[0]), usage) for key, usage in figures.items() if measure.of(usage)]
    return sorted(found, key=lambda pair: (-measure.of(pair[1]), pair[0]))


def folded(names: list[tuple[str, Usage]], limit: int = RANKED) -> list[tuple[str, Usage]]:
    """The first names, and the rest together where there are more than fit."""
    if len(names) <= limit:
        return names
    return [*names[: limit - 1], (OTHER, add(usage for _, usage in names[limit - 1 :]))]


def stacked(found: Figures, wanted: Span, measure: Measure) -> Stack:
    """Figures by (day, name) as bars of a legible number: days, weeks in a long period, months in a very long one."""
    span = (wanted.last - wanted.first).days + 1
    step = "day" if span <= 92 else "week" if span <= 400 else "month"
    by_name: dict[tuple[str], list[Usage]] = defaultdict(list)
    for (_, name), usage in found.items():
        by_name[(name,)].append(usage)
    names = [name for name, _ in folded(ranked({k: add(v) for k, v in by_name.items()}, measure), STACKED)]
    parts: dict[date, dict[str, list[Usage]]] = defaultdict(lambda: defaultdict(list))
    for (day, name), usage in found.items():
        parts[_bar(day, step)][name if name in names else OTHER].append(usage)
    days = sorted({_bar(wanted.first + timedelta(days=n), step) for n in range(span)})
    bars = {day: {name: add(parts[day][name]) for name in names} for day in days}
    return Stack(step, days, names, bars, [add(u for us in parts[day].values() for u in us) for day in days])


def _bar(day: date, step: str) -> date:
    if step == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if step == "week" else day


def both_currencies(usage: Usage) -> str:
    """Cost in dollars and rupees as booked."""
    return f"{_dollars(usage.cost_usd_nanos)} · {inr(usage.cost_inr_nanos)}"


def share_note(names: list[tuple[str, Usage]], measure: Measure, unnamed: str) -> str:
    """What a ranking says in words: ``code is 62% of it``."""
    if not names:
        return "Nothing of it in these days"
    whole = sum(measure.of(usage) for _, usage in names)
    return f"{names[0][0] or unnamed} is {percent(measure.of(names[0][1]), whole)} of it"
