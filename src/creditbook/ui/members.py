"""How the members of an organization are drawn: the list, one member beside it, and the invitation."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access import ROLE_TITLES, ROLES, Member, Principal, Role
from creditbook.access.names import user_name_of
from creditbook.domain.balance import Balance
from creditbook.domain.errors import InvalidRequest
from creditbook.installation import installation
from creditbook.reports.grants import Receiver
from creditbook.site import PAGES

from . import account_deeds, address, deeds, looking, member_plans, member_wallets, page, tables
from .confirm import reason as ask_reason
from .deeds import Deed
from .format import DASH, day, full, plural
from .page import esc, muted
from .reading import Unread, read
from .session import door

SHOWN = 200
"""The list shows so many; a search finds the rest."""
NO_SIGN_IN = "No sign-in"
Listed = Member | Receiver
"""A line of the list: somebody, or an account that nobody signs in for."""
_TURN = "members-turn"
NOBODY = ("Nobody is here yet", "Invite the first member: the button stands above.")
NOBODY_FITS = ("Nobody fits", "Change the words or the roles above.")


def matching(listed: Sequence[Listed], text: str, roles: Sequence[str]) -> list[Listed]:
    """Those whose name, user name or address holds the text, and who have one of the roles (by title)."""
    wanted = text.strip().casefold()
    return [
        one for one in listed
        if (not roles or (ROLE_TITLES[one.role] if isinstance(one, Member) else NO_SIGN_IN) in roles)
        and (not wanted or any(wanted in said.casefold() for said in _words(one)))
    ]  # fmt: skip


def _words(one: Listed) -> tuple[str, ...]:
    return (one.name, one.user_name, one.email) if isinstance(one, Member) else (one.name, one.shown)


def counted(everybody: Sequence[Listed], found: Sequence[Listed]) -> str:
    """How many the list has, of how many, and what is left out."""
    people = sum(isinstance(one, Member) for one in everybody)
    said = plural(people, "person", "people")
    if others := len(everybody) - people:
        said += f" and {plural(others, 'account')} without a sign-in"
    if len(found) < len(everybody):
        said = f"{full(len(found))} of {said}"
    return f"{said}, the first {SHOWN} shown: search for a name" if len(found) > SHOWN else said


def id_of(one: Listed) -> int:
    """What names a line of the list in the address; people and accounts take their ids from one source."""
    return one.person_id if isinstance(one, Member) else one.account_id


def status(member: Listed) -> str:
    """One word for the list: what stands in her way, if anything does."""
    if isinstance(member, Receiver):
        return member.status.capitalize()
    if member.state != "active":
        return member.state.capitalize()
    return (member.account_status or "active").capitalize()


def role_title(member: Listed) -> str:
    """Her role in words."""
    if isinstance(member, Receiver):
        return NO_SIGN_IN
    return "Operator" if member.is_operator else ROLE_TITLES[member.role]


def table(
    members: Sequence[Listed], balances: Mapping[int, Balance], plans: Mapping[str, str], opened: int | None
) -> int | None:
    """The list with one selectable row; returns the id of whoever is chosen, None when nobody is.

    `plans` are titles by slug. The selection is by place, so another list is another widget.
    """
    order = f"{st.session_state.get(_TURN, 0)}:" + ",".join(str(id_of(member)) for member in members)
    known = [balances.get(m.account_id or 0) for m in members]
    left = [balance.available if balance is not None else None for balance in known]
    frame = pd.DataFrame({
        "name": [m.name if isinstance(m, Member) else m.shown for m in members],
        "available": pd.array(left, dtype="Int64"),
        "status": [status(m) for m in members],
        "role": [role_title(m) for m in members],
        "plan": [plan_title(m, plans) for m in members],
        "user": [m.user_name if isinstance(m, Member) else m.name or None for m in members],
    })  # fmt: skip
    column = st.column_config
    picked = tables.grid(
        frame,
        {
            "name": column.TextColumn("Name", width=134),
            "available": column.NumberColumn("Available", format="localized", alignment="right", width=84,
                                             help="Tokens. – without an account, and for unlimited plans"),
            "status": column.TextColumn("Status", width=76),
            "role": column.TextColumn("Role", width=98),
            "plan": column.TextColumn("Plan", width=62),
            "user": column.TextColumn("User name", width=88),
        },
        "Members, by name", placeholder=DASH, key=f"members-{zlib.crc32(order.encode())}",
        on_select="rerun", selection_mode="single-row",
        selection_default={"selection": {"rows": [i for i, m in enumerate(members) if id_of(m) == opened]}},
    )  # fmt: skip
    chosen: list[int] = picked.selection.rows
    return id_of(members[chosen[0]]) if chosen else None


def close() -> None:
    """Nobody is chosen any more: the list is drawn as another widget, without its selection."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    address.clear("member")


def plan_title(member: Listed, plans: Mapping[str, str]) -> str:
    """What her plan is called; – without an account."""
    return plans.get(member.plan, member.plan) if member.plan else DASH


def detail(who: Principal, member: Member, balance: Balance | None, plans: Mapping[str, str]) -> None:
    """One member: what there is to know, and what may be done."""
    page.head(esc(member.name), f"{esc(member.user_name)} · {role_title(member)}")
    page.facts({
        "Status": status(member),
        "Plan": _plan(who, member, plans),
        "Available": _available(balance),
        "E-mail": esc(member.email) or DASH,
        "Here since": day(member.joined_at.astimezone(ZoneInfo(who.org_zone or who.zone))),
    })  # fmt: skip
    if member.person_id == who.person_id:
        muted("This is you. Another administrator changes your role, plan or access.")
    elif member.is_operator and not who.is_operator:
        muted("An operator runs the whole installation: only operators may change that.")
    else:
        _account_buttons(who, member, balance)
        _buttons(member)


def account_detail(who: Principal, account: Receiver, balance: Balance | None, plans: Mapping[str, str],
                   members: Sequence[Member]) -> None:  # fmt: skip
    """One account that nobody signs in for, and how somebody can."""
    page.head(esc(account.shown), NO_SIGN_IN)
    page.facts({
        "Status": status(account),
        "Plan": _plan(who, account, plans),
        "Available": _available(balance),
    })  # fmt: skip
    _account_buttons(who, account, balance)
    if not account.name:
        muted("Members draw on it. Nobody signs in for it.")
    elif account.status == "closed":
        muted("It is closed; its history stays.")
    else:
        muted("An import or the application opened it. Whoever you invite finds it with all its tokens and history.")
        if st.button("Invite", icon=":material/person_add:", key="act-invite"):
            invite_dialog(who, members, account.name)


def _available(balance: Balance | None) -> str:
    if balance is None:
        return DASH
    return "Unlimited" if balance.available is None else f"**{full(balance.available)}** tokens"


def _plan(who: Principal, one: Listed, plans: Mapping[str, str]) -> str:
    """Her plan with how it stands; its title alone where that can't be read."""
    if one.account_id is None:
        return DASH
    here = installation()
    found = read(lambda: here.ledger.subscription(deeds.account_of(who, one)))
    if isinstance(found, Unread):
        return esc(plan_title(one, plans))
    waits = replace(found, next_plan=plans.get(found.next_plan, found.next_plan))
    return member_plans.standing(waits, here.clock(), ZoneInfo(who.org_zone or who.zone))


def _account_buttons(who: Principal, one: Listed, balance: Balance | None) -> None:
    """What may be done with the account: tokens, plan, freezing, quota, closing, and looking at what she sees."""
    state = one.account_status if isinstance(one, Member) else one.status
    if one.account_id is None:
        return
    with page.row(gap="xsmall"):
        if state == "active" and st.button("Give tokens", icon=":material/add_card:", key="act-give"):
            st.session_state["people"] = [one.account_id]
            st.switch_page(PAGES / "admin" / "grants.py")
        if st.button("See the pages", icon=":material/visibility:", key="act-look"):
            looking.open_pages(one)
    if state == "closed":
        return
    with page.row(gap="xsmall"):
        if st.button("Plan", icon=":material/swap_vert:", key="act-plan"):
            member_plans.dialog(who, one)
        if st.button("Wallets", icon=":material/wallet:", key="act-wallets"):
            member_wallets.dialog(who, one)
        freeze = state == "active"
        icon = ":material/ac_unit:" if freeze else ":material/mode_heat:"
        if st.button("Freeze" if freeze else "Unfreeze", icon=icon, key="act-freeze"):
            deeds.ask(deeds.frozen(one, freeze=freeze))
        account_deeds.buttons(who, one, balance)


def _buttons(member: Member) -> None:
    with page.row(gap="xsmall"):
        if st.button("Role", icon=":material/badge:", key="act-role"):
            deeds.role_dialog(member)
        if member.account_id is None and st.button("Open account", icon=":material/wallet:", key="act-account"):
            deeds.ask(deeds.own_account(member))
        if member.state == "deactivated":
            if st.button("Reactivate", icon=":material/person_check:", key="act-reactivate"):
                deeds.ask(deeds.access(member, is_active=True))
            return
        if st.button("One-time link", icon=":material/link:", key="act-link"):
            deeds.ask(deeds.one_time_link(member))
        if st.button("Deactivate", icon=":material/person_off:", key="act-deactivate"):
            deeds.ask(deeds.access(member, is_active=False))


def invite_dialog(who: Principal, members: Sequence[Member], account: str = "") -> None:
    """Ask whom to invite, show what will happen, and why it should. ``account`` is there already and becomes hers."""
    key = secrets.token_hex(8)

    @st.dialog("Invite somebody", icon=":material/person_add:")
    def box() -> None:
        name = st.text_input("Name", placeholder="Asha Raman", max_chars=100, key="invite-name") or ""
        user_name = st.text_input("User name", account, placeholder="asha", max_chars=64, key="invite-user") or ""
        email = st.text_input("E-mail", type="email", placeholder="optional", max_chars=254, key="invite-email") or ""
        titles = [ROLE_TITLES[role] for role in ROLES]
        chosen = st.segmented_control("Role", titles, default=titles[0], required=True, key="invite-role")
        reason = ask_reason("invite-reason")
        problem = _problem(user_name, members)
        deed = invitation(user_name.strip().lower(), name, email, ROLES[titles.index(chosen)], account)
        if problem and user_name:
            st.markdown(f":orange[:material/info:] :small[{esc(problem)}]")
        elif not problem:
            gets = (f"the account **{esc(account)}** as it is" if account
                    else "an account, and what the program opens at sign-up")  # fmt: skip
            muted(f"**{esc(user_name.strip().lower())}** gets the role {chosen} in {esc(who.org_name)} and {gets}. "
                  "You get a one-time link to hand over.")  # fmt: skip
        deeds.confirm(deed, reason, key, ready=not problem)

    box()


def _problem(user_name: str, members: Sequence[Member]) -> str:
    try:
        wanted = user_name_of(user_name)
    except InvalidRequest as refusal:
        return str(refusal)
    return f"{wanted} is a member already." if any(m.user_name == wanted for m in members) else ""


def invitation(user_name: str, name: str, email: str, role: Role, account: str = "") -> Deed:
    """A new member with an account of her own (a new one, or ``account``), and the link that lets her in."""

    def run(actor: Principal, reason: str, _key: str) -> str | None:
        if not account:
            deeds.open_account(actor, user_name)
        made = door().people.invite(actor, user_name, name, role, email=email, account_name=account or user_name,
                                    reason=reason)  # fmt: skip
        return made.token

    return Deed("Invite somebody", ":material/person_add:", "", "Invite", f"{esc(name or user_name)} is invited", run)
