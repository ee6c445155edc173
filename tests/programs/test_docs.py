"""docs/programs.md: its example loads as it stands, and it leaves out no field that a program can have."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.program import (
    Action,
    Allowance,
    Enforcement,
    Every,
    Once,
    Overrun,
    Package,
    Paid,
    Plan,
    Pricing,
    Program,
    PromoTerms,
    Referral,
    Reward,
    Tax,
    Unit,
)
from creditbook.programs import program_from_toml, program_to_toml

PAGE = (Path(__file__).parents[2] / "docs" / "programs.md").read_text(encoding="utf-8")
EXAMPLE = "\n".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
KINDS = (Program, Unit, Plan, Allowance, Action, Package, Tax, PromoTerms, Referral, Reward)
KEYS = {"slug", "code"}  # tables are called so
NAMED = sorted({one.name for kind in KINDS for one in fields(kind)} - KEYS)


def test_the_example_loads_and_means_what_its_comments_say() -> None:
    bakery = program_from_toml(EXAMPLE, "bakery.toml")
    assert [plan.slug for plan in bakery.plans.values()] == ["free", "baker", "chain"]
    assert bakery.actions["photo_retouch"].spends_for == "photo"
    assert bakery.plans["chain"].term is Every.DAYS_30
    assert bakery.promo_codes["OVEN2026"].total_limit == 200
    assert program_from_toml(program_to_toml(bakery)) == bakery


@pytest.mark.parametrize("name", NAMED)
def test_every_field_stands_on_the_page(name: str) -> None:
    assert re.search(rf"^{name} = |^\[.*\b{name}\b|`{name}`", PAGE, re.MULTILINE), name


@pytest.mark.parametrize("word", [*Every, *Pricing, *Overrun, *Enforcement, *Paid, *Once])
def test_every_word_that_a_field_may_have_stands_on_the_page(word: str) -> None:
    assert word in PAGE


def test_the_refusal_on_the_page_is_the_one_that_people_read() -> None:
    (told,) = re.findall(r"^bakery\.toml, line \d+: .*$", PAGE, re.MULTILINE)
    wrong = EXAMPLE.replace('every = "anniversary_month"', 'every = "week"', 1)
    with pytest.raises(InvalidRequest) as refused:
        program_from_toml(wrong, "bakery.toml")
    without_line = re.compile(r"line \d+")
    assert without_line.sub("line", str(refused.value)) == without_line.sub("line", told)
