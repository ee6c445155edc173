"""What administrators do about sources: settings saved, accounts opened, events replayed or put aside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from creditbook.domain.errors import Conflict
from creditbook.installation import installation
from creditbook.sources.previewing import Foreseen
from creditbook.sources.reading import Group, arrivals_of
from creditbook.sources.replaying import dismiss, replay
from creditbook.sources.settings import Terms, save_source
from creditbook.sources.values import Source, Taken
from creditbook.ui import address, confirm
from creditbook.ui.confirm import Act
from creditbook.ui.format import esc, full, plural
from creditbook.ui.page import card, head, muted
from creditbook.ui.session import require

from . import waiting

KEY = "sources"
MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in a sentence; what a replay made of what waited, where there was one."""

    what: str
    reason: str
    taken: Taken | None = None
    dismissed: int = 0


def ask_save(source: Source, terms: Terms, foreseen: Foreseen) -> None:
    """The question before settings are saved; what waits is booked with them where they let it."""
    booked = foreseen.books.total()
    wait = "that waits is" if booked == 1 else "that wait are"
    more = f" **{plural(booked, 'event')}** {wait} booked with it." if booked else ""
    confirm.ask(
        Act(
            KEY, "Save these settings?", f"They hold for what **{esc(terms.name)}** sends from now on.{more}",
            f"Save and book {plural(booked, 'event')}" if booked else "Save",
            "What is booked already stays as it is.", ":material/tune:", reason="",
        ),
        partial(_save, source, terms, booked),
    )  # fmt: skip


def _save(source: Source, terms: Terms, booked: int, _once: str, why: str) -> Done:
    place, who = installation(), require("admin")
    saved = save_source(place.store, who, place.clock, terms, source_id=source.source_id, reason=why)
    taken = _replayed(saved, booked, why) if booked else None
    address.clear("settings")
    return Done(f"{saved.name} is set up anew", why, taken)


def ask_replay(source: Source, only: Collection[int] | None, foreseen: Foreseen) -> None:
    """The question before what waits is tried again."""
    booked = foreseen.books.total()
    stays = f" {plural(foreseen.stays.total(), 'event')} would stay." if foreseen.stays else ""
    confirm.ask(
        Act(
            KEY, "Try again what waits?",
            f"**{plural(booked, 'event')}** of {esc(source.name)} can be booked now.{stays}",
            f"Book {plural(booked, 'event')}", "Each is booked once, on the day on which it happened.",
            ":material/replay:", reason="",
        ),
        lambda _once, why: Done("What waited was tried again", why, _replayed(source, booked, why, only)),
    )  # fmt: skip


def ask_open(source: Source, groups: Sequence[Group]) -> None:
    """The question before accounts are opened for those whom events name."""
    names = sorted({one.account for one in groups})
    events = sum(one.events for one in groups)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    listed = ", ".join(f"**{esc(name)}**" for name in names[:MOST_NAMED]) + more
    gets = "gets" if len(names) == 1 else "each gets"
    confirm.ask(
        Act(
            KEY, f"Open {plural(len(names), 'account')}?", f"{listed}: {gets} what the program opens at sign-up. "
            f"Then {plural(events, 'event is', 'events are')} booked.", f"Open {plural(len(names), 'account')}",
            "An account that is open can be closed, never deleted.", ":material/person_add:", reason="",
        ),
        partial(_open, source, names, groups),
    )  # fmt: skip


def _open(source: Source, names: Sequence[str], groups: Sequence[Group], _once: str, why: str) -> Done:
    who, ledger = require("admin"), installation().ledger
    only = arrivals_of(ledger.core.store, who, source.source_id, groups)
    for name in names:
        try:
            ledger.open_account(f"{who.org_slug}/{name}", actor=who.user_name, idempotency_key=f"source-opens/{name}")
        except Conflict:  # opened by somebody else meanwhile
            continue
    return Done(f"{plural(len(names), 'account')} opened", why, _replayed(source, len(only), why, only))


def ask_dismiss(source: Source, groups: Sequence[Group], arrivals: Sequence[int]) -> None:
    """The question before events are put aside for good."""
    events = plural(len(arrivals), "event")
    reasons = esc(" ".join(sorted({group.reason for group in groups})))
    confirm.ask(
        Act(
            KEY, f"Put {events} aside?", f"They are never booked, and are counted as dismissed. {reasons}",
            f"Dismiss {events}", "This can't be undone. Sent again, they are not booked either.",
            ":material/delete_sweep:", reason="",
        ),
        partial(_dismiss, source, tuple(arrivals)),
    )  # fmt: skip


def _dismiss(source: Source, arrivals: Sequence[int], _once: str, why: str) -> Done:
    place = installation()
    count = dismiss(place.ledger, require("admin"), source.source_id, arrivals, reason=why)
    return Done(f"{plural(count, 'event')} of {source.name} put aside", why, dismissed=count)


def _replayed(source: Source, expected: int, why: str, only: Collection[int] | None = None) -> Taken:
    """Try again what waits, as whoever is signed in now, with a bar. What is booked stays so, whatever happens then."""
    bar = st.progress(0.0, "Booking …")

    def tell(done: int) -> None:
        bar.progress(min(done / max(expected, 1), 1.0), f"{full(done)} looked at …")

    here = installation()
    return replay(here.ledger, require("admin"), source.source_id, reason=why, rejects=only, progress=tell)


def result(done: Done) -> None:
    """What was done."""
    with card("sources-done"):
        head(f":green[:material/check_circle:] {esc(done.what)}", f"By you, just now · “{esc(done.reason)}”")
        if done.taken is not None:
            taken = done.taken
            muted(f"{plural(taken.booked, 'event')} booked, {full(taken.waiting)} still waiting, "
                  f"{full(taken.rejected)} rejected.")  # fmt: skip
            for reason in taken.reasons:
                muted(f":orange[:material/schedule:] {esc(reason)}")
        st.button("Done", type="primary", key="sources-forget", on_click=_forget)


def _forget() -> None:
    confirm.clear(KEY)
    waiting.unchoose()
