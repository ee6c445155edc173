"""The front door: sign in, accept an invitation, set a new password; on the first day, set up.

One centred card, one thing to do, at whatever address was asked for.
"""

from __future__ import annotations

import streamlit as st

from creditbook.access import Link
from creditbook.access.own_password import SPENT

from .doorway import attempt, card, is_same, new_password
from .first_run import first_administrator
from .page import esc, muted
from .session import address, browser, door, session_token
from .sign_up import JOIN, invite_strangers, sign_up

# A cookie that is still there when nobody is signed in is dead; only the server can take an HttpOnly cookie back.
_DROP_COOKIE = "<script>fetch('/session/end',{method:'POST',redirect:'manual'})</script>"


def front_door() -> None:
    """The screen for whoever is not signed in, at whatever address."""
    if session_token():
        st.html(_DROP_COOKIE, unsafe_allow_javascript=True)
    if "link" in st.query_params:
        by_link(st.query_params["link"])
    elif door().setup.is_empty() or ("setup" in st.query_params and door().setup.is_needed()):
        first_administrator()
    elif JOIN in st.query_params:
        sign_up()
    else:
        st.query_params.pop("setup", None)
        sign_in()


def sign_in() -> None:
    """User name and password; a refusal says what to do and never which of the two was wrong."""
    with card("Sign in", "to see what you have and what you used"):
        if st.query_params.pop("door", None) == "late":
            st.info("That took too long, or began in another window. Sign in once more.", icon=":material/schedule:")
        with st.form("sign-in", border=False):
            user_name = st.text_input("User name", key="user-name", autocomplete="username", max_chars=64)
            password = st.text_input("Password", type="password", key="password", autocomplete="current-password")
            said = st.empty()
            pressed = st.form_submit_button("Sign in", type="primary", width="stretch", key="sign-in-now")
        muted("Forgotten the password? An administrator of your organization can give you a one-time link.")
        invite_strangers()
        if pressed:
            attempt(said, lambda: door().sessions.sign_in(user_name or "", password or "", address=address(),
                                                       browser=browser()))  # fmt: skip


def by_link(token: str) -> None:
    """What a one-time link opens: a first password for who is invited, a new one for who forgot."""
    link = door().own_password.look_at_link(token)
    if link is None:
        with card("This link is spent", ""):
            st.warning(SPENT, icon=":material/link_off:")
            if st.button("Go to sign-in", key="to-sign-in", width="stretch"):
                st.query_params.clear()
                st.rerun()
        return
    invited = link.kind == "invitation"
    title = f"Join {esc(link.org_name)}" if invited else "Set a new password"
    note = f"You are invited as **{esc(link.user_name)}**." if invited else f"For **{esc(link.user_name)}**."
    with card(title, note):
        _password_form(token, link, invited=invited)


def _password_form(token: str, link: Link, *, invited: bool) -> None:
    with st.form("link", border=False):
        name = link.name
        if invited:
            name = st.text_input("Your name", link.name, key="name", autocomplete="name", max_chars=100) or ""
        password, again = new_password()
        said = st.empty()
        label = "Accept and sign in" if invited else "Save and sign in"
        pressed = st.form_submit_button(label, type="primary", width="stretch", key="link-now")
    if not invited:
        muted("Every device that is signed in as you now will be signed out.")
    if pressed and is_same(said, password, again):
        accept = door().own_password.accept_link
        attempt(said, lambda: accept(token, password, browser=browser(), name=name), home=True)
