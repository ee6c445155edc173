"""A year over the five programs: every account closes where a spreadsheet of the deeds says, and `verify` is clean.

Time is handed in; sweeps come late, twice or not at all. `make soak` plays two busy years, four times over.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

import pytest
from simulation.deeds import Deed
from simulation.replay import Replay
from simulation.rules import PROGRAMS
from simulation.year import Year, a_year

from creditbook.reports.proof import prove

START = date(2026, 1, 1)
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
BUSY, DAYS = (2.0, 730) if SOAK else (0.4, 365)
SEEDS = range(4) if SOAK else range(1)
FREE = {"teams": "starter"}
PEOPLE = {
    "daily": {"nok": {}, "mai": {"brought_by": "nok"}},
    "wallets": {"ann": {}, "bob": {}},
    "studio": {"asha": {}, "ravi": {}},
    "credits": {"dev": {}, "ops": {}},
    "teams": {"": {}, "lee": {"quota": 60}, "kim": {}},
}


def opened(program: str) -> list[Deed]:
    """The accounts of the first day, one after the other in the morning."""
    return [
        Deed(datetime(2026, 1, 1, 0, 0, number, tzinfo=UTC), program, name, "open", dict(terms))
        for number, (name, terms) in enumerate(PEOPLE[program].items())
    ]


def books_agree(year: Year) -> None:
    for program, rule in PROGRAMS.items():
        sheet = Replay(rule, FREE.get(program, "free"))
        sheet.work_through([deed for deed in year.deeds if deed.program == program])
        for name in PEOPLE[program]:
            found, wanted = year.closing(program, name), sheet.closing(name, year.now)
            if program == "teams" and name:
                wanted["plan"], wanted["status"] = found["plan"], found["status"]  # her pool's
            assert found == wanted, f"{program}/{name}: ledger {found}, spreadsheet {wanted}"


def nothing_is_broken(year: Year) -> None:
    proofs = prove(year.ledger.core.store)
    assert len(proofs) == len(PROGRAMS)
    assert [finding for proof in proofs for finding in proof.findings if finding.broken] == []


@pytest.mark.slow
@pytest.mark.timeout(7200 if SOAK else 300)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_year_closes_as_the_spreadsheet_says(database_url: str, seed: int) -> None:
    year = a_year(database_url, seed, {program: opened(program) for program in PEOPLE}, START, busy=BUSY)
    try:
        year.play(START, DAYS)
        books_agree(year)
        nothing_is_broken(year)
    finally:
        year.ledger.close()
