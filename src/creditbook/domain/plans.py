"""An account's running plan: its term, how far it is paid, what waits for its end; and the program's versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from .program import Program


class PlanStatus(StrEnum):
    """Where a subscription stands (rule 31). A free plan is `active`; one that fell from a paid plan is `lapsed`."""

    ACTIVE = "active"
    CANCELLING = "cancelling"
    PAST_DUE = "past_due"
    LAPSED = "lapsed"


@dataclass(slots=True)
class Term:
    """The running term of an account's paid plan; empty (``first`` None) on a free plan.

    It runs from local date ``first`` until the instant ``ends_at``, where ``next`` begins; the account's `plan_anchor`
    is the day from which terms are counted. ``paid_ahead`` counts the terms after this one that are paid already.
    ``next_plan`` is the plan that waits for the end ('' for none): a downgrade, or with `cancelling` the program's
    default plan; ``next_paid`` counts its terms that are paid already (a renewal while a downgrade waits pays the lower
    plan's; cancelled after that, the status is `cancelling` and ``next_plan`` still the lower plan). ``unpaid`` tells
    that the running term itself is not paid; ``grace_ends_at`` is fixed when that begins. ``started_at`` is when the
    plan began (free plans too).
    """

    status: PlanStatus = PlanStatus.ACTIVE
    started_at: datetime | None = None
    first: date | None = None
    next: date | None = None
    ends_at: datetime | None = None
    paid_ahead: int = 0
    next_plan: str = ""
    next_paid: int = 0
    unpaid: bool = False
    grace_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the program, in force from ``since`` until the next one's."""

    program_id: int
    since: datetime
    program: Program


@dataclass(frozen=True, slots=True)
class PlanEvent:
    """One thing that happened to an account's plan, for reports and finance; history.

    ``what``: `started`, `upgraded`, `downgraded`, `scheduled`, `cancelling`, `resumed`, `renewed` (a term paid ahead or
    a past-due one paid), `term` (a further term began), `past_due`, `lapsed`, `ended` (a cancelled one ran out).
    ``price_minor`` is what the term in question costs. ``purchase_id`` names the sale that paid it.
    """

    event_id: int
    account_id: int
    at: datetime
    what: str
    plan_before: str
    plan_after: str
    price_minor: int
    currency: str
    term_first: date | None
    term_ends_at: datetime | None
    program_id: int
    purchase_id: int | None = None
    actor: str = ""
    reason: str = ""
