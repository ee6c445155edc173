"""A past month of one family in order: every recorded row becomes the operation that it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditbook.store.finance.replaying import Happened

from .replay import Replay, reserve, use, void
from .replay_acts import PLAN, act, give, open_account, refund, reset, take_back

GIFTS = ("grant", "promo", "referral", "reward", "purchase")
LAST = 2**61


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: at one instant they go by the order in which they were booked."""

    at: datetime
    order: int
    do: Callable[[Replay, Any], None]
    row: Any


def steps(rows: Happened, since: datetime, until: datetime) -> list[Step]:
    """Everything that people and applications did from one instant up to, and without, another, in order."""
    found = [step for step in _steps(rows, since) if step.at < until]
    return sorted(found, key=lambda step: (step.at, step.order))


def _steps(rows: Happened, since: datetime) -> Iterator[Step]:
    started = {one.account_id: one for one in rows.plan_events if one.what == "started"}
    for account_id, opened in rows.opened.items():
        at = started[account_id].at if account_id in started else opened
        if at >= since:
            yield Step(at, 0, open_account, (account_id, at))
    granted = {one.txn_id: one for one in rows.grants}
    for txn in rows.transactions:
        if (step := _of_transaction(txn, granted.get(txn.txn_id), rows)) is not None:
            yield step
    for hold in rows.holds:
        if hold.effective_at >= since:
            yield Step(hold.effective_at, hold.hold_id, reserve, hold)
        if hold.status == "voided" and hold.closed_at >= since:
            yield Step(hold.closed_at, LAST, void, hold)
    for event in rows.plan_events:
        if event.at >= since and event.what in PLAN:
            yield Step(event.at, event.event_id, PLAN[event.what], event)
    for one in rows.acts:
        if one.at >= since:
            yield Step(one.at, LAST, act, one)


def _of_transaction(txn: Any, grant: Any, rows: Happened) -> Step | None:
    by_hand = txn.actor not in ("", "system")
    if txn.kind == "usage":
        return Step(txn.effective_at, txn.txn_id, use, txn)
    if txn.kind == "refund":
        return Step(txn.effective_at, txn.txn_id, refund, (txn, grant))
    if txn.kind in GIFTS and grant is not None and grant.source != "allowance":
        return Step(txn.effective_at, txn.txn_id, give, (txn, grant))
    if txn.kind == "reset" and by_hand and grant is not None:
        return Step(txn.effective_at, txn.txn_id, reset, (txn, grant))
    if txn.kind in ("revocation", "purchase_refund", "expiry") and by_hand:
        forced = any(one.kind == "reset" and one.effective_at == txn.effective_at and one.account_id == txn.account_id
                     for one in rows.transactions)  # fmt: skip
        return None if forced else Step(txn.effective_at, txn.txn_id, take_back, txn)
    return None
