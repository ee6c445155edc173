"""How Costs & margin writes nanos of any currency, and what it says where a figure is not known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from creditbook.domain.money import NANOS
from creditbook.exports.amounts import inr, usd, written
from creditbook.reports.finance.costs import Margin
from creditbook.ui.format import DASH, MINUS, dollars_in_markdown, short

from .sheets import Cell, Column


def amount(nanos: int | None, currency: str, digits: int = 2) -> str:
    """An amount as people read it; a dash where it is not known, never 0."""
    if nanos is None:
        return DASH
    if currency == "USD":
        return usd(nanos, digits)
    return inr(nanos, digits) if currency == "INR" else written(Decimal(nanos) / NANOS, currency)


def in_markdown(nanos: int | None, currency: str, digits: int = 2) -> str:
    """The same for labels and sentences, which would take dollars for mathematics."""
    return dollars_in_markdown(amount(nanos, currency, digits))


def money_axis(fig: go.Figure, low: float, high: float, currency: str) -> None:
    """A y axis of money in some five steps of 1, 2 or 5, written as everywhere: ``₹0``, ``₹500``, ``₹1K``."""
    size = high - min(low, 0) or 1.0
    ten = Decimal(10) ** math.floor(math.log10(size / 5))
    step = next(by * ten for by in (1, 2, 5, 10) if size / float(by * ten) <= 5.001)
    first, last = math.ceil(min(low, 0) / float(step)), math.floor(high / float(step) + 1e-9)
    ticks = [number * step for number in range(first, last + 1)]
    sign = {"USD": "$", "INR": "₹", "THB": "฿"}.get(currency, "")
    texts = [f"{MINUS if tick < 0 else ''}{sign}{_round(abs(tick), step)}" for tick in ticks]
    fig.update_yaxes(tickmode="array", tickvals=[float(tick) for tick in ticks], ticktext=texts)


def _round(tick: Decimal, step: Decimal) -> str:
    """A step of an axis: ``1K``, or below one as many digits as tell the steps apart."""
    if step >= 1 or not tick:
        return short(float(tick))
    return f"{tick:.{-math.floor(step.log10())}f}"


def margin_words(one: Margin, currency: str) -> str:
    """A margin, or how much it can be at most: ``≤ ₹1,299.00``."""
    if one.margin_nanos is not None:
        return amount(one.margin_nanos, currency)
    return DASH if one.at_most_nanos is None else f"≤ {amount(one.at_most_nanos, currency)}"


def rate(one: Margin) -> int | None:
    """The margin in thousandths of the revenue; None without either."""
    if one.margin_nanos is None or not one.revenue_nanos:
        return None
    return round(Decimal(one.margin_nanos * 1000) / one.revenue_nanos)


def rate_at_most(one: Margin) -> int | None:
    """The same if what has no price yet had cost nothing."""
    if one.at_most_nanos is None or not one.revenue_nanos:
        return None
    return round(Decimal(one.at_most_nanos * 1000) / one.revenue_nanos)


def rate_words(thousandths: int | None) -> str:
    """``84.3%``."""
    return DASH if thousandths is None else f"{Decimal(thousandths) / 10:.1f}%".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Nanos(Column):
    """A column of nanos of its unit, a currency."""

    def shown(self, cell: Cell) -> str:
        """As people read it."""
        return amount(cell, self.unit)

    def exact(self, cell: Cell) -> Any:
        """As a number with all its decimals."""
        return None if cell is None else Decimal(cell).scaleb(-9)


@dataclass(frozen=True, slots=True)
class Rate(Column):
    """A column of thousandths, shown as percents."""

    def shown(self, cell: Cell) -> str:
        """As people read it."""
        return rate_words(cell)

    def exact(self, cell: Cell) -> Any:
        """As a share of one."""
        return None if cell is None else Decimal(cell).scaleb(-3)
