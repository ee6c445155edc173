"""What is sold and given against conditions: purchases and promo codes, as mutable values that rules move (rule 32)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from .program import PromoTerms


class PurchaseKind(StrEnum):
    """What a purchase buys: a package of tokens, a plan from now on, or one further term of the running plan."""

    PACKAGE = "package"
    PLAN = "plan"
    RENEWAL = "renewal"


class PurchaseStatus(StrEnum):
    """`paid` that could not be granted stays paid and waits for a person."""

    PENDING = "pending"
    PAID = "paid"
    GRANTED = "granted"
    FAILED = "failed"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


@dataclass(slots=True)
class Purchase:
    """A sale with the terms that were in force when it was opened; only its status and what is known later moves.

    ``price_minor`` is what the buyer pays, tax included; ``tax_minor`` the tax in it. ``item`` is the package's or the
    plan's slug. ``provider_payment`` is the provider's own name of the payment, unique with ``provider``;
    ``provider_order`` that of its checkout. ``refunded_minor`` and ``refunded_tokens`` are sums over all refunds,
    ``missed_tokens`` what refunds could not take back.
    """

    purchase_id: int
    account_id: int
    kind: PurchaseKind
    item: str
    title: str
    tokens: int
    price_minor: int
    tax_minor: int
    currency: str
    program_id: int
    created_at: datetime
    provider: str = ""
    provider_order: str = ""
    provider_payment: str = ""
    status: PurchaseStatus = PurchaseStatus.PENDING
    tax_label: str = ""
    tax_rate: str = ""
    tax_inclusive: bool = True
    paid_at: datetime | None = None
    granted_at: datetime | None = None
    closed_at: datetime | None = None
    txn_id: int | None = None
    grant_id: int | None = None
    refunded_minor: int = 0
    refunded_tokens: int = 0
    missed_tokens: int = 0
    dispute_open: bool = False
    trouble: str = ""
    actor: str = ""
    reason: str = ""


@dataclass(slots=True)
class PromoCode:
    """A code with its terms. ``redeemed`` counts over all accounts; ``by_account`` those of accounts of the batch."""

    code_id: int
    terms: PromoTerms
    created_at: datetime
    is_disabled: bool = False
    redeemed: int = 0
    batch: str = ""
    actor: str = ""
    reason: str = ""
    by_account: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redemption:
    """One account redeemed a code for the ``number``-th time; history."""

    code_id: int
    account_id: int
    number: int
    txn_id: int
    grant_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Award:
    """A reward or one side of a referral, given once per (account, name, period); history.

    ``name`` is `reward:SLUG` or `referral:friend`, `referral:ID`; ``period`` the first local date (0001-01-01: for
    ever).
    """

    account_id: int
    name: str
    period: date
    txn_id: int
    grant_id: int
    at: datetime
