"""Creating an account by oneself, where an organization's program lets people in (`?join=`, `?from=` a friend)."""

from __future__ import annotations

import streamlit as st

from creditbook.access.registering import OpenHouse, Registration
from creditbook.installation import installation

from .doorway import attempt, card, is_same, new_password
from .page import esc
from .session import address, browser, door

JOIN, FROM = "join", "from"


def registration() -> Registration:
    """The service behind the form."""
    return Registration(door().sessions, installation().ledger)


def invite_strangers() -> None:
    """Below the sign-in form: the way to an account of one's own, where any organization offers it."""
    if registration().open_to() and st.button("New here? Create an account", type="tertiary", key="to-sign-up"):
        st.query_params[JOIN] = ""
        st.rerun()


def sign_up() -> None:
    """The form; whoever fills it in is signed in at once."""
    houses = {house.slug: house for house in registration().open_to()}
    if not houses:
        st.query_params.pop(JOIN, None)
        st.rerun()
    with card("Create an account", "Free to begin with; what it holds is yours at once."):
        with st.form("sign-up", border=False):
            house = _house(houses)
            name = st.text_input("Your name", key="name", autocomplete="name", max_chars=100, placeholder="Asha Raman")
            user_name = st.text_input(
                "User name", key="user-name", autocomplete="username", max_chars=64, placeholder="asha"
            )
            password, again = new_password()
            friend = _friend(houses)
            said = st.empty()
            pressed = st.form_submit_button("Create and sign in", type="primary", width="stretch", key="sign-up-now")
        if st.button("I have an account", type="tertiary", key="to-sign-in"):
            st.query_params.clear()
            st.rerun()
    if pressed and is_same(said, password, again):

        def register() -> str:
            return registration().register(
                house, user_name or "", name or "", password, address=address() or "here", browser=browser(),
                referred_by=friend,
            )  # fmt: skip

        attempt(said, register, home=True)


def _house(houses: dict[str, OpenHouse]) -> str:
    """Which organization: the one that the link names, the only one, or a choice."""
    named = st.query_params.get(JOIN, "")
    if named in houses or len(houses) == 1:
        only = houses[named] if named in houses else next(iter(houses.values()))
        st.markdown(f"at **{esc(only.name)}**")
        return only.slug
    slug: str = st.selectbox("Organization", list(houses), format_func=lambda one: houses[one].name, key="house")
    return slug


def _friend(houses: dict[str, OpenHouse]) -> str:
    if not any(house.refers for house in houses.values()):
        return ""
    return st.text_input(
        "Sent by a friend? Their user name", st.query_params.get(FROM, ""), key="friend", max_chars=64,
        help="Where the organization rewards it, both of you get tokens.",
    ) or ""  # fmt: skip
