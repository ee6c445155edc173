"""What an administrator does to one member: the sentence, what changes, why, and the result with its way back.

Each deed is shown in a dialog (effect, before and after, reason, a button that names it). Who presses it is asked for
again in that moment: the page around the dialog may be hours old.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from creditbook.access import ROLE_TITLES, ROLES, Member, Principal, Role
from creditbook.domain.errors import Conflict, LedgerError
from creditbook.installation import installation
from creditbook.reports.grants import Receiver

from . import page
from .confirm import reason as ask_reason
from .page import esc, muted
from .session import door, public_link, require

RESULT = "member-result"


@dataclass(frozen=True, slots=True)
class Deed:
    """One act on one member. `change` is (what, before, after); `run` gets the actor, the reason and a key.

    It returns the token of a one-time link, where the deed makes one. `undo` builds the deed that takes it back.
    """

    title: str
    icon: str
    effect: str
    button: str
    done: str
    run: Callable[[Principal, str, str], str | None]
    change: tuple[str, str, str] | None = None
    after: str = ""
    undo: Callable[[], Deed] | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A deed that was done, why, and the one-time link that it made ('' where there is none)."""

    deed: Deed
    reason: str
    link: str = ""


def name_of(one: Member | Receiver) -> str:
    """What people call a member, or an account that nobody signs in for."""
    return one.name if isinstance(one, Member) else one.shown


def account_of(actor: Principal, one: Member | Receiver) -> str:
    """The account as the ledger's verbs write it; the pool is the organization itself."""
    return actor.named((one.account_name if isinstance(one, Member) else one.name) or "")


def perform(deed: Deed, reason: str, key: str) -> Done:
    """Do it as whoever is signed in now. Raises what the services refuse with."""
    token = deed.run(require("admin"), reason, key)
    return Done(deed, reason, public_link(link=token) if token else "")


def ask(deed: Deed) -> None:
    """Open the dialog. A refusal is told in it, and pressing again repeats the call with the same key."""
    key = secrets.token_hex(8)

    @st.dialog(deed.title, icon=deed.icon)
    def box() -> None:
        st.markdown(deed.effect)
        if deed.change is not None:
            before_and_after(deed.change, "After")
        if deed.after:
            muted(deed.after)
        reason = ask_reason("deed-reason")
        confirm(deed, reason, key)

    box()


def confirm(deed: Deed, reason: str, key: str, *, ready: bool = True) -> None:
    """The dialog's last row: Cancel, and the button that names the deed."""
    said = st.empty()
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        if st.button("Cancel", key="deed-cancel"):
            st.rerun()
        pressed = st.button(deed.button, type="primary", disabled=not (ready and reason), key="deed-confirm")
    if pressed:
        try:
            st.session_state[RESULT] = perform(deed, reason, key)
        except LedgerError as refusal:
            said.error(esc(str(refusal)), icon=":material/block:")
        else:
            st.rerun()


def done() -> Done | None:
    """What was just done and has not been put away."""
    found = st.session_state.get(RESULT)
    return found if isinstance(found, Done) else None


def result(done: Done) -> None:
    """What was done, with the link to hand over and the way back."""
    with st.container(key="deed-done", gap="small"):
        page.head(f":green[:material/check_circle:] {done.deed.done}", f"By you, just now · “{esc(done.reason)}”")
        if done.deed.change is not None:
            before_and_after(done.deed.change, "Now")
        if done.link:
            muted("Hand over this one-time link. It is shown only now, and a newer one replaces it.")
            st.code(done.link, language=None, wrap_lines=True)
        with page.row():
            st.button("Done", type="primary", on_click=forget_result, key="deed-forget")
            if done.deed.undo is not None and st.button("Undo", icon=":material/undo:", key="deed-undo"):
                ask(done.deed.undo())


def forget_result() -> None:
    """Put the result away."""
    st.session_state.pop(RESULT, None)


def before_and_after(change: tuple[str, str, str], now: str) -> None:
    """One row: what changes, what it is, what it will be."""
    what, before, after = change
    frame = pd.DataFrame({"": [f":gray[{what}]"], "Before": [before], now: [f"**{after}**"]})
    st.table(frame, border="horizontal", hide_index=True)


def new_role(member: Member, role: Role) -> Deed:
    """Another role, at her next click."""

    def run(actor: Principal, reason: str, _key: str) -> None:
        door().people.change_role(actor, member.person_id, role, reason=reason)

    title = ROLE_TITLES[role]
    return Deed(
        "Change the role?", ":material/badge:", f"**{esc(member.name)}** gets the role **{title}**.",
        f"Give the role {title}", f"{esc(member.name)} has the role {title} now", run,
        ("Role", ROLE_TITLES[member.role], title),
        "It acts at the next click, in every open tab.", lambda: new_role(replace(member, role=role), member.role),
    )  # fmt: skip


def access(member: Member, *, is_active: bool) -> Deed:
    """Take access to this organization back, or give it again."""
    people = door().people

    def run(actor: Principal, reason: str, _key: str) -> None:
        act = people.reactivate if is_active else people.deactivate
        act(actor, member.person_id, reason=reason)

    name = esc(member.name)
    words = ("Deactivated", "Active") if is_active else ("Active", "Deactivated")
    effect = f"**{name}** may sign in to this organization again." if is_active else (
        f"**{name}** is signed out of this organization at once and cannot come back in.")  # fmt: skip
    return Deed(
        "Give access back?" if is_active else "Deactivate this member?",
        ":material/person_check:" if is_active else ":material/person_off:", effect,
        f"Reactivate {name}" if is_active else f"Deactivate {name}",
        f"{name} is {'active again' if is_active else 'deactivated'}", run, ("Access", *words),
        "The account, its tokens and its history stay as they are.",
        lambda: access(member, is_active=not is_active),
    )  # fmt: skip


def frozen(member: Member | Receiver, *, freeze: bool) -> Deed:
    """Stop the account from starting anything, or let it go on."""

    def run(actor: Principal, reason: str, key: str) -> None:
        ledger = installation().ledger
        verb = ledger.freeze if freeze else ledger.unfreeze
        verb(account_of(actor, member), reason=reason, actor=actor.user_name, idempotency_key=key)

    name = esc(name_of(member))
    words = ("Active", "Frozen") if freeze else ("Frozen", "Active")
    return Deed(
        "Freeze the account?" if freeze else "Unfreeze the account?",
        ":material/ac_unit:" if freeze else ":material/mode_heat:",
        f"**{name}** {'starts nothing new until you unfreeze the account' if freeze else 'may spend again'}.",
        f"Freeze {name}" if freeze else f"Unfreeze {name}", f"{name} is {'frozen' if freeze else 'active again'}", run,
        ("Account", *words), "No token is lost: running jobs may end, resets and refunds arrive." if freeze else "",
        lambda: frozen(member, freeze=not freeze),
    )  # fmt: skip


def one_time_link(member: Member) -> Deed:
    """A way in for who forgot her password, or never came."""

    def run(actor: Principal, reason: str, _key: str) -> str:
        return door().people.new_link(actor, member.person_id, reason=reason)

    invited = member.state == "invited"
    what = "set a first password" if invited else "set a new password"
    return Deed(
        "Make a one-time link?", ":material/link:",
        f"Whoever opens the link can {what} and sign in as **{esc(member.name)}**. Hand it over in person or by a "
        "channel that you trust.", "Make the link", f"A one-time link for {esc(member.name)}", run, None,
        "Good for 7 days." if invited else "Good for a day. The password she has works until the link is used.",
    )  # fmt: skip


def own_account(member: Member) -> Deed:
    """An account for somebody who has none, with what the program opens at sign-up."""

    def run(actor: Principal, reason: str, _key: str) -> None:
        open_account(actor, member.user_name)
        door().people.give_account(actor, member.person_id, member.user_name, reason=reason)

    name = esc(member.name)
    return Deed(
        "Open an account?", ":material/wallet:", f"**{name}** gets an account with what the program opens at sign-up.",
        "Open the account", f"{name} has an account now", run, ("Account", "none", esc(member.user_name)),
    )  # fmt: skip


def open_account(actor: Principal, user_name: str) -> None:
    """Open the account of this name, unless it came before its person: from an import, or from the application."""
    with suppress(Conflict):
        installation().ledger.open_account(f"{actor.org_slug}/{user_name}", actor=actor.user_name)


def role_dialog(member: Member) -> None:
    """Choose the role, then the same preview, reason and button as every deed."""
    key = secrets.token_hex(8)

    @st.dialog("Change the role", icon=":material/badge:")
    def box() -> None:
        titles = [ROLE_TITLES[role] for role in ROLES]
        chosen = st.segmented_control("Role", titles, default=ROLE_TITLES[member.role], required=True, key="deed-role")
        role = ROLES[titles.index(chosen)]
        deed = new_role(member, role)
        st.markdown(deed.effect if role != member.role else f"**{esc(member.name)}** has this role already.")
        before_and_after(("Role", ROLE_TITLES[member.role], chosen), "After")
        muted(deed.after)
        confirm(deed, ask_reason("deed-reason"), key, ready=role != member.role)

    box()
