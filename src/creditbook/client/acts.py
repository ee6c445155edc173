"""More verbs as calls: what administrators' programs do with accounts, and what accounts are given for what they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from creditbook.client import reading
from creditbook.client.calls import NOTHING, Call, of_account, post
from creditbook.client.verbs import MOST_AT_ONCE
from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.results import Done, Receipt


def grant_many(grants: Iterable[Mapping[str, Any]]) -> Call[list[Receipt | LedgerError]]:
    """Give tokens to up to 1,000 accounts in one transaction; see `Ledger.grant_many`."""
    sent = [dict(one) for one in grants]
    if not 1 <= len(sent) <= MOST_AT_ONCE:
        raise InvalidRequest(f"Send between 1 and {MOST_AT_ONCE:,} grants at once; these are {len(sent):,}.")
    return post("v1/grants/batch", reading.outcomes, {"grants": sent}, None)


def freeze(account: str, *, reason: str, idempotency_key: str | None = None) -> Call[Done]:
    """Stop an account from starting anything; see `Ledger.freeze`."""
    return _change(account, {"status": "frozen", "reason": reason}, idempotency_key)


def unfreeze(account: str, *, reason: str, idempotency_key: str | None = None) -> Call[Done]:
    """Let a frozen account spend again."""
    return _change(account, {"status": "active", "reason": reason}, idempotency_key)


def set_zone(account: str, zone: str | None, *, reason: str, idempotency_key: str | None = None) -> Call[Done]:
    """Move an account to another IANA zone, None for its organization's; see `Ledger.set_zone`."""
    return _change(account, {"zone": NOTHING if zone is None else zone, "reason": reason}, idempotency_key)


def set_quota(account: str, tokens: int | None, *, reason: str, idempotency_key: str | None = None) -> Call[Done]:
    """Change what a member may take from the pool per pool period; None lifts the quota."""
    return _change(account, {"quota": NOTHING if tokens is None else tokens, "reason": reason}, idempotency_key)


def close_account(account: str, *, reason: str, idempotency_key: str | None = None) -> Call[Done]:
    """Close an account for good; see `Ledger.close_account`."""
    call = post(f"v1/accounts/{of_account(account)}", reading.changed, {}, idempotency_key, "DELETE")
    return replace(call, body=None, query={"reason": reason})


def set_wallet_active(
    account: str, wallet_id: int, active: bool, *, reason: str, idempotency_key: str | None = None
) -> Call[Done]:
    """Switch a wallet off, or on again; see `Ledger.set_wallet_active`."""
    sent = {"account": account, "is_active": active, "reason": reason}
    return post(f"v1/wallets/{wallet_id}", reading.changed, sent, idempotency_key, "PATCH")


def reward(account: str, activity: str, *, reason: str = "", idempotency_key: str | None = None) -> Call[Receipt]:
    """Give the program's reward for an activity, once per account and period. Raises `AlreadyRedeemed`."""
    sent = {"account": account, "activity": activity, "reason": reason}
    return post("v1/rewards", reading.receipt, sent, idempotency_key)


def redeem(account: str, code: str, *, idempotency_key: str | None = None) -> Call[Receipt]:
    """Redeem a promo code for an account (scope `spend` is enough); see `Ledger.redeem`."""
    sent = {"account": account, "promo_code": code}
    return post("v1/tokens/redeem-code", reading.redeemed, sent, idempotency_key)


def _change(account: str, sent: Mapping[str, Any], key: str | None) -> Call[Done]:
    return post(f"v1/accounts/{of_account(account)}", reading.changed, sent, key, "PATCH")
