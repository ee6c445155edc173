"""What people did to accounts in a past month, done over again: gifts, packs, refunds, plans, administrative acts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from creditbook.domain.journal import Entry
from creditbook.domain.operations import (
    Dispute,
    Expire,
    GrantTokens,
    OpenAccount,
    Refund,
    Reset,
    Revoke,
    SetStatus,
    SetWalletActive,
    SetZone,
)
from creditbook.domain.program import GrantClass, WalletType
from creditbook.domain.results import Receipt
from creditbook.domain.sales import PurchaseKind
from creditbook.domain.selling import CancelPlan, ChangePlan, OpenPurchase
from creditbook.domain.state import Grant, PastLine, PastUsage

from .replay import Replay, attempt, same
from .replay_opening import lapsing


def open_account(replay: Replay, row: tuple[int, datetime]) -> None:
    """An account with what the program opens at sign-up, on the plan that it began with."""
    account_id, at = row
    now = replay.present[account_id]
    began = next((one for one in replay.rows.plan_events if one.account_id == account_id), None)
    plan = began.plan_after if began is not None else ""
    replay.decide(
        OpenAccount(**same(account_id), account_name=now.name, kind=now.kind, plan=replay.moves.get(plan, plan),
                    zone=now.zone if now.own_zone else None, pool_id=now.pool_id, quota_tokens=now.quota_tokens), at
    )  # fmt: skip


def give(replay: Replay, row: tuple[Any, Any]) -> None:
    """A gift or a pack, with the terms it had; a pack holds what the package holds now."""
    txn, grant = row
    account = replay.book.accounts[txn.account_id]
    tokens = pack_tokens(replay, txn, grant)
    wallet = account.wallets.get(grant.wallet_id)
    receipt: Receipt | None = attempt(
        replay,
        GrantTokens(
            **same(txn.account_id), tokens=tokens, wallet=WalletType(grant.wallet_type),
            wallet_id=wallet.wallet_id if wallet is not None else None,
            features=frozenset(grant.features.split()) if grant.features else None,
            grant_class=GrantClass(getattr(grant, "class")), kind=txn.kind, expires_at=grant.expires_at,
            label=grant.label, approved_by="somebody else",
        ),
        txn.effective_at,
    )  # fmt: skip
    if receipt is not None:
        replay.transactions[txn.txn_id] = receipt.transaction_id
        made = next((one for one in reversed(replay.journal.grants) if one.txn_id == receipt.transaction_id), None)
        if made is not None:
            replay.grants[grant.grant_id] = made.grant_id


def pack_tokens(replay: Replay, txn: Any, grant: Any) -> int:
    """A pack's tokens by the changed program, where it was sold as the program before had it."""
    sold = next((one for one in replay.rows.purchases if one.grant_id == grant.grant_id), None)
    if txn.kind != "purchase" or sold is None or sold.kind != "package":
        return int(grant.amount)
    was, now = replay.before.packages.get(sold.item), replay.book.program.packages.get(sold.item)
    return now.tokens if was and now and was.tokens == grant.amount else int(grant.amount)


def reset(replay: Replay, row: tuple[Any, Any]) -> None:
    """An allowance that an administrator forced anew."""
    txn, grant = row
    attempt(replay, Reset(**same(txn.account_id), wallet_id=grant.wallet_id), txn.effective_at)


def take_back(replay: Replay, txn: Any) -> None:
    """What a person revoked, ended or paid back of a grant: so much of it as is there."""
    for line in replay.rows.lines:
        if line.txn_id == txn.txn_id and line.amount < 0:
            grant_id = replay.grants.get(line.grant_id, line.grant_id)
            grant = replay.book.accounts[txn.account_id].grants.get(grant_id)
            tokens = min(-line.amount, grant.free) if grant is not None else 0
            who = same(txn.account_id)
            if txn.kind == "expiry":
                attempt(replay, Expire(**who, grant_id=grant_id), txn.effective_at)
            elif tokens:
                attempt(replay, Revoke(**who, grant_id=grant_id, tokens=tokens), txn.effective_at)


def refund(replay: Replay, row: tuple[Any, Any]) -> None:
    """What a refund gave back of a usage of the replay; of one before it, by the lines that it had."""
    txn, _ = row
    past = _past(replay, txn.reverses_txn_id)
    if past is not None and past.charged:
        replay.book.pasts[past.txn_id] = past
        tokens = min(int(txn.charged), past.charged - past.refunded) or None
        attempt(replay, Refund(**same(txn.account_id), txn_id=past.txn_id, tokens=tokens), txn.effective_at)


def _past(replay: Replay, txn_id: int) -> PastUsage | None:
    made = replay.transactions.get(txn_id)
    if made is not None and made in replay.book.pasts:
        return replay.book.pasts[made]
    txn: Any
    lines: list[Any]
    if made is not None:
        txn = next(one for one in replay.journal.transactions if one.txn_id == made)
        lines = [one for one in replay.journal.entries if one.txn_id == made]
    else:
        txn = next((one for one in replay.rows.usages if one.txn_id == txn_id), None)
        lines = [one for one in replay.rows.lines if one.txn_id == txn_id]
        if txn is None or any(one.txn_id == txn_id for one in replay.rows.transactions):
            return None  # refused in this replay: nothing to give back
    return _usage_as_it_was(replay, txn, lines)


def _usage_as_it_was(replay: Replay, txn: Any, lines: list[Entry]) -> PastUsage:
    known: dict[int, Grant] = {}
    for grants in replay.every_grant.values():
        known |= grants
    for account in replay.book.accounts.values():
        known |= account.grants
    debt = next((one for account in replay.book.accounts.values() for one in account.debts.values()
                 if one.txn_id == txn.txn_id), None)  # fmt: skip
    return PastUsage(
        txn.txn_id, txn.account_id, txn.pool_id, txn.charged, 0, txn.feature, txn.action, txn.agent, txn.model,
        txn.project, txn.plan, txn.quota_period, txn.quota_charged,
        [PastLine(one.txn_id, one.seq, one.grant_id, one.account_id, one.amount) for one in lines],
        {one.grant_id: known[one.grant_id] for one in lines if one.grant_id in known}, debt,
    )  # fmt: skip


def _upgrade(replay: Replay, event: Any) -> None:
    plan = replay.moves.get(event.plan_after, event.plan_after)
    if replay.book.accounts[event.account_id].plan == plan:
        return
    if event.purchase_id is None:
        attempt(replay, ChangePlan(**same(event.account_id), plan=plan, at_once=True), event.at)
    else:
        attempt(replay, OpenPurchase(**same(event.account_id), kind=PurchaseKind.PLAN, item=plan, provider="replay",
                                  payment=f"replay-{event.event_id}"), event.at)  # fmt: skip


def _downgrade(replay: Replay, event: Any) -> None:
    """At once where an administrator said so; one that waited is done by time."""
    if event.actor not in ("", "system"):
        plan = replay.moves.get(event.plan_after, event.plan_after)
        attempt(replay, ChangePlan(**same(event.account_id), plan=plan, at_once=True), event.at)


def _change(replay: Replay, event: Any) -> None:
    plan = replay.moves.get(event.plan_after, event.plan_after)
    attempt(replay, ChangePlan(**same(event.account_id), plan=plan), event.at)


def _cancel(replay: Replay, event: Any) -> None:
    attempt(replay, CancelPlan(**same(event.account_id)), event.at)


def _fall_due(replay: Replay, event: Any) -> None:
    events = [one for one in replay.rows.plan_events if one.account_id == event.account_id]
    lapsing(replay.book.accounts[event.account_id], events, event.at)


PLAN: dict[str, Callable[[Replay, Any], None]] = {
    "upgraded": _upgrade,
    "downgraded": _downgrade,
    "scheduled": _change,
    "resumed": _change,
    "cancelling": _cancel,
    "past_due": _fall_due,
}


def act(replay: Replay, one: Any) -> None:
    """An administrative act that changes how the rules treat the account."""
    who, after = same(one.account_id), one.after or {}
    account = replay.book.accounts[one.account_id]
    if one.act in ("freeze", "unfreeze", "close"):
        attempt(replay, SetStatus(**who, status=after["status"]), one.at)
    elif one.act == "set_zone":
        attempt(replay, SetZone(**who, zone=after.get("zone")), one.at)
    elif one.act in ("wallet_off", "wallet_on"):
        off = set(after.get("wallets_off") or ())
        for wallet in list(account.wallets.values()):
            if wallet.is_active is (wallet.wallet_id in off):
                attempt(replay, SetWalletActive(**who, wallet_id=wallet.wallet_id, active=not wallet.is_active), one.at)
    else:
        sold = next((it for it in replay.rows.purchases if it.purchase_id == after.get("purchase")), None)
        if sold is not None and sold.grant_id is not None:
            grant_id = replay.grants.get(sold.grant_id, sold.grant_id)
            attempt(replay, Dispute(**who, grant_id=grant_id, disputed=after.get("bought") == "disputed"), one.at)
