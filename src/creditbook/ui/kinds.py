"""How kinds of transactions, wallets and classes are named and drawn."""

from __future__ import annotations

from creditbook.exports import words

_ICONS = {
    "usage": "bolt",
    "grant": "add_circle",
    "purchase": "shopping_bag",
    "promo": "redeem",
    "referral": "group_add",
    "reward": "military_tech",
    "reset": "autorenew",
    "rollover": "redo",
    "expiry": "hourglass_disabled",
    "plan_change": "swap_vert",
    "refund": "undo",
    "purchase_refund": "currency_exchange",
    "revocation": "remove_circle",
    "debt_repayment": "balance",
    "adjustment": "tune",
}

KINDS: dict[str, tuple[str, str]] = {kind: (name, _ICONS[kind]) for kind, name in words.KINDS.items()}
"""Kind → what people call it, and its icon."""

GROUPS: dict[str, tuple[str, ...]] = {
    "Usage": ("usage",),
    "Added": ("grant", "purchase", "promo", "referral", "reward"),
    "Resets": ("reset", "rollover", "plan_change"),
    "Expired": ("expiry",),
    "Refunds": ("refund", "purchase_refund"),
    "Other": ("revocation", "debt_repayment", "adjustment"),
}
"""The filter's words → kinds. Words, because they stand in the address."""

WALLETS: dict[str, tuple[str, str]] = {
    "STANDARD": ("Daily", "today"),
    "ROLLOVER": ("Rolled over", "redo"),
    "MONTHLY": ("Monthly", "calendar_month"),
    "BONUS": ("Bonus", "redeem"),
    "PREMIUM": ("Bought", "shopping_bag"),
}
"""Wallet type → what it is called when it has no label, and its icon."""

CLASSES = {"free": "free", "plan": "paid plan", "promotional": "promotional", "purchased": "bought"}


def kind_name(kind: str) -> str:
    """What people call a kind of transaction."""
    return KINDS.get(kind, (kind.replace("_", " ").capitalize(), ""))[0]


def kind_icon(kind: str) -> str:
    """Its icon, as markdown."""
    return f":material/{KINDS.get(kind, ('', 'receipt_long'))[1]}:"


def wallet_name(wallet_type: str, label: str) -> str:
    """A wallet's own label, else what its type is called."""
    return label or WALLETS.get(wallet_type, (wallet_type.capitalize(), ""))[0]


def wallet_icon(wallet_type: str) -> str:
    """Its icon, as markdown."""
    return f":material/{WALLETS.get(wallet_type, ('', 'wallet'))[1]}:"


def kinds_of(groups: list[str]) -> tuple[str, ...]:
    """The kinds behind the chosen words; none chosen lets every kind pass."""
    return tuple(kind for group in groups for kind in GROUPS.get(group, ()))
