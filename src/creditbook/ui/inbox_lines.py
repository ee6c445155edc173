"""One line of the inbox: what waits, since when, and the buttons that decide it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from creditbook.access import Principal

from . import confirm
from .confirm import Act
from .page import muted
from .session import require

POOL = "The team's pool"
Run = Callable[[Principal, str, str], str]
"""Does a deed as (whoever is signed in, its idempotency key, the reason); answers with what was done."""


def said(what: str, note: str) -> None:
    """One line: what waits, and since when and by whom."""
    st.markdown(what)
    muted(note)


def button(act: Act, run: Run, *, primary: bool = False) -> None:
    """A button that opens the question; what was done is told by a toast after it."""
    if st.button(act.button, key=f"open-{act.key}", type="primary" if primary else "secondary"):
        confirm.ask(act, partial(_perform, run))


def _perform(run: Run, once: str, why: str) -> str:
    said = run(require("admin"), once, why)
    st.session_state["inbox-done"] = said
    return said


def say_what_was_done() -> None:
    """After a deed: a toast, once."""
    said = st.session_state.pop("inbox-done", None)
    if said:
        st.toast(said, icon=":material/task_alt:")
