"""Forcing one account's reset within its period (rule 23), drawn: whom, before and after, the question, the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.balance import Balance, WalletBalance
from creditbook.domain.results import Done
from creditbook.installation import installation
from creditbook.reports.due import ForcedReset, foresee_forced
from creditbook.reports.grants import Receiver
from creditbook.reports.members import balances

from . import confirm
from .confirm import Act
from .format import esc, full, plural
from .granting import account_of
from .kinds import wallet_name
from .page import card, head, muted, numbers, row
from .reading import Unread, not_read, read
from .session import require

ALL = 0
"""Every wallet of the account that resets."""


@dataclass(frozen=True, slots=True)
class Forced:
    """A reset that was forced: whose, in which wallet, why, and what it did."""

    receiver: Receiver
    wallet: str
    reason: str
    foreseen: ForcedReset
    done: Done


def form(who: Principal, receivers: Sequence[Receiver], now: datetime) -> None:
    """Whose reset, which wallet, why; and what it would change."""
    with card("force", height="stretch"):
        head("Force one reset", "Within the period: what is left of the allowance expires, a whole one comes")
        by_id = {one.account_id: one for one in receivers if one.status != "closed"}
        chosen = st.selectbox(
            "Member", list(by_id), index=None, placeholder="Name", key="force-who", filter_mode="contains",
            format_func=lambda account_id: by_id[account_id].shown,
        )  # fmt: skip
        if chosen is None:
            return
        receiver = by_id[chosen]
        found = read(lambda: balances(installation().ledger.core.batches, who, [receiver], now)[chosen])
        if isinstance(found, Unread):
            not_read("Her wallets", found)
            return
        wallets = resetting(found)
        if not wallets:
            muted("Nothing of this account refills by itself, so there is nothing to force.")
            return
        names = {ALL: "All that reset", **{w.wallet_id: _named(w) for w in wallets}} if len(wallets) > 1 else {
            wallets[0].wallet_id: _named(wallets[0])}  # fmt: skip
        wallet = st.selectbox("Wallet", list(names), key="force-wallet", format_func=lambda one: names[one])
        why = confirm.reason("force-why")
        foreseen = _foreseen(who, receiver, wallet, now)
        if foreseen is None:
            return
        before_and_after(foreseen, "After")
        if st.button("Review and reset", icon=":material/arrow_forward:", icon_position="right", key="force-review",
                     disabled=not why, help=None if why else "A reason is required"):  # fmt: skip
            confirm.ask(question(receiver, names[wallet], foreseen, why),
                        partial(run, receiver, wallet, names[wallet], why, foreseen))  # fmt: skip


def resetting(balance: Balance) -> list[WalletBalance]:
    """The active wallets of a balance that refill by themselves."""
    return [one for one in balance.wallets if one.is_active and one.next_reset is not None]


def _named(wallet: WalletBalance) -> str:
    return wallet_name(wallet.type, wallet.label)


def _foreseen(who: Principal, receiver: Receiver, wallet: int, now: datetime) -> ForcedReset | None:
    ledger = installation().ledger
    found = read(lambda: foresee_forced(
        ledger.core.batches, who, ledger.core.account(account_of(who, receiver)), wallet or None, now))  # fmt: skip
    if isinstance(found, Unread):
        not_read("What it would change", found)
        return None
    return found


def before_and_after(found: ForcedReset, now: str) -> None:
    """Each resetting wallet's tokens before and after."""
    after = {one.wallet_id: one.posted for one in found.after.wallets}
    rows = [(esc(_named(one)), one.posted, after.get(one.wallet_id, 0)) for one in resetting(found.before)]
    frame = pd.DataFrame(rows, columns=["Wallet", "Before", now])
    st.table(numbers(frame, **{"Before": full, now: full}), border="horizontal", hide_index=True)


def question(receiver: Receiver, wallet: str, found: ForcedReset, reason: str) -> Act:
    """The question before a reset is forced."""
    return Act(
        "force",
        "Force this reset?",
        f"**{esc(receiver.shown)}**, {esc(wallet)}: **{full(found.expires)}** tokens expire and "
        f"**{plural(found.granted, 'token')}** are granted. Reason: “{esc(reason)}”",
        f"Reset {receiver.shown}",
        "Bonus and bought tokens stay. The next reset comes when it would have come. It cannot be undone: "
        "take a grant back on Grants instead.",
        ":material/restart_alt:",
    )


def run(receiver: Receiver, wallet: int, named: str, reason: str, found: ForcedReset, once: str, _why: str) -> Forced:
    """Force it, as whoever is signed in now."""
    who = require("admin")
    done = installation().ledger.reset(
        account_of(who, receiver), wallet_id=wallet or None, reason=reason, actor=who.user_name, idempotency_key=once
    )
    return Forced(receiver, named, reason, found, done)


def result(forced: Forced) -> None:
    """What was done."""
    with card("forced"):
        head(f":green[:material/check_circle:] {esc(forced.receiver.shown)} has a whole allowance again",
             f"{esc(forced.wallet)} · by you, just now · “{esc(forced.reason)}”")  # fmt: skip
        before_and_after(forced.foreseen, "Now")
        with row():
            st.button("Done", type="primary", key="force-done", on_click=_again)


def _again() -> None:
    confirm.clear("force")
    for name in ("force-who", "force-why"):
        st.session_state.pop(name, None)
