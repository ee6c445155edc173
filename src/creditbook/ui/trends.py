"""Where an account is going, drawn: available day by day and ahead, and what used it up this week."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from creditbook.reports.overview import Trend
from creditbook.reports.standing import Coming, Standing

from . import charts
from .colour import INK, LABEL, OTHER, colour
from .format import full, percent, plural
from .measures import MEASURES, folded, ranked
from .measures import OTHER as REST
from .page import card, head

FURTHEST = timedelta(days=21)
ROOM = timedelta(days=7)
"""What a date's words take of a chart that is as narrow as a phone."""


def refill(found: Standing) -> Coming | None:
    """The next reset, which brings tokens."""
    return next((line for line in found.coming if line.kind == "reset"), None)


def horizon(now: datetime, available: int, found: Standing, trend: Trend, zone: ZoneInfo) -> go.Figure:
    """Available at each day's end, then a straight line at this week's pace until it would be empty."""
    local = now.astimezone(zone)
    days = [datetime(d.year, d.month, d.day, 23, 59, tzinfo=zone) for d, _ in trend.closes]
    levels = [n for _, n in trend.closes]
    fig = charts.figure(170, hovermode="closest", showlegend=False)
    fig.add_scatter(
        x=[*days, local],
        y=[*levels, available],
        mode="lines",
        line={"color": INK, "width": 2},
        fill="tozeroy",
        fillcolor="rgba(127,137,155,.12)",
        hovertemplate="%{x|%a %e %b}: %{y:,} tokens<extra></extra>",
    )
    end = min(trend.empty_at or now + FURTHEST, now + FURTHEST).astimezone(zone)
    if trend.pace:
        left = max(0.0, available - trend.pace * ((end - local) / timedelta(days=1)))
        dashed = {"color": LABEL, "width": 1.5, "dash": "dash"}
        fig.add_scatter(x=[local, end], y=[available, left], mode="lines", line=dashed, hoverinfo="skip")
    hover = "now: %{y:,} tokens<extra></extra>"
    fig.add_scatter(x=[local], y=[available], mode="markers", marker={"color": INK, "size": 8}, hovertemplate=hover)
    room = ROOM if _is_near(end, found) else timedelta(hours=8)
    shown = max(end + room, local + timedelta(days=3))
    _marks(fig, found, trend, end, shown - ROOM)
    fig.update_xaxes(tickformat="%e %b", nticks=6, range=[days[0], shown])
    charts.count_axis(fig, max(available, *levels))
    return fig


def _is_near(end: datetime, found: Standing) -> bool:
    """Too close to today for words between: they stand to the right of it."""
    return end - found.balance.at < timedelta(days=4)


def _marks(fig: go.Figure, found: Standing, trend: Trend, end: datetime, last: datetime) -> None:
    """When the next reset comes and when it would be empty; words that begin after ``last`` would be cut."""
    if trend.empty_at is not None and trend.empty_at <= end:
        near = _is_near(end, found)
        _note(fig, end, 0.1 if near else 0.36, f"empty {end.day} {end:%b}", "left" if near else "right")
    brings = refill(found)
    if brings is not None and brings.at <= end:
        at = brings.at.astimezone(end.tzinfo)
        fig.add_vline(x=at, line={"color": LABEL, "width": 1})
        _note(fig, at, 1, f"refill {at.day} {at:%b}", "left" if at <= last else "right")


def _note(fig: go.Figure, x: datetime, y: float, text: str, side: str) -> None:
    fig.add_annotation(
        x=x,
        y=y,
        yref="paper",
        text=text,
        showarrow=False,
        xanchor=side,
        xshift=5 if side == "left" else -5 if y == 1 else 0,
        yanchor="top" if y == 1 else "bottom",
        font={"size": 12, "color": LABEL},
    )


def ate(trend: Trend) -> None:
    """What used tokens up in the last seven days, against the seven before."""
    measure = MEASURES["Charged" if trend.total.charged or not trend.total.requests else "Model tokens"]
    names = folded(ranked({(name,): usage for name, usage in trend.week.items()}, measure), 8)
    total, prior = measure.of(trend.total), measure.of(trend.week_before)
    with card("ate", height="stretch"):
        if not names:
            head("What ate it this week", "Nothing was used in the last seven days.")
            return
        note = measure.whole(total)
        if prior:
            more = "more" if total > prior else "less"
            note += f", {percent(abs(total - prior), prior)} {more} than the week before"
        note += f" · {plural(trend.total.requests, 'request')}"  # also those that charged nothing
        head("What ate it this week", note)
        labels = [(name or f"no {trend.named}").replace("_", " ") for name, _ in names]
        values = [measure.of(usage) for _, usage in names]
        fig = charts.ranking(
            labels,
            values,
            [(measure.brief(value), percent(value, total)) for value in values],
            [f"{measure.whole(measure.of(u))}, {plural(u.requests, 'request')}" for _, u in names],
            height=37 * max(len(names), 3),
            insets=(52, 0),
            colours=[OTHER if name in ("", REST) else colour(name) for name, _ in names],
        )
        spoken = ", ".join(f"{label} {full(value)}" for label, value in zip(labels, values, strict=True))
        charts.draw(fig, "ate", f"{measure.name} by {trend.named} this week: {spoken}")
