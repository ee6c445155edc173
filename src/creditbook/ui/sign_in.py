"""The front door: sign in, create the first administrator, accept an invitation, set a new password.

One centred card, one thing to do. What was right becomes a one-time ticket, and the browser is sent to the /session
route that turns it into a cookie and comes back to the address it was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from creditbook.access import Link, LinkSpent, SignInRefused, TooManyAttempts
from creditbook.access.own_password import SPENT
from creditbook.access.passwords import MIN_LENGTH
from creditbook.domain.errors import LedgerError

from .page import CSS, esc, muted
from .session import address, browser, door, forget_library

ASSETS = Path(__file__).parent / "assets"
_TICKET = re.compile(r"[A-Za-z0-9_-]{20,100}")
CARD_WIDTH = 420


def front_door() -> None:
    """The screen for whoever is not signed in, at whatever address."""
    if "link" in st.query_params:
        by_link(st.query_params["link"])
    elif door().setup.is_empty() or ("setup" in st.query_params and door().setup.is_needed()):
        first_administrator()
    else:
        sign_in()


def sign_in() -> None:
    """User name and password; a refusal says what to do and never which of the two was wrong."""
    with _card("Sign in", "to see what you have and what you used"):
        if st.query_params.pop("door", None) == "late":
            st.info("That took too long, or began in another window. Sign in once more.", icon=":material/schedule:")
        with st.form("sign-in", border=False):
            user_name = st.text_input("User name", key="user-name", autocomplete="username", max_chars=64)
            password = st.text_input("Password", type="password", key="password", autocomplete="current-password")
            said = st.empty()
            pressed = st.form_submit_button("Sign in", type="primary", width="stretch", key="sign-in-now")
        muted("Forgotten the password? An administrator of your organization can give you a one-time link.")
        if pressed:
            _try(said, lambda: door().sessions.sign_in(user_name or "", password or "", address=address(),
                                                       browser=browser()))  # fmt: skip


def first_administrator() -> None:
    """The one-time set-up: whoever holds the token of the console becomes the first administrator."""
    with _card("Welcome to Creditbook", "Nobody is an administrator yet. Become the first."):
        token = st.query_params.get("setup", "")
        with st.form("first", border=False):
            if not token:
                hint = "printed by creditbook init, works once"
                token = st.text_input("Set-up token", key="setup-token", autocomplete="off", placeholder=hint) or ""
            name = st.text_input("Your name", key="name", autocomplete="name", max_chars=100, placeholder="Asha Raman")
            user_name = st.text_input("User name", key="user-name", autocomplete="username", max_chars=64,
                                      placeholder="asha")  # fmt: skip
            password, again = _new_password()
            said = st.empty()
            pressed = st.form_submit_button(
                "Create the administrator", type="primary", width="stretch", key="first-now"
            )
        if pressed and _is_same(said, password, again):
            _try(said, lambda: door().setup.create_administrator(token.strip(), user_name or "", name or "", password,
                                                                 browser=browser()), home=True)  # fmt: skip


def by_link(token: str) -> None:
    """What a one-time link opens: a first password for who is invited, a new one for who forgot."""
    link = door().own_password.look_at_link(token)
    if link is None:
        with _card("This link is spent", ""):
            st.warning(SPENT, icon=":material/link_off:")
            if st.button("Go to sign-in", key="to-sign-in", width="stretch"):
                st.query_params.clear()
                st.rerun()
        return
    invited = link.kind == "invitation"
    title = f"Join {esc(link.org_name)}" if invited else "Set a new password"
    note = f"You are invited as **{esc(link.user_name)}**." if invited else f"For **{esc(link.user_name)}**."
    with _card(title, note):
        _password_form(token, link, invited=invited)


def _password_form(token: str, link: Link, *, invited: bool) -> None:
    with st.form("link", border=False):
        name = link.name
        if invited:
            name = st.text_input("Your name", link.name, key="name", autocomplete="name", max_chars=100) or ""
        password, again = _new_password()
        said = st.empty()
        label = "Accept and sign in" if invited else "Save and sign in"
        pressed = st.form_submit_button(label, type="primary", width="stretch", key="link-now")
    if not invited:
        muted("Every device that is signed in as you now will be signed out.")
    if pressed and _is_same(said, password, again):
        accept = door().own_password.accept_link
        _try(said, lambda: accept(token, password, browser=browser(), name=name), home=True)


@contextmanager
def _card(title: str, note: str) -> Iterator[None]:
    """The centred card with the logo above it."""
    st.html(CSS)
    theme = "dark" if st.context.theme.type == "dark" else "light"
    with st.container(horizontal_alignment="center", key="door", gap="medium"):
        st.space("large")
        st.image(ASSETS / f"logo-{theme}.svg", width=170)
        with st.container(border=True, width=CARD_WIDTH, key="door-card", gap="small"):
            with st.container(gap=None):
                st.title(title, anchor=False)
                if note:
                    muted(note)
            yield


def _new_password() -> tuple[str, str]:
    first = st.text_input("Password", type="password", key="new-password", autocomplete="new-password",
                          help=f"At least {MIN_LENGTH} characters. Three or four unrelated words do well.")  # fmt: skip
    second = st.text_input("Password again", type="password", key="new-password-2", autocomplete="new-password")
    return first or "", second or ""


def _is_same(said: st.delta_generator.DeltaGenerator, password: str, again: str) -> bool:
    if password != again:
        said.error("The two passwords are not the same.", icon=":material/error:")
    return password == again


def _try(said: st.delta_generator.DeltaGenerator, earn_ticket: Callable[[], str], *, home: bool = False) -> None:
    """Earn a ticket and go through the door with it, or say in the form why not."""
    try:
        ticket = earn_ticket()
    except TooManyAttempts as refusal:
        said.warning(str(refusal), icon=":material/timer:")
    except SignInRefused as refusal:
        said.error(str(refusal), icon=":material/error:")
    except LinkSpent as refusal:
        said.warning(str(refusal), icon=":material/link_off:")
    except LedgerError as refusal:
        said.error(esc(str(refusal)), icon=":material/error:")
    else:
        said.markdown(":shimmer[Signing in …]")
        enter(ticket, home=home)
    finally:
        forget_library()


def enter(ticket: str, *, home: bool) -> None:
    """Send the browser through /session/start, back to this address or, with `home`, to the first page."""
    if not _TICKET.fullmatch(ticket):
        raise ValueError("A ticket is letters, digits, - and _ only.")
    onward = "'/'" if home else "location.pathname+location.search"
    st.html(
        f"<script>location.replace('/session/start?t={ticket}&next='+encodeURIComponent({onward}))</script>",
        unsafe_allow_javascript=True,
    )
