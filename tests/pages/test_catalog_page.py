"""The catalog: read, edited as a draft, seen before it is in force; nobody's running period changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.domain.errors import Conflict
from creditbook.domain.program import Action, Package, Pricing, Program
from creditbook.programs import program_to_toml
from creditbook.reports import catalog as report
from creditbook.ui import catalog_changes
from creditbook.ui.catalog_words import acts

PAGE = "admin/catalog.py"


@pytest.fixture
def boss(visit: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, plan in (("asha", "monthly"), ("meera", "bare")):
        visit.ledger.open_account(f"acme/{name}", plan=plan)
    who = visit.principal("boss", "admin", account=False)
    monkeypatch.setattr(catalog_changes, "require", lambda *roles: who)
    return who


def program(visit: Any) -> Program:
    found: Program = visit.ledger.program("acme")
    return found


def richer(found: Program, tokens: int = 20_000) -> Program:
    """The same program whose monthly plan gives so many tokens."""
    monthly = found.plans["monthly"]
    better = replace(monthly, allowances=(replace(monthly.allowances[0], tokens=tokens),))
    return replace(found, plans={**found.plans, "monthly": better})


def take_toml(at: AppTest, text: str) -> AppTest:
    """Edit the program as text: the draft becomes what the text says."""
    if not at.text_area:
        at.button(key="begin").click().run()
    at.text_area[0].set_value(text).run()
    return at.button(key="take-toml").click().run()


def toml_page(visit: Any, boss: Any) -> AppTest:
    at: AppTest = visit.open(PAGE, boss, show="TOML")
    return at


def test_the_catalog_reads_without_editing_anything(visit: Any, boss: Any, text: Callable[[AppTest], str]) -> None:
    at = visit.open(PAGE, boss)
    said = text(at)
    assert "**Monthly**" in said
    assert "1 account" in said
    assert "10,000 tokens" in said
    assert not [one for one in at.button if one.key == "review"], "nothing is edited"
    for section in ("Packages", "Actions", "Given away", "Rules", "TOML", "Versions"):
        at = visit.open(PAGE, boss, show=section)
        assert not at.exception, section


def test_an_edit_is_seen_field_by_field_with_whom_it_touches_before_it_is_in_force(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    at = take_toml(toml_page(visit, boss), program_to_toml(richer(program(visit))))
    difference = at.dataframe[0].value.to_numpy().tolist()
    assert difference == [["Plan Monthly · Allowance 1 · Tokens", "10,000", "20,000", "Each account's next period"]]
    touched = at.dataframe[1].value.to_numpy().tolist()
    assert touched == [["Monthly", "1", "Wed 1 Apr, 00:00", "Wed 1 Apr, 00:00"]]
    assert at.button(key="review").disabled, "without a reason"
    at.text_input(key="catalog-why").set_value("More for everybody").run()
    assert not at.button(key="review").disabled
    assert program(visit).plans["monthly"].allowances[0].tokens == 10_000, "nothing is written yet"


def test_a_new_version_changes_nobodys_running_period_and_the_next_one(visit: Any, boss: Any) -> None:
    before = visit.ledger.balance("acme/asha").available
    done = catalog_changes.load(richer(program(visit)), 1, "", "more", "once", "")
    assert (done.version, done.before) == (2, 1)
    assert visit.ledger.balance("acme/asha").available == before == 10_000
    visit.clock.forward(days=30)
    assert visit.ledger.balance("acme/asha").available == 20_000 + 5_000, "and half of what was left rolled over"


def test_prices_act_at_once(visit: Any, boss: Any) -> None:
    found = program(visit)
    dearer = replace(found, actions={**found.actions, "build": replace(found.actions["build"], tokens=7)})
    changed = report.between(found, dearer)
    assert [acts(one, found) for one in changed] == ["At once"]
    catalog_changes.load(dearer, 1, "", "dearer", "once", "")
    assert visit.ledger.spend("acme/asha", action="build").charged == 7


def test_the_version_before_comes_into_force_again_as_a_new_one(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    first = program(visit)
    catalog_changes.load(richer(first), 1, "", "more", "once", "")
    catalog_changes.load(report.version_of(visit.place.store, boss, 1), 2, "", "", "once", "Back to version 1")
    assert program(visit) == first
    at = visit.open(PAGE, boss, show="Versions", version="2")
    shown = at.dataframe[0].value[["Version", "Status", "Who", "Why"]].to_numpy().tolist()
    assert shown == [[3, "In force", "boss", "Back to version 1"], [2, "", "boss", "more"], [1, "", "–", "created"]]
    assert at.dataframe[1].value["After"].tolist() == ["20,000"], "what version 2 changed"
    assert not at.button(key="again").disabled
    assert visit.open(PAGE, boss, show="Versions", version="1").button(key="again").disabled, "it is what is in force"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("rank = 1", "rank = 2", "plans.monthly.rank is that of bare too"),
        ("tokens = 10000", 'tokens = "many"', "plans.monthly.allowances[1].tokens has to be a whole number"),
        ('every = "day"', 'every = "week"', "choose one of day"),
        ('[actions.build]\npricing = "fixed"\ntokens = 1', '[actions.build]\npricing = "formula"\nformula = "2 * (3"',
         "actions.build.formula"),
    ],
)  # fmt: skip
def test_text_that_makes_no_sense_is_refused_with_line_and_field_and_kept(
    visit: Any, boss: Any, old: str, new: str, sentence: str
) -> None:
    toml = program_to_toml(program(visit))
    assert old in toml
    wrong = toml.replace(old, new)
    at = take_toml(toml_page(visit, boss), wrong)
    said = at.error[0].value.replace("\\", "")
    assert sentence in said
    assert "line " in said
    assert at.text_area[0].value == wrong, "what was typed is still there"


def test_a_plan_that_people_are_on_can_not_be_removed(visit: Any, boss: Any) -> None:
    found = program(visit)
    without = replace(found, plans={slug: plan for slug, plan in found.plans.items() if slug != "monthly"})
    at = take_toml(toml_page(visit, boss), program_to_toml(without))
    at.text_input(key="catalog-why").set_value("retired").run()
    assert "**Plan Monthly can't be removed**: 1 account is on it" in at.error[0].value
    assert at.button(key="review").disabled


def test_a_version_that_came_meanwhile_is_told_and_no_change_is_lost(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    found = program(visit)
    at = take_toml(toml_page(visit, boss), program_to_toml(richer(found)))
    priced = {**found.actions, "build": Action("build", Pricing.FIXED, 3)}
    visit.ledger.load_program("acme", replace(found, actions=priced), reason="dearer", actor="nisha")
    with pytest.raises(Conflict, match="Version 2 was put in force after you began on version 1"):
        catalog_changes.load(richer(found), 1, "", "more", "once", "")
    at.text_input(key="catalog-why").set_value("more").run()
    assert "Version 2 came into force meanwhile" in at.warning[0].value
    assert "nisha" in at.warning[0].value
    assert at.button(key="review").disabled
    at.button(key="bring-over").click().run()
    assert at.dataframe[0].value["What"].tolist() == ["Plan Monthly · Allowance 1 · Tokens"]
    assert not at.button(key="review").disabled
    merged = at.session_state["catalog-draft"].program
    assert (merged.actions["build"].tokens, merged.plans["monthly"].allowances[0].tokens) == (3, 20_000)


def test_a_plan_is_edited_in_its_form(visit: Any, boss: Any) -> None:
    at = visit.open(PAGE, boss)
    at.button(key="edit-monthly").click().run()
    at.text_input(key="title-monthly-0").set_value("Every month")
    at.number_input(key="price-monthly-0").set_value(99.0)
    at.number_input(key="day-monthly-0").set_value(50)
    at.button(key="take-plan").click().run()
    rows = at.dataframe[0].value[["What", "Before", "After"]].to_numpy().tolist()
    assert rows == [
        ["Plan Every month · Title", "Monthly", "Every month"],
        ["Plan Every month · Price", "₹0.00", "₹99.00"],
        ["Plan Every month · Requests a day", "1,000", "50"],
    ]
    assert at.session_state["catalog-draft"].program.plans["monthly"].price_minor == 9_900


def test_two_plans_of_one_rank_are_told_in_words_and_can_not_come_into_force(visit: Any, boss: Any) -> None:
    at = visit.open(PAGE, boss)
    at.button(key="edit-monthly").click().run()
    at.number_input(key="rank-monthly-0").set_value(2)
    at.button(key="take-plan").click().run()
    assert "Plan Monthly · Rank is that of bare too" in at.error[0].value.replace("\\", "")
    at.text_input(key="catalog-why").set_value("why").run()
    assert at.button(key="review").disabled


def edit(at: AppTest, key: str, **delta: Any) -> AppTest:
    """Type into a table, as the browser tells it."""
    at.session_state[key] = {"edited_rows": {}, "added_rows": [], "deleted_rows": [], **delta}
    return at.run()


def test_packages_and_actions_are_edited_as_tables(visit: Any, boss: Any) -> None:
    found = program(visit)
    sold = replace(found, packages={"ten": Package("ten", "Ten", 10, 9_900), "old": Package("old", "Old", 5, 100)})
    visit.ledger.load_program("acme", sold, reason="r", actor="nisha")
    at = visit.open(PAGE, boss, show="Packages")
    at.button(key="begin").click().run()
    new = {"title": "Big", "tokens": 500, "price": 49.5, "slug": "big", "wallet": "PREMIUM"}
    edit(at, "packages-0", edited_rows={1: {"price": 120.5}}, deleted_rows=[0], added_rows=[new])
    draft = at.session_state["catalog-draft"]
    assert {slug: one.price_minor for slug, one in draft.program.packages.items()} == {"ten": 12_050, "big": 4_950}
    at.segmented_control(key="show").set_value("Actions").run()
    edit(at, f"actions-{draft.turn}", edited_rows={0: {"tokens": 4}})
    draft = at.session_state["catalog-draft"]
    assert draft.program.actions["build"].tokens == 4
    assert draft.program.packages["ten"].price_minor == 12_050, "the other table's edits are still there"


def test_the_page_is_for_administrators_only(visit: Any, boss: Any) -> None:
    with pytest.raises(Exception, match=r"catalog\.py"):
        visit.open(PAGE, visit.principal("asha"))
