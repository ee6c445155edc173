"""What every page of finance is asked by: a period, filters, the period before, rupees. All of it lives in the address.

asked = toolbar.show(store, who, now)
figures = usage.by(store, who, asked.wanted, "model")
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import streamlit as st

from creditbook.access.values import Principal
from creditbook.pricing.fx import business_days, is_stale
from creditbook.reports.finance import periods, usage
from creditbook.reports.finance.books import first_booked
from creditbook.reports.finance.money import AS_BOOKED, Booking, rate_on
from creditbook.reports.finance.periods import Period
from creditbook.reports.finance.wanted import NAMED, Basis, Named, Wanted
from creditbook.store.engine import Store
from creditbook.ui import page, tables
from creditbook.ui.format import esc, plural
from creditbook.ui.reading import Unread, read

DEFAULT = "30 days"
HAPPENED, BOOKED = "When it happened", "By the books"
FROZEN, RESTATED = "As booked", "Restated"
_EMPTY: dict[str, Any] = {"agent": [], "model": [], "feature": [], "plan": [], "days-by": HAPPENED}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the toolbar says. ``before`` is the period before under the same filters, None when nothing is compared."""

    period: Period
    wanted: Wanted
    before: Wanted | None
    booking: Booking

    @property
    def words(self) -> str:
        """The days in words, against which they are held, and how rupees are told. Markdown."""
        against = f" against {page.days(self.before.first, self.before.last)}" if self.before else ""
        return f"{page.days(self.wanted.first, self.wanted.last)}{against}"


def show(
    store: Store,
    who: Principal,
    now: datetime,
    *,
    default: str = DEFAULT,
    filters: bool = True,
    compare: bool = True,
    rupees: bool = True,
    more: Callable[[], None] | None = None,
) -> Asked:
    """Draw the toolbar and say what is asked; ``more`` draws what a page puts at its end.

    ``filters``, ``compare`` and ``rupees`` leave out what a page has no use for; ``default`` is the period it begins
    with. Days are those of the organization.
    """
    today = periods.today(who, now)
    with page.row():
        period = _period(store, who, today, default)
        chosen: dict[Named, tuple[str, ...]] = {}
        basis: Basis = "event"
        if filters:
            chosen, basis = _filters(store, who)
        held = compare and st.toggle("Compare", True, key="compare", bind="query-params", help=_COMPARE)
        booking = _rupees(store, today) if rupees else AS_BOOKED
        if more is not None:
            more()
    wanted = Wanted(period.first, period.last, basis=basis)
    for dimension, names in chosen.items():
        wanted = wanted.of(dimension, *names)
    earlier = periods.before(period) if held else None
    before = wanted.moved(earlier.first, earlier.last) if earlier else None
    asked = Asked(period, wanted, before, booking)
    tables.about(who.org_slug, period.first, period.last)
    page.muted(f"{asked.words}. Days in {esc(who.org_zone or who.zone)}{_told(basis, booking, rupees)}")
    return asked


def clear() -> None:
    """Take every filter away; the period stays. A widget's callback."""
    st.session_state.update(_EMPTY)


_COMPARE = (
    "Hold every figure against the same kind of period before: this month so far against as much of the last one."
)


def _told(basis: Basis, booking: Booking, rupees: bool) -> str:
    said = " by accounting date" if basis == "accounting" else ""
    return said + (f". Rupees {esc(booking.words)}" if rupees else "")


def _period(store: Store, who: Principal, today: date, default: str) -> Period:
    name = st.selectbox(
        "Period",
        periods.PRESETS,
        periods.PRESETS.index(default),
        key="period",
        bind="query-params",
        label_visibility="collapsed",
        width=170,
    )
    if name == periods.CUSTOM:
        month = periods.month(today)
        more: dict[str, Any] = {"label_visibility": "collapsed", "width": 140, "bind": "query-params"}
        first: date | None = st.date_input("From day", month.first, key="since", **more)
        last: date | None = st.date_input("To day", today, key="until", **more)
        return periods.custom(first or month.first, last or today)
    first_ever = None
    if name == periods.ALL:
        booked = read(lambda: first_booked(store, who))
        first_ever = None if isinstance(booked, Unread) else booked
    return periods.named(name or default, today, first_ever)


def _filters(store: Store, who: Principal) -> tuple[dict[Named, tuple[str, ...]], Basis]:
    """Agents, models, features and plans behind one button that counts what is chosen, and by which date days go."""
    count = sum(_said(name) not in (empty, None) for name, empty in _EMPTY.items())
    found = read(lambda: _names(store.url, who.org_id, store, who))
    listed = {} if isinstance(found, Unread) else found
    chosen: dict[Named, tuple[str, ...]] = {}
    with st.popover(f"Filters · {count}" if count else "Filters", icon=":material/filter_list:"):
        for name in NAMED:
            chosen[name] = tuple(
                st.multiselect(
                    f"{name.title()}s",
                    listed.get(name, []),
                    key=name,
                    placeholder=f"All {name}s",
                    width=280,
                    bind="query-params",
                )
            )
        days = st.segmented_control(
            "Days", [HAPPENED, BOOKED], default=HAPPENED, required=True, key="days-by", bind="query-params", help=_BOOKS
        )
        st.button("Clear filters", on_click=clear, key="clear-filters", disabled=not count)
    return chosen, "accounting" if days == BOOKED else "event"


def _said(name: str) -> Any:
    """What a widget says that is drawn further down; on the first run what the address says for it."""
    if name in st.session_state:
        return st.session_state[name]
    listed = st.query_params.get_all(name)
    return listed if isinstance(_EMPTY.get(name), list) else (listed[0] if listed else _EMPTY.get(name))


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def _names(url: str, org_id: int, _store: Store, _who: Principal) -> dict[Named, list[str]]:
    """Names change seldom and every rerun asks: kept a minute, by database and organization."""
    return usage.names(_store, _who)


_BOOKS = "What comes late for a month that is closed counts, by the books, on the first day of the open one."


def _rupees(store: Store, today: date) -> Booking:
    restated = _said("rupees") == RESTATED
    with st.popover("₹ restated" if restated else "₹ as booked", icon=":material/currency_exchange:"):
        how = st.segmented_control(
            "Rupees", [FROZEN, RESTATED], default=FROZEN, required=True, key="rupees", bind="query-params", help=_RUPEES
        )
        if how != RESTATED:
            return AS_BOOKED
        day: date | None = st.date_input("At the rate of", today, key="rate-day", bind="query-params", width=200)
        rate = read(lambda: rate_on(store, day or today))
        if rate is None or isinstance(rate, Unread):
            page.muted("No exchange rate is known for that day: rupees stay as booked.")
            return AS_BOOKED
        page.muted(f"Rupees are {esc(Booking(rate).words)}. Nothing that is booked changes.")
        if is_stale(rate.day, day or today):
            old = plural(business_days(rate.day, day or today), "business day")
            st.markdown(f":orange[:material/schedule: :small[That rate was {old} old by then: no newer one is known.]]")
        return Booking(rate)


_RUPEES = "As booked: every request at the rate frozen on it. Restated: all dollars at one rate, to compare periods."
