"""Liability drawn: the roll-forward by class in tokens and in deferred money, and month by month."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.flow import Flow
from creditbook.reports.finance import liability
from creditbook.reports.finance.books import Books
from creditbook.reports.finance.liability import LINES
from creditbook.ui import charts
from creditbook.ui.colour import INK
from creditbook.ui.format import dollars_in_markdown, esc, full, short
from creditbook.ui.money import money

from .sheets import Column, Line, Picked, Sheet, exact, month_axis, rolled, summed

TOKENS, MONEY, MONTHS = "tokens", "deferred", "months"
CLASSES = {"free": "Free plan", "plan": "Paid plan", "promotional": "Given", "purchased": "Bought"}
WORDS = {
    "opening": ("Opening", "What was left before the first day"),
    "sold": ("Sold", "Packs that were bought"),
    "granted": ("Granted", "Allowances, gifts, codes, rewards"),
    "returned": ("Returned", "Given back by refunds of usage"),
    "rolled_in": ("Rolled in", "Carried over from an allowance that ended"),
    "used": ("Used", "Spent, and debt that was repaid"),
    "expired": ("Expired", "Lapsed: breakage"),
    "revoked": ("Revoked", "Taken back, or closed by a change of plan"),
    "refunded": ("Refunded", "Taken back because the money went back"),
    "rolled_out": ("Rolled out", "Carried over into the next period's grant"),
    "closing": ("Closing", "What is left at the end of the last day"),
    "breakage": ("Breakage", "Lapsed, or taken back, before it was used"),
}
OF_MONEY = {
    "sold": "Sold, without tax",
    "used": "Earned by use, and by the days of paid plans",
    "expired": "Breakage: lapsed before it was used",
    "revoked": "Breakage: lost by a change of plan, or taken back",
    "refunded": "Paid back before it was earned",
    "returned": "Usage given back: owed again",
}
ALWAYS = frozenset({"opening", "sold", "granted", "used", "expired", "refunded", "closing"})
CAME, WENT = "#0C7F74", "#B0439A"


def tokens(found: Books) -> Sheet:
    """Tokens by class: a line adds up from its opening to its closing, and so does the total."""
    lines = [Line(one.grant_class, (class_name(one.grant_class),), liability.signed(one.tokens)) for one in found.flows]
    return _sheet(
        TOKENS, "Tokens owed", ("Class",), lines, "", lambda total: f"{full(total)} tokens are owed at the end"
    )  # fmt: skip


def deferred(found: Books, currency: str) -> Sheet:
    """Money that was paid and is not earned yet, by class."""
    there = [(one.grant_class, one.money[currency]) for one in found.flows if currency in one.money]
    lines = [Line(name, (class_name(name),), liability.signed(flow)) for name, flow in there]
    return _sheet(
        MONEY, f"Deferred revenue, in {currency}", ("Class",), lines, currency,
        lambda total: f"{_said(total, currency)} were paid and are not earned yet, without tax",
    )  # fmt: skip


def by_month(found: Sequence[Books], grant_class: str) -> Sheet:
    """One class, or all of them, month by month: each month begins where the one before ended."""
    lines = []
    for one in found:
        flow = Flow()
        for of in one.flows:
            flow = flow.and_also(of.tokens) if grant_class in ("", of.grant_class) else flow
        lines.append(Line(f"{one.first:%Y-%m-%d}", (f"{one.first:%b %Y}",), liability.signed(flow)))
    return _sheet(MONTHS, "Month by month", ("Month",), lines, "", lambda _: "Each month begins where the last ended")


def _sheet(
    key: str, title: str, heads: tuple[str, ...], lines: list[Line], unit: str, note: Callable[[int], str]
) -> Sheet:
    total = None
    if lines:
        total = rolled(("Total",), lines, (0,), (len(LINES) - 1,)) if key == MONTHS else summed(("Total",), lines)
    used = [
        place
        for place, name in enumerate(LINES)
        if (name in ALWAYS and not (unit and name == "granted")) or any(line.cells[place] for line in lines)
    ]
    names = [LINES[place] for place in used]
    columns = tuple(
        Column(name, WORDS[name][0], unit, OF_MONEY.get(name, "") if unit else WORDS[name][1]) for name in names
    )
    kept = tuple(_kept(line, used) for line in lines)
    closing = (total.cells[-1] or 0) if total else 0
    return Sheet(
        key, title, note(closing), heads, columns, kept, _kept(total, used) if total else None,
        f"{title}: the roll-forward from opening to closing",
    )  # fmt: skip


def _kept(line: Line, places: Sequence[int]) -> Line:
    return Line(line.slug, line.labels, tuple(line.cells[place] for place in places))


def class_name(grant_class: str) -> str:
    """What people call a class of grants."""
    return CLASSES.get(grant_class, grant_class.title())


def waterfall(found: Sheet) -> tuple[go.Figure, list[list[Picked | None]]]:
    """The total from its opening to its closing, and what a click on each bar opens."""
    assert found.total is not None
    unit = found.columns[0].unit
    cells = [cell or 0 for cell in found.total.cells]
    kinds = ["absolute", *["relative"] * (len(cells) - 2), "total"]
    fig = charts.figure(270, showlegend=False, hovermode="closest")
    fig.add_waterfall(
        x=[column.name for column in found.columns], y=[float(exact(cell, unit)) for cell in cells], measure=kinds,
        increasing_marker_color=CAME, decreasing_marker_color=WENT, totals_marker_color=INK,
        connector_line_color="rgba(127,137,155,.4)", connector_line_width=1,
        customdata=[column.shown(cell) for column, cell in zip(found.columns, cells, strict=True)],
        hovertemplate="%{x}: %{customdata}<extra></extra>",
    )  # fmt: skip
    if not unit:
        heights = [cells[0], cells[-1]]
        running = cells[0]
        for cell in cells[1:-1]:
            running += cell
            heights.append(running)
        charts.count_axis(fig, max([*heights, 1]))
    else:
        fig.update_yaxes(tickformat=",", rangemode="tozero")
    fig.update_xaxes(type="category")
    return fig, [[Picked(found.key, "all", column.slug) for column in found.columns]]


def _said(minor: int, currency: str) -> str:
    return esc(money(minor, currency))


def currency(who: Principal, found: Books) -> str:
    """The currency of the money that is told: the organization's, or the one chosen; '' where nothing was sold."""
    there = sorted({name for one in found.flows for name in one.money})
    own = who.currency if who.currency in there or not there else there[0]
    if len(there) < 2:
        return own if there else ""
    chosen = st.segmented_control(
        "Currency", there, default=own, required=True, key="currency", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    return chosen or own


def figures(found: Books, unit: str, sheet: Sheet) -> None:
    """The figures that the page is about."""
    owed = {one.grant_class: one.tokens.closing for one in found.flows}
    bought = owed.get("purchased", 0)
    all_tokens = sum(owed.values())
    told = [("Tokens owed", short(all_tokens), f"{full(all_tokens)} tokens at the end, of all classes")]
    told.append(("Of them bought", short(bought), f"{full(bought)} tokens that somebody paid for by the pack"))
    if unit:
        flow = Flow()
        for one in found.flows:
            flow = flow.and_also(one.money.get(unit, Flow()))
        told.append(("Deferred revenue", money(flow.closing, unit), "Paid and not earned yet, without tax"))
        told.append(
            ("Earned", money(flow.used - flow.returned, unit), "By use and by days of plans, less what came back")
        )
    grid = st.grid(len(told), min_column_width=160, gap="small", key="kpis")
    for title, value, note in told:
        with grid.cell():
            st.metric(title, dollars_in_markdown(value), border=True, height="stretch", help=note)


def class_chosen(found: Books) -> str:
    """Which class the months are of; '' for all."""
    names = {class_name(one.grant_class): one.grant_class for one in found.flows}
    chosen = st.segmented_control(
        "Class", ["All classes", *names], default="All classes", required=True, key="class", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    return names.get(chosen or "", "")


def closings(found: Sheet) -> tuple[go.Figure, list[list[Picked | None]]]:
    """What was left at the end of each month, and what a click on a bar opens."""
    values = [line.cells[-1] or 0 for line in found.lines]
    fig = charts.figure(230, showlegend=False)
    fig.add_bar(
        x=[line.labels[0] for line in found.lines], y=values, marker_color=INK, customdata=[full(v) for v in values],
        hovertemplate="%{customdata} tokens left<extra></extra>",
    )  # fmt: skip
    charts.count_axis(fig, max([*values, 1]))
    month_axis(fig)
    return fig, [[Picked(MONTHS, line.slug, "closing") for line in found.lines]]
