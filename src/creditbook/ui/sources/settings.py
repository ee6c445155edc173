"""A source as it is set up, in short; and its form with what it would do beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.access.api_keys import ApiKey
from creditbook.access.values import Principal
from creditbook.installation import installation
from creditbook.sources import reading
from creditbook.sources.previewing import foresee
from creditbook.sources.values import TITLES, Source
from creditbook.ui import address, page
from creditbook.ui.format import esc, instant
from creditbook.ui.reading import Unread, not_read, read

from . import acts, form, preview, senders, words


def card(source: Source, keys: Sequence[ApiKey], base: str, zone: ZoneInfo, now: datetime) -> None:
    """What is made of the events of this source."""
    names = {key.key_id: key.name for key in keys}
    with page.card("source", height="stretch"):
        page.head(f"{words.ICONS[source.kind]} {esc(source.name)}", words.MODE_SAYS[source.mode])
        if not source.is_on:
            st.badge("Off: what comes waits", icon=":material/pause:", color="orange")
        said = {
            "Sent by": f"{TITLES[source.kind]}, to `{words.ENDPOINTS[source.kind]}`",
            "With": esc(names.get(source.key_id, "A key that is gone")) if source.key_id else form.EVERYBODY,
            "Who it is": ", ".join(words.code(name) for name in source.who),
            "Unknown": words.UNKNOWN_SAYS[source.unknown],
        }
        picked = [f"{esc(name)} ← {words.code(one)}" for name, one in source.mapping.items()]
        picked += [f"{esc(name)} = {esc(one)}" for name, one in source.fixed.items()]
        if picked:
            said["Fields"] = ", ".join(picked)
        by = "with its first event" if source.created_by == "system" else f"made by {esc(source.created_by)}"
        said["Since"] = f"{instant(source.created_at, zone, now=now)}, {by}"
        page.facts(said)
        with page.row(gap="xsmall"):
            st.button(
                "Change settings",
                icon=":material/tune:",
                key="settings-open",
                on_click=partial(address.put, settings=1),
            )
            with st.popover("How to send", icon=":material/output:"):
                senders.one(source.kind, base)


def edit(who: Principal, source: Source, keys: Sequence[ApiKey]) -> None:
    """The form, what it would do, and the button that asks."""
    place = installation()
    arrivals = read(lambda: reading.open_events(place.store, who, source.source_id, size=200).arrivals)
    seen = [] if isinstance(arrivals, Unread) else form.seen_attributes(arrivals)
    left, right = st.columns([6, 5], gap="small")
    with left, page.card("settings"):
        terms = form.show(source, seen, keys)
    with right:
        found = read(lambda: foresee(place.ledger, who, form.as_if(source, terms.checked())))
        if isinstance(found, Unread):
            not_read("What would change", found)
            return
        preview.show(found)
        changed = terms.checked() != form.terms_of(source)
        pressed = st.button(
            "Review and save",
            type="primary",
            icon=":material/arrow_forward:",
            icon_position="right",
            disabled=not changed,
            help=None if changed else "Nothing is changed yet",
            key="settings-save",
        )
        if pressed:
            acts.ask_save(source, terms, found)
