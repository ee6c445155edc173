"""The ledger's verbs as calls: the names and arguments of `creditbook.Ledger`.

What is missing of them is what a caller over HTTP may not say: who acts is the key (no ``actor``), what the model cost
comes from the server's prices (no ``cost``), and history is not replayed from afar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from creditbook.client import reading
from creditbook.client.calls import Call, get, of_account, post
from creditbook.domain.balance import Balance
from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.program import PromoTerms
from creditbook.domain.results import Done, HoldReceipt, Receipt

MOST_AT_ONCE = 1_000


def spend(
    account: str,
    *,
    action: str,
    tokens: int | None = None,
    model: str = "",
    agent: str = "",
    project: str = "",
    description: str = "",
    input_tokens: int = 0,
    output_tokens: int = 0,
    cached_tokens: int = 0,
    reasoning_tokens: int = 0,
    event_at: datetime | None = None,
    wallet: str | None = None,
    only_wallet: bool = False,
    meter: bool = False,
    metadata: dict[str, object] | None = None,
    idempotency_key: str | None = None,
) -> Call[Receipt]:
    """Charge one piece of work to an account, or only record it (``meter``); see `Ledger.spend`."""
    sent = {
        "account": account, "action": action, "tokens": tokens, "model": model, "agent": agent, "project": project,
        "description": description, "input_tokens": input_tokens, "output_tokens": output_tokens,
        "cached_tokens": cached_tokens, "reasoning_tokens": reasoning_tokens, "event_at": event_at, "wallet": wallet,
        "only_wallet": only_wallet, "meter": meter, "metadata": metadata,
    }  # fmt: skip
    return post("v1/usage", reading.receipt, sent, idempotency_key)


def spend_many(spends: Iterable[Mapping[str, Any]]) -> Call[list[Receipt | LedgerError]]:
    """Charge up to 1,000 pieces of work in one transaction, decided in order; see `Ledger.spend_many`.

    An account that is not there refuses its own pieces only.
    """
    sent = [dict(one) for one in spends]
    if not 1 <= len(sent) <= MOST_AT_ONCE:
        raise InvalidRequest(f"Send between 1 and {MOST_AT_ONCE:,} pieces of work at once; these are {len(sent):,}.")
    return post("v1/usage/batch", reading.outcomes, {"usage": sent}, None)


def hold(
    account: str,
    *,
    action: str,
    estimate: int | None = None,
    ttl: timedelta = timedelta(minutes=15),
    wallet: str | None = None,
    only_wallet: bool = False,
    project: str = "",
    metadata: dict[str, object] | None = None,
    idempotency_key: str | None = None,
) -> Call[HoldReceipt]:
    """Reserve tokens for an action, for 15 minutes unless told otherwise; see `Ledger.hold`."""
    sent = {
        "account": account, "action": action, "estimate": estimate, "ttl_seconds": int(ttl.total_seconds()),
        "wallet": wallet, "only_wallet": only_wallet, "project": project, "metadata": metadata,
    }  # fmt: skip
    return post("v1/holds", reading.hold, sent, idempotency_key)


def capture(
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
    final: bool = True,
    idempotency_key: str | None = None,
) -> Call[Receipt]:
    """Take one part from a hold; the final one (the default) gives the rest back; see `Ledger.capture`."""
    sent = {
        "account": account, "tokens": tokens, "action": action, "model": model, "agent": agent, "project": project,
        "description": description, "input_tokens": input_tokens, "output_tokens": output_tokens,
        "cached_tokens": cached_tokens, "reasoning_tokens": reasoning_tokens, "event_at": event_at,
        "metadata": metadata, "final": final,
    }  # fmt: skip
    return post(f"v1/holds/{hold_id}/capture", reading.receipt, sent, idempotency_key)


def void(account: str, hold_id: int, *, idempotency_key: str | None = None) -> Call[HoldReceipt]:
    """Close a hold and give back what it still reserves. Raises `HoldAlreadyResolved`."""
    return post(f"v1/holds/{hold_id}/void", reading.hold, {"account": account}, idempotency_key)


def refund(
    account: str, transaction_id: int, *, reason: str, tokens: int | None = None, idempotency_key: str | None = None
) -> Call[Receipt]:
    """Give back what a usage charged, all of it or a number of tokens; see `Ledger.refund`."""
    sent = {"account": account, "transaction_id": transaction_id, "tokens": tokens, "reason": reason}
    return post("v1/refunds", reading.receipt, sent, idempotency_key)


def grant(
    account: str,
    tokens: int,
    *,
    reason: str,
    wallet: str = "BONUS",
    wallet_id: int | None = None,
    grant_class: str = "promotional",
    expires_at: datetime | date | None = None,
    features: Iterable[str] | None = None,
    label: str = "",
    metadata: dict[str, object] | None = None,
    idempotency_key: str | None = None,
) -> Call[Receipt]:
    """Give tokens to an account (a key of scope `admin`); see `Ledger.grant`."""
    sent = {
        "account": account, "tokens": tokens, "reason": reason, "wallet": wallet, "wallet_id": wallet_id,
        "grant_class": grant_class, "expires_at": expires_at, "features": _words(features), "label": label,
        "metadata": metadata,
    }  # fmt: skip
    return post("v1/grants", reading.receipt, sent, idempotency_key)


def revoke(
    account: str, grant_id: int, *, reason: str, tokens: int | None = None, idempotency_key: str | None = None
) -> Call[Receipt]:
    """Take back a grant's free tokens (a key of scope `admin`); see `Ledger.revoke`."""
    sent = {"account": account, "grant_id": grant_id, "tokens": tokens, "reason": reason}
    return post("v1/revocations", reading.receipt, sent, idempotency_key)


def open_account(
    account: str,
    *,
    plan: str = "",
    zone: str | None = None,
    draws_on_pool: bool = False,
    quota: int | None = None,
    external_id: str | None = None,
    referred_by: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Done]:
    """Open an account with what the program opens at sign-up (a key of scope `admin`); see `Ledger.open_account`."""
    sent = {
        "account": account, "plan": plan, "zone": zone, "draws_on_pool": draws_on_pool, "quota": quota,
        "external_id": external_id, "referred_by": referred_by,
    }  # fmt: skip
    return post("v1/accounts", reading.opened, sent, idempotency_key)


def reset(account: str, *, reason: str, wallet_id: int | None = None, idempotency_key: str | None = None) -> Call[Done]:
    """Begin an account's allowances anew within their period (a key of scope `admin`); see `Ledger.reset`."""
    sent = {"account": account, "wallet_id": wallet_id, "reason": reason}
    return post("v1/resets", reading.was_reset, sent, idempotency_key)


def create_codes(
    org: str,
    terms: PromoTerms,
    *,
    reason: str,
    count: int = 1,
    batch: str = "",
    idempotency_key: str | None = None,
) -> Call[list[str]]:
    """Make a promo code or a batch of them (a key of scope `admin`); see `Ledger.create_codes`.

    ``org`` is the key's own organization.
    """
    said = {name: _words(value) if isinstance(value, frozenset) else value for name, value in asdict(terms).items()}
    sent = {**said, "reason": reason, "count": count, "batch": batch}
    return replace(post("v1/promo-codes", reading.codes, sent, idempotency_key), org=org)


def balance(account: str, at: datetime | None = None, feature: str | None = None) -> Call[Balance]:
    """What an account has, now or at any moment; see `Ledger.balance`."""
    return get(f"v1/accounts/{of_account(account)}/balance", reading.balance, as_of=at, feature=feature)


def _words(features: Iterable[str] | None) -> list[str] | None:
    return sorted(features) if features else None
