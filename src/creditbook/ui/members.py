"""How the members of an organization are drawn: the list, one member beside it, and the invitation."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access import ROLE_TITLES, ROLES, Member, Principal, Role
from creditbook.access.names import user_name_of
from creditbook.domain.balance import Balance
from creditbook.domain.errors import InvalidRequest

from . import address, deeds, page, tables
from .confirm import reason as ask_reason
from .deeds import Deed
from .format import DASH, day, full, plural
from .page import esc, muted
from .session import door

SHOWN = 200
"""The list shows so many; a search finds the rest."""
_TURN = "members-turn"
NOBODY = ("Nobody is here yet", "Invite the first member: the button stands above.")
NOBODY_FITS = ("Nobody fits", "Change the words or the roles above.")


def matching(members: Sequence[Member], text: str, roles: Sequence[str]) -> list[Member]:
    """Those whose name, user name or address holds the text, and who have one of the roles (by title)."""
    wanted = text.strip().casefold()
    return [
        m for m in members
        if (not roles or ROLE_TITLES[m.role] in roles)
        and (not wanted or any(wanted in said.casefold() for said in (m.name, m.user_name, m.email)))
    ]  # fmt: skip


def counted(everybody: int, found: int) -> str:
    """How many the list has, of how many, and what is left out."""
    people = (
        f"{full(found)} of {full(everybody)} people" if found < everybody else plural(everybody, "person", "people")
    )
    return f"{people}, the first {SHOWN} shown: search for a name" if found > SHOWN else people


def status(member: Member) -> str:
    """One word for the list: what stands in her way, if anything does."""
    if member.state != "active":
        return member.state.capitalize()
    return (member.account_status or "active").capitalize()


def role_title(member: Member) -> str:
    """Her role in words."""
    return "Operator" if member.is_operator else ROLE_TITLES[member.role]


def table(
    members: Sequence[Member], balances: Mapping[int, Balance], plans: Mapping[str, str], opened: int | None
) -> int | None:
    """The list with one selectable row; returns the id of whoever is chosen, None when nobody is.

    `plans` are titles by slug. The selection is by place, so another list is another widget.
    """
    order = f"{st.session_state.get(_TURN, 0)}:" + ",".join(str(member.person_id) for member in members)
    known = [balances.get(m.account_id or 0) for m in members]
    left = [balance.available if balance is not None else None for balance in known]
    frame = pd.DataFrame({
        "name": [m.name for m in members],
        "available": pd.array(left, dtype="Int64"),
        "status": [status(m) for m in members],
        "role": [role_title(m) for m in members],
        "plan": [plan_title(m, plans) for m in members],
        "user": [m.user_name for m in members],
    })  # fmt: skip
    column = st.column_config
    picked = tables.grid(
        frame,
        {
            "name": column.TextColumn("Name", width=150),
            "available": column.NumberColumn("Available", format="localized", alignment="right", width=92,
                                             help="Tokens. – without an account, and for unlimited plans"),
            "status": column.TextColumn("Status", width=92),
            "role": column.TextColumn("Role", width=104),
            "plan": column.TextColumn("Plan", width=72),
            "user": column.TextColumn("User name", width=104),
        },
        "Members, by name", placeholder=DASH, key=f"members-{zlib.crc32(order.encode())}",
        on_select="rerun", selection_mode="single-row",
        selection_default={"selection": {"rows": [i for i, m in enumerate(members) if m.person_id == opened]}},
    )  # fmt: skip
    chosen: list[int] = picked.selection.rows
    return members[chosen[0]].person_id if chosen else None


def close() -> None:
    """Nobody is chosen any more: the list is drawn as another widget, without its selection."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    address.clear("member")


def plan_title(member: Member, plans: Mapping[str, str]) -> str:
    """What her plan is called; – without an account."""
    return plans.get(member.plan, member.plan) if member.plan else DASH


def detail(who: Principal, member: Member, balance: Balance | None, plans: Mapping[str, str]) -> None:
    """One member: what there is to know, and what may be done."""
    page.head(esc(member.name), f"{esc(member.user_name)} · {role_title(member)}")
    page.facts({
        "Status": status(member),
        "Plan": esc(plan_title(member, plans)),
        "Available": _available(balance),
        "E-mail": esc(member.email) or DASH,
        "Here since": day(member.joined_at.astimezone(ZoneInfo(who.org_zone or who.zone))),
    })  # fmt: skip
    if member.person_id == who.person_id:
        muted("This is you. Another administrator changes your role or access.")
    elif member.is_operator and not who.is_operator:
        muted("An operator runs the whole installation: only operators may change that.")
    else:
        _buttons(member)


def _available(balance: Balance | None) -> str:
    if balance is None:
        return DASH
    return "Unlimited" if balance.available is None else f"**{full(balance.available)}** tokens"


def _buttons(member: Member) -> None:
    with page.row(gap="xsmall"):
        if st.button("Role", icon=":material/badge:", key="act-role"):
            deeds.role_dialog(member)
        if member.account_id is None and st.button("Open account", icon=":material/wallet:", key="act-account"):
            deeds.ask(deeds.own_account(member))
        if member.account_status in {"active", "frozen"}:
            freeze = member.account_status == "active"
            icon = ":material/ac_unit:" if freeze else ":material/mode_heat:"
            if st.button("Freeze" if freeze else "Unfreeze", icon=icon, key="act-freeze"):
                deeds.ask(deeds.frozen(member, freeze=freeze))
        if member.state == "deactivated":
            if st.button("Reactivate", icon=":material/person_check:", key="act-reactivate"):
                deeds.ask(deeds.access(member, is_active=True))
            return
        if st.button("One-time link", icon=":material/link:", key="act-link"):
            deeds.ask(deeds.one_time_link(member))
        if st.button("Deactivate", icon=":material/person_off:", key="act-deactivate"):
            deeds.ask(deeds.access(member, is_active=False))


def invite_dialog(who: Principal, members: Sequence[Member]) -> None:
    """Ask whom to invite, show what will happen, and why it should."""
    key = secrets.token_hex(8)

    @st.dialog("Invite somebody", icon=":material/person_add:")
    def box() -> None:
        name = st.text_input("Name", placeholder="Asha Raman", max_chars=100, key="invite-name") or ""
        user_name = st.text_input("User name", placeholder="asha", max_chars=64, key="invite-user") or ""
        email = st.text_input("E-mail", type="email", placeholder="optional", max_chars=254, key="invite-email") or ""
        titles = [ROLE_TITLES[role] for role in ROLES]
        chosen = st.segmented_control("Role", titles, default=titles[0], required=True, key="invite-role")
        reason = ask_reason("invite-reason")
        problem = _problem(user_name, members)
        deed = invitation(user_name.strip().lower(), name, email, ROLES[titles.index(chosen)])
        if problem and user_name:
            st.markdown(f":orange[:material/info:] :small[{esc(problem)}]")
        elif not problem:
            muted(
                f"**{esc(user_name.strip().lower())}** gets the role {chosen} in {esc(who.org_name)}, an account, and "
                "what the program opens at sign-up. You get a one-time link to hand over."
            )
        deeds.confirm(deed, reason, key, ready=not problem)

    box()


def _problem(user_name: str, members: Sequence[Member]) -> str:
    try:
        wanted = user_name_of(user_name)
    except InvalidRequest as refusal:
        return str(refusal)
    return f"{wanted} is a member already." if any(m.user_name == wanted for m in members) else ""


def invitation(user_name: str, name: str, email: str, role: Role) -> Deed:
    """A new member with an account of her own, and the link that lets her in."""

    def run(actor: Principal, reason: str, _key: str) -> str | None:
        deeds.open_account(actor, user_name)
        made = door().people.invite(actor, user_name, name, role, email=email, account_name=user_name, reason=reason)
        return made.token

    return Deed("Invite somebody", ":material/person_add:", "", "Invite", f"{esc(name or user_name)} is invited", run)
