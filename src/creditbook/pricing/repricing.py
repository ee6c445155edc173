"""What a price would change of usage that is booked: seen before it is set, and applied as corrections (rule 3).

Nothing booked is touched. Usage that a provider reported with a cost of its own keeps it: that is what was billed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.operations import Cost
from creditbook.store import prices as price_rows
from creditbook.store.engine import Store
from creditbook.store.finance import repricing as rows

from .pricer import UNPRICED, Pricer, WhatIf, rate_of
from .rates import TokenUsage
from .setting import PriceTerms

EVER = date(2000, 1, 1)
"""Before anybody's usage."""

REPORTED = "as reported by "
"""How the price version of usage begins whose cost somebody else has counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A price for a model from a UTC date on. `terms` None means: what is set or listed already.

    `assumed` prices as that model what names none. `unpriced_only` leaves alone what has a price; of what has one, only
    that is taken which this price would price. `withdraws` ends what was set before. `price_id` is the price's number
    once it is set.
    """

    model: str
    since: date
    terms: PriceTerms | None = None
    source: str = "set by hand"
    unpriced_only: bool = True
    assumed: str = ""
    withdraws: bool = False
    price_id: int | None = None

    @property
    def begins_at(self) -> datetime:
        """Prices are dated by UTC dates."""
        return datetime.combine(self.since, time(), UTC)


@dataclass(frozen=True, slots=True)
class Repriced:
    """One usage, what it costs so far (as booked, with its corrections), and what it would cost.

    `cost` is unpriced where the price does not cover it.
    """

    txn_id: int
    account_id: int
    account: str
    event_at: datetime
    org_date: date
    model_tokens: int
    was_unpriced: bool
    usd_nanos: int
    inr_nanos: int
    cost: Cost

    @property
    def usd_change(self) -> int:
        """By how many nano-dollars its cost changes."""
        return 0 if self.cost.usd_nanos is None else self.cost.usd_nanos - self.usd_nanos

    @property
    def inr_change(self) -> int:
        """By how many nano-rupees; 0 where there is no rate."""
        return 0 if self.cost.inr_nanos is None else self.cost.inr_nanos - self.inr_nanos

    @property
    def changes(self) -> bool:
        """Whether a correction is to be written."""
        return self.cost.usd_nanos is not None and bool(self.was_unpriced or self.usd_change or self.inr_change)


def repriced(store: Store, pricer: Pricer, org_id: int, proposal: Proposal) -> Iterator[Repriced]:
    """Every usage that the proposal is about, in steps. Raises InvalidRequest for a price that is none."""
    name = proposal.model.strip().lower()
    row = _as_row(store, org_id, name, proposal)
    price = pricer.with_price(org_id, row)
    rate = None if row is None else rate_of(row)
    with store.read(org_id) as connection:
        models = sorted({day.model for day in rows.model_days(connection, org_id) if _meant(day.model, name)})
    for booked, corrected in _usage(store, org_id, models, proposal):
        unpriced = booked.unpriced and corrected is rows.NOT_CORRECTED
        if (booked.price_version or "").startswith(REPORTED) or (proposal.unpriced_only and not unpriced):
            continue
        cost = _cost(booked, price, proposal.assumed)
        if not unpriced and (cost.unpriced or (rate is not None and cost.price_version != rate.version)):
            continue
        yield Repriced(
            booked.txn_id, booked.account_id, booked.name, booked.event_at, booked.org_date,
            booked.input_tokens + booked.output_tokens, unpriced,
            (booked.cost_usd_nanos or 0) + corrected.cost_usd_nanos,
            (booked.cost_inr_nanos or 0) + corrected.cost_inr_nanos, cost,
        )  # fmt: skip


def _usage(
    store: Store, org_id: int, models: Sequence[str], proposal: Proposal
) -> Iterator[tuple[Any, rows.Corrected]]:
    last: Any = None
    while models:
        with store.read(org_id) as connection:
            step = rows.usage_of(
                connection, org_id, models, proposal.begins_at, unpriced_only=proposal.unpriced_only, after=last
            )
        yield from step
        if len(step) < rows.STEP:
            return
        last = step[-1][0]


def _meant(model: str, name: str) -> bool:
    """Whether a price by this name may be of the model: by its own name, or with its provider's before it."""
    lower = model.lower()
    return lower == name or (bool(lower) and name.endswith(f"/{lower}"))


def _cost(booked: Any, price: WhatIf, assumed: str) -> Cost:
    counts = TokenUsage(
        booked.input_tokens, booked.output_tokens, booked.cached_tokens, 0, booked.reasoning_tokens
    )  # fmt: skip
    told = (booked.metadata or {}).get("provider")
    provider = told if isinstance(told, str) and not assumed else None
    try:
        cost = price(counts, assumed or booked.model, booked.event_at, provider, booked.fx_rate_id)
        return replace(cost, price_version=f"assumed {cost.price_version}") if assumed and cost.price_version else cost
    except InvalidRequest:  # counts that contradict each other can be booked, but not priced
        return UNPRICED


def _as_row(store: Store, org_id: int, name: str, proposal: Proposal) -> price_rows.PriceRow | None:
    """The row that setting this price writes, or wrote; None when nothing is set."""
    if proposal.terms is None and not proposal.withdraws:
        return None
    if not name:
        raise InvalidRequest("Name the model as it stands on its transactions.")
    price_id = proposal.price_id
    if price_id is None:
        with store.read(org_id) as connection:
            price_id = price_rows.newest(connection, org_id).override_id + 1
    picos = proposal.terms.picos() if proposal.terms else dict.fromkeys(price_rows.RATES)
    return price_rows.PriceRow(
        org_id=org_id, price_id=price_id, model=name, valid_from=proposal.since, tiers=None,
        withdrawn=proposal.terms is None, source=proposal.source, **picos,
    )  # fmt: skip


@dataclass(slots=True)
class Line:
    """What the proposal changes of some usage: how many requests, model tokens, and cost before and after.

    `unpriced` of the requests had no cost before.
    """

    requests: int = 0
    unpriced: int = 0
    model_tokens: int = 0
    usd_before: int = 0
    usd_after: int = 0
    inr_before: int = 0
    inr_after: int = 0

    def add(self, one: Repriced) -> None:
        """Counts one usage whose cost changes."""
        self.requests += 1
        self.unpriced += one.was_unpriced
        self.model_tokens += one.model_tokens
        self.usd_before += one.usd_nanos
        self.usd_after += one.usd_nanos + one.usd_change
        self.inr_before += one.inr_nanos
        self.inr_after += one.inr_nanos + one.inr_change


@dataclass(slots=True)
class Preview:
    """Whose cost would change, and by how much. `unpriced` counts what would still have no price.

    `months` are by when it was used, in the organization's dates; `same` counts what costs already what it would cost.
    """

    total: Line = field(default_factory=Line)
    accounts: dict[str, Line] = field(default_factory=dict)
    months: dict[date, Line] = field(default_factory=dict)
    same: int = 0
    unpriced: int = 0


def preview(store: Store, pricer: Pricer, org_id: int, proposal: Proposal) -> Preview:
    """Adds up what the proposal would change. Writes nothing. Raises InvalidRequest for a price that is none."""
    found = Preview()
    for one in repriced(store, pricer, org_id, proposal):
        if one.cost.usd_nanos is None:
            found.unpriced += 1
        elif not one.changes:
            found.same += 1
        else:
            month = one.org_date.replace(day=1)
            for line in (
                found.total,
                found.accounts.setdefault(one.account, Line()),
                found.months.setdefault(month, Line()),
            ):
                line.add(one)
    return found
