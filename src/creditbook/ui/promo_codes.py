"""Promo codes, drawn: the form, what a code would give, the list with its live counts, one code beside it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.domain.program import Program, PromoTerms, WalletType
from creditbook.installation import installation
from creditbook.reports.codes import CodeLine, redeemers

from . import address, confirm, page, tables
from .confirm import Act
from .format import DASH, esc, full, plural, when
from .granting import LIVES, WALLETS
from .page import muted
from .session import require

SHOWN = 200
MOST = 1_000
TALLEST = 460
"""Pixels of the list: a batch of a thousand scrolls in it, and what is chosen stands right below."""
WORDS = {"open": "Open", "waiting": "Not yet", "ended": "Ended", "exhausted": "Used up", "disabled": "Disabled"}
STANDINGS = {
    "open": ":green-badge[Open]",
    "waiting": ":blue-badge[Not yet]",
    "ended": ":gray-badge[Ended]",
    "exhausted": ":orange-badge[Used up]",
    "disabled": ":red-badge[Disabled]",
}


def form(program: Program) -> tuple[PromoTerms | None, int]:
    """The terms as they stand in the form, None while it has no code, and how many codes are wanted."""
    name, number = st.columns([3, 2], gap="small")
    many = number.number_input(
        "How many", 1, MOST, 1, key="count", help="More than one: each ends with letters that nobody guesses"
    )
    code = name.text_input(
        "Code" if many == 1 else "They begin with", placeholder="WELCOME2026", max_chars=40, key="code"
    )
    amount, pocket = st.columns(2, gap="small")
    tokens = amount.number_input("Tokens", 1, 10**9, 1_000, step=500, key="code-tokens")
    wallet = pocket.selectbox("Wallet", list(WALLETS), key="code-wallet")
    life = st.segmented_control(
        "Unspent tokens expire after", list(LIVES), default="90 days", required=True, key="code-life"
    )
    begin, end = st.columns(2, gap="small")
    since: date | None = begin.date_input("From day", None, key="code-from")
    until: date | None = end.date_input("Through day", None, key="code-through")
    total, each = st.columns(2, gap="small")
    limit = total.number_input(
        "Redeemed at most",
        0,
        10**7,
        0 if many == 1 else 1,
        key="code-limit",
        help="By all accounts together; 0: as often as you like",
    )
    per = each.number_input("Per account", 1, 1_000, 1, key="code-per")
    with st.expander("Who may redeem it", icon=":material/filter_alt:"):
        titles = {slug: plan.title for slug, plan in program.plans.items()}
        plans = st.multiselect(
            "Plans", list(titles), format_func=lambda slug: titles[slug], placeholder="Any plan", key="code-plans"
        )
        first = st.checkbox("Only accounts that have bought nothing yet", key="code-first")
    if not (code or "").strip():
        return None, int(many)
    return PromoTerms(
        code=code.strip(),
        tokens=int(tokens),
        wallet=WalletType(WALLETS[wallet][0]),
        lifetime_days=LIVES[life or "90 days"],
        valid_from=since,
        valid_through=until,
        total_limit=int(limit) or None,
        per_account=int(per),
        plans=frozenset(plans) or None,
        first_purchase=bool(first),
    ), int(many)


def effect(terms: PromoTerms, count: int) -> str:
    """One sentence of markdown: what these codes give, to whom, until when, and what they cost at most."""
    what = f"**{esc(terms.code)}**" if count == 1 else f"**{full(count)} codes** that begin with **{esc(terms.code)}-**"
    each = " each" if count > 1 else ""
    said = [
        f"{what} gives **{plural(terms.tokens, 'token')}**{each}"
        if count == 1
        else f"{what} give **{plural(terms.tokens, 'token')}** each"
    ]
    said.append("once per account" if terms.per_account == 1 else f"up to {terms.per_account} times per account")
    if terms.total_limit is not None:
        most = terms.total_limit * terms.tokens * count
        said.append(f"{plural(terms.total_limit, 'time')} in all{each}: at most **{plural(most, 'token')}**")
    else:
        said.append("**without a limit in all**")
    return ", ".join(said) + f". {window(terms)}"


def window(terms: PromoTerms) -> str:
    """From when until when a code may be redeemed, and how long what it gives lives."""
    begin = f"from {terms.valid_from:%d %b %Y}" if terms.valid_from else "from now"
    end = f"through {terms.valid_through:%d %b %Y}" if terms.valid_through else "until it is disabled"
    lives = (
        "never expires"
        if terms.lifetime_days is None
        else f"expires {plural(terms.lifetime_days, 'day')} after it is redeemed"
    )
    return f"It may be redeemed {begin} {end}; what it gives {lives}."


def ask(terms: PromoTerms, count: int, why: str) -> None:
    """The question before codes are made."""
    button = "Create the code" if count == 1 else f"Create {full(count)} codes"
    act = Act(
        "codes",
        "Create these codes?" if count > 1 else "Create this code?",
        effect(terms, count),
        button,
        "A code can be disabled at any time; what it has given by then stays.",
        ":material/sell:",
        count if count >= 100 else 0,
    )
    confirm.ask(act, partial(_create, terms, count, why))


def _create(terms: PromoTerms, count: int, why: str, _once: str, _why: str) -> list[str]:
    who = require("admin")
    batch = terms.code if count > 1 else ""
    return installation().ledger.create_codes(
        who.org_slug, terms, count=count, batch=batch, reason=why, actor=who.user_name
    )


def result(made: Sequence[str]) -> None:
    """The codes that were made, to copy or download, and the way to an empty form."""
    with page.card("made"):
        page.head(
            f":green[:material/check_circle:] {plural(len(made), 'code')} can be redeemed from now on",
            "Each can be disabled: choose it in the list." if len(made) == 1 else "The file has them all.",
        )
        st.code("\n".join(made[:12]) + ("\n…" if len(made) > 12 else ""), language=None)
        with page.row():
            st.button("New code", icon=":material/add:", type="primary", key="new-code", on_click=_again)
            tables.download(
                lambda: tables.csv_bytes(["code"], [(one,) for one in made]), "codes", "Every new code", key="codes-csv"
            )


def _again() -> None:
    confirm.clear("codes")
    st.session_state.pop("code", None)


def matching(lines: Sequence[CodeLine], text: str, standing: str | None) -> list[CodeLine]:
    """Codes that hold the text (in the code or its batch) and stand as asked."""
    wanted = text.strip().casefold()
    return [
        one
        for one in lines
        if standing in (None, one.standing) and (wanted in one.row.code or wanted in one.row.batch.casefold())
    ]


def table(lines: Sequence[CodeLine], opened: int | None) -> int | None:
    """The list with one selectable row; returns the id of the chosen code."""
    shown = lines[:SHOWN]
    order = ",".join(str(one.row.code_id) for one in shown)
    frame = pd.DataFrame(
        {
            "code": [one.terms.code for one in shown],
            "standing": [WORDS[one.standing] for one in shown],
            "tokens": [one.terms.tokens for one in shown],
            "redeemed": [_counted(one) for one in shown],
            "given": [one.given for one in shown],
        }
    )
    column = st.column_config
    columns = {
        "code": column.TextColumn("Code", width=190),
        "standing": column.TextColumn("Status", width=80),
        "tokens": column.NumberColumn("Tokens", format="localized", width=80),
        "redeemed": column.TextColumn("Redeemed", alignment="right", width=100),
        "given": column.NumberColumn("Given", format="localized", width=90, help="Tokens given by it so far"),
    }
    picked = tables.grid(
        frame,
        columns,
        "Promo codes, newest first",
        height=min(tables.ROW_HEIGHT * (len(shown) + 1) + 3, TALLEST),
        key=f"codes-{zlib.crc32(order.encode())}",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [i for i, one in enumerate(shown) if one.row.code_id == opened]}},
    )
    chosen: list[int] = picked.selection.rows
    return shown[chosen[0]].row.code_id if chosen else None


def _counted(line: CodeLine) -> str:
    of = f" of {full(line.terms.total_limit)}" if line.terms.total_limit else ""
    return full(line.row.redeemed) + of


def detail(line: CodeLine, now: datetime, zone: ZoneInfo) -> None:
    """One code: its terms, who redeemed it, and the switch."""
    terms, who, maker = line.terms, require("admin"), esc(line.row.actor or "the program")
    page.head(
        esc(terms.code),
        f"{STANDINGS[line.standing]} made {when(line.row.created_at, now, zone)} by {maker}",
    )
    limit = _counted(line) + ("" if terms.total_limit else ", without a limit")
    page.facts(
        {
            "Gives": f"**{plural(terms.tokens, 'token')}** into {terms.wallet.value.title()}",
            "Redeemed": limit,
            "Per account": plural(terms.per_account, "time"),
            "When": esc(window(terms)),
            "Plans": esc(", ".join(sorted(terms.plans))) if terms.plans else "Any",
            "Condition": "Nothing bought yet" if terms.first_purchase else DASH,
            "Reason": esc(line.row.reason) or DASH,
        }
    )
    found = redeemers(installation().store, who, line.row.code_id)
    if found:
        frame = pd.DataFrame(
            [(one.account or "The team's pool", when(one.at, now, zone)) for one in found],
            columns=["Account", "Redeemed"],
        )
        tables.grid(frame, {}, f"Who redeemed {terms.code}", height=min(38 * (len(found) + 1) + 3, 300))
    else:
        muted("Nobody has redeemed it yet.")
    with page.row():
        label, icon = ("Enable", ":material/toggle_on:") if line.row.is_disabled else ("Disable", ":material/block:")
        if st.button(label, icon=icon, key="switch-code"):
            _ask_switch(line)
        if st.button("Close", key="close-code"):
            address.clear("code")
            st.rerun()


def _ask_switch(line: CodeLine) -> None:
    disable, code = not line.row.is_disabled, line.terms.code
    what = "can be redeemed no more" if disable else "can be redeemed again"
    act = Act(
        "switch",
        f"{'Disable' if disable else 'Enable'} this code?",
        f"**{esc(code)}** {what}. The **{plural(line.given, 'token')}** that it has given stay.",
        "Disable" if disable else "Enable",
        "You can switch it back at any time.",
        ":material/sell:",
        reason="",
    )
    confirm.ask(act, partial(_switch, code, disable))


def _switch(code: str, disable: bool, _once: str, why: str) -> str:
    who = require("admin")
    installation().ledger.disable_code(who.org_slug, code, disabled=disable, reason=why, actor=who.user_name)
    return f"{code} {'can be redeemed no more' if disable else 'can be redeemed again'}."


def say_what_was_switched() -> None:
    """After a switch: a toast, once."""
    said = confirm.result("switch")
    if said is not None:
        confirm.clear("switch")
        st.toast(esc(said), icon=":material/sell:")
