"""Usage drawn: figures with their trend, bars by day, rankings by name. Each chart has its table and its CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from creditbook.reports.usage import Usage

from . import charts
from .colour import OTHER as GREY
from .colour import colour
from .format import dollars_in_markdown, esc, full, inr, percent, plural
from .measures import (
    MEASURES,
    OTHER,
    Figures,
    Measure,
    Span,
    Stack,
    both_currencies,
    folded,
    ranked,
    share_note,
    stacked,
)


def figures(now: Usage, was: Usage | None, days: Sequence[tuple[date, Usage]]) -> None:
    """Four figures of a period; their change stays ink: more use is neither good nor bad.

    ``was`` is the period before, None where the account had used nothing yet: then nothing is compared.
    """
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    unpriced = f"; {plural(now.unpriced, 'request')} not priced yet" if now.unpriced else ""
    notes = {
        "Charged": f"{full(now.charged)} tokens charged, {full(now.refunded)} of them returned by refunds",
        "Model tokens": f"{full(now.input_tokens)} in + {full(now.output_tokens)} out, as the models counted them",
        "Requests": plural(now.requests, "request") + unpriced,
        "Cost": f"{both_currencies(now)} as booked{unpriced}",
    }
    for measure in MEASURES.values():
        value, old = measure.of(now), measure.of(was or Usage())
        with grid.cell():
            st.metric(
                "Tokens charged" if measure.name == "Charged" else measure.name,
                dollars_in_markdown(measure.brief(value)),
                None if was is None else percent(abs(value - old), old),
                delta_color="off",
                delta_arrow=("up" if value >= old else "down") if old else "off",
                delta_description=None if was is None else dollars_in_markdown(f"vs {measure.brief(old)}"),
                chart_data=[measure.axis(usage) for _, usage in days] if len(days) > 1 else None,
                chart_type="area",
                border=True,
                height="stretch",
                help=dollars_in_markdown(notes[measure.name]),
            )


def by_day(
    found: Figures,
    wanted: Span,
    measure: Measure,
    *,
    unnamed: str,
    title: str = "",
    on_pick: Callable[[Stack], charts.Pick] | None = None,
) -> None:
    """Stacked bars by day, week or month; one colour a name, the rest in grey, the total in the hover.

    ``on_pick`` makes, of the bars as they are drawn, what hears which was clicked.
    """
    stack = stacked(found, wanted, measure)
    peak = max(range(len(stack.days)), key=lambda i: measure.of(stack.totals[i]))
    day = stack.days[peak]
    written = f"{day:%a} {day.day} {day:%b %Y}"
    when = {"day": f"on {written}", "week": f"in the week of {written}", "month": f"in {day:%B %Y}"}[stack.step]
    most = measure.said(stack.totals[peak])
    note = f"Most {when}: {most}" if measure.of(stack.totals[peak]) else "Nothing of it in these days"
    labels = {name: name if name == OTHER else name or unnamed for name in stack.names}
    table = pd.DataFrame(
        {"Day": stack.days}
        | {labels[name]: [measure.axis(stack.bars[d][name]) for d in stack.days] for name in stack.names}
        | {"Total": [measure.axis(total) for total in stack.totals]}
    )
    number = st.column_config.NumberColumn(format="$%,.4f" if measure.prefix else "localized")
    charts.chart_card(
        "by-day",
        title.format(step=stack.step) or f"By {stack.step}",
        dollars_in_markdown(note),
        _bars(stack, measure, labels, opens=on_pick is not None),
        table,
        alt=f"{measure.name} by {stack.step}, stacked by name. {note}",
        columns={"Day": st.column_config.DateColumn("Day", format="ddd D MMM YYYY")}
        | dict.fromkeys(table.columns[1:], number),
        legend={charts.shortened(labels[name], 28): _shade(name) for name in stack.names},
        on_pick=on_pick and on_pick(stack),
    )


_DAY = "%a %e %b %Y"


def _shade(name: str) -> str:
    return GREY if name in ("", OTHER) else colour(name)


def _bars(stack: Stack, measure: Measure, labels: dict[str, str], *, opens: bool) -> go.Figure:
    """Bars whose hover names a whole day, or, where a click opens one name's rows, that name and the day's total."""
    fig = charts.figure(270, barmode="stack", showlegend=False, hovermode="closest" if opens else "x unified")
    whole = [measure.said(total) for total in stack.totals]
    for name in stack.names:
        usages = [stack.bars[day][name] for day in stack.days]
        fig.add_bar(
            x=stack.days,
            y=[measure.axis(usage) for usage in usages],
            name=charts.shortened(labels[name], 28),
            marker_color=_shade(name),
            customdata=list(zip([measure.said(u) for u in usages], whole, strict=True))
            if opens
            else [measure.brief(measure.of(usage)) for usage in usages],
            hovertemplate=f"%{{x|{_DAY}}}<br>%{{fullData.name}}: <b>%{{customdata[0]}}</b><br>"
            "in all: %{customdata[1]}<extra></extra>"
            if opens
            else "%{customdata}",
        )
    if not opens:
        # The total stands in the hover only: a line without width, since a marker would widen the axis.
        fig.add_scatter(
            x=stack.days,
            y=[measure.axis(total) for total in stack.totals],
            customdata=whole,
            name="total",
            mode="lines",
            line_width=0,
            hovertemplate="<b>%{customdata}</b>",
        )
    if measure.prefix:
        fig.update_yaxes(tickprefix=measure.prefix, rangemode="tozero")
    else:
        charts.count_axis(fig, max(measure.axis(total) for total in stack.totals))
    fig.update_xaxes(tickformat="%b %Y" if stack.step == "month" else "%e %b", nticks=10, hoverformat=_DAY)
    return fig


def rankings(by: Mapping[str, Figures], measure: Measure) -> None:
    """A ranking for every dimension that names something, side by side; one that only repeats another is left out."""
    told = {name: found for name, found in by.items() if any(key != ("",) for key in found)}
    if "feature" in told and set(told["feature"]) == set(by["agent"]):
        del told["feature"]
    shown = list(told.items())
    for pair in (shown[i : i + 2] for i in range(0, len(shown), 2)):
        for column, (name, found) in zip(st.columns(len(pair), gap="small"), pair, strict=True):
            with column:
                ranking(f"by-{name}", f"By {name}", found, measure, unnamed=f"no {name}")


def ranking(
    key: str,
    title: str,
    found: Figures,
    measure: Measure,
    *,
    unnamed: str,
    on_pick: Callable[[Sequence[str]], charts.Pick] | None = None,
) -> None:
    """Names by what they used, longest first, with figures and shares beside the bars; money in both currencies.

    ``on_pick`` makes, of the names in their order, what hears which was clicked; the last may be `OTHER`.
    """
    ordered = ranked(found, measure)
    top = folded(ordered)
    labels = [name or unnamed for name, _ in top]
    values = [measure.of(usage) for _, usage in top]
    fig = charts.ranking(
        labels,
        values,
        [(measure.brief(measure.of(u)), _beside(u, measure, sum(values), both=on_pick is not None)) for _, u in top],
        [_hover(usage) for _, usage in top],
        height=34 * max(len(top), 4) + 8,
        insets=(76 if measure.prefix and on_pick else 52, 0),
        colours=[_shade(name) for name, _ in top],
    )
    spoken = ", ".join(f"{label} {measure.brief(value)}" for label, value in zip(labels, values, strict=True))
    table, columns = _table(ordered, unnamed)
    note = esc(share_note(ordered, measure, unnamed))
    heard = on_pick and on_pick([name for name, _ in top])
    charts.chart_card(key, title, note, fig, table, alt=f"{title}: {spoken}", columns=columns, on_pick=heard)


def _beside(usage: Usage, measure: Measure, whole: int, *, both: bool) -> str:
    """What stands after a bar's figure: rupees beside dollars for finance, else the share."""
    return inr(usage.cost_inr_nanos, 0) if both and measure.prefix else percent(measure.of(usage), whole)


def _hover(usage: Usage) -> str:
    tokens = f"{full(usage.net_charged)} charged, {full(usage.model_tokens)} model tokens"
    return f"{tokens}<br>{plural(usage.requests, 'request')}, {both_currencies(usage)}"


def _table(ordered: Sequence[tuple[str, Usage]], unnamed: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    rows = [
        (name or unnamed, u.net_charged, u.model_tokens, u.requests, u.cost_usd_nanos / 1e9, u.cost_inr_nanos / 1e9)
        for name, u in ordered
    ]
    table = pd.DataFrame(rows, columns=["Name", "Charged", "Model tokens", "Requests", "USD", "INR"])
    number = st.column_config.NumberColumn(format="localized")
    columns: dict[str, Any] = {"Charged": number, "Model tokens": number, "Requests": number}
    columns["USD"] = st.column_config.NumberColumn(format="$%,.4f")
    columns["INR"] = st.column_config.NumberColumn(format="₹%,.2f")
    return table, columns
