"""The frame of Revenue: which currency, the four figures, what was earned of what was sold, and what is beneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from creditbook.access.values import Principal
from creditbook.reports.finance import converting, subscriptions
from creditbook.reports.finance.converting import Rate
from creditbook.reports.finance.periods import Period
from creditbook.reports.finance.sales import MoneyBack, Sale
from creditbook.reports.finance.subscriptions import Life
from creditbook.store.engine import Store
from creditbook.ui.format import dollars_in_markdown, esc, plural
from creditbook.ui.money import money

from . import joining, recurring, sold
from .listing import Listing
from .sheets import Picked
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


def anything(found: Sequence[Sale], lives: Sequence[Life]) -> bool:
    """Whether there is anything to tell: something sold, or an account with a plan."""
    return bool(found) or any(life.moves for life in lives)


def figures(
    asked: Asked, currency: str, bought: Sequence[Sale], back: Sequence[MoneyBack], lives: Sequence[Life]
) -> None:
    """The four figures of the period."""
    own = [sale for sale in bought if sale.currency == currency]
    sold_minor, tax = sum(sale.gross_minor for sale in own), sum(sale.tax_minor for sale in own)
    paid_back = sum(one.amount_minor for one in back if one.currency == currency)
    mrr, paying = subscriptions.worth_a_month(lives, asked.period.last).get(currency, (0, 0))
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    for title, minor, note in (
        ("Sold", sold_minor, f"Paid by buyers, {money(tax, currency)} of it tax"),
        ("Tax", tax, "In what was sold"),
        ("Went back", paid_back, "Money refunded on these days, tax included"),
        ("MRR", mrr, f"Of {plural(paying, 'paid plan')} at the end, tax excluded"),
    ):
        with grid.cell():
            st.metric(
                title, dollars_in_markdown(money(minor, currency)), border=True, height="stretch",
                help=dollars_in_markdown(esc(note)),
            )  # fmt: skip


def rates(store: Store, standing: Mapping[str, object], day: date) -> dict[tuple[str, str], Rate | None]:
    """The rates that convert each currency of sale, as of a day."""
    return {(base, quote): converting.rate(store, base, quote, day) for base in standing for quote in INTO}


def beneath(
    store: Store, who: Principal, period: Period, currency: str, lives: Sequence[Life], picked: Picked
) -> Listing | None:
    """The rows beneath any figure of the page."""
    if picked.sheet == sold.SHEET:
        return sold.beneath(store, who, period, currency, picked)
    if picked.sheet == recurring.SHEET:
        return recurring.beneath(lives, period, currency, picked)
    if picked.sheet == recurring.CONVERTED:
        return recurring.stood(lives, period.last, picked.line) if picked.line != "all" else None
    if picked.sheet in (joining.MIX, joining.COHORTS):
        return joining.beneath(lives, picked)
    return None
