"""A source's settings, to be changed; beside them what waits, as it would be booked under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from creditbook.access.api_keys import ApiKey
from creditbook.sources.reading import Arrival
from creditbook.sources.settings import LONGEST_NAME, MAPPABLE, Terms
from creditbook.sources.values import MODES, UNKNOWN, WHO, Source
from creditbook.ui import address
from creditbook.ui.page import head, muted

from . import words

EVERYBODY = "Every key without a source of its own"
_FIELD, _FROM, _VALUE = "Field", "Attribute", "Or this value"


def terms_of(source: Source) -> Terms:
    """A source's settings as they are."""
    return Terms(source.name, source.kind, source.mode, source.unknown, source.who, source.mapping, source.fixed,
                 source.key_id, source.is_on)  # fmt: skip


def as_if(source: Source, terms: Terms) -> Source:
    """The source with these settings, kept nowhere."""
    return replace(source, name=terms.name, mode=terms.mode, unknown=terms.unknown, who=terms.who,
                   mapping=terms.mapping, fixed=terms.fixed, key_id=terms.key_id, is_on=terms.is_on)  # fmt: skip


def seen_attributes(arrivals: Sequence[Arrival]) -> list[str]:
    """What came with the events that wait, the most frequent first: what settings may pick from."""
    counts: dict[str, int] = {}
    for arrival in arrivals:
        for name in arrival.attributes:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))


def show(source: Source, seen: Sequence[str], keys: Sequence[ApiKey]) -> Terms:
    """The form; returns what it says now."""
    key = f"source-{source.source_id}"
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        head("Settings", "What is made of the events that come from now on, and of those that wait once replayed")
        st.button("Close", icon=":material/close:", type="tertiary", key="settings-close",
                  on_click=address.clear, args=("settings",))  # fmt: skip
    name = st.text_input("Name", source.name, max_chars=LONGEST_NAME, key=f"{key}-name") or ""
    mode: Any = st.segmented_control("What it does", MODES, default=source.mode, required=True, key=f"{key}-mode",
                                     format_func=lambda one: words.MODE[one])  # fmt: skip
    muted(words.MODE_SAYS[mode or source.mode])
    who = st.multiselect(
        "Who it is", list(dict.fromkeys([*source.who, *WHO[source.kind], *seen])), source.who, accept_new_options=True,
        key=f"{key}-who", help="Attributes that name the account, by its name or its id in your application. The first "
        "that an event has is taken.",
    )  # fmt: skip
    unknown: Any = st.segmented_control("Who has no account", UNKNOWN, default=source.unknown,
                                        required=True, key=f"{key}-unknown",
                                        format_func=lambda one: words.UNKNOWN[one])  # fmt: skip
    muted(words.UNKNOWN_SAYS[unknown or source.unknown])
    mapping, fixed = _fields(source, seen, key)
    key_id = _key(source, keys, key)
    is_on = st.toggle("On", value=source.is_on, key=f"{key}-on", help="Off: what comes waits, nothing is booked.")
    return Terms(name, source.kind, mode or source.mode, unknown or source.unknown, tuple(who), mapping, fixed,
                 key_id, is_on)  # fmt: skip


def _fields(source: Source, seen: Sequence[str], key: str) -> tuple[dict[str, str], dict[str, str]]:
    """Fields that are picked from an attribute, or have a value of their own."""
    names = list(dict.fromkeys([*source.mapping, *source.fixed]))
    frame = pd.DataFrame(
        [(name, source.mapping.get(name), source.fixed.get(name)) for name in names], columns=[_FIELD, _FROM, _VALUE],
        dtype=object,
    )  # fmt: skip
    # Drawn only when asked for: most senders' words say all by themselves.
    if not st.toggle("Fields from other attributes, or with a value of their own", bool(names), key=f"{key}-picks"):
        return {}, {}
    muted("A field is taken from an attribute, else it has this value; both win over what the sender says.")
    column = st.column_config
    edited = st.data_editor(
        frame, num_rows="dynamic", hide_index=True, key=f"{key}-fields",
        column_config={
            _FIELD: column.SelectboxColumn(options=[*MAPPABLE, "account"], required=True, width=120),
            _FROM: column.SelectboxColumn(options=list(dict.fromkeys([*source.mapping.values(), *seen])), width=190),
            _VALUE: column.TextColumn(width=130),
        },
    )  # fmt: skip
    mapping = {row[_FIELD]: row[_FROM] for row in _rows(edited) if row[_FROM]}
    fixed = {row[_FIELD]: row[_VALUE] for row in _rows(edited) if row[_VALUE]}
    return mapping, fixed


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    plain = frame.astype(object).where(frame.notna(), "")
    return [row for row in plain.to_dict("records") if row[_FIELD]]


def _key(source: Source, keys: Sequence[ApiKey], key: str) -> int | None:
    """Whose events these are."""
    usable = [one for one in keys if one.key_id == source.key_id or (one.revoked_at is None and "spend" in one.scopes)]
    names = {EVERYBODY: None} | {f"{one.name} ({one.shown}…)": one.key_id for one in usable}
    shown = list(names)
    at = next((n for n, name in enumerate(shown) if names[name] == source.key_id), 0)
    chosen = st.selectbox("Takes what is sent with", shown, at, key=f"{key}-key")
    return names[chosen]
