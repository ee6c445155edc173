"""What happened to my tokens, line by line?"""

from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import history
from creditbook.ui import address, filters, lines, page, tables
from creditbook.ui.kinds import GROUPS, kinds_of
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require()
store, now, zone = installation().reports, installation().clock(), ZoneInfo(who.zone)
page.header("History", "What happened to my tokens, line by line?")
fresh = partial(address.clear, "from", "line")


def clear() -> None:
    """Every filter away, and back to the newest line."""
    filters.clear(kind=[], text="")
    fresh()


with page.row():
    groups = st.pills(
        "Kind",
        list(GROUPS),
        selection_mode="multi",
        key="kind",
        label_visibility="collapsed",
        bind="query-params",
        on_change=fresh,
    )
    text = st.text_input(
        "Project",
        key="text",
        placeholder="Project",
        icon=":material/search:",
        label_visibility="collapsed",
        width=190,
        bind="query-params",
        on_change=fresh,
    )
    chosen = filters.popover(store, who, fresh)
    st.space("stretch")
    csv = st.container(width="content")

wanted = history.LineFilter(
    kinds_of(groups), chosen.agents, chosen.models, chosen.since, chosen.until, (text or "").strip()
)
start = address.number("from") or address.number("line")
shown = read(lambda: history.page(store, who, wanted, upto=start))
if isinstance(shown, Unread):
    not_read("Your history", shown)
    st.stop()
if not shown.lines:
    lines.nothing(filtered=wanted != history.NO_FILTER, clear=clear)
    st.stop()
with csv:
    build = partial(tables.csv_of, history.CSV_COLUMNS, partial(history.csv_rows, store, who, wanted))
    tables.download(build, "history", "Download every line that matches", key="history-csv")

top, bottom = shown.lines[0], shown.lines[-1]
table, side = st.columns([17, 10], gap="small")
with table:
    line = lines.rows(shown.lines, now, zone, opened=address.number("line"), key=lines.table_key(top, bottom))
    address.put(line=line)
    with page.row():
        if st.button("Newer", icon=":material/chevron_left:", disabled=not shown.newer, key="newer"):
            above = history.page(store, who, wanted, newer_than=top.txn_id)
            address.turn(above.lines[0].txn_id if above.newer else None)
        if st.button(
            "Older", icon=":material/chevron_right:", icon_position="right", disabled=not shown.older, key="older"
        ):
            address.turn(bottom.txn_id - 1)
        lines.span(shown.lines, now, zone)
opened = read(lambda: history.opened(store, who, line or top.txn_id))
with side, page.card("sheet" if line else "opened"):
    if isinstance(opened, Unread):
        not_read("This line", opened)
    elif opened is not None:
        if line:
            st.button("Close", icon=":material/close:", type="tertiary", on_click=lines.close, key="sheet-close")
        lines.detail(opened, zone)
