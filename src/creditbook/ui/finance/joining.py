"""Free and paid plans, and accounts by the month in which they joined, drawn: sheets, a heat map, who is in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import plotly.graph_objects as go
import streamlit as st

from creditbook.reports.finance import cohorts
from creditbook.reports.finance.cohorts import Cohort, Mix, Share
from creditbook.reports.finance.periods import Period
from creditbook.reports.finance.subscriptions import DOWN, LOST, UP, Life
from creditbook.ui import charts
from creditbook.ui.colour import INK
from creditbook.ui.format import DASH, full, percent, plural
from creditbook.ui.inbox_lines import POOL

from .listing import Listing, Row, of_list
from .sheets import Column, Line, Picked, Sheet, draw, month_axis

MIX, COHORTS, AGES = "mix", "cohorts", "ages"
PAYING, STAYING = "How soon they pay", "How long they stay"
PAID, FREE = "#1E9E75", "#7F899B"
LEGEND = {"Paid": PAID, "Free": FREE}
_FIGURES = {
    "joined": ("Joined", "Accounts whose first plan began in this month"),
    "bought": ("Paid", "Of them, those that paid for anything: a pack or a plan"),
    "subscribed": ("Subscribed", "Of them, those that were ever on a paid plan"),
    "upgrades": ("Upgrades", "Changes to a higher plan or price, however often"),
    "downgrades": ("Downgrades", "Changes to a lower plan or price, however often"),
    "churned": ("Churn", "Falls from a paid plan to a free one or to a closed account, however often"),
    "paying": ("Pay now", "On a paid plan at the end"),
    "left": ("Left", "Were on a paid plan, and are not at the end"),
    "free": ("Never subscribed", "Were never on a paid plan"),
}


def mix_sheet(lives: Sequence[Life], period: Period) -> Sheet:
    """Open accounts on free and paid plans at the end of each month, and how many there are for one that pays."""
    found = cohorts.mix(lives, cohorts.ends(period.first, period.last))
    lines = tuple(
        Line(
            f"{one.day:%Y-%m-%d}",
            (f"{one.day.day} {one.day:%b %Y}", ratio(one)),
            (one.free, one.paid, one.free + one.paid),
        )
        for one in found
    )
    columns = (Column("free", "Free"), Column("paid", "Paid"), Column("all", "All"))
    last = found[-1]
    note = f"{ratio(last)} at the end: {percent(last.paid, last.free + last.paid)} of {full(last.free + last.paid)} pay"
    return Sheet(MIX, "Free and paid", note, ("At the end of", "Free : paid"), columns, lines, None,
                 f"Open accounts on free and on paid plans by month. {note}", figures=("Free : paid",))  # fmt: skip


def ratio(one: Mix) -> str:
    """``2.7 : 1``: free accounts for each that pays."""
    return f"{one.free / one.paid:.1f} : 1" if one.paid else f"{one.free} : 0"


def mix_picture(found: Sheet) -> go.Figure:
    """Paid below, free above."""
    fig = charts.figure(230, barmode="stack", showlegend=False)
    at = [f"{date.fromisoformat(line.slug):%b %Y}" for line in found.lines]
    for place, name, colour in ((1, "Paid", PAID), (0, "Free", FREE)):
        values = [line.cells[place] or 0 for line in found.lines]
        fig.add_bar(x=at, y=values, name=name, marker_color=colour, hovertemplate="%{y}")
    charts.count_axis(fig, max((line.cells[2] or 0 for line in found.lines), default=1))
    month_axis(fig)
    return fig


def mix_points(found: Sheet) -> list[list[Picked | None]]:
    """What a click on the picture opens: the accounts of a bar."""
    return [[Picked(MIX, line.slug, slug) for line in found.lines] for slug in ("paid", "free")]


def cohort_sheet(lives: Sequence[Life]) -> Sheet:
    """One line a cohort; joined = pay now + left + never, in every line and in the total."""
    found = cohorts.cohorts(lives)
    columns = tuple(Column(slug, name, "", why) for slug, (name, why) in _FIGURES.items())
    lines = tuple(_cohort(f"{one.month:%Y-%m}", f"{one.month:%b %Y}", one) for one in found)
    whole = cohorts.total(found) if found else None
    note = "No account has joined yet"
    if whole is not None:
        note = f"{percent(whole.bought, whole.joined)} of {plural(whole.joined, 'account')} paid for anything"
        if whole.subscribed:
            note += f", {percent(whole.subscribed, whole.joined)} subscribed"
            note += f", {percent(whole.left, whole.subscribed)} of those left"
    total = _cohort("all", "Total", whole) if whole else None
    return Sheet(
        COHORTS, "By the month in which they joined", note, ("Joined in",), columns, lines, total, f"Cohorts: {note}",
        more="Joined = pay now + left + never subscribed. Click a figure for its accounts.",
    )  # fmt: skip


def _cohort(slug: str, label: str, one: Cohort) -> Line:
    return Line(slug, (label,), tuple(getattr(one, name) for name in _FIGURES))


def show_ages(lives: Sequence[Life], last: date) -> None:
    """Conversion or retention by age in months, as a heat map and as a sheet; which of them lives in the address."""
    kind = st.segmented_control(
        "Of cohorts", [PAYING, STAYING], default=PAYING, required=True, key="cohorts-by", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    draw(*ages(lives, last, kind or PAYING))


def ages(lives: Sequence[Life], last: date, kind: str) -> tuple[Sheet, go.Figure]:
    """How soon accounts of a month pay, or how long its subscribers stay: the sheet and its heat map."""
    shares = cohorts.converted(lives, last) if kind == PAYING else cohorts.kept(lives, last)
    width = max(map(len, shares.values()), default=1)
    columns = tuple(Column(f"m{age}", f"+{age}" if age else "Same month", opens=False) for age in range(width))
    lines = tuple(
        Line(
            f"{month:%Y-%m}",
            (f"{month:%b %Y}", full(row[0][1])),
            tuple(n for n, _ in row) + (None,) * (width - len(row)),
        )
        for month, row in shares.items()
    )
    said = "had paid for anything" if kind == PAYING else "were on a paid plan"
    title = kind
    whom = "of those who joined in a month" if kind == PAYING else "of those who subscribed in a month"
    note = f"How many {whom} {said} so many months later"
    heads, alt = ("Month", "Accounts"), f"{title}, by months since"
    sheet = Sheet(AGES, title, note, heads, columns, lines, None, alt, figures=("Accounts",))
    return sheet, _heat(shares, width)


def _heat(shares: Mapping[date, Sequence[Share]], width: int) -> go.Figure:
    months = list(shares)
    values = [[100 * n / of for n, of in row] + [None] * (width - len(row)) for row in shares.values()]
    words = [
        [f"{n} of {of}, {percent(n, of)}" for n, of in row] + [DASH] * (width - len(row)) for row in shares.values()
    ]
    fig = charts.figure(34 * max(len(months), 3) + 34, hovermode="closest")
    fig.add_heatmap(
        z=values, x=["same month", *(f"+{n}" for n in range(1, width))], y=[f"{month:%b %Y}" for month in months],
        customdata=words, hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>", xgap=2, ygap=2, zmin=0, zmax=100,
        colorscale=[[0, "#000011"], [1, INK]], showscale=False, hoverongaps=False, texttemplate="%{text}",
        text=[[percent(n, of) for n, of in row] + [""] * (width - len(row)) for row in shares.values()],
    )  # fmt: skip
    fig.update_yaxes(autorange="reversed", showgrid=False, type="category")
    fig.update_xaxes(type="category", side="top")
    return fig


def beneath(lives: Sequence[Life], picked: Picked) -> Listing | None:
    """The accounts beneath a figure of the mix or of a cohort."""
    if picked.sheet == MIX:
        return _of_mix(lives, picked)
    if picked.column not in _FIGURES:
        return None
    there = [one for one in lives if picked.line in ("all", f"{one.joined:%Y-%m}")]
    wanted = [one for one in there if _counts(one, picked.column)]
    title = f"{_FIGURES[picked.column][0]}, " + ("all months" if picked.line == "all" else f"joined in {picked.line}")
    return _accounts(wanted, title)


def _counts(life: Life, figure: str) -> int:
    """How often an account stands in a figure of its cohort."""
    moved = {"upgrades": UP, "downgrades": DOWN, "churned": LOST}.get(figure)
    if moved is not None:
        return sum(move.what == moved for move in life.moves)
    return {
        "joined": True,
        "bought": life.converted is not None,
        "subscribed": life.subscribed is not None,
        "paying": life.is_paying,
        "left": life.subscribed is not None and not life.is_paying,
        "free": life.subscribed is None,
    }[figure]


def _of_mix(lives: Sequence[Life], picked: Picked) -> Listing | None:
    try:
        day = date.fromisoformat(picked.line)
    except ValueError:
        return None
    there = [one for one in lives if one.joined <= day and not (one.closed is not None and one.closed <= day)]
    paid = {"paid": {True}, "free": {False}}.get(picked.column, {True, False})
    wanted = [one for one in there if cohorts.pays_on(one, day) in paid]
    return _accounts(wanted, f"{picked.column.title()}, {day.day} {day:%b %Y}")


def _accounts(wanted: Sequence[Life], title: str) -> Listing:
    rows = [_account(one) for one in sorted(wanted, key=lambda one: (one.joined, one.account))]
    columns = ("Account", "Joined", "First paid", "Subscribed", "Plan", "Changes")
    return Listing(title, plural(len(wanted), "account"), columns, of_list(rows), frozenset({"Changes"}))


def _account(one: Life) -> Row:
    days = (one.joined, one.first_paid, one.subscribed)
    plan = one.standing.worth.title if one.standing else "closed"
    shown = (one.account or POOL, *(f"{day:%d %b %Y}" if day else DASH for day in days), plan, full(len(one.moves)))
    raw = (one.account or POOL, *(day.isoformat() if day else "" for day in days), plan, len(one.moves))
    return Row(one.account_id, shown, raw)
