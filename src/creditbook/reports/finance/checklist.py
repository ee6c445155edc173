"""What a finance lead looks at before a month is closed: usage without price, money for nothing, old rates, proof.

Only books that do not prove stand in the way. The rest may be left as it is: it books in the open month when it comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from babel.numbers import get_currency_precision

from creditbook.access.values import Principal
from creditbook.domain.closing import ClosedMonth, last_day
from creditbook.domain.flow import ClassFlow, Flow, Revenue
from creditbook.pricing.fx import is_stale
from creditbook.reports.proof import OrganizationProof
from creditbook.store import prices
from creditbook.store.engine import Store

from . import sales, usage
from .books import Books
from .wanted import Wanted


class State(StrEnum):
    """How a point of the list stands: `fine`, `look` (it may be left), `stop` (not before that is put right), `open`
    (not looked at yet)."""

    FINE = "fine"
    LOOK = "look"
    STOP = "stop"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Point:
    """One point: what was looked at, how it stands, a sentence, and on which page it is put right."""

    name: str
    state: State
    sentence: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof of the books found, and when it was made. ``broken`` are the sentences of what does not hold."""

    at: datetime
    checks: int
    broken: tuple[str, ...]


def points(store: Store, who: Principal, month: date, proved: Proved | None) -> list[Point]:
    """The list for a month, its first day given."""
    last = last_day(month)
    return [
        _unpriced(store, who, last),
        _ungranted(store, who, last),
        _rates(store, who, month, last),
        _proof(proved),
    ]


def may_close(found: Sequence[Point]) -> bool:
    """Whether nothing on the list stands in the way."""
    return not any(one.state in (State.STOP, State.OPEN) for one in found)


def proved(proofs: Sequence[OrganizationProof], at: datetime) -> Proved:
    """A proof in the few words that a checklist needs."""
    findings = [finding for one in proofs for finding in one.findings]
    broken = tuple(f"{finding.says}: not so {finding.broken} times" for finding in findings if finding.broken)
    return Proved(at, len(findings), broken)


def _unpriced(store: Store, who: Principal, last: date) -> Point:
    """Counted by the days on which usage happened: a correction of a closed month's usage books in this one."""
    count = usage.total(store, who, Wanted(date(1, 1, 1), last)).unpriced
    if not count:
        return Point("Prices", State.FINE, "All usage up to the month's end has a price.")
    sentence = f"{_many(count, 'request has', 'requests have')} no price yet; their cost will book in the open month."
    return Point("Prices", State.LOOK, sentence, "prices")


def _ungranted(store: Store, who: Principal, last: date) -> Point:
    found = sales.ungranted(store, who, last)
    if not found:
        return Point("Purchases", State.FINE, "Everything that was paid has given what it buys.")
    names = ", ".join(f"{one.title} of {one.account or 'the pool'}" for one in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    what = _many(len(found), "purchase was", "purchases were")
    return Point("Purchases", State.LOOK, f"{what} paid and gave nothing ({names}{more}): no sale yet.", "inbox")


def _rates(store: Store, who: Principal, first: date, last: date) -> Point:
    found = usage.by(store, who, Wanted(first, last), "org_date")
    used = sorted(key[0] for key, one in found.items() if one.cost_usd_nanos)
    with store.read() as connection:
        rates = sorted({row.day for row in prices.fx_rates(connection, "USD", "INR")})
    old = [day for day in used if not (before := [rate for rate in rates if rate <= day]) or is_stale(before[-1], day)]
    if not old:
        return Point("Exchange rates", State.FINE, "Every day with cost had a rate that was fresh.")
    held = next((rate for rate in reversed(rates) if rate <= old[-1]), None)
    since = f"the last one is of {held.day} {held:%b %Y}" if held else "there is none"
    sentence = (
        f"On {_many(len(old), 'day', 'days')} with cost the dollar's rate was more than two business days old: {since}."
    )
    return Point("Exchange rates", State.LOOK, sentence, "prices")


def _proof(found: Proved | None) -> Point:
    if found is None:
        return Point("Proof", State.OPEN, "The books were not proved yet.", "")
    if found.broken:
        return Point("Proof", State.STOP, f"{found.broken[0]}. Put it right before the month is closed.", "integrity")
    return Point(
        "Proof", State.FINE, f"{found.checks} checks hold: every balance equals its entries, every sum its rows."
    )


def _many(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def frozen(closed: ClosedMonth) -> Books:
    """A closed month's figures as the books show them, out of what was frozen: nothing of it is computed anew."""
    flows = tuple(
        ClassFlow(name, _flow(of["tokens"]), {currency: _flow(money) for currency, money in of["money"].items()})
        for name, of in sorted(closed.figures["flows"].items())
    )
    revenue = {currency: Revenue(**of) for currency, of in closed.figures["revenue"].items()}
    return Books(closed.month, closed.last, flows, revenue)


def _flow(lines: dict[str, int]) -> Flow:
    return Flow(**{name: amount for name, amount in lines.items() if name != "closing"})


def stands(closed: ClosedMonth, found: Books) -> bool:
    """Whether the rows still add up to what was frozen."""
    kept = frozen(closed)
    return (kept.flows, kept.revenue) == (found.flows, found.revenue)


def months(closed: Sequence[ClosedMonth], due: date | None, today: date) -> list[date]:
    """Every month that may be looked at, newest first: from the first closed or bookable one to the running one."""
    running = today.replace(day=1)
    first = closed[0].month if closed else due or running
    found = []
    while first <= running:
        found.append(first)
        first = last_day(first) + timedelta(days=1)
    return found[::-1]


CLOSED_COLUMNS = ("month", "currency", "revenue", "deferred", "tokens_owed", "closed_at", "by", "reason", "digest")


def closed_rows(closed: Sequence[ClosedMonth]) -> Iterator[tuple[object, ...]]:
    """The closed months for a spreadsheet, the newest first: a row per currency, whose amounts add up.

    Tokens have no currency: they stand in a month's first row only.
    """
    for one in reversed(closed):
        owed: int | None = sum(of["tokens"]["closing"] for of in one.figures["flows"].values())
        revenue = {name: Revenue(**of) for name, of in one.figures["revenue"].items()}
        about = (one.closed_at, one.actor or "system", one.reason, one.digest)
        for currency in revenue or [""]:
            of = revenue.get(currency)
            amounts = (units(of.revenue_minor, currency), units(of.deferred_closing_minor, currency)) if of else (0, 0)
            yield one.month, currency, *amounts, owed, *about
            owed = None


def units(minor: int, currency: str) -> Decimal:
    """Minor units as a number of the currency: 9900 paise are 99.00."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))
