"""Tokens that were given, drawn: the result with its way back, what was given of late, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.domain.errors import NotFound
from creditbook.installation import installation
from creditbook.reports.grants import Gift, GivenGrant, Receiver

from . import confirm, tables
from .confirm import TYPE_IT_FROM_TOKENS, Act
from .format import esc, full, plural, signed, when, zone_mark
from .granting import Given, preview
from .page import card, head, muted, row
from .session import require


def result(given: Given, now_left: Sequence[GivenGrant]) -> bool:
    """What was done, and the way back; tells whether Undo was pressed.

    The buttons stand below: a table's own toolbar floats over what is above it.
    """
    plan, total = given.plan, sum(receipt.tokens for receipt in given.receipts)
    many = len(given.receipts) != 1
    whom = plural(len(given.receipts), "account") if many else esc(given.rows[0][0].shown)
    what = f"{plural(plan.each, 'token')} to {'each of ' if many else ''}" if plan.each else f"{full(total)} tokens to "
    with card("granted"):
        if given.receipts:
            head(
                f":green[:material/check_circle:] Granted {what}{whom}",
                f"{full(total)} tokens in all · {given.ends} · by you, just now · “{esc(plan.reason)}”",
            )
        if given.asked:
            _waiting(given)
        for sentence in given.refused:
            st.markdown(f":orange[:material/block:] :small[{esc(sentence)}]")
        if not given.receipts:
            st.button("New grant", icon=":material/add:", type="primary", key="new-grant", on_click=_again)
            return False
        after = {who.account_id: r.available for (who, _), r in zip(given.rows, given.receipts, strict=True)}
        preview(given.rows, given.before, after, "Now")
        with row():
            st.button("New grant", icon=":material/add:", type="primary", key="new-grant", on_click=_again)
            left = sum(grant.remaining for grant in now_left)
            undo = st.button("Undo", icon=":material/undo:", key="undo-grant", disabled=not left)
            muted(_comes_back(total, left), width="content")
    return undo


def _waiting(given: Given) -> None:
    """What was not given but asked for: it is above the program's bound."""
    asked = sum(tokens for _, tokens in given.asked)
    head(
        f":orange[:material/hourglass_top:] {plural(len(given.asked), 'grant')} waits for a second administrator"
        if len(given.asked) == 1
        else f":orange[:material/hourglass_top:] {full(len(given.asked))} grants wait for a second administrator",
        f"{plural(asked, 'token')} in all: above what one administrator may give. Another one finds it in the Inbox.",
    )


def _again() -> None:
    """The page shows an empty form once more."""
    confirm.clear("grant")
    for name in ("people", "why", "file"):
        st.session_state.pop(name, None)


def _comes_back(total: int, left: int) -> str:
    if left == total:
        return "Nothing of it is spent yet, so all of it would come back."
    return (
        f"{full(total - left)} of it are spent or gone; {full(left)} would come back."
        if left
        else "All of it is spent or gone."
    )


def ask_undo(gift: Gift) -> None:
    """The question before a gift is taken back."""
    accounts = plural(sum(1 for grant in gift.grants if grant.remaining), "account")
    act = Act(
        "undo",
        "Take these tokens back?",
        f"**{full(gift.left)}** of {full(gift.tokens)} tokens are unspent and come back from **{accounts}**.",
        f"Take back {plural(gift.left, 'token')}",
        "It is a new line in the history, nothing is deleted. What a running job holds comes back when it ends.",
        ":material/undo:",
        gift.left if gift.left >= TYPE_IT_FROM_TOKENS else 0,
        reason=f"Undone: {gift.reason}"[:140],
    )
    confirm.ask(act, partial(take_back, gift))


def take_back(gift: Gift, once: str, why: str) -> int:
    """Revoke what is left of every grant of the gift; returns the whole tokens that came back."""
    who, back = require("admin"), 0
    for grant in gift.grants:
        account = who.named(grant.account)
        key = f"{once}/{grant.grant_id}"
        try:
            receipt = installation().ledger.revoke(
                account, grant.grant_id, reason=why, actor=who.user_name, idempotency_key=key
            )
        except NotFound:
            continue  # spent to the last token, or ended, since the page was drawn
        back -= receipt.tokens
    return back


def say_what_came_back() -> None:
    """After an undo: how much came back, and an empty form."""
    back = confirm.result("undo")
    if back is not None:
        confirm.clear("undo")
        _again()
        st.toast(f"Undone: {plural(back, 'token')} came back.", icon=":material/undo:")


def recent(gifts: Sequence[Gift], receivers: Sequence[Receiver], now: datetime, zone: ZoneInfo) -> None:
    """What was given of late, each with its way back while something of it is left."""
    names = {one.name: one.shown for one in receivers}
    with card("recent"):
        head("Recent grants", "Undo takes back what is unspent; it is a new line, nothing is deleted")
        if not gifts:
            muted("No tokens were given yet.")
            return
        frame = pd.DataFrame(
            [
                (_to(g, names), _much(g), when(g.at, now, zone), names.get(g.actor, g.actor), g.reason, _left(g))
                for g in gifts
            ],
            columns=["To", "Tokens", "At", "By", "Reason", ""],
        )
        column = st.column_config
        button = column.ButtonColumn("", type="tertiary", width=76, key="undo-recent")
        columns = {
            "To": column.TextColumn(width=150),
            "Tokens": column.TextColumn(alignment="right", width=100),
            "At": column.TextColumn(f"When ({zone_mark(zone, now)})", width=120),
            "By": column.TextColumn(width=110),
            "Reason": column.TextColumn(width=220),
            "": button,
        }
        tables.grid(frame, columns, "Recent grants", key="recent-grants")
    chosen = _pressed(gifts)
    if chosen is not None and chosen.left:
        ask_undo(chosen)


def _pressed(gifts: Sequence[Gift]) -> Gift | None:
    """The gift whose Undo was pressed: by the rows as they stood then, for new ones may have come above them."""
    rows, pressed = st.session_state.get(_ROWS, []), st.session_state.get("undo-recent")
    st.session_state[_ROWS] = [(gift.at, gift.actor, gift.reason) for gift in gifts]
    if not pressed or pressed["row"] >= len(rows):
        return None
    return next((gift for gift in gifts if (gift.at, gift.actor, gift.reason) == rows[pressed["row"]]), None)


_ROWS = "recent-rows"


def _to(gift: Gift, names: Mapping[str, str]) -> str:
    if len(gift.grants) == 1:
        account = gift.grants[0].account
        return names.get(account, account) or "The team's pool"
    return f"{full(len(gift.grants))} accounts"


def _much(gift: Gift) -> str:
    amounts = {grant.amount for grant in gift.grants}
    if len(gift.grants) > 1 and len(amounts) == 1:
        return f"{signed(amounts.pop())} each"
    return signed(gift.tokens)


def _left(gift: Gift) -> str | None:
    return "Undo" if gift.left else None
