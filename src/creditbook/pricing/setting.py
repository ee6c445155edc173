"""Entering prices and exchange rates: who, what, from when and why, as new rows of history (rules 3 and 38)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import exact
from creditbook.store import audit
from creditbook.store import prices as rows
from creditbook.store.engine import Store

DOLLARS_PER_MILLION = "dollars per million tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTerms:
    """Dollars per million tokens of each kind, at most six decimals. None: not priced apart, or not used at all."""

    input: Decimal | str | None = None
    cached: Decimal | str | None = None
    cache_write: Decimal | str | None = None
    output: Decimal | str | None = None
    reasoning: Decimal | str | None = None

    def picos(self) -> dict[str, int | None]:
        """The same in pico-dollars per token, by column. Raises InvalidRequest for what is no price."""
        given = (self.input, self.cached, self.cache_write, self.output, self.reasoning)
        if self.input is None and self.output is None:
            raise InvalidRequest("Give at least the price of input or of output tokens.")
        return {column: _picos(value) for column, value in zip(rows.RATES, given, strict=True)}


def _picos(dollars_per_million: Decimal | str | None) -> int | None:
    if dollars_per_million is None:
        return None
    picos = exact(dollars_per_million) * 1_000_000
    if picos.denominator != 1 or not 0 <= picos.numerator <= 10**15:
        raise InvalidRequest(
            f"The price {dollars_per_million} must be 0 or more {DOLLARS_PER_MILLION}, with at most six decimals."
        )
    return picos.numerator


def set_price(
    store: Store,
    model: str,
    terms: PriceTerms | None,
    *,
    valid_from: date,
    org_id: int | None,
    source: str,
    actor: str,
    reason: str,
    at: datetime,
) -> int:
    """Sets a model's price from a UTC date on, for one organization or (None) the installation; returns its number.

    `terms` None withdraws what was set: from that date genai-prices' list holds again. What is booked stays as it is.
    Raises InvalidRequest for a price that is none, a missing model or reason.
    """
    name = model.strip().lower()
    if not name or not reason.strip():
        raise InvalidRequest("Name the model as it stands on its transactions, and give a reason.")
    picos = terms.picos() if terms else dict.fromkeys(rows.RATES)
    columns = {**picos, "model": name, "valid_from": valid_from, "tiers": None, "withdrawn": terms is None,
               "source": source, "entered_at": at, "actor": actor, "reason": reason.strip()}  # fmt: skip

    def enter() -> int:
        with store.write(org_id) as connection:
            rows.lock(connection)
            before = _before(rows.prices(connection, org_id), name, valid_from) if org_id is not None else None
            price_id = rows.add_price(connection, org_id, **columns)
            if org_id is not None:
                after = {
                    "price_id": price_id,
                    "valid_from": valid_from.isoformat(),
                    "withdrawn": terms is None,
                    **picos,
                }
                audit.record(connection, org_id, at=at, actor=actor, act="price.set", subject=name, reason=reason,
                             before=before, after=after)  # fmt: skip
            return price_id

    return store.retrying(enter)


def _before(known: Sequence[rows.PriceRow], model: str, day: date) -> dict[str, object] | None:
    """What held on that date; the rows come newest first."""
    for row in known:
        if row.model == model and row.valid_from <= day:
            picos = {name: getattr(row, name) for name in rows.RATES}
            return {"price_id": row.price_id, "valid_from": row.valid_from.isoformat(),
                    "withdrawn": row.withdrawn, **picos}  # fmt: skip
    return None


@dataclass(frozen=True, slots=True)
class Entered:
    """How many rates were new or other than known, and how many said what is known."""

    added: int
    unchanged: int


def enter_rates(
    store: Store,
    rates: Sequence[tuple[date, int]],
    *,
    base: str,
    quote: str,
    source: str,
    actor: str,
    at: datetime,
    dry_run: bool = False,
    keep_known: bool = False,
    org_id: int | None = None,
    reason: str = "",
) -> Entered:
    """Enters exchange rates (date, nanos). What holds for its date already is left out, so a file may come twice.

    `keep_known` also leaves out dates that have another rate. Rates hold for the whole installation; with `org_id` the
    act stands in that organization's audit log. Raises InvalidRequest for a pair that is none.
    """
    base, quote = base.upper(), quote.upper()
    if base == quote or not all(len(code) == 3 and code.isalpha() and code.isascii() for code in (base, quote)):
        raise InvalidRequest(f"{base} to {quote} is no pair of currencies. Write codes such as USD and INR.")
    if not source.strip():
        raise InvalidRequest("Say where the rates come from: it stands on every one of them.")

    def enter() -> int:
        with store.write(org_id) as connection:
            rows.lock(connection)
            known = {row.day: row.rate_nanos for row in rows.fx_rates(connection, base, quote)}
            new = _news([rate for rate in rates if not keep_known or rate[0] not in known], known)
            if new and not dry_run:
                rows.add_fx_rates(
                    connection, new, base=base, quote=quote, source=source.strip(), entered_at=at, actor=actor
                )
                if org_id is not None:
                    audit.record(connection, org_id, at=at, actor=actor, act="fx.enter", subject=f"{base}/{quote}",
                                 reason=reason or source.strip(), before={}, after=_told(new, source))  # fmt: skip
            return len(new)

    added = store.retrying(enter)
    return Entered(added, len(rates) - added)


def _told(new: Sequence[tuple[date, int]], source: str) -> dict[str, object]:
    days = [day for day, _ in new]
    told: dict[str, object] = {"rates": len(new), "source": source.strip()}
    told |= {"first": min(days).isoformat(), "last": max(days).isoformat()}
    return told | ({"rate_nanos": new[0][1]} if len(new) == 1 else {})


def _news(rates: Sequence[tuple[date, int]], known: dict[date, int]) -> list[tuple[date, int]]:
    """What differs from what holds for its date, in order; a date that comes twice is corrected by its second rate."""
    new = []
    for day, nanos in rates:
        if known.get(day) != nanos:
            known[day] = nanos
            new.append((day, nanos))
    return new
