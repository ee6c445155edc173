"""A code typed in, a friend brought, an activity rewarded: the form, the result, and what there is to get."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access import Principal
from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.program import Once, Paid, Program, Referral
from creditbook.domain.results import Receipt
from creditbook.domain.units import amount
from creditbook.installation import installation
from creditbook.reports.rewards import Chance, Chances, Gift, gift

from .format import countdown, esc, full, instant, plural, signed, when
from .kinds import kind_icon, kind_name
from .offers import tokens_of
from .page import card, facts, head, muted, numbers, row
from .session import public_link, require

_DONE, _KEY, _REFUSED = "redeemed", "redeem-once", "redeem-refused"
OFTEN = {Once.EVER: "once", Once.DAY: "once a day", Once.MONTH: "once a month"}


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A code that worked: what was available before, what the ledger answered, the grant that it brought."""

    code: str
    before: int | None
    receipt: Receipt
    gift: Gift | None


def form(found: Chances) -> None:
    """The field for a code. A refusal is told below it and what was typed stays."""
    with card("redeem-form", height="stretch"):
        head("Redeem a code", "Capitals and blanks around it make no difference.")
        with st.form("redeem", border=False):
            st.text_input("Code", key="code", max_chars=200, placeholder="As it was given to you", autocomplete="off")
            st.form_submit_button("Redeem", type="primary", key="redeem-now", on_click=_redeem, args=(found.available,))
        refused = st.session_state.get(_REFUSED)
        if refused:
            st.error(esc(refused), icon=":material/block:")


def _redeem(before: int | None) -> None:
    """Redeem what was typed, as whoever is signed in now; pressed twice, it is redeemed once."""
    st.session_state.pop(_REFUSED, None)
    code = str(st.session_state.get("code") or "").strip()
    once = st.session_state.setdefault(_KEY, secrets.token_hex(8))
    who = require()
    try:
        if not code:
            raise InvalidRequest("Type the code first.")
        receipt = installation().ledger.redeem(
            who.account or "", code, actor=who.user_name, idempotency_key=f"{once}/{code.casefold()}"
        )
    except LedgerError as refusal:
        st.session_state[_REFUSED] = str(refusal)
        return
    brought = gift(installation().store, who, receipt.lines[0].grant_id) if receipt.lines else None
    st.session_state[_DONE] = Redeemed(code, before, receipt, brought)
    _forget()


def _forget() -> None:
    st.session_state.pop(_KEY, None)
    st.session_state["code"] = ""


def _again() -> None:
    st.session_state.pop(_DONE, None)
    # Pressed at once, the browser still remembers what was typed into the field that it shows anew.
    st.session_state["code"] = ""


def done() -> Redeemed | None:
    """The code that was just redeemed, until it is put away."""
    found = st.session_state.get(_DONE)
    return found if isinstance(found, Redeemed) else None


def result(one: Redeemed, program: Program, now: datetime, zone: ZoneInfo) -> None:
    """The new balance, what it was, and until when the tokens live."""
    tokens, unit = one.gift.tokens if one.gift is not None else one.receipt.tokens, program.unit
    with card("redeem-form", height="stretch"):
        head(f":green[:material/check_circle:] {signed(tokens)} tokens", f"Code {esc(one.code)}, redeemed just now")
        st.metric("Available now", amount(one.receipt.available, unit), help=_exact(one.receipt.available))
        told = {"Before": amount(one.before, unit), "Expires": _end(one.gift, now, zone)}
        if one.gift is not None and one.gift.label:
            told["Grant"] = esc(one.gift.label)
        facts(told)
        st.button("Redeem another", icon=":material/redeem:", on_click=_again, key="redeem-another")


def _exact(available: int | None) -> str | None:
    return None if available is None else f"{full(available)} tokens"


def _end(one: Gift | None, now: datetime, zone: ZoneInfo) -> str:
    if one is None or one.expires_at is None:
        return "never"
    return f"{instant(one.expires_at, zone, now=now)} · {countdown(one.expires_at, now)}"


def friends(found: Chances, who: Principal) -> None:
    """The referral: what it pays, when, and the link to hand on."""
    referral = found.program.referral
    if referral is None:
        return
    with card("friends", height="stretch"):
        head("Bring a friend", _pays(found.program, referral))
        if found.friend_waits:
            st.info("A friend brought you here: both of you get your tokens with your first work.",
                    icon=":material/group_add:")  # fmt: skip
        if found.program.self_registration and who.account_name:
            muted("Your link: whoever signs up with it came through you.")
            st.code(public_link(join=who.org_slug, **{"from": who.account_name}), language=None, wrap_lines=True)
        else:
            muted("Your user name: friends name it when their account is opened.")
            st.code(who.account_name or "", language=None)
        if found.friends:
            total = found.friends * referral.referrer_tokens
            muted(f"{plural(found.friends, 'friend')} came through you so far, {plural(total, 'token')}.")
        else:
            muted("Nobody has come through you yet.")


def _pays(program: Program, referral: Referral) -> str:
    when_ = "when she signs up"
    if referral.when is Paid.FIRST_SPEND:
        action = program.actions.get(referral.action)
        what = esc((action.title if action and action.title else referral.action.replace("_", " ")).lower())
        when_ = f"at her first {what}" if referral.action else "with her first work"
    you, she = (tokens_of(n, program) for n in (referral.referrer_tokens, referral.friend_tokens))
    both = f"{you} for each of you" if referral.referrer_tokens == referral.friend_tokens else (
        f"{you} for you and {she} for your friend")  # fmt: skip
    return f"{both}, {when_}."


def rewards(found: Chances) -> None:
    """Activities that are rewarded, and which of them were."""
    if not found.rewards:
        return
    with card("rewards", height="stretch"):
        head("Rewards", "They come by themselves, a moment after you did it.")
        for chance in found.rewards:
            _reward(chance, found.program)


def _reward(chance: Chance, program: Program) -> None:
    reward = chance.reward
    with row(horizontal_alignment="distribute"):
        st.markdown(f"{esc(reward.title)} :small[:gray[· {OFTEN[reward.once]}]]", width="content")
        if chance.had:
            st.badge("Had", icon=":material/check:", color="green")
        else:
            st.markdown(tokens_of(reward.tokens, program), width="content")


def gifts(found: Chances, now: datetime, zone: ZoneInfo) -> None:
    """What codes, friends and activities have brought so far."""
    with card("gifts"):
        head("What you have had", f"Times in {zone.key}" if found.gifts else "Nothing from codes or friends yet.")
        if not found.gifts:
            return
        rows = [(_gift(one, now, zone), _left(one, now), one.tokens) for one in found.gifts]
        frame = numbers(pd.DataFrame(rows, columns=["What", "Left", "Tokens"]), Tokens=signed)
        st.table(frame, border="horizontal", hide_index=True, alt="Tokens from codes, friends and rewards")


def _gift(one: Gift, now: datetime, zone: ZoneInfo) -> str:
    label = esc(one.label) if one.label and one.label != kind_name(one.source) else ""
    name = f"{kind_icon(one.source)} {kind_name(one.source)}" + (f" :gray[· {label}]" if label else "")
    return f"{name}  \n:small[:gray[{when(one.at, now, zone)}]]"


def _left(one: Gift, now: datetime) -> str:
    if one.expires_at is not None and one.expires_at <= now:
        return ":gray[ended]"
    if not one.remaining:
        return ":gray[used up]"
    ends = "never expires" if one.expires_at is None else f"expires {countdown(one.expires_at, now)}"
    return f"{full(one.remaining)}  \n:small[:gray[{ends}]]"
