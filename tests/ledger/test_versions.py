"""A version of a program is put in force by one administrator at a time; whom it touches is read on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from support.ledgers import PROGRAM

from creditbook import Ledger
from creditbook.domain.errors import Conflict
from creditbook.domain.program import Program
from creditbook.store import catalog, plans


@pytest.fixture
def org_id(ledger: Ledger) -> int:
    """Asha is on the bare plan, two others are on the monthly one."""
    ledger.open_account("acme/meera", plan="monthly")
    ledger.open_account("acme/noor", plan="monthly")
    return ledger.core.organization("acme").org_id


def dearer(tokens: int) -> Program:
    """The program with another price."""
    return replace(PROGRAM, actions={**PROGRAM.actions, "build": replace(PROGRAM.actions["build"], tokens=tokens)})


def test_of_eight_who_edit_one_version_at_once_one_wins_and_the_others_are_told(ledger: Ledger, org_id: int) -> None:
    before = plans.versions(ledger.core.store, org_id)[0].version
    gate = threading.Barrier(8)

    def load(number: int) -> Any:
        gate.wait()
        try:
            return ledger.load_program("acme", dearer(number), reason="r", actor=f"admin{number}", edited=before)
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(load, range(8)))
    assert [one for one in answers if isinstance(one, int)] == [before + 1]
    assert len([one for one in answers if isinstance(one, Conflict)]) == 7
    assert [one.version for one in plans.versions(ledger.core.store, org_id)] == [before + 1, before]


def test_whom_an_edit_touches_is_counted_with_the_ends_of_their_running_periods(ledger: Ledger, org_id: int) -> None:
    store = ledger.core.store
    in_force = plans.versions(store, org_id)[0]
    found = {one.plan: one for one in catalog.on_plans(store, org_id, in_force.program_id)}
    assert (found["monthly"].accounts, found["monthly"].endless, found["monthly"].older) == (2, 0, 0)
    assert found["monthly"].ends_first == found["monthly"].ends_last
    assert (found["bare"].accounts, found["bare"].endless, found["bare"].ends_first) == (1, 1, None)
    ends = catalog.period_ends(store, org_id, ["bare", "monthly"])
    assert [one.account for one in ends] == ["meera", "noor", "asha"]
    assert [one.ends_at is None for one in ends] == [False, False, True]


def test_an_old_version_can_be_read_again(ledger: Ledger, org_id: int) -> None:
    ledger.load_program("acme", dearer(9), reason="r")
    first, second = (catalog.document_of(ledger.core.store, org_id, number) for number in (1, 2))
    assert first is not None
    assert second is not None
    assert (first["actions"]["build"]["tokens"], second["actions"]["build"]["tokens"]) == (1, 9)
    assert catalog.document_of(ledger.core.store, org_id, 3) is None
