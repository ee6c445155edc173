"""What is spent by whom: an organization with limits and resets, accounts with three wallets, work priced by model."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from creditbook import Ledger
from creditbook.domain.program import Action, Allowance, Every, GrantClass, Plan, Pricing, Program, WalletType

ORG = "bench"
ACTION = "chat"
PLAN = "pro"
REQUESTS_PER_DAY = 1_000_000_000
MAX_REQUEST_TOKENS = 100_000
MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "o3", "claude-3-5-haiku-latest", "gemini-2.0-flash")
AGENTS = tuple(f"agent-{number}" for number in range(12))

PROGRAM = Program(
    name="bench",
    title="Bench",
    zone="Asia/Kolkata",
    currency="INR",
    default_plan=PLAN,
    plans={
        PLAN: Plan(
            PLAN,
            "Pro",
            1,
            GrantClass.PLAN,
            (Allowance(WalletType.MONTHLY, 30_000, Every.ANNIVERSARY_MONTH, rollover=Fraction(1, 2)),),
            features=frozenset({ACTION}),
            max_request_tokens=MAX_REQUEST_TOKENS,
            requests_per_day=REQUESTS_PER_DAY,
        )
    },
    actions={ACTION: Action(ACTION, Pricing.ACTUAL, estimate=500)},
)


@dataclass(frozen=True, slots=True)
class People:
    """The accounts that spend: their names and ids, and one on which everybody spends at once."""

    org_id: int
    names: tuple[str, ...]
    ids: tuple[int, ...]
    hot_name: str
    hot_id: int


def populate(ledger: Ledger, accounts: int) -> People:
    """Opens the organization and its accounts, each with an allowance, a small bonus and a purchase without end.

    One caller opens them one after the other, so that on PostgreSQL their ids rise by equal steps.
    """
    org = ledger.create_organization(ORG, PROGRAM)
    names = [f"{ORG}/user-{number}" for number in range(accounts)] + [f"{ORG}/hot"]
    ids = []
    for name in names:
        ledger.open_account(name)
        ids.append(ledger.core.account(name).account_id)
    dice = random.Random(7)
    for start in range(0, len(names), 200):
        some = names[start : start + 200]
        bonus = [{"account": name, "tokens": dice.randint(1, 3_000)} for name in some]
        paid = [{"account": name, "tokens": 10**12, "wallet": "PREMIUM", "grant_class": "purchased"} for name in some]
        ledger.grant_many([{**one, "reason": "bench"} for one in (*bonus, *paid)])
    return People(org.org_id, tuple(names[:-1]), tuple(ids[:-1]), names[-1], ids[-1])


def work(dice: random.Random) -> dict[str, Any]:
    """One piece of work, by `Ledger.spend`'s names."""
    return {
        "action": ACTION,
        "tokens": dice.randint(50, 1_000),
        "agent": AGENTS[dice.randrange(len(AGENTS))],
        "model": MODELS[dice.randrange(len(MODELS))],
        "input_tokens": dice.randint(100, 4_000),
        "output_tokens": dice.randint(10, 1_500),
        "idempotency_key": f"{dice.getrandbits(128):032x}",
    }


def reserve_and_capture(ledger: Ledger, account: str, dice: random.Random) -> None:
    """One pair: hold an estimate, then capture what the work took and give the rest back."""
    part = work(dice)
    held = ledger.hold(account, action=ACTION, estimate=1_000, ttl=timedelta(minutes=15))
    ledger.capture(account, held.hold_id, **part)
