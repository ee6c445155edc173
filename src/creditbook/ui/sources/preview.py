"""What the settings on the screen would do with what waits, told before anything is saved."""

from __future__ import annotations

import streamlit as st

from creditbook.sources.previewing import Foreseen
from creditbook.ui.format import esc, full, plural
from creditbook.ui.page import card, head, muted

MOST_NAMED = 6


def show(found: Foreseen) -> None:
    """How much would be booked, whose, what would stay and why."""
    booked = found.books.total()
    with card("preview"):
        if not found.open:
            head("What would change", "Nothing waits. The settings hold for what comes from now on.")
            return
        part = (
            ""
            if found.events == found.open
            else f" The oldest {full(found.events)} of {full(found.open)} were looked at."
        )
        head("What waits, under these settings", f"Nothing is written yet.{part}")
        grid = st.grid(3, min_column_width=120, gap="small", key="kpis")
        for label, number in (("Would be booked", booked), ("Accounts opened", len(found.opens)),
                              ("Would stay", found.stays.total())):  # fmt: skip
            with grid.cell():
                st.metric(label, full(number), border=True)
        if booked:
            muted(f"For {_named(found)}")
        if found.opens:
            muted(f"Opened first: {_listed(list(found.opens))}")
        for reason, count in found.stays.most_common(MOST_NAMED):
            muted(f":orange[:material/schedule:] {plural(count, 'event')}: {esc(reason)}")


def _named(found: Foreseen) -> str:
    shown = [f"**{esc(name or 'the pool')}** {full(count)}" for name, count in found.books.most_common(MOST_NAMED)]
    more = len(found.books) - len(shown)
    return ", ".join(shown) + (f" and {plural(more, 'other account')}" if more else "")


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(f"**{esc(name)}**" for name in names[:MOST_NAMED]) + (
        f" and {full(more)} more" if more > 0 else ""
    )
