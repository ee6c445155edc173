"""Margins by plan, package and account, drawn: what each left over, most profitable first, losses in red."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st

from creditbook.access.values import Principal
from creditbook.reports.finance import costs
from creditbook.reports.finance.costs import Costs, Margin
from creditbook.store.engine import Store
from creditbook.ui import charts, page
from creditbook.ui.colour import FADED, INK, LABEL, OTHER
from creditbook.ui.format import dollars_in_markdown, esc, full, plural
from creditbook.ui.reading import Unread, not_read, read

from . import sheets
from .margin_amounts import amount, in_markdown, margin_words, rate, rate_words
from .margins import cells, columns
from .sheets import Line, Picked, Sheet

SPLIT = "margins"
SPLITS: dict[str, Callable[[Store, Principal, Costs], list[Margin]]] = {
    "Plan": costs.by_plan,
    "Package": costs.by_package,
    "Account": costs.by_account,
}
LOSS = "#D93A3A"
ENDS = 8
"""How many stand at either end of a chart that can't hold all."""


def split(store: Store, who: Principal, found: Costs) -> str:
    """Margins by plan, package or account, most profitable first; says which of them is chosen."""
    name = st.segmented_control(
        "Split by", list(SPLITS), default="Plan", required=True, key=SPLIT + "-by", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    chosen = name or "Plan"
    rows = read(lambda: SPLITS[chosen](store, who, found))
    if isinstance(rows, Unread):
        not_read(f"Margins by {chosen.lower()}", rows)
        return chosen
    if not rows:
        page.empty("Nothing to split", "No revenue and no usage on these days.")
        return chosen
    money = found.measure.currency
    lines = tuple(Line(f"{one.kind}:{one.key or 'all'}", (_title(one),), cells(one, found.measure)) for one in rows)
    ends = rows if len(rows) <= 2 * ENDS else [*rows[:ENDS], *rows[-ENDS:]]
    sheet = Sheet(
        SPLIT, f"Margin by {chosen.lower()}", _split_note(rows, ends, money), (chosen,), columns(money), lines,
        Line("total:all", ("Total",), cells(found.total, found.measure)),
        f"Margin by {chosen.lower()}: " + ", ".join(f"{one.title} {margin_words(one, money)}" for one in ends),
    )  # fmt: skip
    points = [[Picked(SPLIT, f"{one.kind}:{one.key or 'all'}", "margin") for one in ends]]
    sheets.draw(sheet, _split_figure(ends, money), points=points)
    return chosen


def _title(one: Margin) -> str:
    return f"{one.title} and {plural(one.members, 'member')}" if one.members else one.title or "no plan"


def _split_note(rows: Sequence[Margin], ends: Sequence[Margin], money: str) -> str:
    first, last = rows[0], rows[-1]
    said = f"{esc(_title(first))} leaves {in_markdown(first.at_most_nanos, money)}"
    if first.margin_nanos is None:
        said = f"{esc(_title(first))} leaves {dollars_in_markdown(margin_words(first, money))}"
    losing = sum((one.at_most_nanos or 0) < 0 for one in rows)
    if losing and losing == len(rows):
        said += "; it costs more than it earns" if losing == 1 else "; all cost more than they earn"
    elif losing:
        said += f"; {full(losing)} of {full(len(rows))} cost more than they earn"
    if len(ends) < len(rows):
        said += f". The {ENDS} most and the {ENDS} least profitable of {full(len(rows))}; the table has all"
    elif last is not first and not losing:
        said += f", {esc(_title(last))} the least"
    return said + ". Click for what each is made of"


def _split_figure(rows: Sequence[Margin], money: str) -> go.Figure:
    slots = max(len(rows), 3)
    fig = charts.figure(34 * slots + 4, hovermode="closest", showlegend=False, bargap=0.56)
    values = [(one.at_most_nanos or 0) / 1e9 for one in rows]
    at = list(range(len(rows)))
    fig.add_bar(
        x=values, y=at, orientation="h", marker_color=[_shade(one) for one in rows],
        customdata=[_hover(one, money) for one in rows], hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    for inset, texts in ((62, [margin_words(one, money) for one in rows]), (0, [rate_words(rate(o)) for o in rows])):
        font = {"size": 13, "color": INK if inset else LABEL}
        for y, text in zip(at, texts, strict=True):
            fig.add_annotation(
                x=1, xref="paper", xanchor="right", xshift=-inset, y=y, text=text, showarrow=False, font=font
            )
    widest = max((len(margin_words(one, money)) for one in rows), default=0)
    # On a phone a card's chart is PHONE pixels wide: names, bars and figures share them.
    bars = charts.PHONE - 7 * max(min(len(_title(one)), 20) for one in rows) - 20
    room = min(0.62, max(0.26, 1 - (70 + 8 * widest) / bars))
    low, high = min([*values, 0]), max([*values, 0])
    span = (high - low) or 1
    fig.update_xaxes(visible=False, range=[low - 0.01 * span, low + span / room])
    fig.add_vline(x=0, line_width=1, line_color=OTHER)
    names = [charts.shortened(_title(one), 20) for one in rows]
    fig.update_yaxes(
        range=[slots - 0.5, -0.5], showgrid=False, ticksuffix="   ", tickfont_size=13, tickfont_color=INK,
        tickmode="array", tickvals=at, ticktext=names,
    )  # fmt: skip
    return fig


def _shade(one: Margin) -> str:
    if one.margin_nanos is None:
        return FADED
    return LOSS if one.margin_nanos < 0 else INK


def _hover(one: Margin, money: str) -> str:
    unpriced = f"<br>{plural(one.usage.unpriced, 'request')} without a price" if one.usage.unpriced else ""
    told = f"{amount(one.revenue_nanos, money)} earned, {amount(one.cost_nanos, money)} cost"
    return f"{_title(one)}: {told}<br>{margin_words(one, money)} left{unpriced}"
