"""What is coming, drawn: the four answers, cost ahead, who runs out, one account's balance ahead, what is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from creditbook.access.values import Principal
from creditbook.installation import Installation
from creditbook.reports.finance import forecasting
from creditbook.reports.finance.backtesting import Error
from creditbook.reports.finance.coming_costs import Costs, Three
from creditbook.reports.finance.forecasting import HORIZON, LOSS_DAYS, Expected, Outcome
from creditbook.ui import charts, tables
from creditbook.ui.colour import FADED, INK, LABEL
from creditbook.ui.format import DASH, dollars_in_markdown, full, inr, plural, short, usd
from creditbook.ui.page import card, head, muted, row

_KEPT = "forecast-kept"
_FRESH = timedelta(minutes=10)
_SHOWN_DAYS = 45
BAND = "rgba(127,137,155,.20)"
SOON = timedelta(days=30)
METHOD = f"""
**How much is used.** Five smoothers of the account's last thirteen weeks, each with its own memory and rhythm of
weekdays, and the last seven days themselves; a forecast mixes them by how far off each was for the account lately.

**What that does.** A copy of the account, with its team, is lived {HORIZON} days ahead by the ledger's own rules:
allowances reset, roll over and expire, bought packs burn last, quotas bind, subscriptions are taken as paid unless
they were cancelled. It runs out on the first day whose tokens are not all there.

**The band.** A light and a heavy time: in one week of ten less, in one of ten more was used, judged by the account's
own past; no week is taken to be larger than its largest, or than double what is expected. Both are lived ahead too.

**The error** (WAPE) is the sum of what a forecast was off by over what was used, for every day that can be forecast
from the days before it; the median over accounts. Always saying zero has an error of exactly 100%: where use comes in
bursts, day-by-day errors above that are honest. `make backtest` shows it on public traces, `docs/forecasting.md` how
the method was chosen.
"""


def looked_ahead(place: Installation, who: Principal, now: datetime, limit: int) -> Outcome:
    """The accounts lived ahead, with their progress shown; kept for ten minutes in the visitor's own session."""
    kept = st.session_state.get(_KEPT)
    asked = (who.org_id, limit)
    if kept is not None and kept[0] == asked and timedelta() <= now - kept[1] < _FRESH:
        outcome: Outcome = kept[2]
        return outcome
    bar = st.progress(0.0, "Reading who used something lately …")

    def progress(done: int, of: int) -> None:
        bar.progress(done / max(of, 1), f"Living {plural(of, 'account')} ahead by the rules: {done} done")

    outcome = forecasting.accounts(
        place.reports, place.ledger.core.batches, who, now, limit=limit, progress=progress
    )  # fmt: skip
    bar.empty()
    st.session_state[_KEPT] = (asked, now, outcome)
    return outcome


def figures(costs: Costs | None, found: Outcome) -> None:
    """Next month's cost, who runs out, what is lost, and how far off all that is."""
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    with grid.cell():
        _cost_figure(costs)
    soon = [one for one in found.accounts if one.runs_out[1] and one.runs_out[1] <= found.today + SOON]
    sure = [one for one in found.accounts if one.runs_out[0] and one.runs_out[0] <= found.today + SOON]
    may = [one for one in found.accounts if one.runs_out[2] and one.runs_out[2] <= found.today + SOON]
    with grid.cell():
        st.metric("Run out in 30 days", full(len(soon)), f"{len(sure)} to {len(may)}", delta_color="off",
                  delta_arrow="off", border=True, height="stretch",
                  help=f"Of {plural(len(found.accounts), 'account')} lived ahead. From those who run out even in a "
                  "light time to those who do in a heavy one.")  # fmt: skip
    lost = [sum(loss.tokens[path] for loss in found.losses) for path in range(3)]
    with grid.cell():
        st.metric("Lost unspent", short(lost[1]), f"{short(lost[2])} to {short(lost[0])}",
                  delta_color="off", delta_arrow="off", border=True, height="stretch",
                  help=f"{full(lost[1])} tokens lapse within {LOSS_DAYS} days when people use as much as "
                  "expected. The less they use, the more they lose.")  # fmt: skip
    with grid.cell():
        _error_figure(found)


def _cost_figure(costs: Costs | None) -> None:
    if costs is None:
        st.metric("Next month's cost", DASH, border=True, height="stretch", help="Nothing was used in half a year.")
        return
    light, expected, heavy = costs.next_month
    st.metric("Next month's cost", dollars_in_markdown(usd(expected)),
              dollars_in_markdown(f"{usd(light)} to {usd(heavy)}"), delta_color="off", delta_arrow="off", border=True,
              height="stretch", help=dollars_in_markdown(f"{inr(costs.in_rupees(expected))} at the rates of the last "
              f"four weeks. {_month_words(costs.this_month, costs)}"))  # fmt: skip


def _month_words(month: Three, costs: Costs) -> str:
    return (
        f"This month: {usd(costs.so_far)} so far, {usd(month[1])} expected by its end "
        f"({usd(month[0])} to {usd(month[2])})."
    )


def _error_figure(found: Outcome) -> None:
    if found.error is None:
        st.metric("Error of 7 days", DASH, border=True, height="stretch",
                  help="Nobody has three weeks of use yet, against which a forecast could be held.")  # fmt: skip
        return
    error = found.error.error
    st.metric("Error of 7 days", f"{error.by_day:.0%}", f"{error.naive_by_day:.0%} naive", delta_color="off",
              delta_arrow="off", border=True, height="stretch",
              help=error_words(error) + f" Median of {plural(found.error.accounts, 'account')}; better than naive on "
              f"{found.error.better}.")  # fmt: skip


def error_words(error: Error) -> str:
    """The error in words, both ways of measuring it beside the naive forecast's."""
    return (
        f"Forecasting every past day from the days before it was off by {error.by_day:.0%} of what was used "
        f"day by day, {error.by_week:.0%} in the week's sum. Saying the last seven days again: "
        f"{error.naive_by_day:.0%} and {error.naive_by_week:.0%}."
    )


def cost_ahead(costs: Costs) -> None:
    """Cost by day until yesterday, and ahead to the end of next month with its band."""
    since = max(0, len(costs.past) - _SHOWN_DAYS)
    before = [costs.first + timedelta(days=place) for place in range(since, len(costs.past))]
    after = [costs.today + timedelta(days=place) for place in range(len(costs.expected))]
    fig = charts.figure(270, showlegend=False)
    fig.add_bar(x=before, y=[cost / 1e9 for cost in costs.past[since:]], marker_color=FADED, name="cost",
                customdata=[usd(cost) for cost in costs.past[since:]], hovertemplate="%{customdata}")  # fmt: skip
    _three(fig, after, costs, 1e9)
    fig.update_yaxes(tickprefix="$", rangemode="tozero")
    fig.update_xaxes(tickformat="%e %b", nticks=10, hoverformat="%a %e %b %Y")
    _from_here(fig, costs.today)
    month = costs.next_month
    note = f"{_month_words(costs.this_month, costs)} Next month: {usd(month[1])} · {inr(costs.in_rupees(month[1]))}"
    table = pd.DataFrame({
        "Day": [*before, *after],
        "Cost": [*(cost / 1e9 for cost in costs.past[since:]), *[None] * len(after)],
        "Light": [*[None] * len(before), *(cost / 1e9 for cost in costs.light)],
        "Expected": [*[None] * len(before), *(cost / 1e9 for cost in costs.expected)],
        "Heavy": [*[None] * len(before), *(cost / 1e9 for cost in costs.heavy)],
    })  # fmt: skip
    money = dict.fromkeys(("Cost", "Light", "Expected", "Heavy"), st.column_config.NumberColumn(format="$%,.4f"))
    charts.chart_card("cost-ahead", "Cost ahead", dollars_in_markdown(note), fig, table, alt=f"Cost by day. {note}",
                      columns={"Day": st.column_config.DateColumn("Day", format="ddd D MMM YYYY")} | money)  # fmt: skip
    if costs.error is not None:
        muted(f"{error_words(costs.error)} The grey band is where four weeks in five should lie; "
              f"{costs.error.within:.0%} did.")  # fmt: skip


def _three(fig: go.Figure, at: Sequence[date], path: Costs, scale: float) -> None:
    _line(fig, at, [one / scale for one in path.light], "light", 0, [usd(one) for one in path.light])
    _line(fig, at, [one / scale for one in path.heavy], "heavy", 0, [usd(one) for one in path.heavy], fill=True)
    _line(fig, at, [one / scale for one in path.expected], "expected", 2, [usd(one) for one in path.expected])


def _line(fig: go.Figure, at: Sequence[Any], values: Sequence[Any], name: str, width: float, said: Sequence[str],
          *, fill: bool = False) -> None:  # fmt: skip
    fig.add_scatter(x=list(at), y=list(values), name=name, mode="lines", customdata=list(said),
                    line={"color": INK if width else LABEL, "width": width, "dash": "dot" if width else "solid"},
                    fill="tonexty" if fill else None, fillcolor=BAND, hovertemplate="%{customdata}")  # fmt: skip


def _from_here(fig: go.Figure, today: date) -> None:
    fig.add_vline(x=today.isoformat(), line={"color": LABEL, "width": 1})


def accounts(found: Outcome) -> Expected | None:
    """Everybody who was lived ahead, those who run out soonest first; the one that is chosen, else the first."""
    with card("accounts"):
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                head("Who runs out", _who_words(found))
            tables.download(lambda: tables.frame_csv(_frame(found, said=False)), "forecast", "Download who runs out",
                            key="accounts-csv")  # fmt: skip
        right = st.column_config.TextColumn(alignment="right")
        number = st.column_config.NumberColumn(format="localized")
        columns = dict.fromkeys(("Available", "Next 7 days", "Light", "Heavy", "Days short"), number)
        chosen = tables.grid(
            _frame(found, said=True),
            columns | dict.fromkeys(("Error", "Naive"), right),
            "Accounts with the day on which they run out",
            key="ahead",
            on_select="rerun",
            selection_mode="single-row",
            height="content" if len(found.accounts) < 11 else 420,
        )
    picked = chosen.selection.rows if found.accounts else []
    return found.accounts[picked[0] if picked else 0] if found.accounts else None


def _who_words(found: Outcome) -> str:
    others = found.active > len(found.accounts)
    more = f" of {full(found.active)}" if others else ""
    return f"{plural(len(found.accounts), 'account')}{more}, {HORIZON} days by the rules. Choose one to see it"


def _frame(found: Outcome, *, said: bool) -> pd.DataFrame:
    """The table: with days in words to look at, as dates to download."""

    def day(at: date | None) -> object:
        if not said:
            return at
        return DASH if at is None else "Today" if at == found.today else f"{at:%a} {at.day} {at:%b}"

    rows = [
        (
            one.holder.shown,
            *(day(one.runs_out[path]) for path in (1, 2, 0)),
            one.available,
            *(one.week[path] for path in (1, 0, 2)),
            one.paths[1].short_days,
            *((f"{one.error.by_day:.0%}", f"{one.error.naive_by_day:.0%}") if one.error else (DASH, DASH)),
            one.holder.plan,
        )
        for one in found.accounts
    ]
    columns = ["Account", "Runs out", "Soonest", "Latest", "Available", "Next 7 days", "Light", "Heavy", "Days short"]
    frame = pd.DataFrame(rows, columns=[*columns, "Error", "Naive", "Plan"])
    return frame.astype({"Available": "Int64"})
