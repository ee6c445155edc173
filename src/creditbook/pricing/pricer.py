"""The cost of a piece of work, complete and ready to be frozen onto its transaction (rule 3).

    pricer = Pricer(store)
    cost = pricer.price(TokenUsage(1_200, 300), "gpt-4o", event_at, org_id=7)

A model's price is the organization's own, else the installation's, else genai-prices'. Price before the ledger's
transaction begins: it may read the database, and holding an account's lock meanwhile helps nobody.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import Exact, convert_nanos, to_nanos
from creditbook.domain.operations import NO_COST, Cost
from creditbook.store import prices as rows
from creditbook.store.engine import Store
from creditbook.store.prices import FxRow

from .book import PriceBook, shared_book, utc_day
from .fx import FxTable
from .rates import ModelRate, Rates, TokenUsage, nanos_at

SECONDS_UNTIL_SEEN = 5.0
"""After how long at most another process prices by what was entered: then the next call compares three ids."""

UNPRICED = Cost(unpriced=True)

SetPrices = dict[str, tuple[list[date], list[ModelRate | None]]]

WhatIf = Callable[[TokenUsage, str, datetime, str | None, int | None], Cost]
"""usage, model, instant, provider, the exchange rate it was booked at → what it would cost."""


@dataclass(slots=True)
class _Seen:
    """What is known of one organization: its newest ids, when they were compared, and its own prices."""

    checked_at: float
    newest: rows.Newest
    own: SetPrices = field(default_factory=dict)


class Pricer:
    """Prices usage for every organization of a store. Safe to share between threads; keep one per process."""

    def __init__(
        self,
        store: Store,
        *,
        seconds_until_seen: float = SECONDS_UNTIL_SEEN,
        monotonic: Callable[[], float] = time.monotonic,
        book: PriceBook | None = None,
    ) -> None:
        self._store = store
        self._patience = seconds_until_seen
        self._monotonic = monotonic
        self._book = book or shared_book()
        self._reading = threading.Lock()
        self._seen: dict[int | None, _Seen] = {}
        self._fx, self._fx_read = FxTable([]), 0
        self._installed: SetPrices = {}
        self._installed_read = 0

    def price(
        self,
        usage: TokenUsage,
        model: str | None,
        at: datetime,
        *,
        org_id: int | None = None,
        provider: str | None = None,
    ) -> Cost:
        """What one request that happened at `at` costs, in dollars and rupees at what is in force then.

        Unpriced when the model has no known price; without tokens there is nothing to price. No rupees before the first
        exchange rate. Raises InvalidRequest for counts that contradict each other, Unavailable when the database is.
        """
        if not model:
            return UNPRICED if usage.input_tokens or usage.output_tokens else NO_COST
        return self._price(self._look(org_id).own, usage, model, at, provider)

    def with_price(self, org_id: int, proposed: rows.PriceRow | None) -> WhatIf:
        """Prices as `price` would if one more price were set; None reads what is set already, once for all calls.

        Rupees are those of `fx_rate_id`, where a piece of work has kept one (rule 3), else those in force.
        """
        self._look(org_id)
        with self._store.read(org_id) as connection:
            known = rows.prices(connection, org_id)
        own = set_prices([*known, proposed] if proposed else known)

        def price(usage: TokenUsage, model: str, at: datetime, provider: str | None, fx_rate_id: int | None) -> Cost:
            cost = self._price(own, usage, model, at, provider)
            kept = None if fx_rate_id is None else self._fx.nanos_of(fx_rate_id)
            if kept is None or cost.usd_nanos is None:
                return cost
            return replace(cost, inr_nanos=convert_nanos(cost.usd_nanos, kept), fx_rate_id=fx_rate_id)

        return price

    def _price(self, own: SetPrices, usage: TokenUsage, model: str, at: datetime, provider: str | None) -> Cost:
        rate = self._rate(model, at, own, provider)
        priced = nanos_at(rate, usage) if rate is not None else None
        if rate is None or priced is None:
            return UNPRICED if usage.input_tokens or usage.output_tokens or usage.further else NO_COST
        return self._in_rupees(*priced, rate.version, at)

    def rate(
        self, model: str, at: datetime, *, org_id: int | None = None, provider: str | None = None
    ) -> ModelRate | None:
        """The price of a model that is in force at an instant; None when it has none."""
        return self._rate(model, at, self._look(org_id).own, provider)

    def history(self, model: str) -> list[ModelRate]:
        """Every version of a model's list price, the newest first; what people set stands in `store.prices`."""
        return self._book.history(model)

    def rupees_on(self, day: date) -> FxRow | None:
        """The dollar's rate in rupees that is in force on a UTC date; None before the first."""
        self._look(None)
        return self._fx.on(day)

    def reported(self, usd: Exact | str, by: str, at: datetime) -> Cost:
        """A cost that somebody else has counted: the provider, a gateway, an imported file. It has no parts.

        Raises InvalidRequest for a negative amount or none, TypeError for a binary float (give `Decimal(repr(x))`).
        """
        nanos = to_nanos(usd)
        if nanos < 0:
            raise InvalidRequest(f"A cost of {usd} dollars is negative. Refunds of providers are not usage.")
        self._look(None)
        return self._in_rupees(nanos, None, f"as reported by {by}", at)

    def forget(self) -> None:
        """Compares ids again at the next call: for the process that has just entered something."""
        self._seen.clear()

    def _in_rupees(self, usd_nanos: int, parts: dict[str, int] | None, version: str | None, at: datetime) -> Cost:
        fx = self._fx.on(utc_day(at))
        if fx is None:
            return Cost(usd_nanos, None, parts, version)
        return Cost(usd_nanos, convert_nanos(usd_nanos, fx.rate_nanos), parts, version, fx.fx_rate_id)

    def _rate(self, model: str, at: datetime, own: SetPrices, provider: str | None) -> ModelRate | None:
        if own or self._installed:
            names = (f"{provider}/{model}".lower(), model.lower()) if provider else (model.lower(),)
            day = utc_day(at)
            for prices in (own, self._installed):
                for name in names:
                    rate = _in_force(prices, name, day)
                    if rate is not None:
                        return rate
        return self._book.rate(model, at, provider)

    def _look(self, org_id: int | None) -> _Seen:
        """What is known of an organization, at most `seconds_until_seen` old."""
        now = self._monotonic()
        seen = self._seen.get(org_id)
        if seen is not None and now - seen.checked_at < self._patience:
            return seen
        if seen is not None and self._reading.locked():
            return seen  # somebody is looking already; nobody waits for what a moment ago was good enough
        with self._reading:
            return self._compare(org_id, now)

    def _compare(self, org_id: int | None, now: float) -> _Seen:
        seen = self._seen.get(org_id)
        with self._store.read(org_id) as connection:
            newest = rows.newest(connection, org_id)
            if newest.fx_rate_id != self._fx_read:
                self._fx, self._fx_read = FxTable(rows.fx_rates(connection, "USD", "INR")), newest.fx_rate_id
            if newest.price_id != self._installed_read:
                self._installed = set_prices(rows.prices(connection, None))
                self._installed_read = newest.price_id
            own = seen.own if seen else {}
            if org_id is not None and newest.override_id != (seen.newest.override_id if seen else 0):
                own = set_prices(rows.prices(connection, org_id))
        seen = self._seen[org_id] = _Seen(now, newest, own)
        return seen


def _in_force(prices: SetPrices, name: str, day: date) -> ModelRate | None:
    found = prices.get(name)
    place = bisect_right(found[0], day) if found else 0
    return found[1][place - 1] if found and place else None


def set_prices(found: Iterable[rows.PriceRow]) -> SetPrices:
    """Set prices by model, each by date: of one date the last entered, None where they were withdrawn."""
    by_model: SetPrices = {}
    for row in sorted(found, key=lambda row: (row.model, row.valid_from, row.price_id)):
        days, rates = by_model.setdefault(row.model, ([], []))
        if days and days[-1] == row.valid_from:
            rates[-1] = rate_of(row)
        else:
            days.append(row.valid_from)
            rates.append(rate_of(row))
    return by_model


def rate_of(row: rows.PriceRow) -> ModelRate | None:
    """A price that somebody set as rates to compute with; None where the row withdraws one."""
    if row.withdrawn:
        return None
    whose = "price" if row.org_id is None else "organization price"
    base = (row.input_picos, row.cached_picos, row.cache_write_picos, row.output_picos, row.reasoning_picos)
    tiers = tuple(
        (int(tier["above_tokens"]), _five(*(tier.get(rate) for rate in rows.RATES))) for tier in row.tiers or ()
    )
    return ModelRate(
        provider="",
        model=row.model,
        version=f"{whose} {row.price_id}: {row.model} from {row.valid_from} ({row.source})",
        valid_from=row.valid_from,
        rates=_five(*base),
        tiers=tiers,
        prices_input=row.input_picos is not None,
        prices_output=row.output_picos is not None,
    )


def _five(
    input_: int | None, cached: int | None, written: int | None, output: int | None, reasoning: int | None
) -> Rates:
    """What is not priced apart has the rate of what it is part of; a grain is a pico-dollar here."""
    whole_in, whole_out = input_ or 0, output or 0
    return Rates(
        whole_in,
        whole_in if cached is None else cached,
        whole_in if written is None else written,
        whole_out,
        whole_out if reasoning is None else reasoning,
    )
