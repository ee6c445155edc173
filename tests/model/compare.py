"""How ledger and model are compared: every figure of every account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from model.days import local_date
from model.pair import Pair
from model.plans import lower_ahead, next_plan


def balances_agree(pair: Pair, name: str, feature: str | None = None, at: datetime | None = None) -> None:
    """Posted, held, blocked, available, debt, from_pool, each wallet and the next reset."""
    seen = pair.driver.balance(name, feature=feature, at=at)
    wanted = pair.model.balance(name, at or pair.clock.now, feature, now=pair.clock.now)
    found = {
        "posted": seen.posted,
        "held": seen.held,
        "blocked": seen.blocked,
        "available": seen.available,
        "debt": seen.debt,
        "from_pool": seen.from_pool,
        "next_reset": seen.next_reset,
        "quota_left": seen.quota_left,
        "wallets": sorted(
            (str(w.type), tuple(sorted(w.features)) if w.features is not None else (), w.is_active, w.posted, w.held)
            for w in seen.wallets
        ),
    }
    wanted["wallets"] = sorted((t, f or (), a, p, h) for t, f, a, p, h in wanted["wallets"])
    for figure, value in found.items():
        assert value == wanted[figure], f"{figure} of {name}: ledger {value}, model {wanted[figure]}"


def features_agree(pair: Pair, name: str) -> None:
    """What may be spent per feature, beside the total."""
    for feature, left in pair.driver.balance(name).by_feature.items():
        wanted = pair.model.balance(name, pair.clock.now, feature)["available"]
        assert left == wanted, f"{feature} of {name}: ledger {left}, model {wanted}"


def requests_agree(pair: Pair, name: str) -> None:
    account = pair.account(name)
    today = local_date(pair.clock.now, pair.book.zone_of(account))
    counted = pair.book.requests.get((account.name, today), 0)
    assert pair.driver.requests(name, today) == counted, f"requests of {name} on {today}"


def grants_agree(pair: Pair, name: str) -> None:
    """Every grant ever made, in the order in which they were made. Both sides must have been settled."""
    account = pair.account(name)
    found = [row[2:] for row in pair.driver.grants(name)]
    wanted: list[tuple[Any, ...]] = [
        (g.cls, g.amount, g.effective_at, g.expires_at, g.remaining, g.held)
        for g in pair.book.made
        if g.account is account
    ]
    for number, (one, other) in enumerate(zip(found, wanted, strict=False)):
        assert one == other, f"grant {number} of {name}: ledger {one}, model {other}"
    owed = pair.driver.owed(name)
    for number, g in enumerate(g for g in pair.book.made if g.account is account):
        assert owed[number] == g.owes, f"grant {number} of {name} owes: ledger {owed[number]}, model {g.owes}"
    assert len(found) == len(wanted), f"{name}: ledger made {len(found)} grants, model {len(wanted)}"


def terms_agree(pair: Pair, name: str) -> None:
    """The plan, its running term and what waits for its end."""
    _, account, _ = pair.model.settled(name, pair.clock.now)
    term = account.term
    wanted = {
        "plan": account.plan or "",
        "status": term.status,
        "first": term.first,
        "next": term.next,
        "ends_at": term.ends_at,
        "paid_ahead": term.ahead.count(account.plan or ""),
        "next_plan": next_plan(account),
        "next_paid": len(lower_ahead(account)),
        "unpaid": term.unpaid,
        "grace_ends_at": term.grace_ends_at,
    }
    found = pair.driver.term(name)
    for figure, value in found.items():
        assert value == wanted[figure], f"{figure} of {name}'s term: ledger {value}, model {wanted[figure]}"
