"""What could not be booked: grouped by why and about whom, to choose from; and single events, looked into."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.sources.reading import Arrival, Group, Page
from creditbook.ui import tables
from creditbook.ui.format import DASH, esc, full, instant, when
from creditbook.ui.page import card, facts, head, muted

from . import words

MOST_SHOWN = 200
_CHOSEN = "sources-cleared"


def nothing() -> None:
    """All that came is booked."""
    with card("waiting"):
        head(
            ":green[:material/check_circle:] Nothing waits", "All that came of this source is booked, or was put aside."
        )


def table(source_id: int, groups: Sequence[Group], now: datetime, zone: ZoneInfo) -> list[Group]:
    """Why events are not booked, and about whom; returns what is chosen, nothing for all of it."""
    shown = groups[:MOST_SHOWN]
    frame = pd.DataFrame(
        {
            "state": [words.STATE[one.state] for one in shown],
            "account": [one.account or DASH for one in shown],
            "reason": [one.reason for one in shown],
            "events": [one.events for one in shown],
            "last": [when(one.last, now, zone) for one in shown],
        }
    )
    column = st.column_config
    picked = tables.grid(
        frame,
        {
            "state": column.TextColumn("Is", width=78),
            "account": column.TextColumn("About", width=120),
            "reason": column.TextColumn("Why", width=330),
            "events": column.NumberColumn("Events", format="localized", width=70),
            "last": column.TextColumn("Last", width=104),
        },
        "Events that could not be booked, by reason and by whom they name",
        key=f"groups-{source_id}-{st.session_state.get(_CHOSEN, 0)}", on_select="rerun", selection_mode="multi-row",
        height="content" if len(shown) <= 10 else 10 * tables.ROW_HEIGHT,
    )  # fmt: skip
    if len(groups) > len(shown):
        muted(f"The {full(len(shown))} largest of {full(len(groups))} groups.")
    chosen: list[int] = picked.selection.rows
    return [shown[row] for row in chosen]


def unchoose() -> None:
    """No group is chosen any more."""
    st.session_state[_CHOSEN] = st.session_state.get(_CHOSEN, 0) + 1


def events(group: Group, found: Page, now: datetime, zone: ZoneInfo) -> None:
    """Single events of a group with what was kept of them: never messages or prompts."""
    for arrival in found.arrivals:
        with st.expander(_title(arrival, zone, now)):
            _detail(arrival, zone, now)
    if found.more:
        muted(f"The first {len(found.arrivals)} of {full(group.events)}.")


def _title(arrival: Arrival, zone: ZoneInfo, now: datetime) -> str:
    at = arrival.event_at or arrival.received_at
    return f"{instant(at, zone, now=now)} · {esc(arrival.event_id)}"


def _detail(arrival: Arrival, zone: ZoneInfo, now: datetime) -> None:
    said = {"About": esc(arrival.account) or "nobody", "Why": esc(arrival.reason),
            "Received": instant(arrival.received_at, zone, now=now)}  # fmt: skip
    facts(said | {f"{esc(name)}": esc(str(value)) for name, value in arrival.fields.items()})
    if arrival.attributes:
        muted("What came with it; settings can pick from these:")
        facts({esc(name): words.code(str(value)) for name, value in sorted(arrival.attributes.items())})
