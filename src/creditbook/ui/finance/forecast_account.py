"""One account lived ahead, drawn: its balance at each day's end on three paths; and what people will lose unspent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.reports.finance.forecasting import LOSS_DAYS, Expected, Loss, Outcome
from creditbook.ui import charts, tables
from creditbook.ui.colour import INK, LABEL
from creditbook.ui.format import esc, full, instant, plural
from creditbook.ui.page import card, head, muted, row

from .forecast import BAND, error_words


def balance_ahead(one: Expected, today: date) -> None:
    """Available at each day's end: what the rules leave of it after each forecast day."""
    name = one.holder.shown
    light, expected, heavy = one.paths
    if any(level is None for level in expected.levels):
        with card("card-balance-ahead"):
            head(esc(name), "Unlimited: nothing runs out and nothing is lost.")
        return
    at = [today + timedelta(days=place) for place in range(len(expected.levels))]
    fig = charts.figure(270, showlegend=False)
    # Who uses more has less: the heavy path is the lower edge.
    for levels, label, width in (
        (heavy.levels, "heavy", 0),
        (light.levels, "light", 0),
        (expected.levels, "expected", 2),
    ):
        fig.add_scatter(x=at, y=levels, name=label, mode="lines", hovertemplate="%{y:,}",
                        line={"color": INK if width else LABEL, "width": width, "shape": "hv"},
                        fill="tonexty" if label == "light" else None, fillcolor=BAND)  # fmt: skip
    charts.count_axis(fig, max(max(_numbers(path.levels), default=0) for path in one.paths))
    fig.update_xaxes(tickformat="%e %b", nticks=10, hoverformat="%a %e %b %Y")
    table = pd.DataFrame({"Day": at, "Expected": expected.levels, "Heavy": heavy.levels, "Light": light.levels,
                          "Uses": one.uses.expected})  # fmt: skip
    number = st.column_config.NumberColumn(format="localized")
    note = _words(one, today)
    charts.chart_card("balance-ahead", f"{name}, ahead", esc(note), fig, table, alt=f"Available tokens. {note}",
                      columns={"Day": st.column_config.DateColumn("Day", format="ddd D MMM YYYY")}
                      | dict.fromkeys(("Expected", "Heavy", "Light", "Uses"), number))  # fmt: skip
    if one.error is not None:
        muted(error_words(one.error))


def _numbers(levels: Sequence[int | None]) -> list[int]:
    return [level for level in levels if level is not None]


def _words(one: Expected, today: date) -> str:
    latest, expected, soonest = one.runs_out
    if expected is None and soonest is None:
        said = f"Does not run out within {len(one.paths[1].levels) - 1} days."
    elif expected is None:
        said = f"Runs out in a heavy time only, on {_day(soonest)}."
    else:
        short = one.paths[1]
        until = f"not before {_day(latest)}" if latest else "in a light time not at all"
        said = (
            f"Falls short on {_day(expected)} by {full(short.missing_first)} tokens; "
            f"in a heavy time on {_day(soonest)}, {until}. "
            f"{plural(short.short_days, 'day')} of {len(short.levels)} fall short."
        )
    young = "" if one.uses.has_history else " Under two weeks of use: the band is a guess."
    return f"{said}{young}"


def _day(day: date | None) -> str:
    return "–" if day is None else f"{day:%a} {day.day} {day:%b}"


def losses(found: Outcome, now: datetime, zone: ZoneInfo) -> None:
    """What lapses unspent, the largest first."""
    total = sum(loss.tokens[1] for loss in found.losses)
    with card("losses"):
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                head("About to be lost", f"{full(total)} tokens lapse in {LOSS_DAYS} days when people use as much as "
                     "expected. The less they use, the more they lose" if found.losses else
                     f"Nothing lapses within {LOSS_DAYS} days")  # fmt: skip
            if found.losses:
                tables.download(lambda: tables.frame_csv(_lost(found.losses, now, zone)), "losses",
                                "Download what is about to be lost", key="losses-csv")  # fmt: skip
        if not found.losses:
            return
        number = st.column_config.NumberColumn(format="localized")
        tables.grid(_lost(found.losses, now, zone),
                    dict.fromkeys(("Expected", "Light use", "Heavy use", "Times"), number),
                    "Tokens that lapse unspent", key="lost",
                    height="content" if len(found.losses) < 9 else 340)  # fmt: skip


def _lost(found: Sequence[Loss], now: datetime, zone: ZoneInfo) -> pd.DataFrame:
    rows = [
        (loss.holder.shown, loss.tokens[1], instant(loss.first, zone, now=now), loss.times, loss.tokens[0],
         loss.tokens[2], f"{loss.label or loss.wallet} ({loss.wallet})",
         "expires" if loss.kind == "expiry" else "the plan changes")
        for loss in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["Account", "Expected", "First", "Times", "Light use", "Heavy use", "Tokens",
                                       "Why"])  # fmt: skip
