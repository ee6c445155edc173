"""Every source with what arrived of it, to choose one from; and one source's arrivals by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.sources.reading import NOTHING, Figures, Standing
from creditbook.sources.values import TITLES, Source
from creditbook.ui import charts, tables
from creditbook.ui.format import DASH, full, plural, when

from .words import COLOURS, MODE

_PARTS = {"Booked": "booked", "Booked before": "replayed", "No usage": "empty", "Waiting": "waiting",
          "Rejected": "rejected", "Dismissed": "dismissed"}  # fmt: skip
UNKNOWN_TO_US = Standing()


def words(sources: Sequence[Source], standings: Mapping[int, Standing], now: datetime, zone: ZoneInfo) -> str:
    """How all of them stand, in a sentence."""
    last = max((one.last_at for one in standings.values() if one.last_at is not None), default=None)
    waiting = sum(one.waiting for one in standings.values())
    rejected = sum(one.rejected for one in standings.values())
    said = [plural(len(sources), "source"), f"last arrival {when(last, now, zone)}" if last else "nothing arrived yet"]
    if waiting:
        said.append(f":orange[:material/schedule: {plural(waiting, 'event waits', 'events wait')}]")
    if rejected:
        said.append(f":red[:material/error: {full(rejected)} rejected]")
    return " · ".join(said)


def table(
    sources: Sequence[Source], standings: Mapping[int, Standing], days: Sequence[date], now: datetime, zone: ZoneInfo,
    opened: int | None,
) -> int | None:  # fmt: skip
    """The sources with one selectable row; returns the id of the chosen one."""
    found = [standings.get(one.source_id, UNKNOWN_TO_US) for one in sources]
    frame = pd.DataFrame(
        {
            "name": [one.name for one in sources],
            "from": [TITLES[one.kind] for one in sources],
            "does": [MODE[one.mode] if one.is_on else "Off" for one in sources],
            "days": [[(one.days or {}).get(day, NOTHING).received for day in days] for one in found],
            "received": [one.total.received for one in found],
            "booked": [one.total.booked for one in found],
            "waiting": [one.waiting for one in found],
            "rejected": [one.rejected for one in found],
            "last": [when(one.last_at, now, zone) if one.last_at else DASH for one in found],
        }
    )
    column = st.column_config
    count: Any = {"format": "localized", "width": 72}
    columns = {
        "name": column.TextColumn("Source", width=132),
        "from": column.TextColumn("Sent by", width=112),
        "does": column.TextColumn("Does", width=122),
        "days": column.BarChartColumn("By day", width=96, y_min=0),
        "received": column.NumberColumn("Arrived", help=f"In {len(days)} days", **count),
        "booked": column.NumberColumn("Booked", help="At once or later, of those", **count),
        "waiting": column.NumberColumn("Waiting", help="All that wait now, whenever they came", **count),
        "rejected": column.NumberColumn("Rejected", help="All that no setting can mend, whenever they came", **count),
        "last": column.TextColumn("Last arrival", width=136),
    }
    rows = [i for i, one in enumerate(sources) if one.source_id == opened] or [0]
    picked = tables.grid(
        frame, columns, "Sources and what arrived of them",
        key=f"sources-{len(sources)}", on_select="rerun", selection_mode="single-row-required",
        selection_default={"selection": {"rows": rows}},
    )  # fmt: skip
    chosen: list[int] = picked.selection.rows
    return sources[chosen[0]].source_id if chosen else None


def days_of(first: date, last: date) -> list[date]:
    """Every day from the first to the last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def by_day(source: Source, standing: Standing, days: Sequence[date]) -> None:
    """A source's arrivals by day and by where they are now."""
    found = [(standing.days or {}).get(day, NOTHING) for day in days]
    shown = {name: part for name, part in _PARTS.items() if any(getattr(one, part) for one in found)}
    fig = charts.figure(210, barmode="stack", showlegend=False)
    for name, part in shown.items():
        fig.add_bar(x=list(days), y=[getattr(one, part) for one in found], name=name, marker_color=COLOURS[name],
                    hovertemplate=f"{name}: <b>%{{y:,}}</b><extra></extra>")  # fmt: skip
    charts.count_axis(fig, max((one.received for one in found), default=0))
    charts.chart_card(
        "arrivals", "What arrived", _note(standing.total), fig, _frame(days, found), legend={
            name: COLOURS[name] for name in shown
        }, alt=f"Events of {source.name} by day, by where they are now",
    )  # fmt: skip


def _note(total: Figures) -> str:
    again = f" · {full(total.replayed)} had come before" if total.replayed else ""
    none = f" · {full(total.empty)} without usage (failed calls)" if total.empty else ""
    return f"{plural(total.received, 'event')}, by the day on which they came{again}{none}"


def _frame(days: Sequence[date], found: Sequence[Figures]) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {"Day": list(days), "Arrived": [one.received for one in found]}
    return pd.DataFrame(columns | {name: [getattr(one, part) for one in found] for name, part in _PARTS.items()})
