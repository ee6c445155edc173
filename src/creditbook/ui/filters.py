"""The filters that pages of usage share; what is chosen lives in the address, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from creditbook.access.values import Principal
from creditbook.reports import usage
from creditbook.store.engine import Store

from .reading import Unread, read

EMPTY: dict[str, Any] = {"agent": [], "model": [], "since": None, "until": None}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is filtered by; nothing chosen lets everything pass. Days are local and included."""

    agents: tuple[str, ...]
    models: tuple[str, ...]
    since: date | None
    until: date | None


def popover(store: Store, who: Principal, on_change: Callable[[], None] | None = None) -> Chosen:
    """Agents, models and days behind one button that counts what is chosen."""
    count = sum(bool(st.session_state.get(name)) for name in EMPTY)
    more: dict[str, Any] = {"bind": "query-params", "on_change": on_change or "rerun"}
    with st.popover(f"Filters · {count}" if count else "Filters", icon=":material/filter_list:"):
        agents = st.multiselect(
            "Agents", _names(store, who, "agent"), key="agent", placeholder="All agents", width=280, **more
        )
        models = st.multiselect(
            "Models", _names(store, who, "model"), key="model", placeholder="All models", width=280, **more
        )
        since: date | None = st.date_input("From day", None, key="since", width=280, **more)
        until: date | None = st.date_input("To day", None, key="until", width=280, **more)
    return Chosen(tuple(agents), tuple(models), since, until)


def _names(store: Store, who: Principal, dimension: usage.Dimension) -> list[str]:
    """Names to choose from; none when they can't be read, for then the page itself says so."""
    found = read(lambda: usage.names(store, who, dimension))
    return [] if isinstance(found, Unread) else found


def clear(**further: Any) -> None:
    """Take every filter away, these ones and the page's own."""
    st.session_state.update(EMPTY | further)
