"""Holds: reserve before the work, capture in parts, void."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from creditbook.domain.operations import Capture, Cost, Reserve, Void
from creditbook.domain.results import HoldReceipt, Receipt

from .core import Core, Prepared, prepare
from .spending import wallet_type, work_of


def hold(
    core: Core,
    account: str,
    *,
    action: str,
    estimate: int | None = None,
    ttl: timedelta = timedelta(minutes=15),
    wallet: str | None = None,
    only_wallet: bool = False,
    project: str = "",
    metadata: dict[str, object] | None = None,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[HoldReceipt]:
    """Reserve tokens for an action, for 15 minutes unless told otherwise (24 hours at most).

    Without an estimate the action's fixed price, or its typical run, is held. Raises what `spend` raises.
    """
    sent = {
        "action": action, "estimate": estimate, "ttl": ttl.total_seconds(), "wallet": wallet,
        "only_wallet": only_wallet or None, "project": project, "metadata": metadata,
    }  # fmt: skip
    return prepare(
        core,
        account,
        Reserve,
        sent,
        idempotency_key=idempotency_key,
        actor=actor,
        action=action,
        estimate=estimate,
        seconds=int(ttl.total_seconds()),
        wallet=wallet_type(wallet),
        only_wallet=only_wallet,
        project=project,
        metadata=metadata,
    )


def capture(
    core: Core,
    account: str,
    hold_id: int,
    *,
    tokens: int | None = None,
    action: str | None = None,
    model: str = "",
    agent: str = "",
    project: str = "",
    description: str = "",
    input_tokens: int = 0,
    output_tokens: int = 0,
    cached_tokens: int = 0,
    reasoning_tokens: int = 0,
    event_at: datetime | None = None,
    metadata: dict[str, object] | None = None,
    cost: Cost | None = None,
    final: bool = True,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Receipt]:
    """Take one part from a hold; the final one (the default) gives the rest back.

    Raises `HoldAlreadyResolved` when it was captured to its end or voided, `InsufficientTokens` when the program
    rejects overruns and not enough is there.
    """
    sent: dict[str, Any] = {
        "hold": hold_id, "tokens": tokens, "action": action, "model": model, "agent": agent, "project": project,
        "description": description, "input_tokens": input_tokens, "output_tokens": output_tokens,
        "cached_tokens": cached_tokens, "reasoning_tokens": reasoning_tokens, "event_at": event_at,
        "metadata": metadata, "cost": cost, "final": final,
    }  # fmt: skip
    return prepare(
        core,
        account,
        Capture,
        sent,
        idempotency_key=idempotency_key,
        actor=actor,
        hold_id=hold_id,
        tokens=tokens,
        action=action,
        work=work_of(core, core.account(account).org_id, sent),
        final=final,
    )


def void(
    core: Core, account: str, hold_id: int, *, actor: str = "", idempotency_key: str | None = None
) -> Prepared[HoldReceipt]:
    """Close a hold and give back what it still reserves. Raises `HoldAlreadyResolved`."""
    return prepare(
        core, account, Void, {"hold": hold_id}, idempotency_key=idempotency_key, actor=actor, hold_id=hold_id
    )
