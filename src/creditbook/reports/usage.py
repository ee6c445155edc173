"""What the principal's account used: charged tokens and model tokens named apart, requests, cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from creditbook.access.values import Principal
from creditbook.store import reports_usage as store_usage
from creditbook.store.engine import Store
from creditbook.store.reports_usage import Dimension, UsageFilter

__all__ = ["Dimension", "Usage", "UsageFilter", "before", "by", "names", "series", "total"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Figures of some usage. ``charged`` moved grants, ``refunded`` came back; the four token counts are the model's.

    Costs are whole nano-units as booked; ``unpriced`` counts requests whose cost is not known yet.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    charged: int = 0
    refunded: int = 0
    cost_usd_nanos: int = 0
    cost_inr_nanos: int = 0
    unpriced: int = 0

    @property
    def model_tokens(self) -> int:
        """Input and output tokens as the models counted them."""
        return self.input_tokens + self.output_tokens

    @property
    def net_charged(self) -> int:
        """Charged tokens less what refunds gave back."""
        return self.charged - self.refunded


def total(store: Store, principal: Principal, wanted: UsageFilter) -> Usage:
    """Everything of the period together."""
    return by(store, principal, wanted)[()]


def by(store: Store, principal: Principal, wanted: UsageFilter, *dimensions: Dimension) -> dict[tuple[Any, ...], Usage]:
    """Figures per day, agent, model or feature (or several of them): ``by(…, "agent")[("srs",)]``."""
    with store.read(principal.org_id) as connection:
        rows = store_usage.sums(connection, principal.org_id, account_of(principal), wanted, dimensions)
    width = len(dimensions)
    return {tuple(row[:width]): Usage(*row[width:]) for row in rows}


def series(figures: dict[tuple[Any, ...], Usage], wanted: UsageFilter) -> list[tuple[date, Usage]]:
    """Every day of the period in order, also those without usage; from figures by ``account_date``."""
    days = [wanted.first + timedelta(days=n) for n in range((wanted.last - wanted.first).days + 1)]
    return [(day, figures.get((day,), Usage())) for day in days]


def names(store: Store, principal: Principal, dimension: Dimension) -> list[str]:
    """The names to filter by."""
    with store.read(principal.org_id) as connection:
        return store_usage.names(connection, principal.org_id, account_of(principal), dimension)


def days(store: Store, principal: Principal) -> tuple[date, date] | None:
    """The local dates of the first and the last usage; None when there is none."""
    with store.read(principal.org_id) as connection:
        return store_usage.days(connection, principal.org_id, account_of(principal))


def before(wanted: UsageFilter) -> UsageFilter:
    """The period of the same length that ended the day before this one began."""
    length = (wanted.last - wanted.first).days + 1
    first, last = wanted.first - timedelta(days=length), wanted.first - timedelta(days=1)
    return UsageFilter(first, last, wanted.agents, wanted.models, wanted.features)


def account_of(principal: Principal) -> int:
    """The principal's own account; -1, which no row has, for people without one."""
    return -1 if principal.account_id is None else principal.account_id
