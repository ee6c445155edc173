"""Accounts and their wallets: opened, frozen, closed, moved to another zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from creditbook.domain.errors import Conflict, InvalidRequest, NotFound
from creditbook.domain.operations import (
    EndImport,
    OpenAccount,
    OpenWallet,
    Reset,
    SetQuota,
    SetStatus,
    SetWalletActive,
    SetZone,
)
from creditbook.domain.results import Done
from creditbook.store import directory

from .calls import Call, new_key, request_hash
from .core import Core, Prepared, answer, aware, prepare
from .granting import grant_class_of
from .rewarding import referrer_of
from .spending import wallet_type


def open_account(
    core: Core,
    account: str,
    *,
    plan: str = "",
    zone: str | None = None,
    draws_on_pool: bool = False,
    quota: int | None = None,
    external_id: str | None = None,
    opened_at: datetime | None = None,
    import_id: int | None = None,
    referred_by: str | None = None,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Done]:
    """Open an account with what the program opens at sign-up: `ORG/USERNAME`, or the pool as `ORG`.

    ``draws_on_pool`` lets a member spend the organization's pool within ``quota`` tokens per pool period. ``opened_at``
    is for replayed history: an instant before now. ``referred_by`` is the user name of whoever brought her here (rule
    32). Raises `Conflict` when the account is there already.
    """
    slug, _, user = account.partition("/")
    org = core.organization(slug)
    if "/" in user or user != user.strip():
        raise InvalidRequest(f"“{account}” is no account name. Write ORG/USERNAME.")
    key = idempotency_key or new_key()
    if idempotency_key is None and directory.account_by_name(core.store, org.org_id, user) is not None:
        raise Conflict(f"{account} is there already.")
    pool_id = None
    if draws_on_pool:
        pool = directory.account_by_name(core.store, org.org_id, "")
        if pool is None:
            raise NotFound(f"{slug} has no pool to draw on. Open it first as “{slug}”.")
        pool_id = pool.account_id
    at = core.now() if opened_at is None else aware(opened_at)
    account_id = directory.take_id(core.store, org.org_id)
    sent = {"plan": plan, "zone": zone, "pool": draws_on_pool or None, "quota": quota, "external_id": external_id,
            "referred_by": referred_by}  # fmt: skip
    operation = OpenAccount(
        account_id=account_id,
        key=key,
        request_hash=request_hash(account, sent),
        actor=actor,
        account_name=user,
        kind="member" if user else "pool",
        plan=plan,
        zone=zone,
        pool_id=pool_id,
        quota_tokens=quota,
        external_id=external_id,
        import_id=import_id,
        referrer_id=referrer_of(core, org.org_id, user, referred_by),
    )
    root_id = pool_id or account_id
    call = Call(org.org_id, [operation], {account_id: root_id}, at, new_accounts=((account_id, root_id),))
    return Prepared(call, lambda outcomes: _done(answer(outcomes[0], account)))


def _done(result: object) -> Done:
    assert isinstance(result, Done)
    return result


def end_import(core: Core, account: str, import_id: int, *, actor: str = "") -> Prepared[Done]:
    """Give an account that a charging import opened back to everybody, settled up to now (rule 27).

    ``import_id`` is what `open_account` and every spend of the import named. Safe to repeat.
    """
    return prepare(
        core, account, EndImport, {"import": import_id}, idempotency_key=f"{import_id}/{account}", actor=actor,
        import_id=import_id,
    )  # fmt: skip


def freeze(
    core: Core, account: str, *, reason: str, actor: str = "", idempotency_key: str | None = None
) -> Prepared[Done]:
    """Stop an account from starting anything; its tokens stay its own, time runs on, open holds may be captured."""
    return _status(core, account, "frozen", "freeze", reason, actor, idempotency_key)


def unfreeze(
    core: Core, account: str, *, reason: str, actor: str = "", idempotency_key: str | None = None
) -> Prepared[Done]:
    """Let a frozen account spend again."""
    return _status(core, account, "active", "unfreeze", reason, actor, idempotency_key)


def close_account(
    core: Core, account: str, *, reason: str, actor: str = "", idempotency_key: str | None = None
) -> Prepared[Done]:
    """Close an account for good: its holds are voided, what is left is revoked."""
    return _status(core, account, "closed", "close", reason, actor, idempotency_key)


def _status(
    core: Core, account: str, status: str, act: str, reason: str, actor: str, key: str | None
) -> Prepared[Done]:  # fmt: skip
    return prepare(
        core, account, SetStatus, {"status": status, "reason": reason}, idempotency_key=key, actor=actor, reason=reason,
        audit=act, status=status,
    )  # fmt: skip


def set_zone(
    core: Core, account: str, zone: str | None, *, reason: str, actor: str = "", idempotency_key: str | None = None
) -> Prepared[Done]:
    """Move an account to another IANA zone, None for its organization's. Allowances end later, never earlier."""
    return prepare(
        core, account, SetZone, {"zone": zone, "reason": reason}, idempotency_key=idempotency_key, actor=actor,
        reason=reason, audit="set_zone", zone=zone,
    )  # fmt: skip


def set_quota(
    core: Core, account: str, tokens: int | None, *, reason: str, actor: str = "", idempotency_key: str | None = None
) -> Prepared[Done]:
    """Change what a member may take from the pool per pool period; None lifts the quota."""
    return prepare(
        core, account, SetQuota, {"tokens": tokens, "reason": reason}, idempotency_key=idempotency_key, actor=actor,
        reason=reason, audit="set_quota", tokens=tokens,
    )  # fmt: skip


def open_wallet(
    core: Core,
    account: str,
    type: str,  # noqa: A002 - the caller's word
    *,
    reason: str,
    tokens: int = 0,
    expires_at: datetime | date | None = None,
    features: Iterable[str] | None = None,
    label: str = "",
    grant_class: str = "promotional",
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Done]:
    """Open a further wallet, with tokens in it when named; ``expires_at`` bounds everything that goes into it."""
    wanted = frozenset(features) if features else None
    kind = wallet_type(type)
    sent = {
        "type": type, "tokens": tokens, "expires_at": expires_at, "features": wanted, "label": label,
        "class": grant_class, "reason": reason,
    }  # fmt: skip
    return prepare(
        core, account, OpenWallet, sent, idempotency_key=idempotency_key, actor=actor, reason=reason,
        audit="open_wallet", type=kind, tokens=tokens, label=label, features=wanted,
        expires_at=core.end_of(core.account(account), expires_at), grant_class=grant_class_of(grant_class),
    )  # fmt: skip


def set_wallet_active(
    core: Core,
    account: str,
    wallet_id: int,
    active: bool,
    *,
    reason: str,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Done]:
    """Switch a wallet off (its tokens are blocked, it is not reset) or on again."""
    sent = {"wallet": wallet_id, "active": active, "reason": reason}
    return prepare(
        core, account, SetWalletActive, sent, idempotency_key=idempotency_key, actor=actor, reason=reason,
        audit="wallet_on" if active else "wallet_off", wallet_id=wallet_id, active=active,
    )  # fmt: skip


def reset(
    core: Core,
    account: str,
    *,
    reason: str,
    wallet_id: int | None = None,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Done]:
    """Force the allowances of an account (or of one wallet) anew within their period; only the allowance resets."""
    return prepare(
        core, account, Reset, {"wallet": wallet_id, "reason": reason}, idempotency_key=idempotency_key, actor=actor,
        reason=reason, audit="reset", wallet_id=wallet_id,
    )  # fmt: skip
