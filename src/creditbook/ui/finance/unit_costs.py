"""What a request and a thousand tokens cost, by name, and what reading from the models' caches saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from creditbook.access.values import Principal
from creditbook.reports.finance import unit_costs, usage
from creditbook.reports.finance.beneath import Bar
from creditbook.reports.finance.money import Booking
from creditbook.reports.finance.unit_costs import Per, Saved
from creditbook.reports.finance.wanted import NAMED, Named
from creditbook.reports.usage import Usage
from creditbook.store.engine import Store
from creditbook.ui import charts, page
from creditbook.ui.colour import OTHER, colour
from creditbook.ui.format import DASH, dollars_in_markdown, esc, full, inr, percent, plural, short, usd
from creditbook.ui.reading import Unread, not_read, read

from . import rows, sheets
from .margin_amounts import Nanos
from .sheets import Column, Line, Sheet
from .toolbar import Asked

PER: dict[str, Per] = {"Request": "request", "1K model tokens": "model_tokens", "1K charged tokens": "charged"}
_UNITS: dict[Per, str] = {"request": "requests", "model_tokens": "model tokens", "charged": "tokens charged"}
MOST = 10
DIGITS = 4


def show(store: Store, who: Principal, asked: Asked) -> None:
    """The whole section: figures, a ranking by name, the caches."""
    found = read(lambda: usage.total(store, who, asked.wanted))
    earlier = asked.before
    was = read(lambda: usage.total(store, who, earlier)) if earlier else None
    saved = read(lambda: unit_costs.saved_by_caching(store, who, asked.wanted))
    if isinstance(found, Unread):
        not_read("What was used", found)
        return
    if not found.requests:
        page.empty("No requests on these days", "Choose other days, or take a filter away.")
        return
    listed = [] if isinstance(saved, Unread) else saved
    _figures(found, None if was is None or isinstance(was, Unread) else was, listed, asked.booking)
    if found.unpriced:
        page.muted(f"{plural(found.unpriced, 'request')} without a price: in no cost, and left out of a request's.")
    _by_name(store, who, asked)
    if isinstance(saved, Unread):
        not_read("What caches saved", saved)
    else:
        _caches(saved, asked.booking)
    rows.show(store, who, asked.wanted, asked.booking)


def _figures(found: Usage, was: Usage | None, saved: list[Saved], booking: Booking) -> None:
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    for name, per in PER.items():
        now = unit_costs.unit_cost(found, per, booking)
        then = unit_costs.unit_cost(was, per, booking) if was else None
        known = now is not None and then is not None and then[0] > 0
        with grid.cell():
            st.metric(
                f"Cost per {name}" if per != "request" else "Cost per request",
                dollars_in_markdown(usd(now[0], DIGITS)) if now else DASH,
                percent(abs(now[0] - then[0]), then[0]) if known and now and then else None,
                delta_color="off",
                delta_arrow="up" if now and then and now[0] >= then[0] else "down",
                delta_description=dollars_in_markdown(f"vs {usd(then[0], DIGITS)}") if known and then else None,
                border=True,
                height="stretch",
                help=dollars_in_markdown(f"{_both(now)} {booking.words}"),
            )
    dollars, rupees = _saved_both(saved, booking)
    cached, read_in = sum(one.cached_tokens for one in saved), found.input_tokens
    with grid.cell():
        st.metric(
            "Saved by caches",
            dollars_in_markdown(usd(dollars)),
            border=True,
            height="stretch",
            help=dollars_in_markdown(
                f"{usd(dollars)} · {inr(rupees)}: {full(cached)} of {full(read_in)} input tokens were read from a cache"
            ),
        )


def _both(cost: tuple[int, int] | None) -> str:
    return f"{usd(cost[0], 6)} · {inr(cost[1], 4)}" if cost else "No request that has a price,"


def _by_name(store: Store, who: Principal, asked: Asked) -> None:
    with page.row():
        said = st.segmented_control(
            "Unit", list(PER), default="Request", required=True, key="per", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        split = st.segmented_control(
            "By", [name.title() for name in NAMED], default="Model", required=True, key="unit-by",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
    per = PER[said or "Request"]
    dimension: Named = {name.title(): name for name in NAMED}[split or "Model"]
    found = read(lambda: usage.by(store, who, asked.wanted, dimension))
    if isinstance(found, Unread):
        not_read(f"Cost by {dimension}", found)
        return
    _ranking(found, per, said or "Request", dimension, asked.booking)


def _ranking(found: Mapping[tuple[Any, ...], Usage], per: Per, unit: str, dimension: Named, booking: Booking) -> None:
    costs = {str(name): unit_costs.unit_cost(one, per, booking) for (name,), one in found.items()}
    known = sorted(((name, cost) for name, cost in costs.items() if cost), key=lambda pair: (-pair[1][0], pair[0]))
    unnamed, top = f"no {dimension}", known[:MOST]
    word = "request" if per == "request" else unit
    columns = (
        Nanos("usd", f"USD per {word}", "USD", opens=False),
        Nanos("inr", f"INR per {word}", "INR", opens=False),
        Nanos("cost", "Cost", "USD", opens=False),
        Column("requests", "Requests", opens=False),
        Column("tokens", "Model tokens", opens=False),
        Column("unpriced", "Unpriced", opens=False),
    )
    lines = tuple(
        Line(
            name or unnamed, (name or unnamed,),
            (*cost, one.cost_usd_nanos, one.requests, one.model_tokens, one.unpriced),
        )
        for name, cost in known
        for one in [found[name,]]
    )  # fmt: skip
    if top:
        name, cost = top[0]
        told = f"{esc(name) or unnamed} costs most: {usd(cost[0], DIGITS)} per {word}"
        if len(known) > MOST:
            told += f". The {MOST} dearest of {full(len(known))}; the table has all"
    else:
        told = f"Nothing with a price was counted in {_UNITS[per]}"
    fig = charts.ranking(
        [name or unnamed for name, _ in top],
        [cost[0] for _, cost in top],
        [(usd(cost[0], DIGITS), inr(cost[1], DIGITS)) for _, cost in top],
        [f"{_both(cost)}, {plural(found[name,].requests, 'request')}" for name, cost in top],
        insets=(92, 0),
        colours=[colour(name) if name else OTHER for name, _ in top],
    )
    sheet = Sheet(
        "unit-costs", f"Cost per {word} by {dimension}", dollars_in_markdown(told), (dimension.title(),),
        columns, lines, alt=told,
    )  # fmt: skip
    bars: list[list[Bar | None]] = [[Bar(names=((dimension, name),)) for name, _ in top]]
    sheets.draw(sheet, fig, on_pick=rows.pick(bars))


def _saved_both(saved: list[Saved], booking: Booking) -> tuple[int, int]:
    return booking.both(sum(one.saved_usd_nanos for one in saved), sum(one.saved_inr_nanos for one in saved))


def _caches(saved: list[Saved], booking: Booking) -> None:
    if not saved:
        page.empty("No cache was read", "Models that read a prompt again from their cache charge less for it.")
        return
    total = sum(one.saved_usd_nanos for one in saved)
    top, unknown = saved[:MOST], sum(one.unknown_tokens for one in saved)
    most = top[0]
    share = percent(most.saved_usd_nanos, total)
    told = f"{esc(most.model or 'no model')} saved {usd(most.saved_usd_nanos)}, {share} of it"
    both = [booking.both(one.saved_usd_nanos, one.saved_inr_nanos) for one in saved]
    columns = (
        Nanos("saved", "Saved, USD", "USD", opens=False),
        Nanos("saved-inr", "Saved, INR", "INR", opens=False),
        Column("cached", "Cached tokens", opens=False),
        Column("input", "Input tokens", opens=False),
        Column("unknown", "Without a price", opens=False),
    )
    lines = tuple(
        Line(one.model, (one.model or "no model",), (*pair, one.cached_tokens, one.input_tokens, one.unknown_tokens))
        for one, pair in zip(saved, both, strict=True)
    )
    fig = charts.ranking(
        [one.model or "no model" for one in top],
        [one.saved_usd_nanos for one in top],
        [(usd(pair[0]), percent(one.cached_tokens, one.input_tokens)) for one, pair in zip(top, both, strict=False)],
        [f"{short(one.cached_tokens)} of {short(one.input_tokens)} input tokens from the cache" for one in top],
        insets=(52, 0),
    )
    more = (
        "What the cached tokens of each day would have cost more at that day's input price, before what writing into "
        "a cache cost."
    )
    if unknown:
        more += f" {full(unknown)} cached tokens of models without a price are left out."
    sheet = Sheet(
        "caches", "Saved by caches", dollars_in_markdown(told), ("Model",), columns, lines,
        sheets.summed(("Total",), lines), f"What caches saved: {told}", more=more,
    )  # fmt: skip
    sheets.draw(sheet, fig)
