"""Grants: given to one or many, taken back, ended early, disputed; usage refunded; debt written off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.operations import Dispute, Expire, GrantTokens, Refund, Revoke, WriteOff
from creditbook.domain.program import GrantClass, WalletType
from creditbook.domain.results import Receipt

from .calls import Call
from .core import Core, Prepared, prepare
from .spending import either, wallet_type

KINDS = ("grant", "purchase", "promo", "referral", "reward", "adjustment")


def grant(
    core: Core,
    account: str,
    tokens: int,
    *,
    reason: str,
    wallet: str = "BONUS",
    wallet_id: int | None = None,
    grant_class: str = "promotional",
    kind: str = "grant",
    expires_at: datetime | date | None = None,
    features: Iterable[str] | None = None,
    label: str = "",
    price_minor: int | None = None,
    currency: str | None = None,
    metadata: dict[str, object] | None = None,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Receipt]:
    """Give tokens to an account. A date as ``expires_at`` includes that local day; None never expires.

    Raises `AccountClosed`, `InvalidRequest` or `NotFound`.
    """
    if kind not in KINDS:
        raise InvalidRequest(f"“{kind}” is no kind of grant. Use one of {', '.join(KINDS)}.")
    wanted = frozenset(features) if features else None
    sent = {
        "tokens": tokens, "wallet": wallet, "wallet_id": wallet_id, "class": grant_class, "kind": kind,
        "expires_at": expires_at, "features": wanted, "label": label, "price_minor": price_minor,
        "currency": currency, "metadata": metadata, "reason": reason,
    }  # fmt: skip
    return prepare(
        core,
        account,
        GrantTokens,
        sent,
        idempotency_key=idempotency_key,
        actor=actor,
        reason=reason,
        audit="grant",
        tokens=tokens,
        wallet=wallet_type(wallet) or WalletType.BONUS,
        wallet_id=wallet_id,
        features=wanted,
        grant_class=grant_class_of(grant_class),
        kind=kind,
        expires_at=core.end_of(core.account(account), expires_at),
        label=label,
        price_minor=price_minor,
        currency=currency,
        metadata=metadata,
    )


def grant_class_of(name: str) -> GrantClass:
    """A class of tokens by its name. Raises `InvalidRequest` for any other word."""
    try:
        return GrantClass(name)
    except ValueError:
        raise InvalidRequest(f"“{name}” is no class of tokens. Use one of {', '.join(GrantClass)}.") from None


def grant_many(core: Core, grants: Iterable[Mapping[str, Any]]) -> Prepared[list[Receipt | LedgerError]]:
    """Give tokens to many accounts of one organization in one transaction; answers in order, refusals among them.

    Each is a mapping of `grant`'s names.
    """
    prepared = [grant(core, one["account"], one["tokens"], **_rest(one)) for one in grants]
    if not prepared:
        raise InvalidRequest("There is nobody to give tokens to.")
    calls = [one.call for one in prepared]
    if len({call.org_id for call in calls}) > 1:
        raise InvalidRequest("A batch belongs to one organization. Send one batch for each.")
    roots: dict[int, int] = {}
    subjects: dict[int, str] = {}
    for call in calls:
        roots.update(call.roots)
        subjects.update(call.subjects)
    operations = [call.operations[0] for call in calls]
    whole = Call(calls[0].org_id, operations, roots, calls[0].at, audit="grant", subjects=subjects)
    names = [subjects[operation.account_id] for operation in operations]
    return Prepared(whole, lambda outcomes: [either(o, name) for o, name in zip(outcomes, names, strict=True)])


def _rest(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name not in {"account", "tokens"}}


def revoke(
    core: Core,
    account: str,
    grant_id: int,
    *,
    reason: str,
    tokens: int | None = None,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Receipt]:
    """Take back a number of a grant's free tokens; without a number all of it, what is held when it is released.

    Raises `NotFound` when nothing of it is left, `InvalidRequest` when more is asked than is free.
    """
    sent = {"grant": grant_id, "tokens": tokens, "reason": reason}
    return prepare(
        core, account, Revoke, sent, idempotency_key=idempotency_key, actor=actor, reason=reason, audit="revoke",
        grant_id=grant_id, tokens=tokens,
    )  # fmt: skip


def expire(
    core: Core, account: str, grant_id: int, *, reason: str, actor: str = "", idempotency_key: str | None = None
) -> Prepared[Receipt]:
    """End a grant now, as breakage; what is held of it lapses when it is released."""
    return prepare(
        core, account, Expire, {"grant": grant_id, "reason": reason}, idempotency_key=idempotency_key, actor=actor,
        reason=reason, audit="expire", grant_id=grant_id,
    )  # fmt: skip


def dispute(
    core: Core,
    account: str,
    grant_id: int,
    disputed: bool,
    *,
    reason: str,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Receipt]:
    """Freeze one grant because its payment is disputed, or thaw it."""
    sent = {"grant": grant_id, "disputed": disputed, "reason": reason}
    return prepare(
        core, account, Dispute, sent, idempotency_key=idempotency_key, actor=actor, reason=reason, audit="dispute",
        grant_id=grant_id, disputed=disputed,
    )  # fmt: skip


def refund(
    core: Core,
    account: str,
    transaction_id: int,
    *,
    reason: str,
    tokens: int | None = None,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Receipt]:
    """Give back what a usage charged, all that is left of it or a number of tokens. The LLM's cost stays.

    Raises `NotFound`, `AccountClosed`, or `InvalidRequest` when more is asked than can be given back.
    """
    sent = {"transaction": transaction_id, "tokens": tokens, "reason": reason}
    return prepare(
        core, account, Refund, sent, idempotency_key=idempotency_key, actor=actor, reason=reason, audit="refund",
        txn_id=transaction_id, tokens=tokens,
    )  # fmt: skip


def write_off(
    core: Core,
    account: str,
    *,
    reason: str,
    tokens: int | None = None,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Receipt]:
    """Forgive debt of an account, all of it or a number of tokens, oldest first."""
    return prepare(
        core, account, WriteOff, {"tokens": tokens, "reason": reason}, idempotency_key=idempotency_key, actor=actor,
        reason=reason, audit="write_off", tokens=tokens,
    )  # fmt: skip
