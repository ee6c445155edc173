"""Before anything is written: preview → reason → dialog → result. The same steps on every page that writes."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from creditbook.domain.errors import LedgerError

from .format import esc, full
from .page import muted

TYPE_IT_FROM_TOKENS = 100_000
"""From this many tokens on the number must be typed."""


@dataclass(frozen=True, slots=True)
class Act:
    """One write that a person is about to confirm.

    ``key`` names it on its page; ``effect`` is one sentence of markdown, ``after`` what can still be done then;
    ``button`` names the effect; ``type_number`` (0: none) must be typed before it may be pressed; ``reason`` is what
    stands in the reason's field, None where the page has asked for it. ``show`` draws more between effect and after.
    """

    key: str
    title: str
    effect: str
    button: str
    after: str = ""
    icon: str = ":material/task_alt:"
    type_number: int = 0
    reason: str | None = None
    show: Callable[[], None] | None = None


def reason(key: str, *, placeholder: str = "Why? People and the audit log see this", value: str = "") -> str:
    """The required reason, trimmed; '' while nothing is written."""
    return (
        st.text_input("Reason", value, placeholder=placeholder, required=True, max_chars=140, key=key) or ""
    ).strip()


def ask(act: Act, run: Callable[[str, str], Any]) -> None:
    """Open the dialog. On confirmation ``run`` gets one idempotency key, made before the click, and the reason typed.

    Its answer is kept as the act's `result`. A refusal is told in the dialog and nothing is lost; pressing again
    repeats the call with the same key.
    """
    once = secrets.token_hex(8)

    @st.dialog(act.title, icon=act.icon)
    def box() -> None:
        st.markdown(act.effect)
        if act.show is not None:
            act.show()
        if act.after:
            muted(act.after)
        why = reason(f"{act.key}-reason", value=act.reason) if act.reason is not None else ""
        sure = (not act.type_number or _typed(act)) and (act.reason is None or bool(why))
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            if st.button("Cancel", key=f"{act.key}-cancel"):
                st.rerun()
            pressed = st.button(act.button, type="primary", disabled=not sure, key=f"{act.key}-confirm")
        if pressed:
            try:
                st.session_state[_slot(act.key)] = run(once, why)
            except LedgerError as refusal:
                st.error(esc(str(refusal)), icon=":material/block:")
            else:
                st.rerun()

    box()


def result(key: str) -> Any:
    """What the confirmed act answered, until it is cleared; None before."""
    return st.session_state.get(_slot(key))


def clear(key: str) -> None:
    """Forget the result: the page shows its form again."""
    st.session_state.pop(_slot(key), None)


def _typed(act: Act) -> bool:
    number = full(act.type_number)
    said = st.text_input(f"A large amount: type {number} to confirm", placeholder=number, key=f"{act.key}-typed")
    return (said or "").replace(",", "").replace(" ", "") == str(act.type_number)


def _slot(key: str) -> str:
    return f"{key}-result"
