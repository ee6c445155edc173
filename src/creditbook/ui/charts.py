"""The recipe of every chart: graph_objects, no frame, faint grid, colours that the browser swaps by theme."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from . import tables
from .colour import GRID, INK, LABEL, colour
from .format import short
from .page import card, dot, head, row

PHONE = 336
Pick = Callable[[Any], None]
"""What hears which points of a chart were clicked: Streamlit's own state of the chart."""
CLOSED = "rows-closed"
"""Counts, in the session, what was opened from charts and closed again."""


def figure(height: int, **layout: Any) -> go.Figure:
    """An empty chart: no frame, thin gaps, one hover line, legend above at the left. Height in pixels."""
    fig = go.Figure()
    legend = {
        "orientation": "h",
        "x": 0,
        "y": 1.02,
        "xanchor": "left",
        "yanchor": "bottom",
        "font": {"size": 12, "color": LABEL},
        "itemsizing": "constant",
        "traceorder": "normal",
    }
    margin = {"l": 0, "r": 0, "t": 0, "b": 0}
    fig.update_layout(
        height=height,
        margin=margin,
        bargap=0.28,
        barcornerradius=2,
        hovermode="x unified",
        dragmode=False,
        legend=legend,
    )
    fig.update_layout(**layout)
    ticks = {"size": 12, "color": LABEL}
    fig.update_xaxes(showgrid=False, zeroline=False, fixedrange=True, tickfont=ticks, title=None)
    fig.update_yaxes(gridcolor=GRID, zeroline=False, fixedrange=True, tickfont=ticks, title=None, nticks=5)
    return fig


def ranking(
    names: Sequence[str],
    values: Sequence[int],
    figures: Sequence[Sequence[str]],
    hover: Sequence[str],
    *,
    height: int = 0,
    insets: Sequence[int] = (0,),
    colours: Sequence[str] = (),
) -> go.Figure:
    """Horizontal bars in each name's own colour, longest first; ``insets`` are pixels from the right."""
    slots = max(len(names), 3)  # one bar alone is no thicker than among others
    fig = figure(height or 34 * slots + 4, hovermode="closest", showlegend=False, bargap=0.56)
    shown = [shortened(name, 20) for name in names]
    at = list(range(len(names)))
    fig.add_bar(
        x=list(values),
        y=at,
        orientation="h",
        marker_color=list(colours) or [colour(n) for n in names],
        customdata=list(zip(names, hover, strict=True)),
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
    )
    for column, inset in zip(zip(*figures, strict=True), insets, strict=bool(figures)):
        font = {"size": 13, "color": INK if inset == insets[0] else LABEL}
        for y, text in zip(at, column, strict=True):
            fig.add_annotation(
                x=1, xref="paper", xanchor="right", xshift=-inset, y=y, text=text, showarrow=False, font=font
            )
    # On a phone a card's chart is PHONE pixels wide: names, bars and figures share them.
    bars = PHONE - 7 * max(map(len, shown), default=0) - 20
    share = min(0.62, max(0.3, 1 - (insets[0] + 46) / bars))
    fig.update_xaxes(visible=False, range=[0, max([*values, 1]) / share])
    fig.update_yaxes(
        range=[slots - 0.5, -0.5],
        showgrid=False,
        ticksuffix="   ",
        tickfont_size=13,
        tickfont_color=INK,
        tickmode="array",
        tickvals=at,
        ticktext=shown,
    )
    return fig


def shortened(name: str, most: int) -> str:
    """A long name cut to ``most`` characters, its maker's prefix first; the whole one stands in the table."""
    own = name if len(name) <= most else name.rsplit("/", 1)[-1] or name
    return own if len(own) <= most else own[: most - 1] + "…"


def count_axis(fig: go.Figure, most: float) -> None:
    """A y axis of whole numbers from zero, written as everywhere: ``0``, ``50K``, ``100K``."""
    step = 10 ** math.floor(math.log10(max(most, 1)))
    step = next(s for s in (step // 2, step, step * 2, step * 5) if s and most / s <= 4.99)
    ticks = list(range(0, int(most) + 1, step))
    fig.update_yaxes(rangemode="tozero", tickmode="array", tickvals=ticks, ticktext=[short(tick) for tick in ticks])


def draw(fig: go.Figure, key: str, alt: str, on_pick: Pick | None = None) -> None:
    """Put a chart on the page; ``alt`` says in words what it shows, ``on_pick`` hears what is clicked."""
    config = {"displayModeBar": False}
    if on_pick is None:
        st.plotly_chart(fig, key=f"fig-{key}", alt=alt, config=config)
        return
    # What was opened and closed again is no longer chosen: the chart begins anew under another key.
    name = f"fig-{key}-{st.session_state.get(CLOSED, 0)}"

    def picked() -> None:
        on_pick(st.session_state[name])

    st.plotly_chart(fig, key=name, alt=alt, config=config, on_select=picked, selection_mode="points")


def chart_card(
    key: str,
    title: str,
    note: str,
    fig: go.Figure,
    table: pd.DataFrame,
    *,
    alt: str,
    columns: Mapping[str, Any] | None = None,
    legend: Mapping[str, str] | None = None,
    on_pick: Pick | None = None,
) -> None:
    """A chart with its twin table and its download; which of the two is shown lives in the address under ``key``.

    ``legend`` maps names to their colours. It wraps on a phone, where Plotly's own would cover the bars. ``on_pick``
    hears what is clicked.
    """
    with card(f"card-{key}", height="stretch"):
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                head(title, note)
            with row(width="content", gap="xsmall"):
                view = st.segmented_control(
                    "View",
                    ["Chart", "Table"],
                    default="Chart",
                    required=True,
                    key=key,
                    bind="query-params",
                    label_visibility="collapsed",
                )
                tables.download(lambda: tables.frame_csv(table), key, f"Download “{title}”", key=f"{key}-csv")
        if view == "Table":
            height = min(int(fig.layout.height or 300), 35 * len(table) + 37)
            st.dataframe(table, hide_index=True, column_config=dict(columns or {}), alt=alt, height=height)
        else:
            if legend:
                with row(gap="xsmall"):
                    for name, hexadecimal in legend.items():
                        st.markdown(f":small[{dot(name, hexadecimal)}]", width="content")
            draw(fig, key, alt, on_pick)
