"""The sidebar's foot: which organization this is, who is signed in, and what she may do about either."""

from __future__ import annotations

import streamlit as st

from creditbook.access import ROLE_TITLES, Principal, Seat
from creditbook.domain.errors import LedgerError

from .page import esc, muted
from .session import address, door, forget_library, principal, session_token

SWITCH, PASSWORD, OUT, OUT_EVERYWHERE = (
    "Switch organization",
    "Change password",
    "Sign out",
    "Sign out on every device",
)


def foot(who: Principal) -> None:
    """Draw the foot and do what was chosen there."""
    seats = door().sessions.seats(who)
    choices = [*([SWITCH] if len(seats) > 1 else []), PASSWORD, OUT, OUT_EVERYWHERE]
    with st.sidebar:
        muted(f"{esc(who.org_name)} · {esc(who.org_zone or who.zone)}")
        chosen = st.menu_button(
            esc(who.name), choices, icon=":material/account_circle:", type="tertiary", key="user-menu"
        )
        _watch(who)
    if chosen == SWITCH:
        _switch(who, seats)
    elif chosen == PASSWORD:
        _change_password(who)
    elif chosen in {OUT, OUT_EVERYWHERE}:
        leave(who, everywhere=chosen == OUT_EVERYWHERE)


@st.fragment(run_every="10s")
def _watch(seen: Principal) -> None:
    """Notice within seconds that she signed out in another tab, lost her role or was deactivated."""
    if principal() != seen:
        st.rerun()


def leave(who: Principal, *, everywhere: bool) -> None:
    """End the session (or all of hers) in the database: its cookie is dead from now on, and the door is shown here.

    No page load: a script that sent the browser away met this tab's own redraw, and now and then left it empty.
    """
    if everywhere:
        door().sessions.sign_out_everywhere(who)
    elif token := session_token():
        door().sessions.sign_out(token)
    st.rerun()


@st.dialog("Switch organization", icon=":material/domain:")
def _switch(who: Principal, seats: list[Seat]) -> None:
    names = {seat.org_id: f"{esc(seat.org_name)}  :gray[· {ROLE_TITLES[seat.role]}]" for seat in seats}
    here = next((place for place, seat in enumerate(seats) if seat.org_id == who.org_id), 0)
    chosen = st.radio("Work in", list(names), here, format_func=lambda org_id: names[org_id], key="switch-to")
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        if st.button("Cancel", key="switch-cancel"):
            st.rerun()
        if st.button("Switch", type="primary", key="switch-now", disabled=chosen == who.org_id):
            door().sessions.switch(who, chosen)
            st.query_params.clear()
            st.rerun()


@st.dialog("Change your password", icon=":material/password:")
def _change_password(who: Principal) -> None:
    with st.form("change-password", border=False):
        old = st.text_input("Password now", type="password", key="old-password", autocomplete="current-password")
        new = st.text_input("New password", type="password", key="new-password", autocomplete="new-password")
        again = st.text_input("New password again", type="password", key="new-password-2", autocomplete="new-password")
        muted("You stay signed in here; every other device is signed out.")
        said = st.empty()
        pressed = st.form_submit_button("Change password", type="primary", key="change-now")
    if not pressed:
        return
    if new != again:
        said.error("The two new passwords are not the same.", icon=":material/error:")
        return
    try:
        door().own_password.change(who, old or "", new or "", address=address())
    except LedgerError as refusal:
        said.error(esc(str(refusal)), icon=":material/error:")
    else:
        said.success("Your password is changed.", icon=":material/check_circle:")
    finally:
        forget_library()
