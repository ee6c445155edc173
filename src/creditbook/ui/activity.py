"""A team and its pool, drawn: what is left for each feature, today, the top spenders, every member, the months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.domain.units import amount
from creditbook.reports.activity import Activity, Bar, Member

from . import charts, tables
from .colour import INK, colour
from .format import DASH, countdown, day, esc, full, percent, plural, short, tone
from .offers import feature_title
from .page import card, head, muted, row

TOP = 8


def figures(found: Activity, now: datetime, zone: ZoneInfo) -> None:
    """Four figures: what is there, what today and this month took, and when it runs out."""
    today, month = sum(tokens for *_, tokens in found.today), sum(one.month for one in found.members)
    requests = sum(count for _, count, _ in found.today)
    available, unit = found.balance.available, found.program.unit
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    cells = (
        ("In the pool", amount(available, unit), "What members can spend together, held tokens left out"),
        ("Used today", short(today), f"{full(today)} tokens in {plural(requests, 'request')}"),
        ("Used this month", short(month), f"{full(month)} tokens by {plural(len(found.members), 'member')}"),
        ("Lasts until", *_lasts(found, now, zone)),
    )
    for label, value, explained in cells:
        with grid.cell():
            st.metric(label, value, border=True, height="stretch", help=explained)


def _lasts(found: Activity, now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """The day on which it is used up, or refills, and what that is reckoned by."""
    pace = f"At {short(found.pace)} tokens a day, the pace of the last seven days"
    if found.balance.available is None:
        return "for ever", "The plan is unlimited"
    if found.balance.available == 0:
        return "used up" if found.bars else DASH, "Nothing is left" if found.bars else "The pool was given nothing"
    if found.empty_at is not None:
        return day(found.empty_at.astimezone(zone)), f"{pace}, it is used up {countdown(found.empty_at, now)}"
    refills = found.balance.next_reset
    if refills is not None:
        return day(refills.astimezone(zone)), f"{pace}, it lasts until it refills {countdown(refills, now)}"
    return ("over a year", pace) if found.pace else (DASH, "Nothing was used in the last seven days, so nothing tells")


def bars(found: Activity, now: datetime, zone: ZoneInfo, shop: Path) -> None:
    """One bar for each feature, coloured by what is left; and what the plan leaves out, with the way to get it."""
    with card("features"):
        head("What is left", "By feature, in the running period" if len(found.bars) > 1 else "In the running period")
        if found.bars:
            grid = st.grid(min(5, max(3, len(found.bars))), min_column_width=150, gap=("small", "small"))
            for bar in found.bars:
                with grid.cell():
                    _bar(found, bar, now, zone)
        elif found.balance.available is not None:
            muted("The pool holds nothing.")
        if found.missing:
            _missing(found, shop)


def _bar(found: Activity, bar: Bar, now: datetime, zone: ZoneInfo) -> None:
    with st.container(key=f"{tone(bar.left, bar.of)}-bar-{bar.feature or 'any'}", gap="xsmall"):
        muted(esc(feature_title(found.program, bar.feature)) if bar.feature else "Any feature")
        st.markdown(f"**{full(bar.left)}** :small[:gray[of {full(bar.of)}]]")
        st.progress(bar.left / bar.of if bar.of else 0.0)
        muted(_fate(bar, now, zone))


def _fate(bar: Bar, now: datetime, zone: ZoneInfo) -> str:
    refills = f"refills {day(bar.refills_at.astimezone(zone))}" if bar.refills_at is not None else ""
    if not bar.left:
        return ", ".join(filter(None, ("used up", refills)))
    if bar.empty_at is not None:
        return f":orange[empty {countdown(bar.empty_at, now)}] at this pace"
    return refills or ("lasts over a year" if bar.pace else "never refills")


def _missing(found: Activity, shop: Path) -> None:
    """What a plan refuses, in the words of its refusal, and the way to the plan that has it."""
    names = ", ".join(feature_title(found.program, feature).lower() for feature in found.missing)
    above = [one for one in found.program.plans.values() if one.rank > found.plan.rank]
    better = [one for one in above if all(one.allows(feature) for feature in found.missing)]
    with row(horizontal_alignment="distribute"):
        said = esc(f"The {found.plan.title} plan does not include {names}.")
        st.markdown(f":orange[:material/lock:] {said}", width="content")
        if better:
            title = min(better, key=lambda one: one.rank).title
            st.page_link(shop, label=f"Upgrade to {esc(title)}", icon=":material/arrow_forward:")


def today(found: Activity) -> None:
    """What was done today, by feature."""
    total = sum(tokens for *_, tokens in found.today)
    with card("today", height="stretch"):
        if not found.today:
            head("Today by feature", "Nothing was used today.")
            return
        head("Today by feature", f"{plural(total, 'token')} in {plural(sum(n for _, n, _ in found.today), 'request')}")
        listed = found.today[:TOP]
        names = [feature_title(found.program, name) if name else "no feature" for name, *_ in listed]
        _ranking("today", names, [tokens for *_, tokens in listed], total, [name for name, *_ in listed])


def spenders(found: Activity, now: datetime, zone: ZoneInfo) -> None:
    """Who used most since the month began."""
    used = sorted((one for one in found.members if one.month > 0), key=lambda one: (-one.month, one.shown))[:TOP]
    total = sum(one.month for one in found.members)
    with card("spenders", height="stretch"):
        month = f"{now.astimezone(zone):%B}"
        if not used:
            head("Top spenders", f"Nobody has used anything in {month} yet.")
            return
        first = f"{esc(used[0].shown)} used {percent(used[0].month, total)} of {month}'s {plural(total, 'token')}"
        head("Top spenders", first)
        _ranking("spenders", [one.shown for one in used], [one.month for one in used], total)


def _ranking(key: str, names: Sequence[str], values: Sequence[int], total: int, identities: Sequence[str] = ()) -> None:
    fig = charts.ranking(
        names,
        values,
        [(short(value), percent(value, total)) for value in values],
        [plural(value, "token") for value in values],
        height=37 * max(len(names), 3),
        insets=(52, 0),
        colours=[colour(one) for one in identities] or [INK] * len(names),
    )
    spoken = ", ".join(f"{name} {full(value)}" for name, value in zip(names, values, strict=True))
    charts.draw(fig, key, f"{key.capitalize()}: {spoken}")


def members(found: Activity) -> None:
    """Every member: what she used, what she drew from the pool, and what her quota leaves."""
    with card("members"):
        drawn = sum(one.drawn for one in found.members)
        head("Members", f"{plural(drawn, 'token')} drawn from the pool in its running period")
        if not found.members:
            muted("Nobody draws on the pool yet.")
            return
        listed = sorted(found.members, key=lambda one: (-one.drawn, -one.month, one.shown))
        frame = pd.DataFrame(
            {
                "member": [_named(one) for one in listed],
                "drawn": [one.drawn for one in listed],
                "share": [100 * one.drawn / drawn if drawn > 0 else 0.0 for one in listed],
                "today": [one.today for one in listed],
                "month": [one.month for one in listed],
                "quota": [DASH if one.quota is None else full(one.quota) for one in listed],
                "left": [DASH if one.quota is None else full(max(0, one.quota - one.drawn)) for one in listed],
            }
        )  # fmt: skip
        column, number = st.column_config, {"format": "localized", "alignment": "right", "width": 90}
        columns = {
            "member": column.TextColumn("Member", width=190),
            "drawn": column.NumberColumn("From the pool", **number),  # type: ignore[arg-type]
            "share": column.ProgressColumn("Share", format="%.0f%%", min_value=0, max_value=100, width=120),
            "today": column.NumberColumn("Today", **number),  # type: ignore[arg-type]
            "month": column.NumberColumn("This month", **number),  # type: ignore[arg-type]
            "quota": column.TextColumn("Quota", alignment="right", width=90, help="Tokens of the pool in a period"),
            "left": column.TextColumn("Quota left", alignment="right", width=90),
        }
        more = {} if len(listed) <= 12 else {"height": 12 * tables.ROW_HEIGHT}
        tables.grid(frame, columns, "What each member used and drew from the pool", key="members-table", **more)


def _named(one: Member) -> str:
    return one.shown if one.status == "active" else f"{one.shown} ({one.status})"


def months(found: Activity) -> None:
    """What the team used month by month."""
    if not found.months:
        return
    labels = [f"{first:%b %y}" for first, _ in found.months]
    values = [tokens for _, tokens in found.months]
    best = max(range(len(values)), key=values.__getitem__)
    fig = charts.figure(170, showlegend=False, hovermode="closest")
    fig.add_bar(x=labels, y=values, marker_color=INK, width=min(0.6, 0.12 * len(values)),
                hovertemplate="%{x}: %{y:,} tokens<extra></extra>")  # fmt: skip
    fig.update_xaxes(type="category")
    charts.count_axis(fig, max(*values, 1, 0))
    note = f"Most in {labels[best]}: {plural(values[best], 'token')}"
    table = pd.DataFrame({"Month": labels, "Tokens": values})
    charts.chart_card("by-month", "By month", note, fig, table, alt=f"Tokens by month. {note}",
                      columns={"Tokens": st.column_config.NumberColumn(format="localized")})  # fmt: skip
