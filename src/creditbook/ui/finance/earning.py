"""What of the sales is earned, drawn: revenue month by month, deferred revenue rolled forward, and what is beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import plotly.graph_objects as go

from creditbook.access.values import Principal
from creditbook.domain.flow import Revenue
from creditbook.reports.finance.books import Books
from creditbook.reports.finance.periods import Period, custom
from creditbook.store.engine import Store
from creditbook.ui import charts
from creditbook.ui.colour import INK
from creditbook.ui.format import esc
from creditbook.ui.money import money

from . import liability_rows, sold
from .listing import Listing
from .recurring import spans
from .sheets import Column, Line, Picked, Sheet, exact, month_axis, rolled, summed

EARNED, DEFERRED = "earned", "deferred-months"
COLOURS = {"packs": "#0C7F74", "plans": "#6D4DE0", "breakage": "#A88A1C"}
LEGEND = {
    "Packs": COLOURS["packs"],
    "Plans": COLOURS["plans"],
    "Breakage": COLOURS["breakage"],
    "Sold, without tax (dotted line)": INK,
}
_BENEATH = {
    "packs": ("used", "packs"),
    "plans": ("used", "plans"),
    "returned": ("returned", "packs"),
    "lapsed": ("breakage", "packs"),
    "lost": ("revoked", "plans"),
    "opening": ("opening", ""),
    "sold": ("sold", ""),
    "breakage": ("breakage", ""),
    "released": ("refunded", ""),
    "closing": ("closing", ""),
}
"""Which line of the books stands beneath a column, and of packs or plans alone."""


def earned(months: Sequence[Books], currency: str) -> Sheet:
    """Revenue by month: what use and time earned, breakage, less what came back."""
    lines = []
    for first, one in _by_month(months, currency):
        cells = (
            one.earned_packs_minor, one.earned_plans_minor, -one.returned_minor, one.breakage_packs_minor,
            one.breakage_plans_minor, -one.reversed_minor, one.revenue_minor,
        )  # fmt: skip
        lines.append(_line(first, cells))
    columns = (
        Column("packs", "Packs, used", currency, "Earned as the tokens of packs are used"),
        Column("plans", "Plans, by day", currency, "Earned evenly over the days of the terms that were paid"),
        Column("returned", "Given back", currency, "Usage was refunded: its part of the price is owed again"),
        Column("lapsed", "Packs, lapsed", currency, "Breakage: expired, or taken back"),
        Column("lost", "Plans, lost", currency, "Breakage: time lost by a change of plan or a closed account"),
        Column("reversed", "Paid back", currency, "Money that went back although it had been earned, without tax"),
        Column("revenue", "Revenue", currency, "The sum of the columns before", opens=False),
    )
    total = summed(("Total",), lines) if lines else None
    revenue = (total.cells[-1] or 0) if total else 0
    return Sheet(EARNED, f"Earned, in {currency}", f"{_said(revenue, currency)} is revenue of these days, without tax",
                 ("Month",), columns, tuple(lines), total, "Revenue by month and by what earned it")  # fmt: skip


def deferred(months: Sequence[Books], currency: str) -> Sheet:
    """Deferred revenue by month: what was paid and not earned, from its opening to its closing."""
    lines = []
    for first, one in _by_month(months, currency):
        cells = (
            one.deferred_opening_minor, one.sold_minor, one.returned_minor, -one.earned_packs_minor,
            -one.earned_plans_minor, -one.breakage_minor, -one.released_minor, one.deferred_closing_minor,
        )  # fmt: skip
        lines.append(_line(first, cells))
    columns = (
        Column("opening", "Opening", currency),
        Column("sold", "Sold", currency, "Without tax"),
        Column("returned", "Given back", currency, "Usage was refunded: owed again"),
        Column("packs", "Packs, used", currency),
        Column("plans", "Plans, by day", currency),
        Column("breakage", "Breakage", currency, "Lapsed or lost: earned without being used"),
        Column("released", "Paid back", currency, "Money that went back before it was earned, without tax"),
        Column("closing", "Closing", currency),
    )
    total = rolled(("Total",), lines, (0,), (7,)) if lines else None
    closing = (total.cells[-1] or 0) if total else 0
    note = f"{_said(closing, currency)} were paid and are not earned yet"
    return Sheet(DEFERRED, f"Deferred revenue, in {currency}", note, ("Month",), columns, tuple(lines), total,
                 "Deferred revenue by month, from opening to closing")  # fmt: skip


def _by_month(months: Sequence[Books], currency: str) -> list[tuple[date, Revenue]]:
    return [(one.first, one.revenue.get(currency, Revenue(currency))) for one in months]


def _line(first: date, cells: tuple[int, ...]) -> Line:
    return Line(f"{first:%Y-%m-%d}", (f"{first:%b %Y}",), cells)


def picture(found: Sheet, sales: Sheet) -> tuple[go.Figure, list[list[Picked | None]]]:
    """Revenue stacked by what earned it, and the line of what was sold; what a click on each opens."""
    unit = found.columns[0].unit
    at = [line.labels[0] for line in found.lines]
    fig = charts.figure(270, barmode="relative", showlegend=False)
    parts = {
        "packs": [(line.cells[0] or 0) + (line.cells[2] or 0) for line in found.lines],
        "plans": [line.cells[1] or 0 for line in found.lines],
        "breakage": [(line.cells[3] or 0) + (line.cells[4] or 0) for line in found.lines],
    }
    for name, values in parts.items():
        fig.add_bar(
            x=at, y=[float(exact(value, unit)) for value in values], name=name.title(), marker_color=COLOURS[name],
            customdata=[money(value, unit) for value in values], hovertemplate="%{customdata}",
        )  # fmt: skip
    bought = [line.cells[1] or 0 for line in sales.lines]
    fig.add_scatter(
        x=at, y=[float(exact(value, unit)) for value in bought], name="Sold", mode="lines+markers", line_color=INK,
        line_dash="dot", marker_color=INK, customdata=[money(value, unit) for value in bought],
        hovertemplate="%{customdata} sold, without tax",
    )  # fmt: skip
    month_axis(fig)
    fig.update_yaxes(tickformat=",", rangemode="tozero")
    opens: list[list[Picked | None]] = [
        [Picked(EARNED, line.slug, slug) for line in found.lines] for slug in ("packs", "plans", "lapsed")
    ]
    return fig, [*opens, [Picked(DEFERRED, line.slug, "sold") for line in sales.lines]]


def beneath(store: Store, who: Principal, period: Period, currency: str, picked: Picked) -> Listing | None:
    """The transactions, grants or payments for plans beneath a figure of either sheet."""
    span = next((one for one in spans(period) if f"{one[0]:%Y-%m-%d}" == picked.line), None)
    first, last = (period.first, period.last) if picked.line == "all" else span or (None, None)
    if first is None or last is None:
        return None
    if picked.column == "reversed":
        return replace(sold.refunds(store, who, custom(first, last), currency), note=_RELEASED)
    if picked.column not in _BENEATH:
        return None
    line, only = _BENEATH[picked.column]
    return liability_rows.listed(store, who, first, last, line, "", currency, only=only)


_RELEASED = "What of the net was not earned yet stands under “Paid back” of deferred revenue; the rest lowers revenue."


def _said(minor: int, currency: str) -> str:
    return esc(money(minor, currency))
