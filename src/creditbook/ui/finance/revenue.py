"""The frame of Revenue: which currency, the four figures, what was earned of what was sold, and what is beneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.flow import Revenue
from creditbook.reports.finance import books, converting, subscriptions
from creditbook.reports.finance.books import Books
from creditbook.reports.finance.converting import Rate
from creditbook.reports.finance.periods import Period
from creditbook.reports.finance.sales import Sale
from creditbook.reports.finance.subscriptions import Life
from creditbook.store.engine import Store
from creditbook.ui.format import dollars_in_markdown, esc, percent, plural
from creditbook.ui.money import money
from creditbook.ui.reading import Unread, not_read, read

from . import earning, joining, recurring, sheets, sold
from .listing import Listing
from .sheets import Picked, Sheet
from .toolbar import Asked

INTO = ("INR", "USD")
"""Into which currencies money of sale is converted, beside its own."""


def currency(who: Principal, found: Sequence[Sale], standing: Mapping[str, object]) -> str:
    """The currency that the page tells: the organization's, or the one chosen where it sells in several."""
    there = sorted({sale.currency for sale in found} | set(standing))
    own = who.currency if who.currency in there or not there else there[0]
    if len(there) < 2:
        return own or "INR"
    chosen = st.segmented_control(
        "Currency", there, default=own, required=True, key="currency", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    return chosen or own


def anything(months: Sequence[Books], lives: Sequence[Life]) -> bool:
    """Whether there is anything to tell: something sold, by then or before, or an account on a paid plan."""
    return any(one.revenue for one in months) or any(life.moves for life in lives)


def figures(
    store: Store, who: Principal, asked: Asked, currency: str, months: Sequence[Books], lives: Sequence[Life]
) -> None:
    """The four figures of the period, held against the period before where that is asked for."""
    now = _figures(months, lives, asked.period.last, currency)
    was = _before(store, who, asked, currency, lives)
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    for title, (minor, note) in now.items():
        old = was.get(title, (0, ""))[0] if was else 0
        with grid.cell():
            st.metric(
                title, dollars_in_markdown(money(minor, currency)),
                None if not was else percent(abs(minor - old), old),
                delta_color="off",
                delta_arrow=("up" if minor >= old else "down") if old else "off",
                delta_description=None if not was else dollars_in_markdown(f"vs {money(old, currency)}"),
                border=True, height="stretch", help=esc(note),
            )  # fmt: skip


def _figures(months: Sequence[Books], lives: Sequence[Life], last: date, currency: str) -> dict[str, tuple[int, str]]:
    of = [one.revenue.get(currency, Revenue(currency)) for one in months]
    tax, went = sum(one.tax_minor for one in of), sum(one.paid_back_minor for one in of)
    mrr, paying = subscriptions.worth_a_month(lives, last).get(currency, (0, 0))
    sold_note = f"Paid by buyers, {money(tax, currency)} of it tax; {money(went, currency)} went back"
    return {
        "Sold": (sum(one.gross_minor for one in of), sold_note),
        "Earned": (sum(one.revenue_minor for one in of), "Revenue without tax: by use, by days of plans, and breakage"),
        "Deferred": (of[-1].deferred_closing_minor if of else 0, "Paid and not earned yet at the end, without tax"),
        "MRR": (mrr, f"Of {plural(paying, 'paid plan')} at the end, without tax"),
    }


def _before(
    store: Store, who: Principal, asked: Asked, currency: str, lives: Sequence[Life]
) -> dict[str, tuple[int, str]]:
    """The same figures of the period before; none where it is not asked for or had nothing."""
    if asked.before is None:
        return {}
    first, last = asked.before.first, asked.before.last
    found = read(lambda: books.books(store, who, first, last))
    if isinstance(found, Unread):
        return {}
    told = _figures([found], lives, last, currency)
    return told if any(minor for minor, _ in told.values()) else {}


def recurring_cards(store: Store, lives: Sequence[Life], period: Period, currency: str) -> Sheet:
    """What the plans bring a month: month by month, and per currency and converted."""
    found = recurring.sheet(lives, period, currency)
    sheets.draw(found, recurring.picture(found, currency), points=recurring.points(found), legend=recurring.LEGEND)
    standing = subscriptions.worth_a_month(lives, period.last)
    known = read(lambda: rates(store, standing, period.last))
    if isinstance(known, Unread):
        not_read("Exchange rates", known)
    else:
        sheets.draw(recurring.converted(standing, known, INTO))
    return found


def joining_cards(lives: Sequence[Life], period: Period) -> list[Sheet]:
    """Who is on free and on paid plans, and how accounts of each month do."""
    mix, cohorts = joining.mix_sheet(lives, period), joining.cohort_sheet(lives)
    left, right = st.columns([6, 7], gap="small")
    with left:
        sheets.draw(mix, joining.mix_picture(mix), points=joining.mix_points(mix), legend=joining.LEGEND)
    with right:
        joining.show_ages(lives, period.last)
    sheets.draw(cohorts)
    return [mix, cohorts]


def rates(store: Store, standing: Mapping[str, object], day: date) -> dict[tuple[str, str], Rate | None]:
    """The rates that convert each currency of sale, as of a day."""
    return {(base, quote): converting.rate(store, base, quote, day) for base in standing for quote in INTO}


def beneath(
    store: Store, who: Principal, period: Period, currency: str, lives: Sequence[Life], picked: Picked
) -> Listing | None:
    """The rows beneath any figure of the page."""
    if picked.sheet == sold.SHEET:
        return sold.beneath(store, who, period, currency, picked)
    if picked.sheet in (earning.EARNED, earning.DEFERRED):
        return earning.beneath(store, who, period, currency, picked)
    if picked.sheet == recurring.SHEET:
        return recurring.beneath(lives, period, currency, picked)
    if picked.sheet == recurring.CONVERTED:
        return recurring.stood(lives, period.last, picked.line) if picked.line != "all" else None
    if picked.sheet in (joining.MIX, joining.COHORTS):
        return joining.beneath(lives, picked)
    return None
