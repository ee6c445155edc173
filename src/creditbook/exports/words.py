"""What people call things, on paper and on pages alike."""

from __future__ import annotations

from datetime import date

KINDS: dict[str, str] = {
    "usage": "Usage",
    "grant": "Grant",
    "purchase": "Purchase",
    "promo": "Promo code",
    "referral": "Referral",
    "reward": "Reward",
    "reset": "Reset",
    "rollover": "Rollover",
    "expiry": "Expiry",
    "plan_change": "Plan change",
    "refund": "Refund",
    "purchase_refund": "Money back",
    "revocation": "Taken back",
    "debt_repayment": "Debt repaid",
    "adjustment": "Adjustment",
}
"""Kind of transaction → its name."""


def month_words(month: date) -> str:
    """``November 2026``."""
    return f"{month:%B %Y}"


def day_words(day: date) -> str:
    """``1 November 2026``."""
    return f"{day.day} {day:%B %Y}"
