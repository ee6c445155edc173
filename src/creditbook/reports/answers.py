"""What `figures` answers, as values whose names are those of CONTRACT.md in Python's spelling.

Tokens are whole; None is "unlimited". Instants carry the offset of the account's zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TokenFigures:
    """The thirteen figures of a token balance. remaining = monthly_remaining + rollover + premium_remaining.

    ``used`` is charged in a lifetime, refunds off; ``total`` = used + remaining. ``requests`` are live ones (rule 33).
    """

    total_tokens: int | None
    used_tokens: int
    remaining_tokens: int | None
    monthly_allowance: int
    monthly_used: int
    monthly_remaining: int | None
    monthly_used_percentage: float
    premium_tokens: int
    premium_remaining: int
    rollover_tokens: int
    month_reset_date: datetime | None
    total_requests: int
    requests_today: int


@dataclass(frozen=True, slots=True)
class Analytics:
    """What an account used and was given in its lifetime. Breakdowns are charged tokens, refunds off.

    ``average_tokens_per_request`` is charged ÷ usage transactions, rounded to two decimals.
    """

    total_tokens_used: int
    total_tokens_added: int
    total_transactions: int
    agent_usage_breakdown: dict[str, int]
    model_usage_breakdown: dict[str, int]
    cost_usd_nanos: int
    cost_inr_nanos: int
    average_tokens_per_request: float


@dataclass(frozen=True, slots=True)
class CreditStatus:
    """An account in whole credits, with its subscription. ``month`` is the running period of its allowance or term.

    The subscription ends where the time paid for does, terms paid ahead among it; while past due, with its grace.
    """

    credits: int | None
    total_tokens: int | None
    available_tokens: int | None
    total_tokens_used: int
    monthly_tokens_used: int
    monthly_reset_date: datetime | None
    is_subscribed: bool
    subscription_tier: str
    subscription_status: str
    subscription_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeatureStats:
    """One feature: what may be spent on it now, what its period gave, what of that is used, when it begins anew."""

    feature: str
    balance: int | None
    total_allocated: int
    used: int
    refresh_date: datetime | None


@dataclass(frozen=True, slots=True)
class WalletAnswer:
    """One wallet. ``balance_tokens`` is what may be spent of it; of one that is switched off, what waits in it."""

    wallet_id: int
    balance_tokens: int
    wallet_type: str
    is_active: bool
    expires_at: datetime | None
    last_token_reset: datetime | None


@dataclass(frozen=True, slots=True)
class WalletsAnswer:
    """All wallets and whether the program's main work may start."""

    balance: int | None
    can_create_project: bool
    required_tokens: int
    wallets: tuple[WalletAnswer, ...]


@dataclass(frozen=True, slots=True)
class ResetAnswer:
    """Which wallets are due for their reset and have not got it in writing, and when the next reset comes."""

    needs_reset: bool
    wallets_due: tuple[int, ...]
    next_reset_at: datetime | None


@dataclass(frozen=True, slots=True)
class Today:
    """What every answer about an account carries beside it."""

    tokens_remaining: int | None
    tokens_used_today: int
    requests_today: int
