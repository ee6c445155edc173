"""The five programs' rules as a bookkeeper would copy them from PROGRAMS.md onto the head of a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass, field

ALL = ""  # an envelope for whatever feature


@dataclass(frozen=True)
class PlanRule:
    """What one plan gives each period: tokens by feature, into the envelope of this name."""

    rank: int
    period: str  # day, month (from the 1st), anniversary, thirty, or '' for none
    gives: dict[str, int] = field(default_factory=dict)
    envelope: str = "MONTHLY"
    paid: bool = False
    halves: bool = False  # half of what is left moves on for one period
    unlimited: bool = False
    works: bool = True


@dataclass(frozen=True)
class PackRule:
    tokens: int
    price: int
    days: int | None = None
    feature: str = ALL


@dataclass(frozen=True)
class ProgramRule:
    hours: float  # the zone's distance from UTC; none of these zones knows summer time
    plans: dict[str, PlanRule]
    prices: dict[str, int | None]  # None: what it used
    packs: dict[str, PackRule]
    codes: dict[str, int] = field(default_factory=dict)
    rewards: dict[str, int] = field(default_factory=dict)
    referral: tuple[str, int] | None = None  # the action, and what both get
    grace: int = 3


TEAM_PRO = {
    "lead_generation": 50,
    "goal_generation": 20,
    "strategy_analysis": 30,
    "revenue_forecast": 40,
    "general_insights": 60,
}
TEAM_ENTERPRISE = {
    "lead_generation": 500,
    "goal_generation": 200,
    "strategy_analysis": 300,
    "revenue_forecast": 400,
    "general_insights": 500,
}

PROGRAMS = {
    "daily": ProgramRule(
        7,
        {"free": PlanRule(0, "day", {ALL: 5}, "STANDARD")},
        {"project_creation": 1, "chat": 0, "preview": 0, "deploy": 0},
        {"ten": PackRule(10, 9_900), "sixty": PackRule(60, 49_900)},
        rewards={"published_site": 2},
        referral=("project_creation", 3),
    ),
    "wallets": ProgramRule(
        0,
        {"free": PlanRule(0, "day", {ALL: 5}, "STANDARD")},
        {"project_creation": 1},
        {"premium": PackRule(10, 499, 30)},
    ),
    "studio": ProgramRule(
        5.5,
        {
            "free": PlanRule(0, "month", {ALL: 10_000}, halves=True),
            "basic": PlanRule(1, "anniversary", {ALL: 50_000}, paid=True, halves=True),
            "pro": PlanRule(2, "anniversary", {ALL: 250_000}, paid=True, halves=True),
        },
        dict.fromkeys(("project", "idea", "srs", "code", "uml", "report", "ppt", "viva")),
        {
            "starter": PackRule(50_000, 9_900),
            "pro": PackRule(200_000, 34_900),
            "unlimited": PackRule(1_000_000, 149_900),
        },
        codes={"WELCOME2024": 10_000, "LAUNCH50": 50_000, "BETA100": 100_000},
    ),
    "credits": ProgramRule(
        0,
        {
            "free": PlanRule(0, "anniversary", {ALL: 10_000}),
            "pro": PlanRule(1, "thirty", {ALL: 200_000}, paid=True),
            "enterprise": PlanRule(2, "thirty", paid=True, unlimited=True),
        },
        {"code_generation": 2_000, "code_review": 2_000},
        {},
    ),
    "teams": ProgramRule(
        0,
        {
            "starter": PlanRule(0, "", works=False),
            "pro": PlanRule(1, "thirty", TEAM_PRO, paid=True),
            "enterprise": PlanRule(2, "thirty", TEAM_ENTERPRISE, paid=True),
        },
        {
            "lead_generation": 5,
            "goal_generation": 3,
            "strategy_analysis": 2,
            "revenue_forecast": 4,
            "general_insights": 1,
        },
        {"boost": PackRule(50, 1_500), "leads": PackRule(100, 2_500, feature="lead_generation")},
    ),
}
