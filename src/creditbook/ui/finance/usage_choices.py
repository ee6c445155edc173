"""What the page of usage lets one choose: the measure, what bars are split by, whose part in the change is told."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from creditbook.access.values import Principal
from creditbook.reports.finance import changes, usage
from creditbook.reports.finance.money import Booking
from creditbook.reports.finance.wanted import NAMED, Named, Wanted
from creditbook.reports.usage import Usage
from creditbook.store.engine import Store
from creditbook.ui import page
from creditbook.ui.measures import MEASURES, Figures, Measure

from . import changes as draw
from . import toolbar

RAW_MOST = 200_000
"""Requests that a heat map under filters may count one by one: hours are rolled up without names."""

_MOVERS = {"Model": "model", "Agent": "agent", "Feature": "feature", "Plan": "plan", "Member": "account"}


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


def hours(store: Store, who: Principal, wanted: Wanted, requests: int) -> tuple[Figures, str]:
    """Figures by weekday and hour, and a sentence where they could not follow the filters."""
    if usage.in_rollups(wanted, "weekday_hour") or requests <= RAW_MOST:
        return usage.by(store, who, wanted, "weekday_hour"), ""
    plain = Wanted(wanted.first, wanted.last)
    note = "Of all usage: so many requests are not counted by hour under a filter. Choose fewer days for that"
    return usage.by(store, who, plain, "weekday_hour"), note


def movers_by(store: Store, who: Principal, before: Wanted, wanted: Wanted, booking: Booking) -> None:
    """Whose part in the change is told: a choice, and the table."""
    said = st.session_state.get("movers-by") or "Model"
    dimension = _MOVERS.get(said, "model")
    was = booking.each(usage.by(store, who, before, dimension))  # type: ignore[arg-type]
    now = booking.each(usage.by(store, who, wanted, dimension))  # type: ignore[arg-type]
    found = changes.movers(was, now)
    names = {one.key: str(one.key) for one in found}
    if dimension == "account":
        holders = usage.accounts(store, who, [one.key for one in found[: draw.SHOWN]])
        names = {key: holder.shown for key, holder in holders.items()}
    draw.movers(found, names, "member" if dimension == "account" else dimension, list(_MOVERS))


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
