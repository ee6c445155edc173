"""Grants above the program's bound: asked for by one administrator, approved or declined by another (rule 38)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from creditbook.domain.errors import Conflict, InvalidRequest, NotFound
from creditbook.domain.limits import MOST_TOKENS
from creditbook.domain.operations import GrantTokens
from creditbook.domain.program import WalletType
from creditbook.domain.results import Receipt
from creditbook.store import approvals, audit, ids
from creditbook.store.approvals import Approval
from creditbook.store.retry import is_taken

from .calls import Call
from .core import Core, answer
from .granting import grant_class_of
from .spending import wallet_type


def ask_grant(
    core: Core,
    account: str,
    tokens: int,
    *,
    reason: str,
    actor: str,
    wallet: str = "BONUS",
    wallet_id: int | None = None,
    grant_class: str = "promotional",
    expires_at: datetime | date | None = None,
    features: Iterable[str] | None = None,
    label: str = "",
) -> int:
    """Ask a second administrator for a grant; returns the number under which it waits in the inbox.

    The terms are `grant`'s. Nothing is given until another administrator approves it.
    """
    ref, at = core.account(account), core.now()
    if not 1 <= tokens < MOST_TOKENS:
        raise InvalidRequest("Ask for at least 1 token, and no more than anything ever used.")
    if not actor:
        raise InvalidRequest("Somebody has to ask: name the administrator.")
    ends = core.end_of(ref, expires_at)
    if ends is not None and ends <= at:
        raise InvalidRequest("The grant would already have expired. Choose an end in the future.")
    request = {
        "tokens": tokens,
        "wallet": (wallet_type(wallet) or WalletType.BONUS).value,
        "wallet_id": wallet_id,
        "grant_class": grant_class_of(grant_class).value,
        "expires_at": ends.isoformat() if ends else None,
        "features": sorted(features) if features else None,
        "label": label,
    }

    def asked() -> int:
        with core.store.write(ref.org_id) as connection:
            (approval_id,) = ids.take(connection, 1)
            approvals.add(
                connection, org_id=ref.org_id, approval_id=approval_id, account_id=ref.account_id, request=request,
                asked_by=actor, asked_at=at, reason=reason.strip(),
            )  # fmt: skip
            audit.record(
                connection, ref.org_id, at=at, actor=actor, act="grant.ask", subject=account, reason=reason,
                after={"approval": approval_id, "tokens": tokens},
            )  # fmt: skip
        return approval_id

    return core.store.retrying(asked)


def waiting(core: Core, org: str) -> list[Approval]:
    """Every grant of an organization that waits for a second administrator, oldest first."""
    return approvals.waiting(core.store, core.organization(org).org_id)


def approve(core: Core, org: str, approval_id: int, *, actor: str, note: str = "") -> Receipt:
    """Give the grant that another administrator asked for, exactly once.

    Raises `NotFound`, `InvalidRequest` when the approver asked for it herself, `Conflict` when it is decided already,
    and what the grant itself is refused for: it waits on then.
    """
    one = _open(core, org, approval_id, actor)
    call = _call(core, org, one, actor)
    core.group(call.org_id).call(call)
    try:
        receipt = answer(call.outcomes[0], call.subjects[one.account_id])
    except InvalidRequest as refusal:
        if _find(core, org, approval_id).status == approvals.DECLINED:
            raise Conflict("This grant was declined a moment ago.") from refusal
        raise
    assert isinstance(receipt, Receipt)
    if not _approved(core, org, one, actor, note, receipt.transaction_id):
        raise Conflict("This grant was approved by somebody else a moment ago.")
    return receipt


def decline(core: Core, org: str, approval_id: int, *, actor: str, note: str) -> None:
    """Refuse the grant that was asked for, with a word why. Raises as `approve` does."""
    if not note.strip():
        raise InvalidRequest("Say why: whoever asked will read it.")
    one = _open(core, org, approval_id, actor)
    org_id, at = core.organization(org).org_id, core.now()

    def declined() -> None:
        with core.store.write(org_id) as connection:
            # Whoever approves at this moment needs the same key: one of the two commits it.
            approvals.block_key(connection, org_id, _key(approval_id), at)
            approvals.close(
                connection, org_id, approval_id, approvals.DECLINED, decided_by=actor, decided_at=at, note=note.strip()
            )
            audit.record(
                connection, org_id, at=at, actor=actor, act="grant.decline", subject=_name(org, one), reason=note,
                after={"approval": approval_id},
            )  # fmt: skip

    try:
        core.store.retrying(declined)
    except Exception as error:
        if is_taken(error):
            raise Conflict("This grant was decided by somebody else a moment ago.") from error
        raise


def _find(core: Core, org: str, approval_id: int) -> Approval:
    found = approvals.find(core.store, core.organization(org).org_id, approval_id)
    if found is None:
        raise NotFound(f"Nothing waits for approval under {approval_id} in {org}.")
    return found


def _open(core: Core, org: str, approval_id: int, actor: str) -> Approval:
    one = _find(core, org, approval_id)
    if one.status != approvals.WAITING:
        raise Conflict(f"This grant was {one.status} by {one.decided_by}.")
    if not actor or actor == one.asked_by:
        raise InvalidRequest("Whoever asked for a grant can't decide it. Another administrator has to.")
    return one


def _key(approval_id: int) -> str:
    return f"approval/{approval_id}"


def _name(org: str, one: Approval) -> str:
    return f"{org}/{one.account}" if one.account else org


def _call(core: Core, org: str, one: Approval, actor: str) -> Call:
    """The grant as it was asked for, in the asker's name; the same call whoever approves, however often."""
    said: dict[str, Any] = one.request
    operation = GrantTokens(
        account_id=one.account_id,
        key=_key(one.approval_id),
        request_hash="approved",
        actor=one.asked_by,
        reason=one.reason,
        tokens=said["tokens"],
        wallet=WalletType(said["wallet"]),
        wallet_id=said["wallet_id"],
        features=frozenset(said["features"]) if said["features"] else None,
        grant_class=grant_class_of(said["grant_class"]),
        expires_at=datetime.fromisoformat(said["expires_at"]) if said["expires_at"] else None,
        label=said["label"],
        metadata={"approval": one.approval_id, "approved_by": actor},
        approved_by=actor,
    )
    return Call(
        core.organization(org).org_id,
        [operation],
        {one.account_id: one.root_id},
        core.now(),
        audit="grant",
        subjects={one.account_id: _name(org, one)},
    )


def _approved(core: Core, org: str, one: Approval, actor: str, note: str, txn_id: int) -> bool:
    """Note who approved; tells whether nobody else had."""
    org_id, at = core.organization(org).org_id, core.now()

    def noted() -> bool:
        with core.store.write(org_id) as connection:
            first = approvals.close(
                connection, org_id, one.approval_id, approvals.APPROVED, decided_by=actor, decided_at=at,
                note=note.strip(), txn_id=txn_id,
            )  # fmt: skip
            if first:
                audit.record(
                    connection, org_id, at=at, actor=actor, act="grant.approve", subject=_name(org, one),
                    reason=note.strip() or one.reason, after={"approval": one.approval_id, "transactions": [txn_id]},
                )  # fmt: skip
        return first

    return core.store.retrying(noted)
