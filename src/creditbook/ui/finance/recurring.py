"""Monthly recurring revenue drawn: how it moved by month, per currency and converted; who pays, and what moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import plotly.graph_objects as go

from creditbook.reports.finance import cohorts, periods, subscriptions
from creditbook.reports.finance.converting import Rate
from creditbook.reports.finance.periods import Period
from creditbook.reports.finance.subscriptions import BACK, DOWN, LOST, MOVES, NEW, UP, Life, Move, Standing
from creditbook.ui import charts
from creditbook.ui.colour import INK, LABEL
from creditbook.ui.format import DASH, esc, plural
from creditbook.ui.inbox_lines import POOL
from creditbook.ui.money import money
from creditbook.ui.page import days

from .listing import Listing, Row, of_list
from .sheets import Column, Line, Picked, Sheet, exact, month_axis, rolled, summed

SHEET, CONVERTED = "mrr", "mrr-converted"
TITLES = {NEW: "New", BACK: "Came back", UP: "Up", DOWN: "Down", LOST: "Lost"}
COLOURS = {NEW: "#0C7F74", BACK: "#5C92F4", UP: "#6D4DE0", DOWN: "#A88A1C", LOST: "#B0439A"}
LEGEND = {TITLES[what]: COLOURS[what] for what in MOVES} | {"Closing (line)": INK}
_WAS = {
    NEW: "First paid plan of an account",
    BACK: "On a paid plan again",
    UP: "A higher plan or price",
    DOWN: "A lower plan or price",
    LOST: "Fell to a free plan, or closed",
}


def sheet(lives: Sequence[Life], period: Period, currency: str) -> Sheet:
    """MRR of one currency from month to month: opening + what moved = closing, and the accounts that pay."""
    lines = [_month(lives, first, last, currency) for first, last in spans(period)]
    columns = (
        Column("opening", "Opening", currency),
        *(Column(what, TITLES[what], currency, _WAS[what]) for what in MOVES),
        Column("closing", "Closing", currency),
        Column("accounts", "Paying", "", "Accounts on a paid plan at the end"),
    )
    total = rolled(("Total",), lines, (0,), (6, 7))
    lost, closing = total.cells[5] or 0, total.cells[6] or 0
    note = f"{_said(closing, currency)} a month at the end, {_said(-lost, currency)} lost on the way"
    return Sheet(
        SHEET, f"Monthly recurring revenue, in {currency}", note, ("Month",), columns, tuple(lines), total,
        f"Monthly recurring revenue in {currency} by month: {note}", more=EXPLAINED,
    )  # fmt: skip


EXPLAINED = (
    "The price of every running plan without its tax, by the month: thirty days count 365 ÷ 360. Past due counts until "
    "it lapses, cancelled until its term ends. Packs are no part of it."
)


def spans(period: Period) -> list[tuple[date, date]]:
    """The months that a period touches, cut to its days."""
    begins = [max(period.first, month) for month in periods.months(period.first, period.last)]
    return list(zip(begins, cohorts.ends(period.first, period.last), strict=True))


def _month(lives: Sequence[Life], first: date, last: date, currency: str) -> Line:
    opening, _ = subscriptions.worth_a_month(lives, first - timedelta(days=1)).get(currency, (0, 0))
    closing, accounts = subscriptions.worth_a_month(lives, last).get(currency, (0, 0))
    moved = [move for move in subscriptions.moves(lives, first, last) if move.currency == currency]
    by_kind = [sum(move.change_minor for move in moved if move.what == what) for what in MOVES]
    return Line(f"{first:%Y-%m-%d}", (f"{first:%b %Y}",), (opening, *by_kind, closing, accounts))


def picture(found: Sheet, currency: str) -> go.Figure:
    """Bars of what came and went, and the line of what stands."""
    fig = charts.figure(270, barmode="relative", showlegend=False)
    at = [line.labels[0] for line in found.lines]
    for place, what in enumerate(MOVES, start=1):
        values = [line.cells[place] or 0 for line in found.lines]
        fig.add_bar(
            x=at, y=[float(exact(value, currency)) for value in values], name=TITLES[what],
            marker_color=COLOURS[what], customdata=[money(value, currency) for value in values],
            hovertemplate="%{customdata}",
        )  # fmt: skip
    stands = [line.cells[6] or 0 for line in found.lines]
    fig.add_scatter(
        x=at, y=[float(exact(value, currency)) for value in stands], name="Closing", mode="lines+markers",
        line_color=INK, marker_color=INK, customdata=[money(value, currency) for value in stands],
        hovertemplate="<b>%{customdata}</b>",
    )  # fmt: skip
    month_axis(fig)
    fig.update_yaxes(rangemode="tozero", zeroline=True, zerolinecolor=LABEL, tickformat=",")
    return fig


def points(found: Sheet) -> list[list[Picked | None]]:
    """What a click on the picture opens, trace by trace."""
    slugs = [*MOVES, "closing"]
    return [
        [Picked(SHEET, line.slug, slug) if line.cells[place] else None for line in found.lines]
        for place, slug in enumerate(slugs, start=1)
    ]


def converted(
    standing: dict[str, tuple[int, int]], rates: dict[tuple[str, str], Rate | None], into: Sequence[str]
) -> Sheet:
    """MRR per currency, and what that is in other currencies at the rates named below it."""
    lines = []
    for currency in sorted(standing):
        minor, accounts = standing[currency]
        cells = [(rate.of(minor) if (rate := rates[currency, to]) is not None else None) for to in into]
        lines.append(Line(currency, (currency, money(minor, currency)), (accounts, *cells)))
    columns = (Column("accounts", "Paying"), *(Column(f"in-{to}", f"In {to}", to) for to in into))
    told = sorted({rate.words for rate in rates.values() if rate is not None and rate.row is not None})
    missing = sorted({f"{base} to {quote}" for (base, quote), rate in rates.items() if rate is None})
    unknown = f" No rate is known from {', '.join(missing)}: left out of the total." if missing else ""
    return Sheet(
        CONVERTED, "Per currency, and converted", "What the plans that run at the end bring a month",
        ("Currency", "MRR"), columns, tuple(lines), summed(("Total", ""), lines) if lines else None,
        "MRR per currency and converted",
        more=esc(". ".join(told)) + ("." if told else "") + unknown, figures=("MRR",),
    )  # fmt: skip


def beneath(lives: Sequence[Life], period: Period, currency: str, picked: Picked) -> Listing | None:
    """Who stands or what moved beneath a figure of MRR; ``lives`` are as of the figure's last day."""
    span = next(((first, last) for first, last in spans(period) if f"{first:%Y-%m-%d}" == picked.line), None)
    if picked.line == "all":
        span = (period.first, period.last)
    if span is None:
        return None
    if picked.column in MOVES:
        wanted = [m for m in subscriptions.moves(lives, *span) if m.currency == currency and m.what == picked.column]
        return _moved(wanted, *span, currency, TITLES[picked.column])
    day = span[0] - timedelta(days=1) if picked.column == "opening" else span[1]
    return None if picked.column not in ("opening", "closing", "accounts") else stood(lives, day, currency)


def _moved(wanted: Sequence[Move], first: date, last: date, currency: str, title: str) -> Listing:
    change = sum(move.change_minor for move in wanted)
    rows = [
        Row(
            number,
            (f"{m.day:%d %b %Y}", m.account or POOL, m.plan_before or DASH, m.plan_after or DASH,
             money(m.change_minor, currency)),
            (m.day.isoformat(), m.account or POOL, m.plan_before, m.plan_after, exact(m.change_minor, currency)),
        )
        for number, m in enumerate(wanted)
    ]  # fmt: skip
    said = f"{plural(len(wanted), 'change')}: {money(change, currency)} a month"
    columns = ("Day", "Account", "From plan", "To plan", "Change a month")
    return Listing(f"{title}, {days(first, last)}", esc(said), columns, of_list(rows),
                   frozenset({"Change a month"}))  # fmt: skip


def stood(lives: Sequence[Life], day: date, currency: str) -> Listing:
    """Every account on a paid plan at the end of a day, the dearest first; ``lives`` may be of a later day."""
    there = [standing for life in lives if (standing := life.standing_on(day)) is not None]
    paying = [one for one in there if one.worth.is_paid and one.worth.currency == currency]
    paying.sort(key=lambda one: (-one.worth.mrr_minor, one.account))
    rows = [_standing(number, one) for number, one in enumerate(paying)]
    whole = sum(one.worth.mrr_minor for one in paying)
    said = f"{plural(len(paying), 'account')}: {money(whole, currency)} a month"
    return Listing(f"On a paid plan, {days(day, day)}", esc(said),
                   ("Account", "Plan", "Since", "A month", "State"), of_list(rows), frozenset({"A month"}))  # fmt: skip


def _standing(number: int, one: Standing) -> Row:
    state = "past due" if one.past_due else "cancelled, runs out" if one.cancelling else "active"
    account, minor, currency = one.account or POOL, one.worth.mrr_minor, one.worth.currency
    shown = (account, one.worth.title, f"{one.since:%d %b %Y}", money(minor, currency), state)
    return Row(number, shown, (account, one.worth.title, one.since.isoformat(), exact(minor, currency), state))


def _said(minor: int, currency: str) -> str:
    return esc(money(minor, currency))
