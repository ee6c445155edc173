"""What did I use, on which agent and model, and when?"""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import usage
from creditbook.reports.usage import UsageFilter
from creditbook.ui import filters, page, usage_charts
from creditbook.ui.measures import MEASURES
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require()
store, today = installation().reports, installation().clock().astimezone(ZoneInfo(who.zone)).date()
page.header("Usage", "What did I use, on which agent and model, and when?")
used = read(lambda: usage.days(store, who))
if isinstance(used, Unread):
    not_read("Your usage", used)
    st.stop()
if used is None:
    page.empty(
        "Nothing used yet",
        "The first request appears here a moment after it is made: tokens, requests and cost by day.",
    )
    st.stop()

PERIODS = {"7d": 7, "30d": 30, "90d": 90, "All": 0}


def show(first: date, last: date) -> None:
    """Look at just these days."""
    st.session_state.update(since=first, until=last)


with page.row():
    period = st.segmented_control(
        "Period",
        list(PERIODS),
        default="30d",
        required=True,
        key="period",
        bind="query-params",
        label_visibility="collapsed",
    )
    chosen = filters.popover(store, who)
    measured = st.container(width="content")

length = PERIODS[period or "30d"]
last = chosen.until or (max(today, used[1]) if length else used[1])
first = chosen.since or (last - timedelta(days=length - 1) if length else used[0])
wanted = UsageFilter(min(first, last), last, chosen.agents, chosen.models)
now, earlier = usage.total(store, who, wanted), usage.before(wanted)
was = usage.total(store, who, earlier) if earlier.last >= used[0] else None
with measured:
    best = "Charged" if now.charged or not now.requests else "Model tokens"
    by = st.segmented_control(
        "Measure",
        list(MEASURES),
        default=best,
        required=True,
        key="measure",
        bind="query-params",
        label_visibility="collapsed",
    )
measure = MEASURES[by or best]
span = (wanted.last - wanted.first).days + 1
against = f" against the {span} days before" if was not in (None, usage.Usage()) else ""
page.muted(f"{page.days(wanted.first, wanted.last)}{against}. Days in {who.zone}")
if not (now.requests or now.charged or now.refunded):
    with page.card("empty"):
        page.head(
            "No usage in these days",
            f"The latest was on {page.days(used[1], used[1])}. Choose other days, or take a filter away.",
        )
        st.button(
            "Show the latest 30 days of use",
            on_click=show,
            args=(used[1] - timedelta(days=29), used[1]),
            key="latest-use",
        )
    st.stop()

usage_charts.figures(now, was, usage.series(usage.by(store, who, wanted, "account_date"), wanted))
by_agent, by_model, by_feature = (usage.by(store, who, wanted, name) for name in ("agent", "model", "feature"))
split: usage.Dimension = "model" if any(name for (name,) in by_model) else "feature"
usage_charts.by_day(usage.by(store, who, wanted, "account_date", split), wanted, measure, unnamed=f"no {split}")
usage_charts.rankings({"agent": by_agent, "model": by_model, "feature": by_feature}, measure)
