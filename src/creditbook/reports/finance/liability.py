"""What is owed to accounts, and how it came to be: the lines of the roll-forward and the rows beneath each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from creditbook.access.values import Principal
from creditbook.domain.calendar import start_of_day
from creditbook.domain.earning import PlanFigures, PlanSale
from creditbook.domain.flow import CAME, WENT, Flow
from creditbook.store.engine import Store
from creditbook.store.finance import liability as rows
from creditbook.store.finance.liability import Moves

from .sales import zone_of

CAME_IN = ("sold", "granted", "returned", "rolled_in")
WENT_OUT = ("used", "expired", "revoked", "refunded", "rolled_out")
BREAKAGE = "breakage"
"""Expired and revoked together."""
MOVED = (*CAME_IN, *WENT_OUT)
LINES = ("opening", *MOVED, "closing")
"""The lines of a roll-forward, in their order."""

OF_PLANS = {"sold": "sold", "used": "earned", "revoked": "breakage", "refunded": "released"}
"""Which of a plan sale's figures stands on a line of deferred money."""


@dataclass(frozen=True, slots=True)
class MovedLine:
    """A transaction with what it moved of a class: signed tokens, and signed minor units of deferred money."""

    txn_id: int
    day: date
    kind: str
    account: str
    actor: str
    reason: str
    tokens: int
    minor: int


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A grant with what was left of it on a day: tokens, and minor units that were not earned yet."""

    grant_id: int
    account: str
    grant_class: str
    source: str
    label: str
    amount: int
    price_minor: int | None
    currency: str | None
    effective_at: datetime
    expires_at: datetime | None
    remaining: int
    minor: int


def signed(flow: Flow) -> tuple[int, ...]:
    """A roll-forward's lines with what went out as minus: they add up to the closing, which is the last one."""
    came = [getattr(flow, name) for name in CAME_IN]
    went = [-getattr(flow, name) for name in WENT_OUT]
    return (flow.opening, *came, *went, flow.closing)


def moved(
    store: Store,
    who: Principal,
    first: date,
    last: date,
    line: str,
    *,
    grant_class: str = "",
    currency: str = "",
    after_id: int | None = None,
    limit: int = 25,
) -> list[MovedLine]:
    """The transactions beneath a line, newest first; with a currency, by what they moved of its deferred money."""
    wanted = _wanted(line, grant_class, currency)
    if wanted is None:
        return []
    with store.read(who.org_id) as connection:
        found = rows.moved(connection, who.org_id, first, last, wanted, after_id=after_id, limit=limit)
    return [MovedLine(*row) for row in found]


def _wanted(line: str, grant_class: str, currency: str) -> Moves | None:
    """Which entries stand on a line (`domain.flow`)."""
    if line in CAME_IN:
        kinds = {kind for kind, of in CAME.items() if of == line}
        if line == "granted" and currency:
            return None  # of money, what is given with a price was sold
        if line == "granted" or (line == "sold" and currency):
            others = frozenset(CAME) - kinds
            return Moves("in", others, True, grant_class, currency)
        return Moves("in", frozenset(kinds), False, grant_class, currency)
    if line == BREAKAGE:
        return Moves("out", frozenset(WENT) - {"expiry"}, True, grant_class, currency)
    if line in WENT_OUT:
        kinds = {kind for kind, of in WENT.items() if of == line}
        if line == "revoked":
            return Moves("out", frozenset(WENT), True, grant_class, currency)
        return Moves("out", frozenset(kinds), False, grant_class, currency)
    return None


def outstanding(
    store: Store,
    who: Principal,
    day: date,
    *,
    grant_class: str = "",
    currency: str = "",
    before_id: int | None = None,
    limit: int = 25,
) -> list[Outstanding]:
    """The grants of which anything was left at the end of an accounting date, newest first."""
    until = start_of_day(day + timedelta(days=1), zone_of(who))
    with store.read(who.org_id) as connection:
        found = rows.outstanding(
            connection, who.org_id, day, until, grant_classes=(grant_class,) if grant_class else (), currency=currency,
            before_id=before_id, limit=limit,
        )  # fmt: skip
    return [Outstanding(*row) for row in found]


def of_plans(
    sales: Iterable[PlanSale], first: date, last: date, line: str, currency: str
) -> list[tuple[PlanSale, int]]:
    """What each payment for a plan moved on a line of deferred money; those that moved nothing are left out."""
    found = []
    for sale in sales:
        if sale.currency == currency:
            amount = _of_plan(sale, first, last, line)
            if amount:
                found.append((sale, amount))
    return found


def _of_plan(sale: PlanSale, first: date, last: date, line: str) -> int:
    if line == "opening":
        return sale.deferred(first - timedelta(days=1))
    if line == "closing":
        return sale.deferred(last)
    figures: PlanFigures = sale.between(first, last)
    return int(getattr(figures, OF_PLANS[line])) if line in OF_PLANS else 0


def account_names(store: Store, who: Principal, account_ids: Iterable[int]) -> dict[int, str]:
    """Accounts' names by their ids; the pool's is ''."""
    with store.read(who.org_id) as connection:
        return rows.names(connection, who.org_id, set(account_ids))
