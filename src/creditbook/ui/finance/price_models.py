"""Models and what they cost, drawn: the ones without a price first, and every version of one model's price."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from creditbook.pricing.rates import ModelRate
from creditbook.reports.finance.prices import ModelLine, Version
from creditbook.ui import tables
from creditbook.ui.charts import shortened
from creditbook.ui.format import DASH, esc, full, inr, plural, usd
from creditbook.ui.page import card, head, muted

FEW = 14
UNNAMED = "No model named"
WHOSE = {"yours": "Yours", "installation": "Installation", "list": "Price list", "none": "None"}


def shown(line: ModelLine) -> str:
    """The model as people read it."""
    return line.shown or UNNAMED


def notice(lines: Sequence[ModelLine]) -> None:
    """Says how much usage has no price, and which model is the worst; nothing when all has."""
    without = [line for line in lines if line.unpriced]
    if not without:
        return
    many = sum(line.unpriced for line in without)
    since = min(line.unpriced_since for line in without if line.unpriced_since)
    models = plural(len(without), "model")
    verb = "has" if many == 1 else "have"
    st.warning(
        f"**{plural(many, 'request')} of {models} {verb} no price**, the first of {_day(since)}  \n"
        "What they cost is not known, and is counted as unpriced, never as \\$0. Choose a model and set its price: you "
        "see whose cost changes before anything is written.",
        icon=":material/money_off:",
    )


def table(lines: Sequence[ModelLine], opened: str | None) -> str | None:
    """Every model; returns the one that is chosen."""
    with card("models", height="stretch"):
        head("Models", f"{plural(len(lines), 'model')}. Prices in dollars per million tokens, costs as booked")
        rates = [line.rate.per_million_tokens() if line.rate else {} for line in lines]
        frame = pd.DataFrame(
            {
                "model": [shortened(shown(line), 22) for line in lines],
                "unpriced": [full(line.unpriced) if line.unpriced else "" for line in lines],
                "input": [rate.get("input", DASH) for rate in rates],
                "output": [rate.get("output", DASH) for rate in rates],
                "origin": [WHOSE[line.origin] for line in lines],
                "usd": [usd(line.cost_usd_nanos) if _is_costed(line) else DASH for line in lines],
                "inr": [inr(line.cost_inr_nanos) if _is_costed(line) else DASH for line in lines],
            }
        )
        column = st.column_config
        right: Any = {"alignment": "right"}
        columns = {
            "model": column.TextColumn("Model", width=146),
            "unpriced": column.TextColumn("Unpriced", width=64, help="Requests without a cost", **right),
            "input": column.TextColumn("Input $", width=58, **right),
            "output": column.TextColumn("Output $", width=62, **right),
            "origin": column.TextColumn("Price of", width=70, help="Whose price holds now"),
            "usd": column.TextColumn("Cost $", width=70, **right),
            "inr": column.TextColumn("Cost ₹", width=84, **right),
        }
        names = zlib.crc32("\n".join(line.name for line in lines).encode())
        picked = tables.grid(
            frame,
            columns,
            "Models with their prices, those without one first",
            height="content" if len(lines) <= FEW else FEW * tables.ROW_HEIGHT,
            key=f"models-{names}",
            on_select="rerun",
            selection_mode="single-row",
            selection_default={"selection": {"rows": [i for i, line in enumerate(lines) if line.name == opened]}},
        )
    rows: list[int] = picked.selection.rows
    return lines[rows[0]].name if rows else None


def _is_costed(line: ModelLine) -> bool:
    """Whether any of its usage has a cost: what has none is never shown as 0."""
    return line.unpriced < line.requests and not (line.unpriced and line.cost_usd_nanos == 0)


def nothing_chosen() -> None:
    """What stands where a model's form would."""
    with card("form", height="stretch"):
        head("Choose a model", "Its price, every version of it, and what another price would change.")


def versions(line: ModelLine, found: Sequence[Version]) -> None:
    """Every price of the model: the organization's own before the installation's and the list's."""
    if not line.name:
        return  # what names no model can have no price of its own
    with card("versions"):
        head(
            f"Prices of {esc(shown(line))}",
            "The organization's own comes first, then the installation's, then the list's. Dates are UTC dates. "
            "Of one date the last entered holds; nothing is ever taken out.",
        )
        if not found:
            muted("Nobody has a price for it: not you, not this installation, not the price list.")
            return
        frame = pd.DataFrame(
            {
                "": ["holds now" if one.holds else "" for one in found],
                "From": [one.valid_from.isoformat() if one.valid_from else "always" for one in found],
                "Price of": [WHOSE[one.origin] for one in found],
                "Input $": [_of(one.rate, "input") for one in found],
                "Cached $": [_of(one.rate, "cached") for one in found],
                "Cache write $": [_of(one.rate, "cache_write") for one in found],
                "Output $": [_of(one.rate, "output") for one in found],
                "Reasoning $": [_of(one.rate, "reasoning") for one in found],
                "Source": [one.source if one.rate else f"withdrawn: {one.source}" for one in found],
            }
        )
        right: Any = {"alignment": "right"}
        columns = {name: st.column_config.TextColumn(**right) for name in frame.columns if name.endswith("$")}
        tables.grid(frame, columns, f"Every price of {shown(line)}", key="versions-table")


def _of(rate: ModelRate | None, kind: str) -> str:
    return DASH if rate is None else rate.per_million_tokens().get(kind, DASH)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def in_words(rate: ModelRate) -> str:
    """A price as markdown: input and output, and what is priced apart."""
    given = rate.per_million_tokens()
    parts = [f"**\\${given[kind]}** {kind}" for kind in ("input", "output") if kind in given]
    for kind, whole in (("cached", "input"), ("reasoning", "output")):
        if kind in given and given[kind] != given.get(whole):
            parts.append(f"\\${given[kind]} {kind}")
    return ", ".join(parts) + " per million tokens"
