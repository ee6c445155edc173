"""A ledger with something to sell, for tests on both databases."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from support.ledgers import BARE, DAILY, MONTHLY, PROGRAM, MovedClock

from creditbook import Ledger, open_ledger
from creditbook.domain.program import (
    GrantClass,
    Once,
    Package,
    Plan,
    Program,
    PromoTerms,
    Referral,
    Reward,
    Tax,
    WalletType,
)
from creditbook.reports.proof import prove

PRO = Plan("pro", "Pro", 5, GrantClass.PLAN, MONTHLY.allowances, price_minor=99_900)

SHOP = replace(
    PROGRAM,
    plans={plan.slug: plan for plan in (DAILY, replace(MONTHLY, rank=1, price_minor=29_900), BARE, PRO)},
    packages={
        "starter": Package("starter", "Starter", 100, 9_900, lifetime_days=30),
        "big": Package("big", "Big", 1_000, 49_900, wallet=WalletType.BONUS),
    },
    tax=Tax("GST", Fraction(18, 100)),
    promo_codes={"WELCOME": PromoTerms("WELCOME", 50, lifetime_days=7)},
    referral=Referral(3, 2, action="build"),
    rewards={"site": Reward("site", "Published site", 2), "visit": Reward("visit", "Visit", 1, once=Once.DAY)},
    approval_above=10_000,
)


def a_shop(url: str, clock: MovedClock, program: Program = SHOP, **changes: Any) -> Ledger:
    """An open ledger with the organization `acme`, which sells, and the account `acme/asha` on the bare plan."""
    ledger = open_ledger(url, clock=clock)
    ledger.create_organization("acme", replace(program, **changes))
    ledger.open_account("acme/asha")
    return ledger


def broken(ledger: Ledger) -> list[str]:
    """What `creditbook verify` finds wrong, as sentences."""
    return [str(one) for proof in prove(ledger.core.store) for one in proof.findings if one.broken]
