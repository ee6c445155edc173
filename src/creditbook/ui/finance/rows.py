"""Click a bar: the transactions beneath it, in a dialog whose content the address names.

charts.chart_card(…, on_pick=rows.pick(bars))      # bars[curve][point] is the `Bar` behind each point
rows.show(store, who, asked.wanted, asked.booking) # at the page's end
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.reports.finance import beneath, prices
from creditbook.reports.finance.beneath import Bar, Line
from creditbook.reports.finance.money import Booking
from creditbook.reports.finance.wanted import Wanted
from creditbook.store.engine import Store
from creditbook.ui import address, page, tables
from creditbook.ui.charts import CLOSED, Pick
from creditbook.ui.format import dollars_in_markdown, esc, full, inr, plural, usd, zone_mark
from creditbook.ui.kinds import CLASSES, kind_name, wallet_name
from creditbook.ui.money import rate_words
from creditbook.ui.reading import Unread, not_read, read

PARAMETER = "rows"
_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
Bars = Sequence[Sequence[Bar | None]]


def pick(bars: Bars) -> Pick:
    """What a chart does with a click: put the bar behind the point into the address. ``bars[curve][point]``."""

    def picked(event: Any) -> None:
        points = event.selection.points if event is not None else []
        for point in points:
            curve, place = int(point["curve_number"]), _place(point)
            if curve < len(bars) and place < len(bars[curve]):
                put(bars[curve][place])

    return picked


def _place(point: Any) -> int:
    """Where in its trace a point is; a heat map counts rows and columns, which our bars lay out row by row."""
    found = point["point_index"]
    return int(found[0]) * 24 + int(found[1]) if isinstance(found, (list, tuple)) else int(found)


def put(bar: Bar | None) -> None:
    """Open the rows beneath a bar at the next run; None closes them."""
    address.put(**{PARAMETER: None if bar is None else bar.text})
    st.session_state.pop("rows-seen", None)


def close() -> None:
    """Back to the page; the next chart begins with nothing chosen."""
    put(None)
    st.session_state[CLOSED] = st.session_state.get(CLOSED, 0) + 1


def show(store: Store, who: Principal, wanted: Wanted, booking: Booking) -> None:
    """Open the dialog when the address names a bar."""
    said = st.query_params.get(PARAMETER, "")
    bar = beneath.bar(said) if said else None
    if bar is None:
        return
    dialog = st.dialog(title(wanted, bar), width="large", on_dismiss=close)
    dialog(partial(_inside, store, who, wanted, bar, booking))()


def _inside(store: Store, who: Principal, wanted: Wanted, bar: Bar, booking: Booking) -> None:
    found = read(lambda: beneath.total(store, who, wanted, bar))
    seen: list[int] = st.session_state.setdefault("rows-seen", [])
    lines = read(lambda: beneath.lines(store, who, wanted, bar, seen[-1] if seen else None))
    if isinstance(found, Unread) or isinstance(lines, Unread):
        not_read("These rows", found if isinstance(found, Unread) else lines)  # type: ignore[arg-type]
        return
    dollars, rupees = booking.both(found.cost_usd_nanos, found.cost_inr_nanos)
    told = (
        f"{plural(found.requests, 'request')}, {full(found.net_charged)} tokens charged, {usd(dollars)} · {inr(rupees)}"
    )
    page.muted(dollars_in_markdown(f"{told}: the sum of these rows"))
    if not lines:
        page.muted("No transactions: the figure has moved on, or a filter leaves nothing of it.")
        return
    shown = lines[: beneath.LINES]
    at = _table(shown, ZoneInfo(who.org_zone or who.zone), booking)
    with page.row():
        if st.button("Newer", icon=":material/chevron_left:", disabled=not seen, key="rows-newer"):
            seen.pop()
            st.rerun(scope="fragment")
        older = len(lines) > beneath.LINES
        if st.button(
            "Older", icon=":material/chevron_right:", icon_position="right", disabled=not older, key="rows-older"
        ):
            seen.append(shown[-1].txn_id)
            st.rerun(scope="fragment")
        st.space("stretch")
        build = partial(tables.csv_of, beneath.CSV_COLUMNS, partial(beneath.csv_rows, store, who, wanted, bar))
        tables.download(build, "rows", "Download every row beneath this figure", key="rows-csv")
    if at is not None:
        _entries(store, who, shown[at])


def title(wanted: Wanted, bar: Bar) -> str:
    """What the rows are of, in markdown: ``gpt-5, Mon 2 Mar 2026``."""
    narrowed = bar.of(wanted)
    names = [esc(name.replace("_", " ")) or f"no {dimension}" for dimension, name in bar.names]
    said = [", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")] if names else []
    if bar.weekday is not None:
        said.append(_WEEKDAYS[bar.weekday % 7])
    if bar.hour is not None:
        said.append(f"{bar.hour:02} – {bar.hour + 1:02} h")
    return ", ".join([*said, page.days(narrowed.first, narrowed.last)])


def _table(lines: Sequence[Line], zone: ZoneInfo, booking: Booking) -> int | None:
    """The rows; the place of the one that was chosen."""
    column = st.column_config
    costs = [booking.both(line.cost_usd_nanos or 0, line.cost_inr_nanos or 0) for line in lines]
    known = [line.cost_usd_nanos is not None for line in lines]
    frame = pd.DataFrame(
        {
            "at": [line.event_at for line in lines],
            "account": [line.account or "Pool" for line in lines],
            "usd": [usd(c[0], 6) if k else "–" for c, k in zip(costs, known, strict=True)],
            "inr": [inr(c[1], 4) if k else "–" for c, k in zip(costs, known, strict=True)],
            "what": [line.model or line.action.replace("_", " ") or kind_name(line.kind) for line in lines],
            "agent": [line.agent for line in lines],
            "charged": [full(line.change) for line in lines],
            "tokens": [f"{full(line.input_tokens)} + {full(line.output_tokens)}" for line in lines],
            "kind": [kind_name(line.kind) for line in lines],
            "line": [line.txn_id for line in lines],
        }
    )
    right: Any = {"alignment": "right"}
    picked = tables.grid(
        frame,
        {
            "at": column.DatetimeColumn(
                f"When ({zone_mark(zone, lines[0].event_at)})", format="D MMM YY, HH:mm", timezone=zone.key
            ),
            "account": "Account",
            "what": "Model",
            "agent": "Agent",
            "usd": column.TextColumn("USD", **right),
            "inr": column.TextColumn("INR", **right),
            "charged": column.TextColumn("Charged", **right),
            "tokens": column.TextColumn("In + out", **right),
            "kind": "Kind",
            "line": column.NumberColumn("Line", format="%d"),
        },
        "The transactions beneath this figure, newest first",
        key="rows-table",
        on_select="rerun",
        selection_mode="single-row",
        height=tables.ROW_HEIGHT * (min(len(lines), 10) + 1) + 2,
    )
    chosen: list[int] = picked.selection.rows
    return chosen[0] if chosen and chosen[0] < len(lines) else None


def _entries(store: Store, who: Principal, line: Line) -> None:
    """One row with what it moved: which grants, at which price and rate."""
    moved = read(lambda: beneath.entries(store, who, line.txn_id))
    if isinstance(moved, Unread):
        not_read("This row", moved)
        return
    priced = esc(line.price_version) if line.price_version else "no price"
    frozen = read(partial(prices.frozen_rate, store, line.fx_rate_id)) if line.fx_rate_id else None
    rate = ""
    if frozen is not None and not isinstance(frozen, Unread):
        rate = f"; {esc(rate_words(frozen, line.event_at.astimezone(UTC).date()))}"
    page.muted(f"Line `{line.txn_id}`: {priced}{rate}. {esc(line.reason)}")
    if not moved:
        page.muted("It moved no grant: metered, or a correction of its cost.")
        return
    listed = [
        {
            "Grant": f"`{one.grant_id}` {esc(one.label or one.source)}",
            "Wallet": wallet_name(one.wallet_type, ""),
            "Class": CLASSES.get(one.grant_class, one.grant_class),
            "Moved": one.amount,
            "Remained": one.remaining_after,
        }
        for one in moved
    ]
    frame = page.numbers(pd.DataFrame(listed), Moved=full, Remained=full)
    st.table(frame, border="horizontal", hide_index=True, alt="Which grants moved")
