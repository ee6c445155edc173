"""What an administrator does to an account itself: its quota of the team's pool, and closing it for good."""

from __future__ import annotations

import secrets

import streamlit as st

from creditbook.access import Member, Principal
from creditbook.domain.balance import Balance
from creditbook.installation import installation
from creditbook.reports.grants import Receiver
from creditbook.reports.settled import settled

from . import deeds
from .confirm import reason as ask_reason
from .deeds import Deed, account_of, name_of
from .format import esc, full, plural
from .page import muted

MOST = 10**12


def quota_of(who: Principal, one: Member | Receiver) -> int | None:
    """What the account may draw from its pool in a period, in whole tokens; None without a quota."""
    core = installation().ledger.core
    return settled(core.batches, core.account(account_of(who, one)), installation().clock()).account.quota_tokens


def quota(one: Member | Receiver, before: int | None, after: int | None) -> Deed:
    """Another quota of the pool, from now on."""

    def run(actor: Principal, reason: str, key: str) -> None:
        installation().ledger.set_quota(
            account_of(actor, one), after, reason=reason, actor=actor.user_name, idempotency_key=key
        )

    name = esc(name_of(one))
    effect = f"**{name}** may draw {_says(after)} from the team's pool in each of its periods."
    return Deed(
        "Change the quota?", ":material/speed:", effect, "Change the quota", f"{name} has a new quota", run,
        ("Quota", _says(before), _says(after)), "What was drawn in the running period counts.",
        lambda: quota(one, after, before),
    )  # fmt: skip


def _says(tokens: int | None) -> str:
    return "as much as there is" if tokens is None else f"at most {plural(tokens, 'token')}"


def quota_dialog(one: Member | Receiver, before: int | None) -> None:
    """Choose the quota, see before and after, say why."""
    key = secrets.token_hex(8)

    @st.dialog("Change the quota", icon=":material/speed:")
    def box() -> None:
        limited = st.toggle("Limit what may be drawn", value=before is not None, key="quota-limited")
        tokens = None
        if limited:
            tokens = int(st.number_input("Tokens in each period of the pool", 0, MOST, before or 0, key="quota-tokens"))
        deed = quota(one, before, tokens)
        st.markdown(deed.effect if tokens != before else f"**{esc(name_of(one))}** has this quota already.")
        deeds.before_and_after(("Quota", _says(before), _says(tokens)), "After")
        muted(deed.after)
        deeds.confirm(deed, ask_reason("deed-reason"), key, ready=tokens != before)

    box()


def closing(one: Member | Receiver, balance: Balance | None) -> Deed:
    """Close the account for good."""

    def run(actor: Principal, reason: str, key: str) -> None:
        installation().ledger.close_account(
            account_of(actor, one), reason=reason, actor=actor.user_name, idempotency_key=key
        )

    name = esc(name_of(one))
    effect = f"**{name}**'s account is closed for good. {_lost(balance)}"
    return Deed(
        "Close this account?", ":material/lock:", effect, f"Close {name_of(one)}", f"{name}'s account is closed", run,
        ("Account", "Active" if balance is None else balance.status.capitalize(), "Closed"),
        "It cannot be undone. The history stays, and so does the person: take her access back beside this.",
    )  # fmt: skip


def _lost(balance: Balance | None) -> str:
    if balance is None or not balance.posted:
        return "Nothing is left in it."
    held = f", {full(balance.held)} of them held by running jobs, which are stopped" if balance.held else ""
    return f"**{plural(balance.posted, 'token')}** are taken back{held}."


def close_dialog(one: Member | Receiver, balance: Balance | None) -> None:
    """Show what is lost, ask for the account's name to be typed, and why."""
    key = secrets.token_hex(8)
    typed = one.account_name if isinstance(one, Member) else one.name
    deed = closing(one, balance)

    @st.dialog(deed.title, icon=deed.icon)
    def box() -> None:
        st.markdown(deed.effect)
        assert deed.change is not None
        deeds.before_and_after(deed.change, "After")
        muted(deed.after)
        said = st.text_input(f"Type {esc(typed or '')} to confirm", key="close-typed") or ""
        reason = ask_reason("deed-reason")
        deeds.confirm(deed, reason, key, ready=said.strip() == typed)

    box()


def buttons(who: Principal, one: Member | Receiver, balance: Balance | None) -> None:
    """Quota where a pool stands behind the account, and closing; the pool itself is closed by nobody here."""
    if one.pool_id is not None and st.button("Quota", icon=":material/speed:", key="act-quota"):
        quota_dialog(one, quota_of(who, one))
    name = one.account_name if isinstance(one, Member) else one.name
    if name and st.button("Close account", icon=":material/lock:", key="act-close"):
        close_dialog(one, balance)
