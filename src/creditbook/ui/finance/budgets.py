"""Budgets, drawn: how each stands in its month, whether it will hold, and whom it tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import streamlit as st

from creditbook.access.values import Principal
from creditbook.alerts.budgets import Budget
from creditbook.domain import budgets as rules
from creditbook.domain.budgets import Scope, Standing, Verdict
from creditbook.domain.calendar import add_months
from creditbook.ui import address, charts, confirm, page
from creditbook.ui.colour import INK, LABEL, OTHER
from creditbook.ui.confirm import Act
from creditbook.ui.format import dollars_in_markdown, esc, percent, plural, when
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

from . import budget_form, sheets
from .budget_words import outlook, service
from .margin_amounts import Nanos, amount, money_axis
from .sheets import Line, Sheet

CHOSEN = "budget"
MONTHS = 12
_BADGES: dict[Verdict, tuple[str, str, str]] = {
    Verdict.OVER: ("Overspent", ":material/error:", "red"),
    Verdict.BREAKS: ("Won't hold", ":material/trending_up:", "orange"),
    Verdict.HOLDS: ("Will hold", ":material/check_circle:", "green"),
    Verdict.KEPT: ("Kept", ":material/check_circle:", "green"),
    Verdict.TOO_EARLY: ("Too early to tell", ":material/hourglass_empty:", "gray"),
}
_URGENT = (Verdict.OVER, Verdict.BREAKS, Verdict.TOO_EARLY, Verdict.HOLDS, Verdict.KEPT)


def show(who: Principal, now: datetime) -> None:
    """The whole section: the month, its budgets, the days of one of them, and a new one."""
    zone = ZoneInfo(who.org_zone or who.zone)
    running = rules.month_of(now.astimezone(zone).date())
    month = _month(running)
    budget_form.said()
    found = read(lambda: service(who).listed(month))
    if isinstance(found, Unread):
        not_read("The budgets", found)
        return
    chosen = _chosen(found)
    left, right = st.columns([17, 10], gap="small")
    with left:
        if not found:
            _nothing(month, running)
        for one in sorted(found, key=lambda one: (_URGENT.index(one.standing.verdict), one.terms.name.casefold())):
            _card(one, now, zone, is_running=month == running)
            if one is chosen:
                _days(one)
    with right:
        if month == running:
            budget_form.form(who, running)
        else:
            page.empty("A month that is over", "Choose the running month to set a budget.")


def _month(running: date) -> date:
    months = [add_months(running, -n) for n in range(MONTHS)]
    words = {f"{month:%b %Y}": month for month in months}
    with page.row():
        said = st.selectbox(
            "Month", list(words), key="month", bind="query-params", label_visibility="collapsed", width=150
        )
        page.muted("Costs by the day on which they happened, as booked.", width="content")
    return words.get(said or "", running)


def _nothing(month: date, running: date) -> None:
    if month == running:
        page.empty(
            "No budget yet",
            "Set what all models, one agent, model or feature may cost in a month. You see whether it will hold, and "
            "are told at 80% and when it is used up.",
        )
    else:
        page.empty(f"No budget in {month:%B %Y}", "Budgets hold from the month in which they are set.")


def _chosen(found: Sequence[Budget]) -> Budget | None:
    """The budget whose days are drawn: the one in the address, else the one that is closest to its end."""
    asked = address.number(CHOSEN)
    by_id = {one.budget_id: one for one in found}
    if asked in by_id:
        return by_id[asked]
    return max(found, key=lambda one: one.standing.actual_nanos / one.terms.amount_nanos, default=None)


def _card(one: Budget, now: datetime, zone: ZoneInfo, *, is_running: bool) -> None:
    standing, currency = one.standing, one.terms.currency
    with page.card(f"budget-{one.budget_id}"):
        with page.row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                st.header(esc(one.terms.name), anchor=False)
                page.muted(f"{_about(one)} · {_spell(one.terms.month)}")
            words, icon, tone = _BADGES[standing.verdict]
            st.badge(words, icon=icon, color=tone)  # type: ignore[arg-type]
        _bar(one)
        spent, whole = amount(standing.actual_nanos, currency), amount(standing.amount_nanos, currency)
        share = percent(standing.actual_nanos, standing.amount_nanos)
        st.markdown(dollars_in_markdown(f"**{spent}** of {whole} spent, {share}. {outlook(standing, currency)}"))
        with st.container(gap=None):
            if one.unpriced:
                page.muted(f":material/sell: {plural(one.unpriced, 'request')} without a price: in none of it.")
            page.muted(_telling(one, now, zone))
        with page.row(gap="xsmall"):
            st.button("Days", key=f"days-{one.budget_id}", icon=":material/show_chart:", on_click=_choose, args=(one,))
            if is_running:
                _acts(one)


def _bar(one: Budget) -> None:
    standing = one.standing
    left = max(0, standing.left_nanos)
    mark = "ok" if left * 4 > standing.amount_nanos else "low" if left * 5 > standing.amount_nanos else "out"
    with st.container(key=f"{mark}-budget-{one.budget_id}"):
        st.progress(min(1.0, max(0.0, standing.actual_nanos / standing.amount_nanos)))


def _about(one: Budget) -> str:
    if one.terms.scope is Scope.TOTAL:
        return "All cost"
    return f"{one.terms.scope.value.title()} {page.dot(one.terms.subject)}"


def _spell(month: date | None) -> str:
    return "every month" if month is None else f"{month:%B %Y} only"


def _telling(one: Budget, now: datetime, zone: ZoneInfo) -> str:
    if not one.where:
        return ":material/notifications_off: Nobody is told: it has no address."
    where = esc(one.where).replace("@", "@\u2060").replace("//", "\u2060//")
    if not one.is_on:
        return f":material/notifications_off: Alerts to {where} are off."
    said = [
        f"{told.percent}% told {when(told.at, now, zone)}"
        if not told.error
        else f":red[{told.percent}% did not arrive {when(told.at, now, zone)}: {esc(told.error)}]"
        for told in one.told
    ]
    return f":material/notifications_active: Tells {where} at 80% and when it is used up. " + " · ".join(said[-3:])


def _choose(one: Budget) -> None:
    address.put(**{CHOSEN: one.budget_id})


def _acts(one: Budget) -> None:
    name = esc(one.terms.name)
    if one.where:
        label = "Turn alerts off" if one.is_on else "Turn alerts on"
        if st.button(label, key=f"mute-{one.budget_id}", type="tertiary"):
            effect = "Nobody is told any more" if one.is_on else "Whoever is to be told hears of it again"
            act = Act(f"mute-{one.budget_id}-sure", f"{label}?", f"**{name}**: {effect}.", label, reason="")
            confirm.ask(act, partial(_switch, one))
    if st.button("End", key=f"end-{one.budget_id}", type="tertiary"):
        act = Act(
            f"end-{one.budget_id}-sure", "End this budget?", f"**{name}** is watched no more.", "End budget",
            "Months that are over keep it. Its address is forgotten.", reason="",
        )  # fmt: skip
        confirm.ask(act, partial(_end, one))


def _switch(one: Budget, _once: str, why: str) -> bool:
    service(require("finance", "admin")).switch(one.budget_id, on=not one.is_on, reason=why)
    budget_form.say("Alerts are off." if one.is_on else "Alerts are on again.")
    return True


def _end(one: Budget, _once: str, why: str) -> bool:
    service(require("finance", "admin")).end(one.budget_id, reason=why)
    budget_form.say(f"{esc(one.terms.name)} has ended.")
    return True


def _days(one: Budget) -> None:
    """A budget's month day by day: what was spent, and where it goes."""
    standing, currency = one.standing, one.terms.currency
    lines = tuple(
        Line(day.isoformat(), (page.days(day, day), kind), (total, standing.amount_nanos - total))
        for kind, path in (("spent", standing.path), ("projected", standing.ahead[1:]))
        for day, total in path
    )
    if not lines:
        return
    sheet = Sheet(
        f"budget-{one.budget_id}-days", f"{esc(one.terms.name)}, {standing.month:%B %Y}",
        "Projected: booked, and for every day to come the average of its weekday over four weeks",
        ("Day", ""), (Nanos("so-far", "Spent by its end", currency, opens=False),
                      Nanos("left", "Left", currency, opens=False)), lines,
        alt=dollars_in_markdown(f"Spent so far and projected. {outlook(standing, currency)}"),
    )  # fmt: skip
    sheets.draw(sheet, _figure(standing, currency), legend={"Spent": INK, "Projected": OTHER})


def _figure(standing: Standing, currency: str) -> go.Figure:
    fig = charts.figure(230, showlegend=False)
    for name, path, line in (
        ("spent", standing.path, {"color": INK, "width": 2.5}),
        ("projected", standing.ahead, {"color": OTHER, "width": 2, "dash": "dot"}),
    ):
        fig.add_scatter(
            x=[day for day, _ in path], y=[total / 1e9 for _, total in path], mode="lines", name=name, line=line,
            customdata=[amount(total, currency) for _, total in path], hovertemplate="%{customdata}",
        )  # fmt: skip
    fig.add_hline(
        y=standing.amount_nanos / 1e9, line_width=1.5, line_color=LABEL,
        annotation_text=f"budget {amount(standing.amount_nanos, currency)}", annotation_position="top left",
        annotation_font={"size": 12, "color": LABEL},
    )  # fmt: skip
    highest = max(standing.amount_nanos, standing.projected_nanos or standing.actual_nanos)
    fig.update_yaxes(range=[0, highest * 1.15 / 1e9])
    money_axis(fig, 0, highest * 1.15 / 1e9, currency)
    fig.update_xaxes(
        tickformat="%e %b", nticks=10, hoverformat="%a %e %b", range=[standing.month, rules.last_of(standing.month)]
    )
    return fig
