"""Programs of the model's own: between them every policy that the rules know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from creditbook.domain.program import (
    Action,
    Allowance,
    Enforcement,
    Every,
    GrantClass,
    Overrun,
    Plan,
    Pricing,
    Program,
    WalletType,
)

FREE, PAID = GrantClass.FREE, GrantClass.PLAN


def actions(*rows: tuple[str, int | None, str]) -> dict[str, Action]:
    """Rows of name, fixed price (None: actual) and feature."""
    return {
        name: Action(name, Pricing.ACTUAL if price is None else Pricing.FIXED, price or 0, feature)
        for name, price, feature in rows
    }


# What the formulas of these programs come to, by hand: input and output tokens in, an exact number out.
FORMULAS: dict[str, Callable[[int, int], Fraction]] = {
    "1 + input_tokens / 7 + 2 * output_tokens": lambda inp, out: 1 + Fraction(inp, 7) + 2 * out,
}

ACTIONS = actions(
    ("work", None, ""), ("lead", 5, "lead"), ("goal", 3, "goal"), ("plan_goal", 4, "goal"), ("look", 0, "")
)
ACTIONS["weigh"] = Action("weigh", Pricing.FORMULA, formula=next(iter(FORMULAS)), estimate=9)


def plan(slug: str, *allowances: Allowance, cls: GrantClass = FREE, **terms: object) -> Plan:
    return Plan(slug, slug.title(), 0, cls, allowances, **terms)  # type: ignore[arg-type]


def program(name: str, zone: str, default: str, *plans: Plan, **terms: object) -> Program:
    by_slug = {p.slug: replace(p, rank=rank) for rank, p in enumerate(plans)}
    return Program(name, name.title(), zone, "USD", default, by_slug, ACTIONS, **terms)  # type: ignore[arg-type]


STANDARD, MONTHLY = WalletType.STANDARD, WalletType.MONTHLY

DAILY = program(
    "days",
    "Asia/Bangkok",
    "small",
    plan("small", Allowance(STANDARD, 5, Every.DAY), requests_per_day=6),
    plan(
        "rolling",
        Allowance(STANDARD, 9, Every.DAY, rollover=Fraction(1, 2), rollover_cap=3),
        cls=PAID,
        max_request_tokens=50,
    ),
)

MONTHS = program(
    "months",
    "America/New_York",
    "calendar",
    plan("calendar", Allowance(MONTHLY, 100, Every.CALENDAR_MONTH, rollover=Fraction(1, 2))),
    plan(
        "anniversary",
        Allowance(MONTHLY, 80, Every.ANNIVERSARY_MONTH, rollover=Fraction(1, 3), rollover_cap=20),
        Allowance(STANDARD, 4, Every.DAY, frozenset({"goal"})),
        cls=PAID,
        features=frozenset({"work", "goal", "look"}),
    ),
    plan("boundless", unlimited=True, cls=PAID),
    plan("nothing"),
)

TEAM = program(
    "team",
    "Europe/London",
    "own",
    plan(
        "pool",
        Allowance(MONTHLY, 50, Every.DAYS_30, frozenset({"lead"})),
        Allowance(MONTHLY, 20, Every.DAYS_30, frozenset({"goal"}), rollover=Fraction(1, 2)),
        Allowance(MONTHLY, 30, Every.DAYS_30),
        cls=PAID,
    ),
    plan("own", Allowance(STANDARD, 6, Every.DAY)),
    pool_plan="pool",
)

STRICT = program(
    "strict",
    "Asia/Kolkata",
    "term",
    plan("term", Allowance(STANDARD, 40, Every.DAYS_30, rollover=Fraction(1))),
    overrun=Overrun.REJECT,
)

SHADOW = program(
    "shadow",
    "Australia/Lord_Howe",
    "little",
    plan(
        "little",
        Allowance(STANDARD, 10, Every.DAY),
        requests_per_day=3,
        features=frozenset({"work", "goal"}),
    ),
    enforcement=Enforcement.SHADOW,
)

OFF = program(
    "off",
    "UTC",
    "little",
    plan("little", Allowance(STANDARD, 10, Every.DAY), requests_per_day=1),
    enforcement=Enforcement.OFF,
)

FLAT = program(
    "flat",
    "UTC",
    "own",
    plan("endless", unlimited=True, cls=PAID),
    plan("own", Allowance(STANDARD, 6, Every.DAY), requests_per_day=4),
    pool_plan="endless",
)

ALL = (DAILY, MONTHS, TEAM, STRICT, SHADOW, OFF, FLAT)
