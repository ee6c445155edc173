"""The one-time set-up: the first administrator and, in an empty installation, her organization."""

from __future__ import annotations

import re
import unicodedata
from zoneinfo import available_timezones

import streamlit as st

from creditbook.installation import installation
from creditbook.programs.loader import load_program, shipped_programs

from .doorway import attempt, card, is_same, new_password
from .session import browser, door


def first_administrator() -> None:
    """Whoever holds the token of the console becomes the first administrator."""
    setup = door().setup
    needs_organization = not setup.has_organization()
    with card("Welcome to Creditbook", "Nobody is an administrator yet. Become the first."):
        token = st.query_params.get("setup", "")
        with st.form("first", border=False):
            if not token:
                hint = "printed by creditbook init, works once"
                token = st.text_input("Set-up token", key="setup-token", autocomplete="off", placeholder=hint) or ""
            place = _organization() if needs_organization else None
            name = st.text_input("Your name", key="name", autocomplete="name", max_chars=100, placeholder="Asha Raman")
            user_name = st.text_input(
                "User name", key="user-name", autocomplete="username", max_chars=64, placeholder="asha"
            )
            password, again = new_password()
            said = st.empty()
            pressed = st.form_submit_button(
                "Create the administrator", type="primary", width="stretch", key="first-now"
            )

    def create() -> str:
        setup.check(token.strip(), user_name or "", name or "", password)
        if place is not None:
            found(*place)
        return setup.create_administrator(token.strip(), user_name or "", name or "", password, browser=browser())

    if pressed and is_same(said, password, again):
        attempt(said, create, home=True)


def _organization() -> tuple[str, str, str]:
    """Name, program and time zone of the first organization."""
    name = st.text_input("Organization", key="organization", autocomplete="organization", max_chars=100,
                         placeholder="Nilgiri Studio")  # fmt: skip
    names = shipped_programs()
    titles = {one: f"{one} · {load_program(one).title}" for one in names}
    program = st.selectbox("Credit program", names, format_func=lambda one: titles[one], key="program",
                           help="How its tokens are given, spent and reset. You may load your own later.")  # fmt: skip
    zones = sorted(available_timezones())
    here = st.context.timezone
    first = zones.index(here) if isinstance(here, str) and here in zones else zones.index("UTC")
    zone = st.selectbox("Time zone", zones, first, key="zone", help="A day, and a daily allowance, begins by it.")
    return (name or "").strip(), program, zone


def found(name: str, program: str, zone: str) -> None:
    """Create the first organization, with a short name made of its name."""
    installation().ledger.create_organization(
        short_name(name), load_program(program), name=name, zone=zone, actor="console", reason="first set-up"
    )


def short_name(name: str) -> str:
    """A name as it may stand in an address: ``Café Nilgiri & Co.`` → ``cafe-nilgiri-co``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "main"
