"""What a caller asks for, as plain values. Every operation names its account, its key and who asks.

``key`` is the idempotency key (rule 16), unique per (organization, operation name); ``request_hash`` covers what the
caller sent. Instants are aware; ``event_at`` None means "now".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from .program import GrantClass, WalletType


@dataclass(frozen=True, slots=True)
class Cost:
    """What the work cost, frozen at booking (rule 3). ``usd_nanos`` None with ``unpriced`` means: not known yet."""

    usd_nanos: int | None = None
    inr_nanos: int | None = None
    parts: dict[str, int] | None = None
    price_version: str | None = None
    fx_rate_id: int | None = None
    unpriced: bool = False


NO_COST = Cost()


@dataclass(frozen=True, slots=True)
class Work:
    """What was done, by whom, with which LLM: the model tokens it counted and what they cost."""

    agent: str = ""
    model: str = ""
    project: str = ""
    description: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: Cost = NO_COST
    event_at: datetime | None = None
    metadata: dict[str, object] | None = None

    @property
    def model_tokens(self) -> int:
        """Input and output tokens as the LLM counted them; cached and reasoning ones are among them."""
        return self.input_tokens + self.output_tokens


NO_WORK = Work()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The common part. ``account_id`` is the account that asks (a member's, or the pool's)."""

    name: ClassVar[str] = ""
    account_id: int
    key: str
    request_hash: str
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend(Operation):
    """Charge or meter one piece of work (rules 5–11).

    ``tokens`` None leaves the price to the action. ``wallet`` is the preferred wallet type; ``only_wallet`` forbids
    falling through. ``meter`` records without charging. ``done`` charges what somebody else tells was done, like a late
    part of a hold (rule 13). ``decided_at`` is set by a charging import only (rule 27).
    """

    name: ClassVar[str] = "spend"
    action: str
    tokens: int | None = None
    work: Work = NO_WORK
    wallet: WalletType | None = None
    only_wallet: bool = False
    meter: bool = False
    done: bool = False
    decided_at: datetime | None = None
    import_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve(Operation):
    """Hold tokens before the work (rule 12). ``estimate`` None means the action's fixed price or typical estimate."""

    name: ClassVar[str] = "reserve"
    action: str
    estimate: int | None = None
    seconds: int = 900
    wallet: WalletType | None = None
    only_wallet: bool = False
    project: str = ""
    metadata: dict[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture(Operation):
    """Take one part from a hold; ``final`` closes it. ``action`` None is the hold's own."""

    name: ClassVar[str] = "capture"
    hold_id: int
    tokens: int | None = None
    action: str | None = None
    work: Work = NO_WORK
    final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Void(Operation):
    """Close a hold and release all of it."""

    name: ClassVar[str] = "void"
    hold_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTokens(Operation):
    """Give tokens. Into ``wallet_id``, or the account's wallet of type ``wallet`` (opened if it has none).

    ``approved_by`` is the second administrator's name where the program asks for one (rule 38).
    ``kind`` is the transaction's kind (`grant`, `purchase`, `promo`, `referral`, `reward`).
    """

    name: ClassVar[str] = "grant"
    tokens: int
    wallet: WalletType = WalletType.BONUS
    wallet_id: int | None = None
    features: frozenset[str] | None = None
    grant_class: GrantClass = GrantClass.PROMOTIONAL
    kind: str = "grant"
    expires_at: datetime | None = None
    label: str = ""
    price_minor: int | None = None
    currency: str | None = None
    metadata: dict[str, object] | None = None
    approved_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke(Operation):
    """Take back what is free of a grant; ``tokens`` None takes all, also what is held when it is released."""

    name: ClassVar[str] = "revoke"
    grant_id: int
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expire(Operation):
    """End a grant now, as breakage; what is held of it lapses when released."""

    name: ClassVar[str] = "expire"
    grant_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Operation):
    """Unwind a usage transaction (rule 29); ``tokens`` None refunds all that is left to refund."""

    name: ClassVar[str] = "refund"
    txn_id: int
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Operation):
    """Force the allowances of an account's wallets (or of one) anew within their period (rule 23)."""

    name: ClassVar[str] = "reset"
    wallet_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff(Operation):
    """Forgive debt of an account, oldest first; ``tokens`` None forgives all."""

    name: ClassVar[str] = "write_off"
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatus(Operation):
    """Freeze (`frozen`), unfreeze (`active`) or close (`closed`) an account."""

    name: ClassVar[str] = "set_status"
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetZone(Operation):
    """Change an account's IANA zone (rule 22); None returns to the organization's."""

    name: ClassVar[str] = "set_zone"
    zone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQuota(Operation):
    """Change what a member may take from the pool per pool period; None lifts it."""

    name: ClassVar[str] = "set_quota"
    tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWallet(Operation):
    """Open a further wallet, with ``tokens`` in it as a grant of ``grant_class`` when not 0."""

    name: ClassVar[str] = "open_wallet"
    type: WalletType
    tokens: int = 0
    label: str = ""
    features: frozenset[str] | None = None
    expires_at: datetime | None = None
    grant_class: GrantClass = GrantClass.PROMOTIONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWalletActive(Operation):
    """Deactivate (blocks its tokens) or reactivate a wallet (rule 26)."""

    name: ClassVar[str] = "set_wallet_active"
    wallet_id: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute(Operation):
    """Freeze (`disputed` True) or thaw one grant (rule 30); what is held of it may still be captured."""

    name: ClassVar[str] = "dispute"
    grant_id: int
    disputed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Operation):
    """Do what is due and nothing else. Needs no key; the sweep and "run what is due" are made of it."""

    name: ClassVar[str] = "settle"
    key: str = ""
    request_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndImport(Operation):
    """Give an account that a charging import opened back to everybody, settled up to now (rule 27)."""

    name: ClassVar[str] = "end_import"
    import_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount(Operation):
    """Open an account with what the program opens at sign-up. ``account_id`` is the new account's id.

    ``quota_tokens`` and ``pool_id`` make it a member of a pool; ``plan`` '' lives under the pool's plan.
    """

    name: ClassVar[str] = "open_account"
    account_name: str
    kind: str = "member"
    plan: str = ""
    plan_anchor: date | None = None
    zone: str | None = None
    pool_id: int | None = None
    quota_tokens: int | None = None
    external_id: str | None = None
    import_id: int | None = None
    wallets: tuple[WalletType, ...] = field(default=())
    referrer_id: int | None = None
