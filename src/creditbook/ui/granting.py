"""Giving tokens, drawn: what will change, the question before it is written, the result with its way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.balance import Balance
from creditbook.domain.errors import LedgerError
from creditbook.domain.results import Receipt
from creditbook.installation import installation
from creditbook.reports.grants import Receiver

from . import confirm, grant_file, tables
from .confirm import TYPE_IT_FROM_TOKENS, Act
from .format import esc, full, plural, signed, zone_mark
from .page import muted
from .session import require

WALLETS = {"Bonus": ("BONUS", "promotional"), "Bought": ("PREMIUM", "purchased")}
LIVES: dict[str, int | None] = {"30 days": 30, "90 days": 90, "1 year": 365, "Never": None}
ANY_PLAN = "Any plan"
AT_ONCE = 500
"""So many accounts are given tokens in one transaction of the database."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an administrator is about to give: whole tokens to each, into which wallet, for how many days and why."""

    rows: tuple[tuple[Receiver, int], ...]
    wallet: str
    life: str
    reason: str

    @property
    def receiving(self) -> tuple[tuple[Receiver, int], ...]:
        """Those who may receive; the others are shown and left out."""
        return tuple((who, tokens) for who, tokens in self.rows if who.may_receive)

    @property
    def total(self) -> int:
        """All tokens together."""
        return sum(tokens for _, tokens in self.receiving)

    @property
    def each(self) -> int | None:
        """What each gets, None where they get different amounts."""
        amounts = {tokens for _, tokens in self.receiving}
        return amounts.pop() if len(amounts) == 1 else None

    def ends(self, now: datetime, zone: ZoneInfo) -> str:
        """When the unspent rest expires, in words."""
        days = LIVES[self.life]
        if days is None:
            return "never expires"
        day = now.astimezone(zone).date() + timedelta(days=days)
        return f"expires {day:%a} {day.day} {day:%b %Y}, 00:00 {zone_mark(zone, now)}"


@dataclass(frozen=True, slots=True)
class Given:
    """What was given: to whom with their receipts, who was refused and why, and what everybody had before.

    ``asked`` are the grants above the program's bound: they wait in the inbox for a second administrator.
    """

    plan: Plan
    rows: tuple[tuple[Receiver, int], ...]
    receipts: tuple[Receipt, ...]
    refused: tuple[str, ...]
    before: dict[int, Balance]
    ends: str
    asked: tuple[tuple[Receiver, int], ...] = ()


def choose(receivers: Sequence[Receiver]) -> tuple[Receiver, ...]:
    """The accounts that are chosen by name; no two read alike."""
    by_id = {receiver.account_id: receiver for receiver in receivers}
    # Enter would take the list's own "select all" first: a slip of the hand must not give to everybody.
    chosen = st.multiselect(
        "People",
        list(by_id),
        key="people",
        format_func=lambda account_id: _named(by_id[account_id]),
        placeholder="Names",
        filter_mode="contains",
        select_all=False,
    )
    return tuple(by_id[account_id] for account_id in chosen)


def everyone(receivers: Sequence[Receiver]) -> tuple[Receiver, ...]:
    """All accounts of the organization, or all on one plan; those that can't receive are shown and left out."""
    plans = sorted({receiver.plan for receiver in receivers if receiver.plan})
    plan = st.selectbox("On which plan", [ANY_PLAN, *plans], key="on-plan")
    return tuple(one for one in receivers if one.status != "closed" and plan in (ANY_PLAN, one.plan))


def _named(receiver: Receiver) -> str:
    plan = f" · {receiver.plan}" if receiver.plan else ""
    return f"{receiver.shown} ({receiver.name}){plan}" if receiver.person else f"{receiver.shown}{plan}"


def from_file(receivers: Sequence[Receiver], org_slug: str) -> tuple[tuple[Receiver, int], ...]:
    """Accounts and tokens from an uploaded CSV; what is wrong with it is told beneath."""
    file = st.file_uploader("Accounts and tokens", "csv", key="file", max_upload_size=1)
    muted("Two columns: account, tokens. An account is a user name.")
    if file is None:
        return ()
    found = grant_file.read(file.getvalue(), receivers, org_slug)
    _problems(found.problems)
    return found.rows


def _problems(sentences: Sequence[str]) -> None:
    """What is wrong with a file, row by row."""
    if sentences:
        said = "  \n".join(esc(sentence) for sentence in sentences[:6])
        more = f"  \nand {full(len(sentences) - 6)} more" if len(sentences) > 6 else ""
        st.warning(f"**{plural(len(sentences), 'row')} can't be used**  \n{said}{more}", icon=":material/rule:")


def expected(plan: Plan, before: Mapping[int, Balance]) -> dict[int, int | None]:
    """What each account will have available: the grant repays debt first."""
    after: dict[int, int | None] = {}
    for who, tokens in plan.rows:
        had, gets = before.get(who.account_id), tokens if who.may_receive else 0
        if had is not None and had.available is not None:
            after[who.account_id] = had.available + gets - min(had.debt, gets)
    return after


def preview(
    rows: Sequence[tuple[Receiver, int]], before: Mapping[int, Balance], after: Mapping[int, int | None], label: str
) -> None:
    """Available tokens of each account, before and after."""
    had = [before[who.account_id].available if who.account_id in before else None for who, _ in rows]
    frame = pd.DataFrame(
        {
            "Member": [who.shown for who, _ in rows],
            "Before": pd.array(had, dtype="Int64"),
            "Grant": [signed(tokens) if who.may_receive else who.status for who, tokens in rows],
            label: pd.array([after.get(who.account_id) for who, _ in rows], dtype="Int64"),
            "Plan": [who.plan for who, _ in rows],
        }
    )
    number: Any = {"format": "localized", "alignment": "right", "width": 74}
    columns = {
        "Member": st.column_config.TextColumn(width=120),
        "Before": st.column_config.NumberColumn(**number),
        "Grant": st.column_config.TextColumn(alignment="right", width=74),
        label: st.column_config.NumberColumn(**number),
        "Plan": st.column_config.TextColumn(width=64),
    }
    more: Any = {} if len(rows) <= 12 else {"height": 12 * tables.ROW_HEIGHT}
    tables.grid(frame, columns, "Each account's available tokens before and after", **more)


def left_out(plan: Plan) -> None:
    """Who is shown but gets nothing."""
    stopped = [(who.shown, who.status) for who, _ in plan.rows if not who.may_receive]
    for name, status in stopped[:5]:
        st.markdown(f":orange[:material/ac_unit:] :small[**{esc(name)}** is {status} and will be left out.]")
    if len(stopped) > 5:
        muted(f"and {full(len(stopped) - 5)} more are left out")


def question(plan: Plan, now: datetime, zone: ZoneInfo) -> Act:
    """The question before it is written: one sentence of effect; a large sum has to be typed."""
    people, total = len(plan.receiving), plan.total
    whom = f"**{esc(plan.receiving[0][0].shown)}**" if people == 1 else f"each of **{full(people)} accounts**"
    effect = f"**{full(total)} tokens** to {full(people)} accounts"
    if plan.each:
        whole = f", **{full(total)}** in all" if people > 1 else ""
        effect = f"**{plural(plan.each, 'token')}** to {whom}{whole}"
    return Act(
        key="grant",
        title="Grant these tokens?",
        effect=f"{effect}. They go into the *{plan.wallet}* wallet; what is unspent {plan.ends(now, zone)}.",
        button=f"Grant {plural(total, 'token')}",
        after="People see it at once. You can undo it: what they have not spent comes back.",
        icon=":material/add_card:",
        type_number=total if total >= TYPE_IT_FROM_TOKENS else 0,
    )


def ask(plan: Plan, before: Mapping[int, Balance], now: datetime, zone: ZoneInfo) -> None:
    """Ask, and write it when it is confirmed."""
    confirm.ask(question(plan, now, zone), partial(give, plan, dict(before), plan.ends(now, zone)))


def give(plan: Plan, before: dict[int, Balance], ends: str, once: str, _why: str) -> Given:
    """Write it, as whoever is signed in now; an account that cannot receive is told, the others receive."""
    who = require("admin")
    days = LIVES[plan.life]
    until = (
        None
        if days is None
        else installation().clock().astimezone(ZoneInfo(who.zone)).date() + timedelta(days=days - 1)
    )
    wallet, grant_class = WALLETS[plan.wallet]
    terms: dict[str, Any] = {
        "wallet": wallet,
        "grant_class": grant_class,
        "expires_at": until,
        "reason": plan.reason,
        "actor": who.user_name,
    }
    bound = installation().ledger.program(who.org_slug).approval_above
    large = tuple(row for row in plan.receiving if bound is not None and row[1] > bound)
    for one, tokens in large:
        installation().ledger.ask_grant(account_of(who, one), tokens, **terms)
    given = [row for row in plan.receiving if bound is None or row[1] <= bound]
    wanted = [
        {"account": account_of(who, one), "tokens": tokens, "idempotency_key": f"{once}/{one.name}", **terms}
        for one, tokens in given
    ]
    outcomes: list[Receipt | LedgerError] = []
    for start in range(0, len(wanted), AT_ONCE):
        outcomes += installation().ledger.grant_many(wanted[start : start + AT_ONCE])
    told = list(zip(given, outcomes, strict=True))
    refused = tuple(f"{one.shown}: {outcome}" for (one, _), outcome in told if isinstance(outcome, LedgerError))
    rows = tuple(row for row, outcome in told if isinstance(outcome, Receipt))
    return Given(plan, rows, tuple(o for o in outcomes if isinstance(o, Receipt)), refused, before, ends, large)


def account_of(who: Principal, one: Receiver) -> str:
    """The account as the ledger's verbs write it."""
    return who.named(one.name)
