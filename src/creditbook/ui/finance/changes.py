"""What changed since the period before, and why, drawn: a bridge from one cost to the other, and who moved it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from creditbook.reports.finance.changes import Mover, Why
from creditbook.reports.finance.usage import Holder
from creditbook.ui import charts
from creditbook.ui.colour import INK, LABEL, OTHER
from creditbook.ui.format import MINUS, dollars_in_markdown, esc, inr, percent, usd
from creditbook.ui.page import card, head, muted

SHOWN = 8
SEEN = 50_000
"""Nano-rupees from which the exchange rate is told: rounded figures that were restated differ by less."""
_EFFECTS = {
    "Volume": "more or fewer model tokens, at last period's average",
    "Mix": "other models did them",
    "Price": "what a token of the same model cost: its price, its share of output, cached and reasoning",
    "Exchange rate": "what a dollar was worth in rupees",
}


def bridge(dollars: Why, rupees: Why) -> None:
    """From the cost before to the cost now in steps that add up, in dollars; rupees beside them."""
    steps = [("Before", dollars.before, rupees.before), *_steps(dollars, rupees), ("Now", dollars.after, rupees.after)]
    whole = [("Before", "Now").count(name) == 1 for name, _, _ in steps]
    fig = charts.figure(270, hovermode="closest", showlegend=False)
    fig.add_trace(
        go.Waterfall(
            x=[name for name, _, _ in steps],
            y=[nanos / 10**9 for _, nanos, _ in steps],
            measure=["absolute" if is_whole else "relative" for is_whole in whole],
            text=[usd(n) if is_whole else _signed(n, usd) for (_, n, _), is_whole in zip(steps, whole, strict=True)],
            textposition="outside",
            textfont={"size": 12, "color": INK},
            cliponaxis=False,
            connector={"line": {"color": LABEL, "width": 1, "dash": "dot"}},
            increasing={"marker": {"color": LABEL}},
            decreasing={"marker": {"color": OTHER}},
            totals={"marker": {"color": INK}},
            customdata=[f"{_signed(d, usd)} · {_signed(r, inr)}" for _, d, r in steps],
            hovertemplate="%{x}: %{customdata}<extra></extra>",
        )
    )
    tops = [dollars.before, dollars.before + dollars.volume, dollars.after - dollars.price, dollars.after, 0]
    fig.update_yaxes(tickprefix="$", range=[min(tops) / 10**9 * 1.15, max(max(tops) / 10**9 * 1.15, 10**-6)])
    table = pd.DataFrame(
        [(name, usd(d, 6), inr(r, 4), _EFFECTS.get(name, "")) for name, d, r in _all_steps(dollars, rupees)],
        columns=["Step", "USD", "INR", "What it is"],
    )
    right = st.column_config.TextColumn(alignment="right")
    charts.chart_card(
        "changes",
        "What changed, and why",
        dollars_in_markdown(told(dollars, rupees)),
        fig,
        table,
        alt=f"Bridge of cost: {', '.join(f'{name} {usd(nanos)}' for name, nanos, _ in steps)}",
        columns={"USD": right, "INR": right},
    )


def told(dollars: Why, rupees: Why) -> str:
    """The change in one sentence, with the step that did the most of it."""
    moved = dollars.after - dollars.before
    if not moved:
        return f"{usd(dollars.after)} in both periods"
    name, most = max(dollars.effects, key=lambda effect: abs(effect[1]))
    way = "more" if moved > 0 else "less"
    return (
        f"{usd(abs(moved))} · {inr(abs(rupees.after - rupees.before))} {way} than before "
        f"({percent(abs(moved), dollars.before)}), most of it by {name.lower()}: {_signed(most, usd)}"
    )


def _steps(dollars: Why, rupees: Why) -> list[tuple[str, int, int]]:
    in_rupees = dict(rupees.effects)
    return [(name, nanos, in_rupees[name]) for name, nanos in dollars.effects]


def _all_steps(dollars: Why, rupees: Why) -> list[tuple[str, int, int]]:
    """As the table says them: the exchange rate moves rupees alone."""
    rate = [("Exchange rate", 0, rupees.rate)] if abs(rupees.rate) >= SEEN else []
    before, after = ("Before", dollars.before, rupees.before), ("Now", dollars.after, rupees.after)
    return [before, *_steps(dollars, rupees), *rate, after]


def _signed(nanos: int, write: Callable[..., str]) -> str:
    """A step with its sign; less than a cent or a paisa keeps the digits that show it."""
    sign = "+" if nanos > 0 else MINUS if nanos < 0 else ""
    return sign + (write(abs(nanos), 4) if 0 < abs(nanos) < 10**7 else write(abs(nanos)))


def movers(found: Sequence[Mover], holders: Mapping[int, Holder], choice: str, choices: Sequence[str]) -> None:
    """Who moved the cost: the most first, with both periods beside each other. Together they are all of it."""
    dimension = choice.lower()
    shown = [one for one in found if one.usd_nanos][:SHOWN]
    rest = [one for one in found if one not in shown]
    with card("movers", height="stretch"):
        head(f"Which {dimension} moved it", _note(shown, rest))
        st.segmented_control(
            "By",
            choices,
            default=choices[0],
            required=True,
            key="movers-by",
            bind="query-params",
            label_visibility="collapsed",
        )
        if not shown:
            muted("Nothing moved.")
            return
        listed = [_row(_name(one.key, holders) or f"no {dimension}", one) for one in shown]
        left = sum(one.usd_nanos for one in rest), sum(one.inr_nanos for one in rest)
        if any(left):
            before, after = (sum(getattr(one, when).cost_usd_nanos for one in rest) for when in ("was", "now"))
            listed.append(("all others", usd(before), usd(after), _signed(left[0], usd), _signed(left[1], inr), ""))
        frame = pd.DataFrame(listed, columns=["Name", "Before", "Now", "USD", "INR", ""])
        if not any(frame[""]):
            frame = frame.drop(columns="")
        right = st.column_config.TextColumn(alignment="right")
        st.dataframe(
            frame,
            hide_index=True,
            column_config=dict.fromkeys(("Before", "Now", "USD", "INR"), right),
            alt=f"Change of cost by {dimension}",
            height="content",
        )


def _name(key: Any, holders: Mapping[int, Holder]) -> str:
    return holders[key].shown if key in holders else str(key)


def _row(name: str, one: Mover) -> tuple[str, ...]:
    before, after = usd(one.was.cost_usd_nanos), usd(one.now.cost_usd_nanos)
    return name, before, after, _signed(one.usd_nanos, usd), _signed(one.inr_nanos, inr), one.state


def _note(shown: Sequence[Mover], rest: Sequence[Mover]) -> str:
    new = sum(one.state == "new" for one in (*shown, *rest))
    gone = sum(one.state == "gone" for one in (*shown, *rest))
    return esc(f"The most first; {new} new, {gone} gone")
