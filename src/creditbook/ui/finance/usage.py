"""Usage of an organization, drawn: four figures, bars that open to their rows, hours, spenders. Pages read and call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from creditbook.reports.finance.beneath import Bar
from creditbook.reports.finance.usage import Holder
from creditbook.reports.finance.usage_sheet import Sheet
from creditbook.reports.finance.wanted import Named, Wanted
from creditbook.reports.usage import Usage
from creditbook.ui import charts, usage_charts
from creditbook.ui.colour import INK
from creditbook.ui.format import dollars_in_markdown, esc, full, inr, percent, plural, short, usd
from creditbook.ui.measures import OTHER, Figures, Measure, Stack, add, both_currencies
from creditbook.ui.page import muted

from . import rows

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_NAMES = 40
"""A bar of more names than this does not open: its address would be too long."""


def figures(seen: Sheet, wanted: Wanted, booked: str) -> None:
    """Cost in both currencies, tokens, requests; the change stays ink: more use is neither good nor bad."""
    now, was, days = seen.total, seen.was, _days(seen.days, wanted)
    each = usd(now.cost_usd_nanos // now.requests, 4) if now.requests else "–"
    unpriced = f"; {plural(now.unpriced, 'request')} not priced yet, at $0" if now.unpriced else ""
    tokens = f"{full(now.charged)} charged, {full(now.refunded)} returned. The models counted {full(now.model_tokens)}"
    told: tuple[tuple[str, Callable[[Usage], int], Callable[[int], str], str, int], ...] = (
        ("Cost", lambda u: u.cost_usd_nanos, usd, f"What the models cost, as booked{unpriced}", 10**9),
        ("Cost in rupees", lambda u: u.cost_inr_nanos, inr, f"Rupees {booked}{unpriced}", 10**9),
        ("Tokens charged", lambda u: u.net_charged, short, tokens, 1),
        ("Requests", lambda u: u.requests, full, f"{each} each on average", 1),
    )
    _unpriced(now.unpriced)
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    for label, of, write, note, scale in told:
        value, old = of(now), of(was) if was else 0
        with grid.cell():
            st.metric(
                label,
                dollars_in_markdown(write(value)),
                None if was is None else percent(abs(value - old), old),
                delta_color="off",
                delta_arrow=("up" if value >= old else "down") if old else "off",
                delta_description=None if was is None else dollars_in_markdown(f"vs {write(old)}"),
                chart_data=[of(one) / scale for one in days] if len(days) > 1 else None,
                chart_type="area",
                border=True,
                height="stretch",
                help=dollars_in_markdown(note),
            )


def by_day(found: Figures, wanted: Wanted, measure: Measure, split: Named) -> None:
    """Stacked bars by day; each opens to its rows, the rest to the rest's."""
    names = {str(name) for _, name in found}

    def opened(stack: Stack) -> charts.Pick:
        bars = [[_bar(stack, day, wanted, _names(split, name, stack.names, names)) for day in stack.days]
                for name in stack.names]  # fmt: skip
        return rows.pick(bars)

    title = f"{measure.name} by {{step}} and {split}"
    usage_charts.by_day(found, wanted, measure, unnamed=f"no {split}", title=title, on_pick=opened)


def _bar(stack: Stack, day: date, wanted: Wanted, names: tuple[tuple[str, str], ...] | None) -> Bar | None:
    if names is None:
        return None
    last = {"day": day, "week": day + timedelta(days=6)}.get(stack.step, (day + timedelta(days=31)).replace(day=1))
    last = last - timedelta(days=1) if stack.step == "month" else last
    return Bar(max(day, wanted.first), min(last, wanted.last), names)


def _names(
    dimension: Named, name: str, shown: Sequence[str], every: set[str] | Sequence[str]
) -> tuple[tuple[str, str], ...] | None:
    """The names behind a bar; None when the rest is too many to be written down."""
    if name != OTHER:
        return ((dimension, name),)
    rest = sorted(set(every) - set(shown))
    return tuple((dimension, one) for one in rest) if len(rest) <= MOST_NAMES else None


def _days(found: Figures, wanted: Wanted) -> list[Usage]:
    """Every day of the period together, in order."""
    by_date: dict[date, list[Usage]] = {}
    for (day, _), usage in found.items():
        by_date.setdefault(day, []).append(usage)
    return [
        add(by_date.get(wanted.first + timedelta(days=n), ())) for n in range((wanted.last - wanted.first).days + 1)
    ]


def _unpriced(requests: int) -> None:
    """Requests that have no price are never silently nothing."""
    if requests:
        where = " Set their prices on [Prices](prices)."
        said = f"{plural(requests, 'request')} of these days {'has' if requests == 1 else 'have'} no price yet"
        muted(f":orange[:material/price_change: {said}] and stand at \\$0 in every cost here.{where}")


def rankings(by: Mapping[Named, Figures], measure: Measure) -> list[Callable[[], None]]:
    """A ranking for every dimension that names something; each bar opens to its rows."""
    told = {name: found for name, found in by.items() if any(key != ("",) for key in found)}
    if "feature" in told and "agent" in told and set(told["feature"]) == set(told["agent"]):
        del told["feature"]
    return [partial(_ranking, name, found, measure) for name, found in told.items()]


def in_pairs(cards: Sequence[Callable[[], None]]) -> None:
    """Cards side by side, two in a row."""
    for pair in (cards[i : i + 2] for i in range(0, len(cards), 2)):
        for column, card in zip(st.columns(len(pair), gap="small"), pair, strict=True):
            with column:
                card()


def _ranking(dimension: Named, found: Figures, measure: Measure) -> None:
    every = [str(key[0]) for key in found]

    def opened(top: Sequence[str]) -> charts.Pick:
        names = [_names(dimension, name, top, every) for name in top]
        return rows.pick([[None if one is None else Bar(names=one) for one in names]])

    title, unnamed = f"By {dimension}", f"no {dimension}"
    usage_charts.ranking(f"by-{dimension}", title, found, measure, unnamed=unnamed, on_pick=opened)


def heat(found: Figures, measure: Measure, *, of_all: bool) -> None:
    """When it is used: weekday by hour, in ink. Each cell opens to its rows, where the figures are the filter's own."""
    note = "Of all usage: so much is not counted by hour under a filter. Choose fewer days for that" if of_all else ""
    cells = [[found.get(((day, hour),), Usage()) for hour in range(24)] for day in range(7)]
    fig = charts.figure(330, hovermode="closest")
    fig.add_trace(
        go.Heatmap(
            z=[[measure.axis(one) for one in row] for row in cells],
            x=[f"{hour:02}" for hour in range(24)],
            y=WEEKDAYS,
            customdata=[[measure.said(one) for one in row] for row in cells],
            xgap=2,
            ygap=2,
            showscale=False,
            colorscale=[[i / 9, f"#0000{11 + i}"] for i in range(10)],
            hovertemplate="%{y} %{x}:00 – %{customdata}<extra></extra>",
        )
    )
    fig.update_yaxes(autorange="reversed", showgrid=False, nticks=7)
    fig.update_xaxes(nticks=12, type="category")
    day, hour = max(((d, h) for d in range(7) for h in range(24)), key=lambda at: measure.of(cells[at[0]][at[1]]))
    busiest = f"Busiest {WEEKDAYS[day]}, {hour:02} – {hour + 1:02} h"
    table = pd.DataFrame(
        {"Day": WEEKDAYS} | {f"{h:02}": [measure.axis(cells[d][h]) for d in range(7)] for h in range(24)}
    )
    bars = [[Bar(weekday=d, hour=h) for d in range(7) for h in range(24)]]
    charts.chart_card(
        "by-hour",
        "When it is used",
        esc(f"{busiest}. {note}" if note else busiest),
        fig,
        table,
        alt=f"Heat map of {measure.name.lower()} by weekday and hour. {busiest}",
        columns={"Day": st.column_config.TextColumn("", pinned=True)},
        on_pick=None if of_all else rows.pick(bars),
    )


def spenders(seen: Sheet) -> None:
    """The accounts that cost the most, against what each cost in the period before."""
    top, was, many, whole = seen.spenders, seen.past, seen.accounts, seen.total
    if not top:
        return
    values = [one.cost_usd_nanos for _, one in top]
    fig = charts.ranking(
        [holder.shown for holder, _ in top],
        values,
        [(usd(one.cost_usd_nanos), inr(one.cost_inr_nanos, 0)) for _, one in top],
        [
            f"{full(one.net_charged)} charged<br>{plural(one.requests, 'request')}, {both_currencies(one)}"
            for _, one in top
        ],
        height=34 * max(len(top), 4) + 8,
        insets=(76, 0),
        colours=[INK] * len(top),
    )
    shown = sum(values)
    note = f"{len(top)} of {plural(many, 'account')} are {percent(shown, whole.cost_usd_nanos)} of the cost"
    number = st.column_config.NumberColumn(format="localized")
    charts.chart_card(
        "spenders",
        "Top spenders",
        esc(note if many > 1 else f"{top[0][0].shown} is all of it"),
        fig,
        _spenders(top, was),
        alt="Accounts by cost: " + ", ".join(f"{holder.shown} {usd(one.cost_usd_nanos)}" for holder, one in top),
        columns=dict.fromkeys(("Requests", "Charged", "Model tokens"), number)
        | {"USD": _USD, "USD before": _USD, "INR": st.column_config.NumberColumn(format="₹%,.2f")},
        on_pick=rows.pick([[Bar(account_id=holder.account_id) for holder, _ in top]]),
    )


_USD = st.column_config.NumberColumn(format="$%,.4f")


def _spenders(top: Sequence[tuple[Holder, Usage]], was: Mapping[int, Usage] | None) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {
        "Who": [holder.shown for holder, _ in top],
        "Account": [holder.name or "Pool" for holder, _ in top],
        "Plan now": [holder.plan for holder, _ in top],
        "USD": [one.cost_usd_nanos / 10**9 for _, one in top],
        "INR": [one.cost_inr_nanos / 10**9 for _, one in top],
    }
    if was is not None:
        columns["USD before"] = [was.get(holder.account_id, Usage()).cost_usd_nanos / 10**9 for holder, _ in top]
    columns["Requests"] = [one.requests for _, one in top]
    columns["Charged"] = [one.net_charged for _, one in top]
    columns["Model tokens"] = [one.model_tokens for _, one in top]
    return pd.DataFrame(columns)
