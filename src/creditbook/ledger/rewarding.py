"""Rewards for activities, and the referrer's side of referrals (rule 32)."""

from __future__ import annotations

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.results import Receipt
from creditbook.domain.selling import GiveReward
from creditbook.store import directory, promo

from .calls import referral_call
from .core import Core, Prepared, prepare


def reward(
    core: Core,
    account: str,
    activity: str,
    *,
    reason: str = "",
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Receipt]:
    """Give the program's reward for an activity, once per account and period; with a reason it is audited.

    Raises `AlreadyRedeemed` when she has had it, `InvalidRequest` for an activity that is not rewarded.
    """
    return prepare(
        core, account, GiveReward, {"activity": activity}, idempotency_key=idempotency_key, actor=actor, reason=reason,
        audit="reward" if reason else "", activity=activity,
    )  # fmt: skip


def referrer_of(core: Core, org_id: int, user: str, referred_by: str | None) -> int | None:
    """The account id of whoever brought a new account here, by user name. Raises `InvalidRequest`."""
    if not referred_by:
        return None
    if referred_by == user:
        raise InvalidRequest("Nobody refers herself.")
    found = directory.account_by_name(core.store, org_id, referred_by)
    if found is None:
        raise InvalidRequest(f"There is nobody called “{referred_by}” here who could have referred this account.")
    return found.account_id


def pay_owed_referrals(core: Core, org_id: int) -> None:
    """Pay the referrers whose payment was missed between two transactions; a closed one gets nothing."""
    for owed, root_id in promo.owed_referrals(core.store, org_id):
        core.group(org_id).call(referral_call(org_id, owed, root_id, core.now()))
