"""Cost against revenue, drawn: four figures with the period before, both by day, and what each thing left over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import plotly.graph_objects as go
import streamlit as st

from creditbook.access.values import Principal
from creditbook.reports.finance import costs
from creditbook.reports.finance.costs import Costs, Margin
from creditbook.reports.finance.money import Booking
from creditbook.reports.finance.yardstick import Yardstick
from creditbook.store.engine import Store
from creditbook.ui import charts, page
from creditbook.ui.colour import INK, OTHER
from creditbook.ui.format import dollars_in_markdown, esc, inr, percent, plural, usd
from creditbook.ui.money import money as money_of
from creditbook.ui.reading import Unread, not_read, read

from . import sheets
from .margin_amounts import (
    Nanos,
    Rate,
    amount,
    in_markdown,
    margin_words,
    money_axis,
    rate,
    rate_at_most,
    rate_words,
)
from .sheets import Column, Line, Picked, Sheet

TREND = "earned-days"
COST_IN = {"USD": "cost-usd", "INR": "cost-inr"}


@dataclass(frozen=True, slots=True)
class Bar:
    """Some days together: where the bar stands, its first and last day, and what they earned and cost."""

    at: date
    first: date
    last: date
    of: Margin


def figures(found: Costs, was: Costs | None, booking: Booking) -> None:
    """Four figures; their change stays ink, for the reader knows which way is good."""
    total, money = found.total, found.measure.currency
    before = was.total if was and was.measure.currency == money else None
    usd_nanos, inr_nanos = booking.both(total.usage.cost_usd_nanos, total.usage.cost_inr_nanos)
    unpriced = f"; {plural(total.usage.unpriced, 'request')} not priced yet" if total.usage.unpriced else ""
    at_most = f"at most {in_markdown(total.at_most_nanos, money)}" if total.at_most_nanos is not None else None
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    with grid.cell():
        sold = " + ".join(money_of(minor, currency) for currency, minor in total.revenue.items())
        _metric(
            "Revenue earned", total.revenue_nanos, before.revenue_nanos if before else None, money,
            _revenue_help(found), otherwise=f"{dollars_in_markdown(sold)}, not compared",
        )  # fmt: skip
    with grid.cell():
        both = f"{usd(usd_nanos)} · {inr(inr_nanos)} {booking.words}{unpriced}"
        _metric("Cost", total.cost_nanos, before.cost_nanos if before else None, money, both)
    with grid.cell():
        _metric(
            "Margin", total.margin_nanos, before.margin_nanos if before else None, money,
            "Revenue earned less cost, both of these days", otherwise=at_most,
        )  # fmt: skip
    with grid.cell():
        now, then = rate(total), rate(before) if before else None
        change = None if now is None or then is None else (now - then) / 10
        st.metric(
            "Margin of revenue",
            rate_words(now),
            None if change is None else f"{change:+.1f} points",
            delta_color="off",
            delta_description=_rate_told(total, now, then),
            border=True,
            height="stretch",
            help="What is left of every unit earned, once the models are paid",
        )


def _rate_told(total: Margin, now: int | None, then: int | None) -> str | None:
    if now is None:
        at_most = rate_at_most(total)
        return None if at_most is None else f"at most {rate_words(at_most)}"
    return None if then is None else f"vs {rate_words(then)}"


def _metric(
    label: str, now: int | None, then: int | None, currency: str, told: str, *, otherwise: str | None = None
) -> None:
    known = now is not None and then is not None
    st.metric(
        label,
        in_markdown(now, currency),
        percent(abs((now or 0) - (then or 0)), abs(then or 0)) if known and then else None,
        delta_color="off",
        delta_arrow="up" if (now or 0) >= (then or 0) else "down",
        delta_description=f"vs {in_markdown(then, currency)}" if known else otherwise if now is None else None,
        border=True,
        height="stretch",
        help=dollars_in_markdown(told),
    )


def _revenue_help(found: Costs) -> str:
    told = []
    for currency in found.total.revenue:
        mine = [line for line in found.lines if line.currency == currency]
        used, lapsed, back = (
            money_of(sum(getattr(line, name) for line in mine), currency)
            for name in ("used_minor", "breakage_minor", "reversed_minor")
        )
        told.append(f"{used} by use and over the days of plans + {lapsed} lapsed − {back} paid back")
    return f"Net of tax, as it is earned: {'; '.join(told) or 'nothing on these days'}"


def notes(found: Costs) -> None:
    """What must be known beside the figures: rates that were used or are missing, requests without a price."""
    used, booking = found.total.usage, found.measure.booking
    usd_nanos, inr_nanos = booking.both(used.cost_usd_nanos, used.cost_inr_nanos)
    page.muted(
        dollars_in_markdown(f"Cost in both currencies: {usd(usd_nanos)} · {inr(inr_nanos)}, {esc(booking.words)}.")
    )
    for sentence in found.measure.words:
        page.muted(esc(sentence))
    if found.total.usage.unpriced:
        st.warning(
            f"**{plural(found.total.usage.unpriced, 'request')} without a price**  \nTheir cost is not in these "
            "figures, so no margin of theirs is told, only how much it can be at most. Set a price on the Prices page.",
            icon=":material/sell:",
        )


def trend(store: Store, who: Principal, found: Costs) -> None:
    """Revenue and cost side by side by day, week or month."""
    days = read(lambda: costs.by_day(store, who, found))
    if isinstance(days, Unread):
        not_read("Revenue and cost by day", days)
        return
    span = (found.wanted.last - found.wanted.first).days + 1
    step = "day" if span <= 62 else "week" if span <= 400 else "month"
    bars = _bars(days, step, found)
    best = max(bars, key=lambda bar: bar.of.at_most_nanos or 0)
    money = found.measure.currency
    when = f"on {page.days(best.first, best.first)}" if step == "day" else f"in {page.days(best.first, best.last)}"
    told = f"Most left {when}: {margin_words(best.of, money)}"
    lines = tuple(
        Line(f"{bar.first}:{bar.last}", (page.days(bar.first, bar.last),), cells(bar.of, found.measure)) for bar in bars
    )  # fmt: skip
    sheet = Sheet(
        TREND, f"Revenue and cost by {step}", dollars_in_markdown(told), (step.title(),), columns(money), lines,
        Line("all", ("Total",), cells(found.total, found.measure)), f"Revenue and cost by {step}. {told}",
    )  # fmt: skip
    points = [[Picked(TREND, line.slug, name) for line in lines] for name in ("revenue", "cost")]
    sheets.draw(sheet, _trend_figure(bars, step, money), points=points, legend={"Revenue": INK, "Cost": OTHER})


def _bars(days: Sequence[tuple[date, Margin]], step: str, found: Costs) -> list[Bar]:
    """Days put together; whatever a bar has no rate for stays unknown."""
    groups: dict[date, list[tuple[date, Margin]]] = {}
    for day, one in days:
        begins = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[step]
        groups.setdefault(begins, []).append((day, one))
    told = []
    for begins, group in groups.items():
        revenue: dict[str, int] = {}
        for _, one in group:
            for currency, minor in one.revenue.items():
                revenue[currency] = revenue.get(currency, 0) + minor
        usage = costs.added(one.usage for _, one in group)
        told.append(Bar(begins, group[0][0], group[-1][0], Margin("days", "", "", revenue, usage).by(found.measure)))
    return told


def _trend_figure(bars: Sequence[Bar], step: str, money: str) -> go.Figure:
    # Plotly hears clicks on the first trace only while its hover is unified over a day.
    fig = charts.figure(270, barmode="group", hovermode="closest", showlegend=False, bargroupgap=0.04)
    told = [_told(bar, money) for bar in bars]
    revenue, cost = ([(nanos or 0) / 1e9 for nanos in of] for of in zip(
        *((bar.of.revenue_nanos, bar.of.cost_nanos) for bar in bars), strict=True))  # fmt: skip
    for name, shade, values in (("revenue", INK, revenue), ("cost", OTHER, cost)):
        fig.add_bar(
            x=[bar.at for bar in bars], y=values, name=name, marker_color=shade, customdata=told,
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    money_axis(fig, min([*revenue, *cost]), max([*revenue, *cost]), money)
    fig.update_xaxes(tickformat="%b %Y" if step == "month" else "%e %b", nticks=10)
    return fig


def _told(bar: Bar, money: str) -> str:
    one = bar.of
    both = f"{amount(one.revenue_nanos, money)} earned<br>{amount(one.cost_nanos, money)} cost"
    return f"{page.days(bar.first, bar.last)}<br>{both}<br><b>{margin_words(one, money)} left</b>"


def cells(one: Margin, measure: Yardstick) -> tuple[int | None, ...]:
    """A line's figures, in the order of `columns`."""
    usd_nanos, inr_nanos = measure.booking.both(one.usage.cost_usd_nanos, one.usage.cost_inr_nanos)
    others = [nanos for currency, nanos in (("USD", usd_nanos), ("INR", inr_nanos)) if currency != measure.currency]
    return (one.revenue_nanos, one.cost_nanos, one.margin_nanos, rate(one), *others, one.usage.unpriced)


def columns(money: str) -> tuple[Column, ...]:
    """What every sheet of margins tells of a line."""
    return (
        Nanos("revenue", "Revenue", money, "Net of tax, as it is earned"),
        Nanos("cost", "Cost", money, "What its usage cost, as far as it is priced"),
        Nanos("margin", "Margin", money, "Revenue less cost; a dash where one of them is not known"),
        Rate("rate", "Of revenue", "", "Margin as a share of revenue", opens=False),
        *(
            Nanos(COST_IN[other], f"Cost in {other}", other, "As booked, or restated", opens=False)
            for other in COST_IN
            if other != money
        ),
        Column("unpriced", "Unpriced", "", "Requests without a price: in no cost", opens=False),
    )
