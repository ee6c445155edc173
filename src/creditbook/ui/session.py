"""Who is looking at the page: read from the cookie and the database on every rerun, never remembered.

Every page begins with `who = require(…)`, and so does every fragment that runs by itself.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from creditbook.access import ROLE_TITLES, Access, Principal
from creditbook.access.cookies import browser_cookie, session_cookie
from creditbook.installation import installation

from .page import CSS

TEST_USER, TEST_COOKIE = "test_user", "test_cookie"
"""Where tests without a browser put a `Principal`, or a session's token. Only the server writes session state."""

# What streamlit-authenticator leaves behind for its own widgets, which we do not use.
_LEFTOVERS = ("name", "username", "email", "roles", "authentication_status", "logout", "password_hint")


def door() -> Access:
    """The services of sign-in and people, over this installation's store."""
    here = installation()
    return Access(here.store, here.clock)


def principal(*, active: bool = False) -> Principal | None:
    """Who is signed in now, None when nobody is. `active` says that a person did something (see `Sessions`)."""
    injected = st.session_state.get(TEST_USER)
    if isinstance(injected, Principal):
        return injected
    return door().sessions.principal(session_token(), active=active)


def require(*roles: str) -> Principal:
    """The person this page is drawn for. Anybody else gets a sentence instead of the page.

    Args:
        roles: those who may see the page; none means whoever is signed in. Operators may see all.
    """
    who = principal()
    if who is None:
        context = get_script_run_ctx()
        if context is not None and context.fragment_ids_this_run:
            st.rerun()  # a part that refreshes itself found nobody: the whole page goes back to the gate
        st.error("You are not signed in.", icon=":material/lock:")
        st.stop()
    if not who.has(*roles):
        not_yours(*roles)
        st.stop()
    return who


def not_yours(*roles: str) -> None:
    """What somebody sees at the address of a page that is not hers."""
    st.html(CSS)
    titles = {"admin": "administrators", "finance": "finance", "user": "members"}
    whom = " and ".join(titles.get(role, ROLE_TITLES["user"]) for role in roles)
    st.title("Not for you", anchor=False)
    sentence = (
        f"This page is for {whom}." if whom else "This page shows an account of your own, and you have none here."
    )
    st.info(f"{sentence} Ask an administrator of your organization if you need it.", icon=":material/lock:")


def session_token() -> str | None:
    """The token in the visitor's cookie, as it was when this page was loaded."""
    injected = st.session_state.get(TEST_COOKIE)
    return injected if isinstance(injected, str) else _cookie(session_cookie(secure=_is_secure()))


def browser() -> str:
    """The browser's own cookie, to which a ticket is bound; '' where there is none."""
    return _cookie(browser_cookie(secure=_is_secure())) or ""


def public_link(**query: str) -> str:
    """An address of this dashboard that somebody else can open."""
    return f"{public_page('')}?{urlencode(query)}"


def public_page(path: str) -> str:
    """The address of one of its pages ('' for the home page), for people who come back from elsewhere."""
    settings = installation().settings
    seen = st.context.url
    if settings.base_url is None and isinstance(seen, str) and seen.startswith(("http://", "https://")):
        parts = urlsplit(seen)
        return f"{parts.scheme}://{parts.netloc}/{path}"
    return settings.link() + path


def address() -> str | None:
    """The visitor's network address; None on this very machine."""
    found = st.context.ip_address
    return found if isinstance(found, str) else None


def forget_library() -> None:
    """Take away what the credential check left in the session: nobody may mistake it for who is signed in."""
    for name in _LEFTOVERS:
        st.session_state.pop(name, None)


def keep_state_of(who: Principal | None) -> None:
    """Start with empty widgets whenever the person or the organization is another than before."""
    owner = None if who is None else (who.person_id, who.org_id)
    if st.session_state.get("state_of") != owner:
        for name in list(st.session_state):
            if name not in {TEST_USER, TEST_COOKIE}:
                del st.session_state[name]
        st.session_state["state_of"] = owner


def _is_secure() -> bool:
    return installation().settings.cookie_secure


def _cookie(name: str) -> str | None:
    value = st.context.cookies.get(name)
    return value if isinstance(value, str) else None
