"""A charging import decides rows as of their own time (rule 27)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from support.ledgers import DAILY, PROGRAM

from creditbook import Ledger
from creditbook.domain.errors import Unavailable
from creditbook.ingest.outcome import ImportResult, Mode

Book = Callable[..., ImportResult]
COLUMNS = "account,event_at,action,tokens"


@pytest.fixture
def charge(book: Book, ledger: Ledger) -> Book:
    """Charges a file into acme, where every day brings five tokens and `build` takes one."""
    ledger.load_program("acme", replace(PROGRAM, default_plan=DAILY.slug), reason="five a day")
    return partial(book, mode=Mode.CHARGE)


def builds(*times: str) -> list[tuple[str, ...]]:
    return [("asha", time, "build", "") for time in times]


def test_rows_are_charged_in_order_of_time_whatever_their_order_in_the_file(
    charge: Book, usages: Any, csv_file: Any
) -> None:
    result = charge(csv_file(*builds("2026-03-04T08:00Z", "2026-03-02T08:00Z", "2026-03-03T08:00Z"), columns=COLUMNS))
    assert (result.imported, result.refused, result.accounts_created) == (3, 0, 1)
    booked = usages()
    assert [row.effective_at.day for row in booked] == [2, 3, 4]
    assert [(row.charged, row.metered, row.available_after) for row in booked] == [(1, False, 4)] * 3


def test_what_was_there_on_the_day_decides_and_not_what_is_there_now(charge: Book, usages: Any, csv_file: Any) -> None:
    six = [f"2026-03-02T0{hour}:00Z" for hour in range(1, 7)]
    result = charge(csv_file(*builds(*six, "2026-03-03T01:00Z"), columns=COLUMNS))
    assert (result.imported, result.refused) == (6, 1)
    assert list(result.reasons) == ["Need 1 more tokens. Current balance: 0"]
    assert [row.effective_at.hour for row in usages()] == [1, 2, 3, 4, 5, 1]


def test_an_account_is_opened_as_of_its_first_row_and_everybodys_after_the_last(
    charge: Book, ledger: Ledger, csv_file: Any
) -> None:
    charge(csv_file(*builds("2026-03-02T08:00Z"), columns=COLUMNS))
    assert ledger.balance("acme/asha", at=datetime(2026, 3, 2, 9, tzinfo=UTC)).available == 4
    assert ledger.balance("acme/asha", at=datetime(2026, 3, 2, 7, tzinfo=UTC)).available == 0
    assert ledger.spend("acme/asha", action="build").available == 4


def test_only_accounts_that_the_import_opened_are_charged(
    charge: Book, ledger: Ledger, usages: Any, csv_file: Any
) -> None:
    ledger.open_account("acme/asha")
    result = charge(csv_file(*builds("2026-03-02T08:00Z"), columns=COLUMNS))
    assert (result.imported, result.refused) == (0, 1)
    assert "was there before this import" in next(iter(result.reasons))
    assert usages() == []


def test_charging_a_file_twice_charges_it_once(charge: Book, usages: Any, csv_file: Any) -> None:
    path = csv_file(*builds("2026-03-02T08:00Z", "2026-03-02T08:00Z"), columns=COLUMNS)
    assert charge(path).imported == 2
    again = charge(path)
    assert (again.imported, again.replayed, again.refused) == (0, 2, 0)
    assert sum(row.charged for row in usages()) == 2


def test_an_action_that_the_program_does_not_know_is_refused(charge: Book, csv_file: Any) -> None:
    result = charge(csv_file(("asha", "2026-03-02T08:00Z", "paint", ""), columns=COLUMNS))
    assert "no action “paint”" in next(iter(result.reasons))


def test_nobody_else_spends_from_an_account_until_the_stopped_import_has_ended(
    charge: Book, ledger: Ledger, usages: Any, csv_file: Any
) -> None:
    days = [
        f"2026-0{month}-{day:02}T08:{minute:02}Z"
        for month in (3, 4, 5, 6)
        for day in range(1, 26)
        for minute in range(6)
    ]
    path = csv_file(*builds(*reversed(days)), ("asha", "soon", "build", ""), columns=COLUMNS)
    reading = charge(path, stopped=lambda: True)
    assert (reading.interrupted, reading.imported) == (True, 0)
    batches = iter([False, False, True])
    stopped = charge(path, stopped=lambda: next(batches))
    assert (stopped.interrupted, stopped.imported + stopped.refused) == (True, 401)
    with pytest.raises(Unavailable, match="being filled by an import"):
        ledger.spend("acme/asha", action="build")
    rest = charge(path)
    # Six a day were asked for, five a day were there; the row without a time is refused once.
    assert (rest.imported + rest.replayed, rest.refused) == (500, 101)
    assert [row.effective_at for row in usages()] == sorted(row.effective_at for row in usages())
    assert ledger.spend("acme/asha", action="build").available == 4
