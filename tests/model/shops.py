"""Programs of the model's own that sell: plans of every kind, packages, codes, referrals, rewards."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from model.programs import MONTHLY, PAID, STANDARD, plan, program

from creditbook.domain.program import (
    Allowance,
    Every,
    Once,
    Package,
    Paid,
    PromoTerms,
    Referral,
    Reward,
    Tax,
    WalletType,
)

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
GOAL = frozenset({"goal"})

CODES = {
    terms.code: terms
    for terms in (
        PromoTerms("welcome", 20),
        PromoTerms("thrice", 7, WalletType.PREMIUM, GOAL, lifetime_days=20, total_limit=3, per_account=2),
        PromoTerms("spring", 11, lifetime_days=40, valid_from=date(2026, 3, 20), valid_through=date(2026, 5, 2)),
        PromoTerms("pros", 13, plans=frozenset({"pro", "max"})),
        PromoTerms("first", 17, first_purchase=True),
    )
}

# Free by the calendar, two plans of one kind (months), two of another (30 days), one of them without limits.
SHOP = program(
    "shop",
    "Asia/Kolkata",
    "free",
    plan("free", Allowance(MONTHLY, 30, Every.CALENDAR_MONTH, rollover=HALF), requests_per_day=40),
    plan("basic", Allowance(MONTHLY, 60, Every.ANNIVERSARY_MONTH, rollover=HALF), cls=PAID, price_minor=500),
    plan(
        "pro",
        Allowance(MONTHLY, 100, Every.ANNIVERSARY_MONTH, rollover=THIRD, rollover_cap=25),
        Allowance(MONTHLY, 12, Every.ANNIVERSARY_MONTH, GOAL),
        cls=PAID,
        price_minor=900,
    ),
    plan(
        "max",
        Allowance(MONTHLY, 140, Every.DAYS_30, rollover=Fraction(1)),
        Allowance(STANDARD, 6, Every.DAYS_30, GOAL, rollover=HALF),
        cls=PAID,
        price_minor=2_000,
    ),
    plan("endless", unlimited=True, every=Every.DAYS_30, cls=PAID, price_minor=9_000),
    packages={
        "small": Package("small", "Small", 25, 499, lifetime_days=30),
        "large": Package("large", "Large", 110, 1_999),
        "goals": Package("goals", "Goals", 9, 100, WalletType.BONUS, 3, features=GOAL),
    },
    promo_codes=CODES,
    referral=Referral(6, 4, Paid.FIRST_SPEND, "goal"),
    rewards={
        "visit": Reward("visit", "Visit", 1, once=Once.DAY, lifetime_days=2),
        "survey": Reward("survey", "Survey", 5, WalletType.PREMIUM, Once.MONTH),
        "story": Reward("story", "Story", 8),
    },
    tax=Tax("GST", Fraction(18, 100)),
    approval_above=55,
)

# A pool under paid plans by feature, no grace, tax on top; members of their own plan and of the pool's.
HOUSE = program(
    "house",
    "Europe/London",
    "own",
    plan("own", Allowance(STANDARD, 6, Every.DAY)),
    plan("starter", features=frozenset()),
    plan(
        "pro",
        Allowance(MONTHLY, 20, Every.DAYS_30, frozenset({"lead"})),
        Allowance(MONTHLY, 10, Every.DAYS_30, GOAL, rollover=HALF),
        cls=PAID,
        price_minor=4_900,
    ),
    plan(
        "enterprise",
        Allowance(MONTHLY, 50, Every.DAYS_30, frozenset({"lead"})),
        Allowance(MONTHLY, 30, Every.DAYS_30, GOAL, rollover=HALF),
        Allowance(MONTHLY, 15, Every.DAYS_30),
        cls=PAID,
        price_minor=39_900,
    ),
    pool_plan="starter",
    grace_days=0,
    packages={"boost": Package("boost", "Boost", 40, 1_500)},
    referral=Referral(3, 3, Paid.SIGN_UP, lifetime_days=10),
    tax=Tax("VAT", Fraction(1, 5), inclusive=False),
)

# Days beside months on the free plan, whose version moves with the first of them; a long grace.
MIXED = program(
    "mixed",
    "America/New_York",
    "free",
    plan(
        "free",
        Allowance(STANDARD, 5, Every.DAY, rollover=HALF),
        Allowance(MONTHLY, 20, Every.CALENDAR_MONTH),
        features=frozenset({"work", "look"}),
    ),
    plan(
        "basic",
        Allowance(STANDARD, 9, Every.ANNIVERSARY_MONTH),
        Allowance(MONTHLY, 40, Every.ANNIVERSARY_MONTH),
        cls=PAID,
        price_minor=300,
    ),
    plan("pro", Allowance(MONTHLY, 90, Every.ANNIVERSARY_MONTH, rollover=HALF), cls=PAID, price_minor=700),
    grace_days=7,
    packages={"pack": Package("pack", "Pack", 33, 1_000, lifetime_days=10)},
)

ALL = (SHOP, HOUSE, MIXED)
