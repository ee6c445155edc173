"""Two documents of a program compared field by field, and changes brought over to a version that came meanwhile."""

from __future__ import annotations

import copy

import pytest

from creditbook.programs import load_program, program_to_document, shipped_programs
from creditbook.programs.editing import Change, Document, brought_over, changes, misfit_in, readable


@pytest.fixture
def base() -> Document:
    return program_to_document(load_program("studio"))


def test_a_change_is_told_by_its_path_with_both_sides(base: Document) -> None:
    mine = copy.deepcopy(base)
    mine["plans"]["pro"]["allowances"][0]["tokens"] = 300_000
    mine["grace_days"] = 5
    del mine["packages"]["starter"]
    found = {one.path: (one.before, one.after) for one in changes(base, mine)}
    assert found == {
        ("plans", "pro", "allowances", 0, "tokens"): (250_000, 300_000),
        ("grace_days",): (3, 5),
        ("packages", "starter"): (base["packages"]["starter"], None),
    }


@pytest.mark.parametrize("name", shipped_programs())
def test_no_program_differs_from_itself_nor_misfits(name: str) -> None:
    document = program_to_document(load_program(name))
    assert changes(document, copy.deepcopy(document)) == []
    assert misfit_in(document) is None


def test_changes_to_different_fields_are_both_kept_and_no_conflict(base: Document) -> None:
    mine, theirs = copy.deepcopy(base), copy.deepcopy(base)
    mine["plans"]["pro"]["price_minor"] = 1
    mine["packages"]["mega"] = {**base["packages"]["pro"], "slug": "mega"}
    del mine["actions"]["viva"]
    theirs["plans"]["pro"]["title"] = "Professional"
    del theirs["packages"]["starter"]
    merged, conflicts = brought_over(base, mine, theirs)
    assert conflicts == []
    assert (merged["plans"]["pro"]["price_minor"], merged["plans"]["pro"]["title"]) == (1, "Professional")
    assert sorted(merged["packages"]) == ["mega", "pro", "unlimited"]
    assert "viva" not in merged["actions"]


def test_where_both_changed_a_field_mine_stands_and_is_told(base: Document) -> None:
    mine, theirs = copy.deepcopy(base), copy.deepcopy(base)
    mine["grace_days"], theirs["grace_days"] = 5, 7
    merged, conflicts = brought_over(base, mine, theirs)
    assert merged["grace_days"] == 5
    assert conflicts == [Change(("grace_days",), 7, 5)]


def test_a_document_that_makes_no_sense_can_still_be_looked_at(base: Document) -> None:
    base["plans"]["pro"]["rank"] = 1
    misfit = misfit_in(base)
    assert misfit is not None
    assert misfit.path == ("plans", "pro", "rank")
    assert readable(base) is not None
    base["plans"]["pro"]["rank"] = "high"
    assert readable(base) is None
