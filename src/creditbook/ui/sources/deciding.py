"""What is done about events that could not be booked: all of a source's, or those that were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.access.values import Principal
from creditbook.installation import installation
from creditbook.sources import reading
from creditbook.sources.planning import UNKNOWN
from creditbook.sources.previewing import Foreseen, foresee
from creditbook.sources.reading import Group
from creditbook.sources.values import Source
from creditbook.ui.format import plural
from creditbook.ui.page import card, head, muted, row
from creditbook.ui.reading import Unread, not_read, read

from . import acts, waiting


def show(who: Principal, source: Source, groups: Sequence[Group], now: datetime, zone: ZoneInfo) -> None:
    """What is open of a source by its reasons, and the buttons."""
    place, total = installation(), sum(one.events for one in groups)
    with card("waiting"):
        note = "Nothing of it is lost: it is booked on its own day once it can be. Choose lines to act on them alone."
        head(f"{plural(total, 'event')} not booked", note)
        chosen = waiting.table(source.source_id, groups, now, zone)
        some = chosen or list(groups)
        found = read(lambda: _foreseen(who, source, chosen))
        if isinstance(found, Unread):
            not_read("What could be done about it", found)
            return
        only, foreseen = found
        _actions(source, some, only, foreseen)
        if len(chosen) == 1:
            page = read(lambda: reading.open_events(place.store, who, source.source_id, chosen[0]))
            if not isinstance(page, Unread):
                waiting.events(chosen[0], page, now, zone)


def _foreseen(who: Principal, source: Source, chosen: Sequence[Group]) -> tuple[list[int] | None, Foreseen]:
    """Which arrivals were chosen (None: all of them), and what a replay of these would do now."""
    place = installation()
    only = reading.arrivals_of(place.store, who, source.source_id, chosen) if chosen else None
    return only, foresee(place.ledger, who, source, only)


def _actions(source: Source, some: Sequence[Group], only: list[int] | None, foreseen: Foreseen) -> None:
    booked = foreseen.books.total()
    unknown = [one for one in some if one.reason == UNKNOWN and one.account]
    with row(gap="xsmall"):
        if st.button(f"Book {plural(booked, 'event')}" if booked else "Nothing can be booked yet", type="primary",
                     icon=":material/replay:", disabled=not booked, key="sources-replay"):  # fmt: skip
            acts.ask_replay(source, only, foreseen)
        names = {one.account for one in unknown}
        if names and st.button(
            f"Open {plural(len(names), 'account')}", icon=":material/person_add:", key="sources-open"
        ):
            acts.ask_open(source, unknown)
        if only and st.button(f"Dismiss {plural(len(only), 'event')}", icon=":material/delete_sweep:",
                              key="sources-dismiss"):  # fmt: skip
            acts.ask_dismiss(source, some, only)
    if not only:
        muted("Choose lines to put them aside.")
