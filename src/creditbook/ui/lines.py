"""A history on the page: the rows, and one line opened to its entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.reports.history import Line, Moved, Opened, Owed
from creditbook.store.prices import FxRow

from . import address, tables
from .colour import colour
from .format import esc, full, inr, instant, signed, usd, zone_mark
from .kinds import CLASSES, kind_icon, kind_name, wallet_name
from .money import rate_words
from .page import card, dot, facts, head, muted, numbers, row

_CAUSES = {"incurred": "borrowed", "repaid": "repaid", "cancelled": "cancelled", "written_off": "written off"}


def rows(lines: Sequence[Line], now: datetime, zone: ZoneInfo, *, opened: int | None, key: str) -> int | None:
    """The lines as a table with one opened row, the first where none is asked for; returns the id that was chosen.

    None means that nobody chose: the first line stands open by itself.
    """
    agents = sorted({line.agent for line in lines if line.agent})
    frame = pd.DataFrame(
        {
            "at": [line.event_at for line in lines],
            "change": [signed(line.change) for line in lines],
            "what": [title(line) for line in lines],
            "agent": [[line.agent] if line.agent else [] for line in lines],
            "kind": [kind_name(line.kind) for line in lines],
            "after": pd.array([line.available_after for line in lines], dtype="Int64"),
        }
    )
    number: Any = {"alignment": "right", "width": 80}
    column = st.column_config
    at = next((i for i, line in enumerate(lines) if line.txn_id == opened), 0)
    chip = min(120, max(74, 7 * max(map(len, agents), default=0) + 32))
    days, wide = ("D MMM", 108) if {line.event_at.year for line in lines} == {now.year} else ("D MMM YY", 126)
    mark = zone_mark(zone, lines[0].event_at)
    picked = tables.grid(
        frame,
        {
            "at": column.DatetimeColumn(
                f"When ({mark})",
                format=f"{days}, HH:mm",
                timezone=zone.key,
                width=wide,
                help="When it happened. Lines stand in the order in which they were booked",
            ),
            "change": column.TextColumn("Change", alignment="right", width=80),
            "what": column.TextColumn("What", width=371 - wide - chip),
            "agent": column.MultiselectColumn(
                "Agent", options=agents, color=[f"{colour(a)}38" for a in agents], width=chip
            ),
            "kind": column.TextColumn("Kind", width=98),
            "after": column.NumberColumn("After", format="localized", help="Available after this line", **number),
        },
        "Transactions, the last booked first",
        key=key,
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [at]}},
    )
    chosen: int = picked.selection.rows[0] if picked.selection.rows else at
    return lines[chosen].txn_id if chosen != at or lines[at].txn_id == opened else None


def title(line: Line) -> str:
    """What a row says: the line's own words, else its kind."""
    said = line.project or line.description or (line.action or line.feature).replace("_", " ")
    return said or line.reason or kind_name(line.kind)


def detail(opened: Opened, zone: ZoneInfo) -> None:
    """One line with everything behind it: before and after, agent, model, cost, and which grants moved."""
    line = opened.line
    with row(horizontal_alignment="distribute", gap="xsmall"):
        muted(f"{kind_icon(line.kind)} {kind_name(line.kind)} `{line.txn_id}`", width="content")
        local = line.event_at.astimezone(zone)
        muted(f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S} {zone_mark(zone, line.event_at)}", width="content")
    st.metric(esc(title(line)), "metered, 0 tokens" if line.metered else f"{signed(line.change)} tokens")
    if line.available_before is not None and line.available_after is not None:
        st.markdown(f"Available **{full(line.available_before)}** → **{full(line.available_after)}**")
        if opened.hold_id is not None and line.available_after - line.available_before != line.change:
            muted("Paid out of what its job had held; held tokens are not counted as available.")
    facts(_facts(opened, zone))
    if opened.moved:
        st.markdown("**Entries** :small[:gray[which grants moved]]")
        st.table(_entries(opened), border="horizontal", hide_index=True, alt="Which grants moved")
    for debt in opened.owed:
        muted(_debt(debt))
    for other in opened.reversed_by:
        came_back = f"{signed(other.change)} came back {instant(other.effective_at, zone)}"
        muted(f":material/undo: {came_back}, line `{other.txn_id}`")


def _facts(opened: Opened, zone: ZoneInfo) -> dict[str, str]:
    line = opened.line
    said: dict[str, str] = {}
    if line.agent:
        said["Agent"] = dot(line.agent)
    if line.model:
        said["Model"] = dot(line.model)
    if line.feature and line.feature != line.agent:
        said["Feature"] = esc(line.feature.replace("_", " "))
    if line.input_tokens or line.output_tokens:
        said["Model tokens"] = _model_tokens(line)
    if line.model or line.cost_usd_nanos:
        said |= _cost(line, opened.price_version, opened.rate)
    if line.description and line.description != line.what:
        said["Note"] = esc(line.description)
    if line.reason:
        said["Reason"] = esc(line.reason)
    if opened.reverses:
        said["Corrects"] = f"line `{opened.reverses}`"
    if _apart(line.event_at, line.effective_at):
        said["Booked"] = instant(line.effective_at, zone)
    if opened.late_capture:
        said["Late"] = "captured after its hold had timed out"
    if opened.would_refuse:
        said["Shadow"] = f"would have been refused: {esc(opened.would_refuse)}"
    return said


def _model_tokens(line: Line) -> str:
    beside = [
        f"{full(n)} {what}" for n, what in ((line.cached_tokens, "cached"), (line.reasoning_tokens, "reasoning")) if n
    ]
    more = f" :gray[({', '.join(beside)})]" if beside else ""
    return f"{full(line.input_tokens)} in + {full(line.output_tokens)} out{more}"


def _cost(line: Line, price_version: str | None, rate: FxRow | None) -> dict[str, str]:
    if line.cost_usd_nanos is None:
        return {"Cost": ":orange[not priced yet]" if line.unpriced else ":gray[–]"}
    said = {"Cost": usd(line.cost_usd_nanos, 6)}
    if line.cost_inr_nanos is not None:
        said["Cost"] += f" · {inr(line.cost_inr_nanos, 2 if line.cost_inr_nanos >= 10**7 else 6)}"
        if rate is not None:
            said["Rate"] = rate_words(rate, line.event_at.astimezone(UTC).date())
        elif line.cost_usd_nanos > 0:
            said["Rate"] = f"₹{line.cost_inr_nanos / line.cost_usd_nanos:.4f} for $1, as booked"
    if price_version:
        said["Price"] = esc(price_version)
    return said


def _entries(opened: Opened) -> Any:
    moved = [(_grant(m), m.amount, m.remaining_after) for m in opened.moved]
    frame = pd.DataFrame(moved, columns=["Grant", "Change", "Left after"])
    return numbers(frame, **{"Change": signed, "Left after": full})


def _grant(moved: Moved) -> str:
    wallet = esc(wallet_name(moved.wallet_type, moved.wallet_label))
    label = esc(moved.label or CLASSES.get(moved.grant_class, ""))
    return f"{wallet} :gray[· {label}{' · of the team' if moved.of_pool else ''}]"


def _debt(debt: Owed) -> str:
    moved = f"{full(abs(debt.amount))} {_CAUSES.get(debt.cause, debt.cause)}"
    return f":material/balance: Debt: {moved}, {full(debt.owed_after)} owed after"


def _apart(event_at: datetime, effective_at: datetime) -> bool:
    """Whether it was booked noticeably later than it happened."""
    return abs((effective_at - event_at).total_seconds()) >= 60


def span(shown: Sequence[Line], now: datetime, zone: ZoneInfo) -> None:
    """From when to when what happened in the page's lines did; they may have been booked in another order."""
    times = [line.event_at for line in shown]
    first, last = (instant(at, zone, now=now) for at in (max(times), min(times)))
    muted(f"{first} back to {last}", width="content")


def nothing(*, filtered: bool, clear: Callable[[], None]) -> None:
    """No line to show: none at all yet, or none that matches."""
    with card("empty"):
        if not filtered:
            head(
                "Nothing has happened yet",
                "Every grant, every use and every reset becomes a line here, the moment it happens.",
            )
            return
        head("Nothing matches these filters", "No line is like that. Take a filter away, or look at a longer period.")
        st.button("Clear filters", icon=":material/filter_alt_off:", on_click=clear, key="clear-filters")


def table_key(top: Line, bottom: Line) -> str:
    """The table's key: its selection belongs to these rows, until the opened line is closed."""
    return f"lines-{top.txn_id}-{bottom.txn_id}-{st.session_state.get(_CLOSED, 0)}"


def close() -> None:
    """No line is chosen any more."""
    st.session_state[_CLOSED] = st.session_state.get(_CLOSED, 0) + 1
    address.clear("line")


_CLOSED = "lines-closed"
