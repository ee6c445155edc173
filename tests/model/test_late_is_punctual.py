"""Settlement leaves what it would have left at every boundary (rule 18): the same deeds, swept and unswept."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from model.in_memory import MemoryDriver
from model.machine import STARTS
from model.pair import Clock
from model.shops import HOUSE, MIXED, SHOP

from creditbook.domain.errors import LedgerError
from creditbook.domain.program import Program

PEOPLE: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "shop": [("a", {"plan": "free"}), ("b", {"plan": "basic", "zone": "Pacific/Apia"})],
    "house": [("", {"plan": "starter"}), ("a", {"plan": None, "draws": True, "quota": 12}), ("b", {"plan": "pro"})],
    "mixed": [("a", {"plan": "free"}), ("b", {"plan": "pro", "zone": "America/St_Johns"})],
}


def deeds(program: Program, chance: Random) -> list[tuple[str, dict[str, Any]]]:
    """What might be done next, by verb and terms."""
    paid = [p.slug for p in program.plans.values() if p.is_paid]
    payment = f"payment {chance.random()}"
    for_hours = timedelta(hours=chance.randrange(1, 25))
    return [
        ("spend", {"action": "work", "tokens": chance.randrange(1, 30)}),
        ("spend", {"action": "goal"}),
        ("reserve", {"action": "work", "estimate": chance.randrange(1, 20), "ttl": for_hours}),
        ("sell", {"kind": "plan", "item": chance.choice(paid), "payment": payment}),
        ("sell", {"kind": "renewal", "item": "", "payment": payment}),
        ("sell", {"kind": "package", "item": chance.choice(sorted(program.packages)), "payment": payment}),
        ("change_plan", {"plan": chance.choice(sorted(program.plans)), "at_once": chance.random() < 0.3}),
        ("cancel_plan", {}),
        ("reset", {}),
        ("set_zone", {"zone": chance.choice(["Asia/Tokyo", "America/Havana", "Pacific/Kiritimati"])}),
    ]


def done(driver: MemoryDriver, verb: str, name: str, terms: dict[str, Any]) -> str:
    try:
        driver.do(verb, name, **terms)
    except LedgerError as refusal:
        return type(refusal).__name__
    return ""


def standing(driver: MemoryDriver, name: str) -> tuple[Any, ...]:
    """Everything that can be seen of an account, but for ids."""
    seen = driver.balance(name)
    figures = (seen.posted, seen.held, seen.blocked, seen.available, seen.debt, seen.next_reset, seen.quota_left)
    return (figures, driver.term(name), [row[2:] for row in driver.grants(name)])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("program", [SHOP, HOUSE, MIXED], ids=lambda program: program.name)
def test_a_late_settlement_leaves_what_punctual_ones_leave(program: Program, seed: int) -> None:
    chance = Random(seed)
    clock = Clock(STARTS[seed])
    late, punctual = MemoryDriver(clock), MemoryDriver(clock)
    names = [f"o/{user}".rstrip("/") for user, _ in PEOPLE[program.name]]
    for driver in (late, punctual):
        driver.create_organization("o", program)
        for name, (_, terms) in zip(names, PEOPLE[program.name], strict=True):
            driver.open_account(name, **terms)
    for _ in range(60):
        until = clock.now + timedelta(hours=chance.choice([1, 7, 30, 100, 400, 900]))
        while clock.now < until:
            punctual.sweep("o")
            clock.now = min(until, punctual.next_due("o") or until)
        name, (verb, terms) = chance.choice(names), chance.choice(deeds(program, chance))
        assert done(late, verb, name, terms) == done(punctual, verb, name, terms)
    late.sweep("o")
    punctual.sweep("o")
    for name in names:
        assert standing(late, name) == standing(punctual, name)
