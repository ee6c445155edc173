"""The waterfall from zero to a balance, and what lies beneath each of its bars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.balance import Balance
from creditbook.installation import installation
from creditbook.reports import explaining
from creditbook.reports.explaining import Explained
from creditbook.reports.standing import standing

from . import address, charts, lines
from .colour import FADED, GRID, INK, LABEL
from .format import full, instant, signed, zone_mark
from .page import card, empty, head, muted, row
from .reading import Unread, not_read, read

_STEP = "step"


def show(who: Principal, now: datetime) -> None:
    """The whole of it for the principal's account: the moment, the bars, the lines beneath the chosen one."""
    zone = ZoneInfo(who.zone)
    at = _moment(now, zone)
    found = read(lambda: _explained(who, at, now))
    if isinstance(found, Unread):
        not_read("The balance", found)
        return
    if not found.steps:
        empty("Nothing has moved yet", "The first tokens that arrive are the first bar here.")
        return
    _bars(found, at is None, now, zone)
    _beneath(who, found, now, zone)


def _moment(now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment that is asked for; None for now."""
    with row():
        when = st.segmented_control("Moment", ["Now", "At a moment"], default="Now", required=True, key="when",
                                    bind="query-params", label_visibility="collapsed", on_change=_fresh)  # fmt: skip
        if when != "At a moment":
            return None
        today = now.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
        said = st.datetime_input("Until", today.replace(hour=0, minute=0), max_value=today + timedelta(minutes=1),
                                 key="moment", bind="query-params", label_visibility="collapsed", width=230,
                                 on_change=_fresh)  # fmt: skip
        local = said.replace(tzinfo=zone)
        muted(f"as the books stood then, {zone_mark(zone, local)}", width="content")
    return min(local, now)


def _fresh() -> None:
    address.clear("from", "line")


def _explained(who: Principal, at: datetime | None, now: datetime) -> Explained:
    here = installation()
    if at is None:
        found = standing(here.store, here.ledger.core.batches, who, now)
        return explaining.explained(here.store, who, found.balance, found.pending)
    return explaining.explained(here.reports, who, here.ledger.balance(who.named(who.account_name or ""), at=at))


def _bars(found: Explained, is_now: bool, now: datetime, zone: ZoneInfo) -> None:
    steps = _rows(found.balance, found)
    table = pd.DataFrame([(name, change, after) for name, change, after, _ in steps],
                         columns=["Step", "Change", "Tokens after"])  # fmt: skip
    when = "now" if is_now else instant(found.balance.at, zone, now=now)
    due = sum(one.due for one in found.steps)
    note = f"From zero to {full(found.balance.posted)} tokens in the books {when}."
    note += f" {full(found.moved_on)} tokens rolled over on the way, which adds nothing." if found.moved_on else ""
    note += f" {signed(due)} are due and counted, not yet written." if due else ""
    charts.chart_card("waterfall", "How it came about", note, _figure(steps), table, alt=f"Waterfall. {note}",
                      on_pick=partial(_open, [one.name for one in found.steps]))  # fmt: skip


def _open(names: Sequence[str], event: Any) -> None:
    """Open the bar that was clicked; totals and what is held have no lines of their own."""
    for point in event.selection.points if event is not None else []:
        if int(point["point_index"]) < len(names):
            st.session_state[_STEP] = names[int(point["point_index"])]
            _fresh()


def _rows(balance: Balance, found: Explained) -> list[tuple[str, int, int, str]]:
    """(name, change, running total after, how Plotly shows it): the steps, what is posted, and down to available."""
    rows, running = [], 0
    for one in found.steps:
        running += one.tokens
        rows.append((one.name, one.tokens, running, "relative"))
    rows.append(("In the books", 0, running, "total"))
    for name, change in (("Held by jobs", -balance.held), ("Blocked", -balance.blocked),
                         ("From the team", balance.from_pool or 0)):  # fmt: skip
        if change:
            running += change
            rows.append((name, change, running, "relative"))
    if balance.available is not None and len(rows) > len(found.steps) + 1:
        rows.append(("Available", 0, running, "total"))
    return rows


def _figure(steps: list[tuple[str, int, int, str]]) -> go.Figure:
    fig = charts.figure(36 * len(steps) + 8, hovermode="closest", showlegend=False, bargap=0.4)
    names = [name for name, *_ in steps]
    figures = [full(after) if measure == "total" else signed(change) for _, change, after, measure in steps]
    fig.add_waterfall(
        orientation="h",
        measure=[measure for *_, measure in steps],
        y=list(range(len(steps))),
        x=[change for _, change, _, _ in steps],
        increasing_marker_color=FADED,
        decreasing_marker_color=LABEL,
        totals_marker_color=INK,
        connector_line={"width": 1, "color": GRID},
        customdata=[(name, said, full(after)) for (name, _, after, _), said in zip(steps, figures, strict=True)],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<br>%{customdata[2]} after it<extra></extra>",
    )
    for place, said in enumerate(figures):
        fig.add_annotation(x=1, xref="paper", xanchor="right", y=place, text=said, showarrow=False,
                           font={"size": 13, "color": INK})  # fmt: skip
    most = max((max(after, after - change) for _, change, after, _ in steps), default=1)
    fig.update_xaxes(visible=False, range=[0, max(most, 1) / 0.6])
    fig.update_yaxes(range=[len(steps) - 0.5, -0.5], showgrid=False, tickmode="array", ticksuffix="   ",
                     tickvals=list(range(len(steps))), ticktext=names, tickfont_size=13,
                     tickfont_color=INK)  # fmt: skip
    return fig


def _beneath(who: Principal, found: Explained, now: datetime, zone: ZoneInfo) -> None:
    """The transactions of one bar, and the chosen one's grants."""
    names = [one.name for one in found.steps]
    with row():
        muted("Open a bar:", width="content")
        name = st.pills("Open a bar", names, default=names[-1] if "Spent" not in names else "Spent", key=_STEP,
                        bind="query-params", label_visibility="collapsed", on_change=_fresh) or names[0]  # fmt: skip
    step = next(one for one in found.steps if one.name == name)
    store, at = installation().reports, found.balance.at
    shown = read(lambda: explaining.lines(store, who, name, at, upto=address.number("from")))
    if isinstance(shown, Unread):
        not_read("These lines", shown)
        return
    some, older = shown
    if not some:
        said = "All of it is due and not yet written." if step.due else "It was moved by others' lines."
        empty(f"No line of “{name}” is written", said)
        return
    table, side = st.columns([17, 10], gap="small")
    with table, card("beneath"):
        count = "" if step.transactions is None else f" in {full(step.transactions)} lines"
        head(name, f"{signed(step.tokens)} tokens{count}, newest first")
        key = f"{lines.table_key(some[0], some[-1])}-{name}"
        line = lines.rows(some, now, zone, opened=address.number("line"), key=key)
        address.put(line=line)
        _turning(some[-1].txn_id, older)
    opened = read(lambda: explaining.opened(store, who, line or some[0].txn_id))
    with side, card("sheet" if line else "opened"):
        if isinstance(opened, Unread):
            not_read("This line", opened)
        elif opened is not None:
            if line:
                st.button("Close", icon=":material/close:", type="tertiary", on_click=lines.close, key="sheet-close")
            lines.detail(opened, zone)


def _turning(last: int, older: bool) -> None:
    with row():
        if st.button("Newest", icon=":material/first_page:", disabled=address.number("from") is None, key="newest"):
            address.turn(None)
        if st.button("Older", icon=":material/chevron_right:", icon_position="right", disabled=not older, key="older"):
            address.turn(last - 1)
