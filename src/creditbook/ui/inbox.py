"""The inbox, drawn: one card per kind of thing that waits, each line with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.access import Principal
from creditbook.installation import installation
from creditbook.payments.webhooks import Webhooks
from creditbook.reports.inbox import Event, Inbox, Owing, RefusedImport
from creditbook.store.approvals import Approval
from creditbook.store.purchases import Sold

from . import inbox_sales, page
from .confirm import TYPE_IT_FROM_TOKENS, Act
from .format import esc, full, plural, when
from .inbox_lines import POOL, button, said
from .page import muted
from .session import require


def draw(found: Inbox, now: datetime, zone: ZoneInfo) -> None:
    """Every kind that has something waiting, most urgent first."""
    _section("grants", "Grants that wait for a second administrator", found.grants, _grant, now, zone)
    _section("disputes", "Disputed payments", found.disputes, inbox_sales.dispute, now, zone)
    _section("to-pay", "Purchases to be paid by hand", found.to_pay, inbox_sales.to_pay, now, zone)
    _section("stuck", "Purchases that are stuck", found.stuck, inbox_sales.stuck, now, zone)
    _section("events", "Payment messages that match nothing", found.events, _event, now, zone)
    _section("debts", "Accounts that owe", found.debts, _debt, now, zone)
    _section("imports", "Imports that refused rows", found.imports, _import, now, zone)


def _section(
    key: str,
    title: str,
    things: Sequence[Any],
    line: Callable[[Any, datetime, ZoneInfo], None],
    now: datetime,
    zone: ZoneInfo,
) -> None:
    if not things:
        return
    with page.card(key):
        page.head(f"{title} · {len(things)}")
        for thing in things:
            with st.container(key=f"{key}-{_id(thing)}", gap="xsmall"):
                line(thing, now, zone)


def _id(thing: Any) -> str:
    if isinstance(thing, Approval):
        return str(thing.approval_id)
    if isinstance(thing, Sold):
        return str(thing.purchase.purchase_id)
    if isinstance(thing, Event):
        return f"{thing.provider}-{thing.event_id}"
    return thing.name if isinstance(thing, Owing) else f"{thing.finished_at:%s}"


def _grant(one: Approval, now: datetime, zone: ZoneInfo) -> None:
    me, tokens, name = require("admin"), int(one.request["tokens"]), one.account or POOL
    said(
        f"**{plural(tokens, 'token')}** to **{esc(name)}** · “{esc(one.reason)}”",
        f"Asked by {esc(one.asked_by)}, {when(one.asked_at, now, zone)} · into {str(one.request['wallet']).title()}",
    )
    if one.asked_by == me.user_name:
        muted(":material/hourglass_top: You asked for it, so another administrator has to decide.")
        return

    def approve(who: Principal, _once: str, why: str) -> str:
        receipt = installation().ledger.approve(who.org_slug, one.approval_id, actor=who.user_name, note=why)
        return f"{plural(receipt.tokens, 'token')} given to {esc(name)}."

    def decline(who: Principal, _once: str, why: str) -> str:
        installation().ledger.decline(who.org_slug, one.approval_id, actor=who.user_name, note=why)
        return "Declined. Nothing was given."

    typed = tokens if tokens >= TYPE_IT_FROM_TOKENS else 0
    with page.row(gap="xsmall"):
        button(
            Act(
                f"approve-{one.approval_id}",
                "Approve this grant?",
                f"**{plural(tokens, 'token')}** go to **{esc(name)}** at once.",
                "Approve",
                "Your name stands beside the asker's. It can be taken back under Grants.",
                type_number=typed,
                reason=f"Approved: {one.reason}"[:140],
            ),
            approve,
            primary=True,
        )
        button(
            Act(
                f"decline-{one.approval_id}",
                "Decline this grant?",
                f"**{esc(name)}** gets nothing.",
                "Decline",
                f"{esc(one.asked_by)} reads your reason here and in the audit log.",
                reason="",
            ),
            decline,
        )


def _event(one: Event, now: datetime, zone: ZoneInfo) -> None:
    said(
        f"**{esc(one.kind)}** from {esc(one.provider.title())} · {esc(one.note) or 'It broke off.'}",
        f"{esc(one.event_id)}, {one.status}, {when(one.received_at, now, zone)}",
    )
    here = installation()
    hooks = Webhooks(here.store, here.ledger, here.clock)

    def again(_who: Principal, _once: str, _why: str) -> str:
        return esc(hooks.replay(one.provider, one.event_id).note)

    def dismiss(who: Principal, _once: str, why: str) -> str:
        return esc(hooks.dismiss(one.provider, one.event_id, actor=who.user_name, reason=why).note)

    def assign(purchase_id: int, who: Principal, _once: str, why: str) -> str:
        return esc(
            hooks.assign(one.provider, one.event_id, who.org_slug, purchase_id, actor=who.user_name, reason=why).note
        )

    with page.row(gap="xsmall"):
        button(
            Act(
                f"again-{one.event_id}",
                "Handle it once more?",
                "Whatever it can do now is done; what was done before is not done twice.",
                "Try again",
            ),
            again,
        )
        number = st.number_input(
            "Purchase",
            0,
            2**53 - 1,
            0,
            key=f"purchase-{one.event_id}",
            width=140,
            label_visibility="collapsed",
            help="The purchase that it is about",
        )
        if number:
            button(
                Act(
                    f"assign-{one.event_id}",
                    "Is it about this purchase?",
                    f"It is handled as a message about purchase **{number}**.",
                    "Assign",
                    reason="",
                ),
                partial(assign, int(number)),
            )
        button(
            Act(
                f"dismiss-{one.event_id}",
                "Set it aside?",
                "It is about nothing here. It stays in the database.",
                "Set aside",
                reason="",
            ),
            dismiss,
        )


def _debt(one: Owing, now: datetime, zone: ZoneInfo) -> None:
    said(
        f"**{esc(one.name or POOL)}** owes **{plural(one.owed, 'token')}**",
        f"Since {when(one.since, now, zone)}. Repaid by the next tokens that fit.",
    )

    def forgive(who: Principal, once: str, why: str) -> str:
        installation().ledger.write_off(who.named(one.name), reason=why, actor=who.user_name, idempotency_key=once)
        return f"{plural(one.owed, 'token')} written off."

    button(
        Act(
            f"debt-{one.name or 'pool'}",
            "Write this debt off?",
            f"**{plural(one.owed, 'token')}** are forgiven; a refund gives nothing of it back.",
            f"Write off {full(one.owed)}",
            type_number=one.owed if one.owed >= TYPE_IT_FROM_TOKENS else 0,
            reason="",
        ),
        forgive,
    )


def _import(one: RefusedImport, now: datetime, zone: ZoneInfo) -> None:
    said(
        f"**{esc(one.file_name)}**: {full(one.refused)} rows refused, {full(one.imported)} imported",
        f"{when(one.finished_at, now, zone)} by {esc(one.actor)} · mend and import again: {esc(one.path)}",
    )
