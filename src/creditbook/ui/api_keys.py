"""API keys, drawn: the list, one key with what may be done, making one, and the text that is shown once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access.api_keys import LONGEST_NAME, SCOPES, ApiKey, ApiKeys, NewKey, Scope
from creditbook.domain.calendar import start_of_day
from creditbook.domain.errors import LedgerError
from creditbook.installation import installation
from creditbook.reports.grants import Receiver

from . import address, confirm, tables
from .confirm import Act
from .format import DASH, esc, instant, when, zone_mark
from .page import card, empty, facts, head, muted, row
from .session import require

SCOPE_SAYS: dict[Scope, str] = {
    "read": "Reads balances, histories and usage. Changes nothing.",
    "spend": "Reads, and spends: charges, holds, captures and refunds.",
    "admin": "All of it: opens accounts, gives tokens, makes promo codes, resets.",
}
LIVES: dict[str, int | None] = {"30 days": 30, "90 days": 90, "1 year": 365, "Never": None}
OVERLAPS: dict[str, timedelta] = {"None": timedelta(), "1 hour": timedelta(hours=1), "1 day": timedelta(days=1),
                                  "7 days": timedelta(days=7)}  # fmt: skip
STATES = {"active": ":green-badge[Active]", "ending": ":orange-badge[Ending]", "expired": ":gray-badge[Expired]",
          "revoked": ":gray-badge[Revoked]"}  # fmt: skip
WHOLE = "The whole organization"
RESULT, _CLOSED = "key-made-result", "keys-closed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key that somebody is about to make. ``account`` is the name after the slash, None for the organization."""

    name: str
    scope: Scope
    account: str | None
    life: str
    reason: str = ""

    def ends(self, now: datetime, zone: str) -> datetime | None:
        """The start of the local day on which it works no more."""
        days = LIVES[self.life]
        today: date = now.astimezone(ZoneInfo(zone)).date()
        return None if days is None else start_of_day(today + timedelta(days=days), zone)


@dataclass(frozen=True, slots=True)
class Made:
    """A key that was just made, and the one that it replaces until ``old_ends`` (None: it replaces none)."""

    key: NewKey
    reason: str
    old_ends: datetime | None = None


def keys() -> ApiKeys:
    """The service over this installation."""
    here = installation()
    return ApiKeys(here.store, here.clock)


def table(found: Sequence[ApiKey], now: datetime, zone: ZoneInfo, opened: int | None) -> int | None:
    """The keys with one selectable row; returns the id of the chosen one."""
    frame = pd.DataFrame(
        {
            "name": [key.name for key in found],
            "scope": [key.scope for key in found],
            "state": [key.state(now).capitalize() for key in found],
            "used": [when(key.last_used_at, now, zone) if key.last_used_at else "Never" for key in found],
            "ends": [_day(key.expires_at, zone) for key in found],
            "for": [_whose(key) for key in found],
            "shown": [f"{key.shown}…" for key in found],
        }
    )
    column = st.column_config
    some = {"ends": any(key.expires_at for key in found), "for": any(key.account_id for key in found)}
    order = [str(name) for name in frame if some.get(str(name), True)]  # what none has takes no room
    rows = f"{found[0].key_id}-{len(found)}-{st.session_state.get(_CLOSED, 0)}"
    picked = tables.grid(
        frame,
        {
            "name": column.TextColumn("Name", width=118),
            "scope": column.TextColumn("Scope", width=62),
            "state": column.TextColumn("State", width=74),
            "used": column.TextColumn("Last used", width=104),
            "ends": column.TextColumn("Ends", width=98),
            "for": column.TextColumn("For", width=94),
            "shown": column.TextColumn("Begins with", width=146),
        },
        "API keys, newest first", key=f"keys-{rows}", column_order=order,
        on_select="rerun", selection_mode="single-row",
        selection_default={"selection": {"rows": [i for i, key in enumerate(found) if key.key_id == opened]}},
    )  # fmt: skip
    chosen: list[int] = picked.selection.rows
    return found[chosen[0]].key_id if chosen else None


def close() -> None:
    """No key is chosen any more."""
    st.session_state[_CLOSED] = st.session_state.get(_CLOSED, 0) + 1
    address.clear("key")


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return DASH if at is None else f"{(local := at.astimezone(zone)).day} {local:%b %Y}"


def _whose(key: ApiKey) -> str:
    if key.account_id is None:
        return "All accounts"
    return key.account or "The team's pool"


def nothing() -> None:
    """No key yet."""
    empty("No program comes in yet", "Make a key for each one that shall. It is shown once; only its digest is kept.")


def detail(key: ApiKey, found: Sequence[ApiKey], now: datetime, zone: ZoneInfo) -> None:
    """One key, and what may be done about it."""
    state = key.state(now)
    head(esc(key.name), f"`{key.shown}…`")
    st.markdown(STATES[state])
    said = {
        "May": esc(SCOPE_SAYS[key.scope]),
        "For": esc(_whose(key)),
        "Made": f"{instant(key.created_at, zone, now=now)} by {esc(key.created_by)}",
        "Used": when(key.last_used_at, now, zone) if key.last_used_at else "never",
        "Ends": instant(key.expires_at, zone, now=now) if key.expires_at else "never by itself",
    }
    if key.revoked_at is not None:
        said["Revoked"] = instant(key.revoked_at, zone, now=now)
    facts(said)
    if key.replaced_by is not None:
        newer = next((one.shown for one in found if one.key_id == key.replaced_by), "")
        muted(f"Replaced by `{newer}…`")
    if state in ("expired", "revoked"):
        muted("It works no more. It stays in this list, because the books name it.")
        return
    with row(gap="xsmall"):
        if state == "active" and st.button("Rotate", icon=":material/autorenew:", key="key-rotate"):
            rotate_dialog(key, now)
        if st.button("Revoke", icon=":material/block:", key="key-revoke"):
            confirm.ask(revoking(key, now, zone), partial(revoke, key))


def revoking(key: ApiKey, now: datetime, zone: ZoneInfo) -> Act:
    """The question before a key is revoked."""
    used = f"It was last used {when(key.last_used_at, now, zone)}." if key.last_used_at else "It was never used."
    return Act(
        "revoked", "Revoke this key?", f"Whatever uses **{esc(key.name)}** is refused from the next call on. {used}",
        f"Revoke {key.name}", "It cannot be undone: make a new key instead.", ":material/block:", reason="",
    )  # fmt: skip


def revoke(key: ApiKey, _once: str, why: str) -> tuple[ApiKey, str]:
    """Revoke it, as whoever is signed in now."""
    keys().revoke(require("admin"), key.key_id, reason=why)
    return key, why


def rotate_dialog(key: ApiKey, now: datetime) -> None:
    """How long both shall work, and why; then the new key."""

    @st.dialog("Rotate this key?", icon=":material/autorenew:")
    def box() -> None:
        st.markdown(f"**{esc(key.name)}** gets a new text that may do the same. Both work until the old one ends.")
        overlap = st.segmented_control(
            "The old one works on for", list(OVERLAPS), default="1 day", required=True, key="overlap"
        )
        why = confirm.reason("rotate-reason")
        _finish("Make the new key", ready=bool(why), run=lambda: rotate(key, OVERLAPS[overlap or "1 day"], why, now))

    box()


def rotate(key: ApiKey, overlap: timedelta, reason: str, now: datetime) -> Made:
    """Rotate it, as whoever is signed in now."""
    made = keys().rotate(require("admin"), key.key_id, overlap=overlap, reason=reason)
    ends = now + overlap
    return Made(made, reason, ends if key.expires_at is None else min(ends, key.expires_at))


def create_dialog(receivers: Sequence[Receiver], zone: str) -> None:
    """What will use it, what it may do, for whom, how long and why; then the key."""
    names = {WHOLE: None} | {one.shown: one.name for one in receivers if one.status != "closed"}

    @st.dialog("Make an API key", icon=":material/key:")
    def box() -> None:
        name = st.text_input("Name", placeholder="What will use it?", max_chars=LONGEST_NAME, key="key-name") or ""
        scope: Any = st.segmented_control("Scope", list(SCOPES), default="spend", required=True, key="key-scope")
        muted(SCOPE_SAYS[scope or "spend"])
        whose = st.selectbox("For", list(names), key="key-account")
        life = st.segmented_control("Works for", list(LIVES), default="1 year", required=True, key="key-life")
        wanted = Wanted(name.strip(), scope or "spend", names[whose], life or "1 year", confirm.reason("key-reason"))
        ends = wanted.ends(installation().clock(), zone)
        until = f"until {instant(ends, ZoneInfo(zone), now=installation().clock())}" if ends else "until it is revoked"
        muted(f"It works {until}. It is shown once, after this.")
        _finish("Make the key", ready=bool(wanted.name and wanted.reason), run=lambda: create(wanted))

    box()


def create(wanted: Wanted) -> Made:
    """Make it, as whoever is signed in now."""
    who = require("admin")
    ends = wanted.ends(installation().clock(), who.org_zone or who.zone)
    made = keys().create(
        who, wanted.name, wanted.scope, account=wanted.account, expires_at=ends, reason=wanted.reason
    )  # fmt: skip
    return Made(made, wanted.reason)


def _finish(button: str, *, ready: bool, run: Callable[[], Made]) -> None:
    """The dialog's last row; a refusal is told in it and nothing that was typed is lost."""
    said = st.empty()
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        if st.button("Cancel", key="key-cancel"):
            st.rerun()
        pressed = st.button(button, type="primary", disabled=not ready, key="key-confirm")
    if pressed:
        try:
            st.session_state[RESULT] = run()
        except LedgerError as refusal:
            said.error(esc(str(refusal)), icon=":material/block:")
        else:
            st.rerun()


def made() -> Made | None:
    """What was just made and has not been put away."""
    found = st.session_state.get(RESULT)
    return found if isinstance(found, Made) else None


def forget() -> None:
    """Put the result away; the key's text is gone with it."""
    st.session_state.pop(RESULT, None)
    confirm.clear("revoked")


def result(found: Made, zone: ZoneInfo) -> None:
    """The key itself, this once, and how a program sends it."""
    with card("key-made"):
        head(f":green[:material/check_circle:] {esc(found.key.name)}: copy the key now",
             f"It is shown only now · by you, just now · “{esc(found.reason)}”")  # fmt: skip
        st.code(found.key.text, language=None, wrap_lines=True)
        muted("Programs send it in a header: `Authorization: Bearer cb_…`")
        if found.old_ends is not None:
            muted(f"The old key works until {instant(found.old_ends, zone)} {zone_mark(zone, found.old_ends)}.")
        st.button("I have copied it", type="primary", key="key-copied", on_click=forget)


def revoked(key: ApiKey, reason: str) -> None:
    """What was revoked."""
    with card("key-revoked"):
        head(f":green[:material/check_circle:] {esc(key.name)} is revoked", f"By you, just now · “{esc(reason)}”")
        muted("Whatever used it is refused from now on. Make a new key if that was a mistake.")
        st.button("Done", type="primary", key="key-forget", on_click=forget)
