"""What the page of usage lets one choose: the measure, what bars are split by, whose part in the change is told."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from creditbook.reports.finance.wanted import NAMED, Dimension, Named, Wanted
from creditbook.reports.usage import Usage
from creditbook.ui import page
from creditbook.ui.measures import MEASURES, Measure

from . import toolbar

MOVERS: dict[str, Dimension] = {
    "Model": "model",
    "Agent": "agent",
    "Feature": "feature",
    "Plan": "plan",
    "Member": "account",
}


def choices(total: Usage) -> tuple[Measure, Named]:
    """The measure and the names by which days are split, both in the address."""
    best = "Cost" if total.cost_usd_nanos else "Charged" if total.charged else "Requests"
    with page.row():
        measure = st.segmented_control(
            "Measure",
            ["Cost", *(name for name in MEASURES if name != "Cost")],
            default=best,
            required=True,
            key="measure",
            bind="query-params",
            label_visibility="collapsed",
        )
        split = st.segmented_control(
            "Split by",
            [name.title() for name in NAMED],
            default="Model",
            required=True,
            key="split",
            bind="query-params",
            label_visibility="collapsed",
        )
    named: dict[str, Named] = {name.title(): name for name in NAMED}
    return MEASURES[measure or best], named[split or "Model"]


def movers_by() -> Dimension:
    """Whose part in the change is told: what the card's own control says, which is drawn further down."""
    return MOVERS.get(st.session_state.get("movers-by") or st.query_params.get("movers-by", ""), "model")


def nothing(used: tuple[date, date], wanted: Wanted) -> None:
    """No usage of what is asked: the filter again, and the way out."""
    with page.card("empty"):
        names = ", ".join(name for group in NAMED for name in wanted.names(group))
        of = f" of {page.esc(names)}" if names else ""
        page.head(
            f"No usage{of} on these days",
            f"{page.days(wanted.first, wanted.last)}. The latest was on {page.days(used[1], used[1])}.",
        )
        with page.row():
            if wanted.is_filtered:
                st.button("Clear filters", on_click=toolbar.clear, key="empty-clear")
            st.button("Show the latest 30 days of use", on_click=_show, args=(used[1],), key="latest-use")


def _show(last: date) -> None:
    toolbar.clear()
    st.session_state.update(period="Custom", since=last - timedelta(days=29), until=last)
