"""What the code generators ask of a user: credits, use, and the subscription."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from creditbook.api.asked import About, Camel, Success
from creditbook.api.problems import documented
from creditbook.reports.answers import CreditStatus

router = APIRouter(prefix="/user", tags=["user"], responses=documented())


class UserUsage(Camel):
    """Whole credits beside the exact tokens; null is unlimited. ``monthly`` is the running period of the plan."""

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


@router.get("/usage", summary="Credits and subscription")
async def usage(about: About) -> Success[UserUsage]:
    """The subscription ends where the time paid for does; while past due, with its grace."""
    found: CreditStatus = await about.figures("credits")
    return Success(data=UserUsage.model_validate(found, from_attributes=True))
