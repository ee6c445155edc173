"""What the screens of the front door share: the centred card, a new password, and the way through.

What was right becomes a one-time ticket, and the browser is sent to the /session route that turns it into a cookie and
comes back to the address it was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from creditbook.access import LinkSpent, SignInRefused, TooManyAttempts
from creditbook.access.passwords import MIN_LENGTH
from creditbook.domain.errors import LedgerError

from .page import CSS, esc, muted
from .session import forget_library

ASSETS = Path(__file__).parent / "assets"
_TICKET = re.compile(r"[A-Za-z0-9_-]{20,100}")
CARD_WIDTH = 420


def logo() -> Path:
    """The logo in the ink that this visitor's theme needs."""
    return ASSETS / f"logo-{'dark' if st.context.theme.type == 'dark' else 'light'}.svg"


@contextmanager
def card(title: str, note: str) -> Iterator[None]:
    """The centred card with the logo above it."""
    st.html(CSS)
    with st.container(horizontal_alignment="center", key="door", gap="medium"):
        st.space("large")
        st.image(logo(), width=170, alt="Creditbook")
        with st.container(border=True, width=CARD_WIDTH, key="door-card", gap="small"):
            with st.container(gap=None):
                st.title(title, anchor=False)
                if note:
                    muted(note)
            yield


def new_password() -> tuple[str, str]:
    """The two fields of a new password, as typed."""
    first = st.text_input("Password", type="password", key="new-password", autocomplete="new-password",
                          help=f"At least {MIN_LENGTH} characters. Three or four unrelated words do well.")  # fmt: skip
    second = st.text_input("Password again", type="password", key="new-password-2", autocomplete="new-password")
    return first or "", second or ""


def is_same(said: DeltaGenerator, password: str, again: str) -> bool:
    """Whether both fields hold the same; says so in the form when they do not."""
    if password != again:
        said.error("The two passwords are not the same.", icon=":material/error:")
    return password == again


def attempt(said: DeltaGenerator, earn_ticket: Callable[[], str], *, home: bool = False) -> None:
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
