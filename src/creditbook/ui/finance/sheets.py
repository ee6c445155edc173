"""Tables that a finance lead adds up by hand: exact figures, a total that is their sum, a click that opens the rows.

A sheet may have a picture beside it; which of the two is shown lives in the address. What was clicked does too, as
`?beneath=SHEET.LINE.COLUMN`, so that the rows beneath a figure have a link of their own (`listing` shows them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from babel.numbers import get_currency_precision

from creditbook.ui import address, charts, tables
from creditbook.ui.format import DASH, esc, full
from creditbook.ui.money import money
from creditbook.ui.page import card, dot, head, muted, row

BENEATH = "beneath"
MOST_ROWS = 24
Cell = int | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of figures. ``unit`` is '' for whole numbers, else the currency of its minor units.

    ``opens`` tells whether a click on a figure opens the rows beneath it.
    """

    slug: str
    name: str
    unit: str = ""
    help: str = ""
    opens: bool = True

    def shown(self, cell: Cell) -> str:
        """The figure as people read it; what is not known is a dash, never 0."""
        if cell is None:
            return DASH
        return money(cell, self.unit) if self.unit else full(cell)

    def exact(self, cell: Cell) -> Any:
        """The figure as it stands in a download: a number with its decimals, so that the column adds up there too."""
        return exact(cell, self.unit)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: what it is of, in as many words as the sheet has heads, and its figures."""

    slug: str
    labels: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of figures with its total. ``alt`` is said to those who can't see it.

    ``figures`` are those of its heads that stand over numbers.
    """

    key: str
    title: str
    note: str
    heads: tuple[str, ...]
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    total: Line | None = None
    alt: str = ""
    more: str = field(default="", kw_only=True)
    figures: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def every(self) -> tuple[Line, ...]:
        """The lines and, last, the total."""
        return (*self.lines, self.total) if self.total is not None else self.lines

    def column(self, slug: str) -> int | None:
        """Where a column stands."""
        return next((n for n, column in enumerate(self.columns) if column.slug == slug), None)


@dataclass(frozen=True, slots=True)
class Picked:
    """A figure that was clicked: of which sheet, line and column."""

    sheet: str
    line: str
    column: str

    @property
    def text(self) -> str:
        """As it stands in the address."""
        return f"{self.sheet}.{self.line}.{self.column}"


def exact(cell: Cell, unit: str) -> Any:
    """Minor units as an exact number of the currency; other figures as they are."""
    if cell is None or not unit:
        return cell
    digits = get_currency_precision(unit)
    return Decimal(cell).scaleb(-digits)


def summed(labels: Sequence[str], lines: Sequence[Line]) -> Line:
    """The total: every column added up; a column in which nothing is known has none."""
    columns = zip(*(line.cells for line in lines), strict=True)
    known = [[cell for cell in column if cell is not None] for column in columns]
    return Line("all", tuple(labels), tuple(sum(cells) if cells else None for cells in known))


def rolled(labels: Sequence[str], lines: Sequence[Line], opening: Sequence[int], closing: Sequence[int]) -> Line:
    """The total of a roll-forward: the first opening and the last closing, what happened between added up."""
    total = summed(labels, lines)
    cells = list(total.cells)
    for place in opening:
        cells[place] = lines[0].cells[place]
    for place in closing:
        cells[place] = lines[-1].cells[place]
    return Line(total.slug, total.labels, tuple(cells))


def month_axis(fig: go.Figure) -> None:
    """An axis of months (``Oct 2026``) that a phone can show: the year below, some left out where they are many."""
    labels = list(dict.fromkeys(label for trace in fig.data for label in (trace.x or ())))
    step = -(-len(labels) // 12) or 1
    shown = labels[::-step][::-1]
    texts = [label.replace(" ", "<br>") for label in shown]
    fig.update_xaxes(type="category", tickmode="array", tickvals=shown, ticktext=texts, tickangle=0)


def draw(
    sheet: Sheet,
    fig: go.Figure | None = None,
    *,
    points: Sequence[Sequence[Picked | None]] = (),
    legend: Mapping[str, str] | None = None,
    first: Literal["Chart", "Table"] = "Chart",
    on_pick: charts.Pick | None = None,
) -> None:
    """The sheet in a card, with its download. ``points[curve][point]`` is what a click on the picture opens.

    ``on_pick`` hears the click instead, for pictures whose rows are opened elsewhere (`rows.pick`).
    """
    with card(f"card-{sheet.key}"):
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                head(sheet.title, sheet.note)
            with row(width="content", gap="xsmall"):
                view = _view(sheet.key, first) if fig is not None else "Table"
                build = partial(csv_bytes, sheet)
                tables.download(build, sheet.key, f"Download “{sheet.title}”", key=f"{sheet.key}-csv")
        if view == "Chart" and fig is not None:
            _picture(sheet, fig, points, legend, on_pick)
        else:
            _table(sheet)
        if sheet.more:
            muted(sheet.more)


def _view(key: str, first: str) -> str | None:
    return st.segmented_control(
        "View", ["Chart", "Table"], default=first, required=True, key=key, bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip


def _picture(
    sheet: Sheet,
    fig: go.Figure,
    points: Sequence[Sequence[Picked | None]],
    legend: Mapping[str, str] | None,
    on_pick: charts.Pick | None,
) -> None:
    if legend:
        with row(gap="xsmall"):
            for name, hexadecimal in legend.items():
                st.markdown(f":small[{dot(name, hexadecimal)}]", width="content")
    if not points:
        charts.draw(fig, sheet.key, sheet.alt or sheet.title, on_pick)
        return
    event: Any = st.plotly_chart(
        fig, key=f"fig-{sheet.key}-{_turn()}", alt=sheet.alt or sheet.title, config={"displayModeBar": False},
        on_select="rerun", selection_mode="points",
    )  # fmt: skip
    for point in event.selection.points:
        curve, place = int(point["curve_number"]), int(point["point_index"])
        if curve < len(points) and place < len(points[curve]):
            _open(points[curve][place])


def _table(sheet: Sheet) -> None:
    shown = [(*line.labels, *(c.shown(cell) for c, cell in zip(sheet.columns, line.cells, strict=True)))
             for line in sheet.every]  # fmt: skip
    names = [*sheet.heads, *(column.name for column in sheet.columns)]
    frame = pd.DataFrame(shown, columns=names)
    text = st.column_config.TextColumn
    how: dict[str, Any] = {c.name: text(c.name, alignment="right", help=c.help or None) for c in sheet.columns}
    how |= {name: text(name, alignment="right") for name in sheet.figures}
    tall = len(sheet.every) > MOST_ROWS
    more: dict[str, Any] = {"height": tables.ROW_HEIGHT * (MOST_ROWS + 1)} if tall else {}
    picked = tables.grid(
        frame, how, sheet.alt or sheet.title, key=f"{sheet.key}-sheet-{_turn()}", on_select="rerun",
        selection_mode="single-cell", **more,
    )  # fmt: skip
    for place, name in picked.selection.cells:
        column = next((c for c in sheet.columns if c.name == name), None)
        if column is None or not column.opens or place >= len(sheet.every):
            continue
        line = sheet.every[place]
        if line.cells[sheet.columns.index(column)]:
            _open(Picked(sheet.key, line.slug, column.slug))


def csv_bytes(sheet: Sheet) -> bytes:
    """The sheet as CSV, total included; figures are exact numbers, the currency stands in its column's heading."""
    names = [*sheet.heads, *(f"{c.name} ({c.unit})" if c.unit else c.name for c in sheet.columns)]
    lines = [
        (*line.labels, *(c.exact(cell) for c, cell in zip(sheet.columns, line.cells, strict=True)))
        for line in sheet.every
    ]
    return tables.csv_bytes(names, lines)


def _open(picked: Picked | None) -> None:
    if picked is not None:
        address.put(**{BENEATH: picked.text})
        st.session_state.pop("listing-seen", None)


def opened() -> Picked | None:
    """The figure whose rows the address asks for."""
    parts = st.query_params.get(BENEATH, "").split(".")
    return Picked(*parts) if len(parts) == 3 and all(parts) else None


def figure(picked: Picked, on: Sequence[Sheet]) -> str:
    """A figure that was clicked as its sheet shows it, in markdown; '' where no sheet has it."""
    for sheet in on:
        place = sheet.column(picked.column) if sheet.key == picked.sheet else None
        line = next((one for one in sheet.every if one.slug == picked.line), None)
        if place is not None and line is not None:
            return esc(sheet.columns[place].shown(line.cells[place]))
    return ""


def close() -> None:
    """Back to the page, with nothing chosen on any sheet."""
    address.clear(BENEATH)
    st.session_state["sheets-turn"] = _turn() + 1
    st.session_state.pop("listing-seen", None)


def _turn() -> int:
    """Part of every sheet's key: closing the rows takes the choice away that opened them."""
    return int(st.session_state.get("sheets-turn", 0))
