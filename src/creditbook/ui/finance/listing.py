"""The rows beneath a figure: in a dialog, page by page, with the sum that they add up to and all of them as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from creditbook.ui import tables
from creditbook.ui.page import muted, row
from creditbook.ui.reading import Unread, not_read, read

from . import sheets

PAGE = 12
WHOLE = 5_000
IDS = frozenset({"Line", "Purchase"})
"""Columns of numbers that every listing writes alike, at the right."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the id by which the next page begins, its cells as people read them and as they are downloaded."""

    row_id: int
    shown: tuple[str, ...]
    raw: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows to show. ``fetch(after, limit)`` reads the next ones after a row's id, None for the first.

    ``figure`` is the figure that was clicked, in words and in markdown; ``right`` names the columns of figures.
    """

    title: str
    figure: str
    columns: tuple[str, ...]
    fetch: Callable[[int | None, int], Sequence[Row]]
    right: frozenset[str] = frozenset()
    note: str = ""


def of_list(rows: Sequence[Row]) -> Callable[[int | None, int], Sequence[Row]]:
    """Pages of rows that are there already."""

    def fetch(after: int | None, limit: int) -> Sequence[Row]:
        begin = 0 if after is None else next((n + 1 for n, one in enumerate(rows) if one.row_id == after), 0)
        return rows[begin : begin + limit]

    return fetch


def show(find: Callable[[sheets.Picked], Listing | None], on: Sequence[sheets.Sheet] = ()) -> None:
    """Open the dialog when the address names a figure; ``find`` tells what is beneath it, None where nothing is.

    ``on`` are the page's sheets: the figure itself is told from them.
    """
    picked = sheets.opened()
    if picked is None:
        return
    found = read(lambda: find(picked))
    if found is None:
        return
    title = "Rows beneath" if isinstance(found, Unread) else found.title
    st.dialog(title, width="large", on_dismiss=sheets.close)(partial(_inside, found, sheets.figure(picked, on)))()


def _inside(found: Listing | Unread, figure: str) -> None:
    if isinstance(found, Unread):
        not_read("These rows", found)
        return
    seen: list[int] = st.session_state.setdefault("listing-seen", [])
    rows = read(lambda: found.fetch(seen[-1] if seen else None, PAGE + 1))
    alone = f"**{figure}** " if figure and not found.figure.startswith(figure) else ""
    st.markdown(f"{alone}:small[:gray[{found.figure}]]")
    if isinstance(rows, Unread):
        not_read("These rows", rows)
        return
    if not rows:
        muted(found.note or "No rows: the figure has moved on.")
        return
    shown = rows[:PAGE]
    frame = pd.DataFrame([one.shown for one in shown], columns=list(found.columns))
    right: dict[str, Any] = {name: st.column_config.TextColumn(name, alignment="right") for name in found.right | IDS}
    tables.grid(frame, right, f"{found.title}: the rows beneath", key="listing")
    with row():
        if st.button("Back", icon=":material/chevron_left:", disabled=not seen, key="listing-back"):
            seen.pop()
            st.rerun(scope="fragment")
        if st.button("More", icon=":material/chevron_right:", disabled=len(rows) <= PAGE, key="listing-more"):
            seen.append(shown[-1].row_id)
            st.rerun(scope="fragment")
        st.space("stretch")
        build = partial(tables.csv_of, found.columns, partial(every, found))
        tables.download(build, "rows", "Download every row beneath this figure", key="listing-csv")
    if found.note:
        muted(found.note)


def every(found: Listing) -> Iterator[tuple[Any, ...]]:
    """All rows for the download, read in pages."""
    after: int | None = None
    while True:
        rows = found.fetch(after, WHOLE)
        yield from (one.raw for one in rows)
        if len(rows) < WHOLE:
            return
        after = rows[-1].row_id
