"""The frame of every page: style sheet, header, cards and small text. Pages read and call; this draws."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from .colour import INK, colour
from .format import dollars_in_markdown, esc

__all__ = ["CSS", "card", "dot", "empty", "esc", "facts", "head", "header", "muted", "numbers", "row"]

CSS = """<style>
.stMainBlockContainer{max-width:1240px;padding-inline:2.5rem}
@media(max-width:640px){.stMainBlockContainer{padding-inline:1rem}}
.stHeading :is(h1,h2){padding-top:0} [data-testid=stMetricValue]{letter-spacing:-.02em}
/* progress by what is left: st.progress knows only the primary colour; the track must be seen on a card */
[data-testid=stProgressBarTrack]{background:color-mix(in srgb,currentColor 11%,transparent)}
[class*="st-key-ok-"] [data-testid=stProgressBarTrack]>div{background:#1E9E55}
[class*="st-key-low-"] [data-testid=stProgressBarTrack]>div{background:#D9860F}
[class*="st-key-out-"] [data-testid=stProgressBarTrack]>div{background:#D93A3A}
/* ink acts, in one tone: what a pressed button is made of is what charts are drawn with */
:is(.stMain,.stDialog) [data-testid^=stBaseButton-primary]:not(:disabled){font-weight:600;
  color:light-dark(#FFF,#0D0F14);background:light-dark(#1C2B50,#D5DFF8);border-color:light-dark(#1C2B50,#D5DFF8)}
:is(.stMain,.stDialog) [data-testid^=stBaseButton-primary]:not(:disabled):hover{
  background:light-dark(#2A3D6C,#B5C4DE)}
/* the one number a page is about */
.st-key-hero [data-testid=stMetricValue]{font-size:2.8rem;letter-spacing:-.035em;line-height:1.1}
.st-key-hero-unit p{font-size:1.2rem;padding-bottom:.4rem}
/* chosen values are content, not actions: no ink behind them; a chosen segment must be seen in the dark */
[data-testid=stMultiSelectTagsContainer] [data-tag]{color:inherit;
  background:color-mix(in srgb,currentColor 9%,transparent)}
[data-testid=stButtonGroup] button[data-variant][data-selected=true]{color:inherit;font-weight:600;
  background:color-mix(in srgb,currentColor 14%,transparent)}
/* a trend line ends where its card ends */
.st-key-kpis [data-testid=stMetric]:has([data-testid=stMetricChart]){padding-bottom:0;justify-content:space-between}
/* a line that was opened: beside the rows on a desk, a sheet from below on a phone */
.st-key-sheet-close{display:none;align-self:flex-end;margin-bottom:-.7rem}
@media(max-width:640px){.st-key-sheet{position:fixed;inset:auto 0 0;z-index:99;max-height:62vh;overflow:auto;
  border-radius:14px 14px 0 0;background:light-dark(#FFF,#161A21);box-shadow:0 -6px 30px rgba(13,15,20,.28)}
  .st-key-sheet-close{display:flex}}
/* a table's tools hover over what stands above it: on a phone a sentence there is given room for them */
@media(max-width:640px){:has(.stMarkdown)+.stElementContainer:has(.stDataFrame){margin-top:1.8rem}}
/* who is signed in sits at the sidebar's foot */
[data-testid=stSidebarContent]{display:flex;flex-direction:column}
[data-testid=stSidebarUserContent]{margin-top:auto;padding-bottom:1rem}
</style>"""
"""The one stylesheet. A constant: nothing is ever formatted into it. Only what config.toml cannot say."""
_DARK_DIALOGS = "<style>.stDialog{color-scheme:dark}</style>"
"""Streamlit tells the app's root which scheme it has; a dialog stands beside the root and is not told."""


def header(title: str, question: str) -> None:
    """The page's title, the one question it answers, and at the right the balance, live."""
    from .balance import chip  # it draws with this module

    st.html(CSS)
    if st.context.theme.type == "dark":
        st.html(_DARK_DIALOGS)
    with row(horizontal_alignment="distribute"):
        with st.container(width="content", gap=None):
            st.title(title, anchor=False)
            muted(question)
        with st.container(width="content"):
            chip()


def row(**more: Any) -> DeltaGenerator:
    """Things side by side, centred on one line, wrapping on a phone."""
    return st.container(**{"horizontal": True, "vertical_alignment": "center", "gap": "small", **more})


def card(key: str, **more: Any) -> DeltaGenerator:
    """A bordered block; ``key`` also names it for styles and tests."""
    return st.container(**{"border": True, "key": key, "gap": "small", **more})


def head(title: str, note: str = "") -> None:
    """A card's title and what it says in one grey line (markdown: escape what people typed)."""
    with st.container(gap=None):
        st.header(title, anchor=False)
        if note:
            muted(note)


def muted(text: str, **more: Any) -> None:
    """Secondary text in the theme's grey at 6:1; `st.caption` fades below 4.5:1."""
    st.markdown(f":small[:gray[{text}]]", **more)


def dot(name: str, hexadecimal: str = "") -> str:
    """A name after its colour (its own, or the one given), as markdown; the ink of charts is that of text."""
    if hexadecimal == INK:  # charts have it swapped by theme, text does not
        return f"● {esc(name)}"
    return f':color[●]{{foreground="{hexadecimal or colour(name)}"}} {esc(name)}' if name else ":gray[not named]"


def facts(pairs: Mapping[str, str]) -> None:
    """Labels and values; values are markdown, so escape what people typed."""
    rows = [(f":gray[{label}]", dollars_in_markdown(value)) for label, value in pairs.items()]
    st.table(pd.DataFrame(rows), border=False, hide_header=True, hide_index=True)


def numbers(frame: pd.DataFrame, **how: Any) -> Any:
    """A frame for `st.table` whose numeric columns print as they are formatted and stay right-aligned."""
    return frame.style.format(how)


def empty(title: str, note: str) -> None:
    """What stands where there is nothing to show: what is the case, and what to do."""
    with card("empty"):
        head(title, note)


def days(first: date, last: date) -> str:
    """A period in words: ``1 – 30 Oct 2025``, ``Thu 30 Oct 2025`` for a single day."""
    if first == last:
        return f"{first:%a} {first.day} {first:%b %Y}"
    begins = f"{first.day}" + ("" if (first.year, first.month) == (last.year, last.month) else f" {first:%b}")
    begins += "" if first.year == last.year else f" {first.year}"
    return f"{begins} – {last.day} {last:%b %Y}"
