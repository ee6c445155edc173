"""Overview drawn: the one number and how long it lasts, the next reset, readiness, the latest lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.domain.units import amount, available_words, insufficient, remaining_words
from creditbook.reports.history import Line
from creditbook.reports.overview import Trend
from creditbook.reports.standing import Coming, Held, Standing
from creditbook.site import PAGES

from . import charts
from .format import countdown, day, esc, full, instant, plural, short, signed, when
from .kinds import kind_name, wallet_name
from .lines import title
from .page import card, dot, head, muted, numbers, row
from .trends import horizon, refill


def hero(now: datetime, found: Standing, trend: Trend | None, zone: ZoneInfo) -> None:
    """The number, what it means in time, and how it went; without a trend the number stands alone."""
    balance = found.balance
    with card("hero", height="stretch"):
        with row(vertical_alignment="bottom"):
            big, beside = _big(found)
            st.metric("Available", big, width="content", help=_unit_help(found))
            if beside:
                with st.container(key="hero-unit", width="content"):
                    st.markdown(beside, width="content")
        if trend is not None:
            st.markdown(_lasts(found, trend, zone))
            if balance.available is not None and len(trend.closes) > 1:
                spoken = f"Available tokens over the last {len(trend.closes)} days, now {full(balance.available)}"
                charts.draw(horizon(now, balance.available, found, trend, zone), "horizon", spoken)
        for hold in found.holds:
            muted(_held(hold, now, zone))
        if balance.debt:
            owed = plural(balance.debt, "token")
            muted(f":material/balance: {owed} of debt: the next tokens repay it before they can be spent.")


def _big(found: Standing) -> tuple[str, str]:
    available, unit = found.balance.available, found.program.unit
    if available is None:
        return "Unlimited", ""
    big, _, beside = available_words(available, unit).partition(" • ")
    if not beside:
        return full(available), f":gray[{'Token' if available == 1 else 'Tokens'} Available]"
    return big, f":gray[•] **{full(available)}** :gray[{'Token' if available == 1 else 'Tokens'} Available]"


def _unit_help(found: Standing) -> str:
    unit = found.program.unit
    if unit.tokens_per_credit > 1:
        return f"1 {unit.singular} is {full(unit.tokens_per_credit)} tokens."
    return "What can be spent now: posted, less what is held or blocked."


def _held(hold: Held, now: datetime, zone: ZoneInfo) -> str:
    job = esc(hold.project or hold.action.replace("_", " "))
    since = when(hold.since, now, zone)
    return (
        f":material/hourglass_top: {full(hold.tokens)} held for **{job}** ({since}); what it does not use comes back."
    )


def _lasts(found: Standing, trend: Trend, zone: ZoneInfo) -> str:
    if found.balance.available is None:
        return f"Your plan **{esc(found.plan.title)}** is unlimited: work is recorded and costs you no tokens."
    if not trend.ever_used:
        return "How long this lasts is told here once something is used."
    if found.balance.available == 0:
        brings = refill(found)
        return "Nothing is left." + (f" It refills on **{day(brings.at.astimezone(zone))}**." if brings else "")
    if not trend.pace:
        return "Nothing was used in the last seven days, so nothing tells how long this lasts."
    pace = f"{trend.pace:.1f}".rstrip("0").rstrip(".") if trend.pace < 10 else short(trend.pace)
    said = f"At **{pace} {'token' if pace == '1' else 'tokens'} a day** this lasts "
    if trend.empty_at is None:
        return said + "for more than a year."
    said += f"until **{day(trend.empty_at.astimezone(zone))}**."
    brings = refill(found)
    if brings is not None and brings.at < trend.empty_at:
        said += f" It refills before that, on **{day(brings.at.astimezone(zone))}**."
    return said


def resets(now: datetime, found: Standing, zone: ZoneInfo) -> None:
    """When the next reset comes, in which time zone, and what it brings."""
    with card("refill", height="stretch"):
        given = [line for line in found.coming if line.kind == "reset"]
        if not given:
            st.metric("Next reset", "none")
            muted("Nothing of this account refills by itself.")
            return
        local = given[0].at.astimezone(zone)
        st.metric("Next reset", countdown(given[0].at, now), help=f"{local:%A %-d %B %Y, %H:%M:%S %z}")
        for line in _together(given)[:3]:
            soon = "" if line.at == given[0].at else f" · {countdown(line.at, now)}"
            st.markdown(f"{_brings(line, found)}  \n:gray[{instant(line.at, zone, now=now)} · {zone.key}{soon}]")


def _together(given: list[Coming]) -> list[Coming]:
    """The account's own resets line by line, the team's as one for each moment."""
    moments = dict.fromkeys(line.at for line in given if line.of_pool)
    team = [
        replace(next(one for one in given if one.at == at and one.of_pool), wallet_id=0,
                tokens=sum(one.tokens for one in given if one.at == at and one.of_pool))
        for at in moments
    ]  # fmt: skip
    return sorted([*(line for line in given if not line.of_pool), *team], key=lambda line: line.at)


def _brings(line: Coming, found: Standing) -> str:
    if line.of_pool:
        return f"The team's tokens back to **{full(line.tokens)}**"
    said = f"{esc(wallet_name(line.wallet_type, line.wallet_label))} wallet back to **{full(line.tokens)}**"
    rolled = sum(other.tokens for other in found.coming if other.kind == "rollover" and other.at == line.at)
    return f"{said}, and **{full(rolled)}** roll over" if rolled else said


def ready(found: Standing) -> None:
    """Whether the program's main work can start now, and what is missing if not."""
    program, balance = found.program, found.balance
    if not program.ready_action:
        return
    action = program.actions.get(program.ready_action)
    work = esc((action.title if action and action.title else program.ready_action.replace("_", " ")).lower())
    with card("ready"):
        if balance.status != "active":
            st.badge(f"Not ready: the account is {balance.status}", icon=":material/ac_unit:", color="blue")
        elif not found.work_in_plan:
            st.badge(f"{work.capitalize()} is not in your plan", icon=":material/lock:", color="orange")
        elif found.for_work is None or found.for_work >= program.ready_tokens:
            st.badge(f"Ready for {work}", icon=":material/check_circle:", color="green")
        else:
            st.badge(f"Not ready for {work}", icon=":material/error:", color="red")
        muted(_ready_note(found))


def _ready_note(found: Standing) -> str:
    need, available = found.program.ready_tokens, found.for_work
    said = f"It needs {amount(need, found.program.unit, up=True)}"
    if not found.work_in_plan:
        return f"{said}, and a plan that has it."
    if available is None:
        return f"{said}, and nothing is counted under your plan."
    if available < need:
        missing = need - available
        return f"{said}; {full(missing)} {'is' if missing == 1 else 'are'} missing."
    return f"{said}. What you have is enough for {full(available // max(need, 1))}."


def notice(now: datetime, found: Standing, trend: Trend | None, zone: ZoneInfo, low: int | None = None,
           *, links: bool = True) -> None:  # fmt: skip
    """At most one notice: what is the case, what stays yours, what comes next. ``low`` is where tokens run low.

    Without ``links`` nothing leads to the shop, which is the visitor's own.
    """
    balance, program = found.balance, found.program
    brings, unlimited = refill(found), found.for_work is None
    after = f" Next reset: {instant(brings.at, zone, now=now)} · {countdown(brings.at, now)}." if brings else ""
    if balance.status == "frozen":
        kept = "Nothing can be spent. Time runs on and your tokens stay yours: ask an administrator."
        st.info(f"**This account is frozen**  \n{kept}", icon=":material/ac_unit:")
    elif balance.status == "closed":
        st.info("**This account is closed**  \nIts history stays readable.", icon=":material/lock:")
    elif balance.available == 0 and balance.posted:
        waits = f"{full(balance.held)} tokens are held and {full(balance.blocked)} blocked."
        st.warning(f"**Nothing can be spent right now**  \n{waits}{after}", icon=":material/hourglass_top:")
    elif balance.available == 0:
        left = f"{remaining_words(0, program.unit)}."
        st.error(f"**{esc(insufficient(program.unit))}**  \n{esc(left)}{after}", icon=":material/error:")
        if links:
            st.page_link(PAGES / "account" / "plans.py", label=_way_out(found), icon=":material/upgrade:")
    elif program.ready_action and found.work_in_plan and (found.for_work or 0) < program.ready_tokens and not unlimited:
        missing = full(program.ready_tokens - (found.for_work or 0))
        st.warning(f"**Not enough to start**  \n{missing} tokens are missing.{after}", icon=":material/schedule:")
    elif balance.available is not None and low is not None and balance.available <= low:
        left = f"{amount(balance.available, program.unit)} left, and low begins at {amount(low, program.unit)}."
        st.warning(f"**Running low**  \n{left}{after}", icon=":material/trending_down:")
    elif trend is not None and not trend.ever_used:
        waits = "Your tokens are here. The first work appears on this page a moment after it starts."
        st.info(f"**Nothing spent yet**  \n{waits}", icon=":material/waving_hand:")


def _way_out(found: Standing) -> str:
    """What the way to more tokens is called: the next plan above, else what is for sale."""
    higher = [plan for plan in found.program.plans.values() if plan.rank > found.plan.rank]
    return f"Upgrade to {min(higher, key=lambda plan: plan.rank).title}" if higher else "Plans & packages"


def latest(lines: tuple[Line, ...], now: datetime, zone: ZoneInfo, everything: Path | None) -> None:
    """The last lines of the history; ``everything`` is the page that shows them all, None where none is linked."""
    with card("latest", height="stretch"):
        head("Latest activity", f"Times in {zone.key}")
        if not lines:
            muted("Nothing has happened yet. The first work appears a moment after it starts.")
            return
        frame = pd.DataFrame([(_latest(line, now, zone), line.change) for line in lines], columns=["what", "change"])
        shown = numbers(frame, change=signed)
        st.table(shown, border="horizontal", hide_header=True, hide_index=True, alt="The latest lines")
        if everything is not None:
            st.page_link(everything, label="All history", icon=":material/arrow_forward:", icon_position="right")


def _latest(line: Line, now: datetime, zone: ZoneInfo) -> str:
    mark = dot(line.agent) if line.agent else f":gray[{kind_name(line.kind)}]"
    return f"{esc(title(line))}  \n:small[{mark} :gray[· {when(line.event_at, now, zone)}]]"
