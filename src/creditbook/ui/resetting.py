"""Resets, drawn: how they stand in each time zone, what a run would do, the run, and what it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.installation import installation
from creditbook.ledger.sweeping import SweepReport
from creditbook.reports import due
from creditbook.reports.due import Foreseen
from creditbook.reports.grants import Receiver
from creditbook.reports.resets import Health, Run
from creditbook.store.directory import AccountRef

from . import confirm, tables
from .confirm import Act
from .format import DASH, countdown, esc, full, instant, plural, signed, when, zone_mark
from .page import card, head, muted, row
from .reading import Unread, not_read, read
from .session import require

AT_ONCE = 300
"""Up to so many accounts are looked at without asking; more take a press of a button."""
SHOWN = 12
_SEEN = "resets-foreseen"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a run did, and why it was run."""

    report: SweepReport
    reason: str


def health(found: Health, zone: ZoneInfo) -> None:
    """Due, done and late per time zone."""
    with card("health", height="stretch"):
        head(_verdict(found), _verdict_note(found, zone))
        if not found.zones:
            return
        frame = pd.DataFrame(
            {
                "Time zone": [one.zone for one in found.zones],
                "Due": [one.due for one in found.zones],
                "Late": [one.late for one in found.zones],
                "Done": [one.done for one in found.zones],
                "There": [f"{found.at.astimezone(ZoneInfo(one.zone)):%a %H:%M}" for one in found.zones],
                "Next reset": [countdown(one.next_reset, found.at) if one.next_reset else DASH for one in found.zones],
            }
        )
        number: Any = {"format": "localized", "alignment": "right", "width": 62}
        column = st.column_config
        columns = {
            "Time zone": column.TextColumn(width=134),
            "Due": column.NumberColumn(help="Their period has ended; the next one is not written yet", **number),
            "Late": column.NumberColumn(help="Due for more than an hour", **number),
            "Done": column.NumberColumn(help="Wallets that have had their running period's allowance", **number),
            "There": column.TextColumn("Time there", width=88),
            "Next reset": column.TextColumn(width=110),
        }
        tables.grid(frame, columns, "Resets per time zone", key="zones")


def _verdict(found: Health) -> str:
    if not found.zones:
        return "Nothing resets here"
    if found.late:
        return f":red[:material/error:] {plural(found.late, 'wallet is', 'wallets are')} late"
    if found.due:
        return f":orange[:material/schedule:] {plural(found.due, 'wallet is', 'wallets are')} due"
    return ":green[:material/check_circle:] Every wallet is up to date"


def _verdict_note(found: Health, zone: ZoneInfo) -> str:
    if not found.zones:
        return "No wallet of this organization refills by itself: its plans give no allowance."
    if found.due:
        return "Nobody has lost anything: what is due counts in every balance already. A run writes it down."
    if found.next_reset is None:
        return "No further reset is planned."
    return f"The next reset: {instant(found.next_reset, zone, now=found.at)} {zone_mark(zone, found.next_reset)}."


def foreseen(who: Principal, refs: Sequence[AccountRef], now: datetime, at: datetime) -> Foreseen | None:
    """What a run would do, computed once for these accounts and kept; None while nobody has asked for a long look."""
    marker = (who.org_id, at if at > now else None, tuple(ref.account_id for ref in refs))
    seen = st.session_state.get(_SEEN)
    if seen is not None and seen[0] == marker:
        kept: Foreseen = seen[1]
        return kept
    if len(refs) > AT_ONCE and not st.button(
        f"Work out what {plural(len(refs), 'account')} would get", icon=":material/calculate:", key="work-out"
    ):
        return None
    place = installation()
    with st.spinner("Working it out"):
        found = due.foresee(place.ledger.core.batches, who, refs, now, at)
    st.session_state[_SEEN] = (marker, found)
    return found


def run_card(who: Principal, found: Health, families: Sequence[AccountRef], names: Mapping[int, Receiver],
             zone: ZoneInfo) -> None:  # fmt: skip
    """What a run would do, why it should, and the button. With nothing due: what the next reset will do."""
    now, ahead = found.at, found.next_reset
    with card("run"):
        title = st.container()
        at = now if families or ahead is None else ahead
        refs = due.due_families(installation().store, who, at) if at > now else families
        seen = read(lambda: foreseen(who, refs, now, at))
        if isinstance(seen, Unread):
            not_read("What a run would do", seen)
            return
        with title:
            head(*_what_now(len(families), seen, f"{instant(at, zone, now=now)} {zone_mark(zone, at)}"))
        if seen is not None and seen.accounts:
            what_it_does(seen, names)
        with row(vertical_alignment="bottom"):
            with st.container(width=420):
                why = confirm.reason("why", placeholder="Why now, and not by the scheduler?")
            if st.button("Review and run", type="primary", icon=":material/arrow_forward:", icon_position="right",
                         disabled=not why, help=None if why else "A reason is required", key="review"):  # fmt: skip
                ask(seen if families else None, len(families), why)


def _what_now(families: int, seen: Foreseen | None, coming: str) -> tuple[str, str]:
    """The card's title and its note: what a run would do now, or what the next reset will."""
    if not families:
        return "A run would change nothing now", f"What the reset of {coming} will do if nobody spends until then"
    waiting = plural(families, "account")
    if seen is not None and not seen.accounts:
        return "A run would move no token", f"{waiting} only with holds that have timed out, to be closed."
    return "What a run would do", f"Nothing is written yet. {waiting} to settle."


def what_it_does(found: Foreseen, names: Mapping[int, Receiver]) -> None:
    """The figures of a run that has not been made, and the accounts that it touches."""
    figures = {
        "Accounts": (len(found.accounts), ""),
        "Expire": (found.tokens_expired, f"In {plural(found.expiries, 'expiry', 'expiries')}"),
        "Roll over": (found.tokens_rolled, f"In {plural(found.rollovers, 'rollover')}"),
        "Granted": (found.tokens_granted, f"In {plural(found.resets, 'reset')}"),
    }
    grid = st.grid(4, min_column_width=120)
    for label, (tokens, help_text) in figures.items():
        with grid.cell():
            st.metric(label, full(tokens), help=help_text or None)
    rows = found.accounts
    frame = pd.DataFrame(
        {
            "Account": [names[one.account_id].shown if one.account_id in names else one.name for one in rows],
            "Before": [one.before for one in rows],
            "Expires": [signed(-one.expires) for one in rows],
            "Granted": [signed(one.granted) for one in rows],
            "After": [one.after for one in rows],
            "Rolls over": [full(one.rolls_over) if one.rolls_over else None for one in rows],
        }
    )
    column = st.column_config
    number: Any = {"format": "localized", "alignment": "right", "width": 84}
    columns = {
        "Account": column.TextColumn(width=150),
        "Before": column.NumberColumn(help="Tokens on its grants as written now", **number),
        "Expires": column.TextColumn(alignment="right", width=84),
        "Granted": column.TextColumn(alignment="right", width=84),
        "After": column.NumberColumn(help="Tokens on its grants after the run", **number),
        "Rolls over": column.TextColumn(alignment="right", width=90, help="Moves into a wallet of its own; in After"),
    }
    more: Any = {} if len(rows) <= SHOWN else {"height": SHOWN * tables.ROW_HEIGHT}
    tables.grid(frame, columns, "What a run would do to each account", placeholder="", key="foreseen", **more)


def question(found: Foreseen | None, number: int, reason: str) -> Act:
    """The question before a run."""
    effect = f"What is due for **{plural(number, 'account')}** is written now."
    if found is not None and found.accounts:
        effect = (
            f"**{full(found.tokens_expired)} tokens** expire and **{full(found.tokens_granted)} tokens** are granted "
            f"in **{plural(len(found.accounts), 'account')}**."
        )
    elif not number:
        effect = "Nothing is due, so a run changes nothing."
    return Act(
        "sweep", "Run what is due?", f"{effect} Reason: “{esc(reason)}”", "Run now",
        "Each period is given once, however often this is pressed. It cannot be undone: time would do the same.",
        ":material/autorenew:",
    )  # fmt: skip


def ask(found: Foreseen | None, number: int, reason: str) -> None:
    """Ask, and run it when it is confirmed."""
    confirm.ask(question(found, number, reason), partial(run, reason))


def run(reason: str, _once: str, _why: str) -> Swept:
    """Settle the organization of whoever is signed in now, with a bar that tells how far it is."""
    who = require("admin")
    bar = st.progress(0.0, "Settling")

    def tell(done: int, of: int) -> None:
        bar.progress(done / of if of else 1.0, f"{full(done)} of {plural(of, 'account')}")

    report = installation().ledger.sweep(who.org_slug, actor=who.user_name, reason=reason, progress=tell)
    st.session_state.pop(_SEEN, None)
    return Swept(report, reason)


def result(swept: Swept) -> None:
    """What the run did."""
    did = swept.report
    with card("swept"):
        nothing = not (did.accounts or did.failed)
        said = "Nothing was due" if nothing else f"Settled {plural(did.accounts, 'account')}"
        head(f":green[:material/check_circle:] {said}", f"By you, just now · “{esc(swept.reason)}”")
        if did.failed:
            failed = f"{plural(did.failed, 'account')} could not be settled."
            st.warning(f"{failed} Run it again; the server's log says why.", icon=":material/rule:")
        if not nothing:
            st.markdown(
                f"**{full(did.resets)}** {'reset' if did.resets == 1 else 'resets'} granted "
                f"**{full(did.tokens_granted)}** tokens · **{full(did.tokens_expired)}** tokens expired · "
                f"**{full(did.rollovers)}** {'rollover' if did.rollovers == 1 else 'rollovers'}"
            )
        with row():
            st.button("Done", type="primary", key="swept-done", on_click=_again)
            muted("Pressing Run again gives nobody anything twice.", width="content")


def _again() -> None:
    confirm.clear("sweep")
    st.session_state.pop("why", None)


def runs(found: Sequence[Run], now: datetime, zone: ZoneInfo) -> None:
    """The newest runs that wrote anything."""
    with card("runs", height="stretch"):
        head("What runs did", "Runs that found nothing to do leave no line")
        if not found:
            muted("No run has written anything for this organization yet.")
            return
        frame = pd.DataFrame(
            {
                "At": [when(run.started_at, now, zone) for run in found],
                "By": [run.actor for run in found],
                "Accounts": [run.accounts for run in found],
                "Resets": [run.resets for run in found],
                "Granted": [signed(run.tokens_granted) for run in found],
                "Expired": [signed(-run.tokens_expired) for run in found],
                "Failed": [full(run.failed) if run.failed else None for run in found],
            }
        )
        column = st.column_config
        number: Any = {"format": "localized", "alignment": "right", "width": 70}
        tables.grid(
            frame,
            {
                "At": column.TextColumn(f"When ({zone_mark(zone, now)})", width=118),
                "By": column.TextColumn(width=84),
                "Accounts": column.NumberColumn(**number),
                "Resets": column.NumberColumn(**number),
                "Granted": column.TextColumn(alignment="right", width=84),
                "Expired": column.TextColumn(alignment="right", width=84),
                "Failed": column.TextColumn(alignment="right", width=58),
            },
            "The newest runs", placeholder="", key="run-rows",
        )  # fmt: skip
