"""CSV out: text that a spreadsheet would run is defused, numbers add up."""

import csv
import io
import re
from datetime import date

import pandas as pd
import pytest
import streamlit as st

from creditbook.ui import tables


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_defused(text: str) -> None:
    assert tables.cell(text) == "'" + text


def test_numbers_stay_numbers_so_that_a_column_of_debits_adds_up() -> None:
    body = tables.csv_bytes(["What", "Change"], [("=cmd", -4_285), ("crop, price", -15), ("line\nbreak", 300)]).decode()
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    assert sum(int(r["Change"]) for r in rows) == -4_000
    assert [r["What"] for r in rows] == ["'=cmd", "crop, price", "line\nbreak"]


def test_a_missing_value_is_an_empty_cell_never_zero() -> None:
    frame = pd.DataFrame({"model": ["a", None], "cost": [None, 5]}, dtype=object)
    assert tables.frame_csv(frame).decode().splitlines() == ["model,cost", "a,", ",5"]


def test_two_exports_never_share_a_name() -> None:
    assert tables.file_name("history") != tables.file_name("history")


@pytest.mark.parametrize(
    ("days", "named"),
    [
        ((), "acme-journal"),
        ((date(2026, 2, 1), date(2026, 2, 28)), "acme-journal-2026-02"),
        ((date(2026, 2, 1), date(2026, 2, 27)), "acme-journal-2026-02-01-to-2026-02-27"),
        ((date(2026, 2, 9), date(2026, 2, 9)), "acme-journal-2026-02-09"),
    ],
)
def test_a_file_is_named_after_its_organization_and_days(
    days: tuple[date, ...], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "session_state", {})
    assert re.fullmatch(r"journal-[0-9a-f]{6}\.csv", tables.file_name("journal"))
    tables.about("acme", *days)
    assert re.fullmatch(rf"{named}-[0-9a-f]{{6}}\.csv", tables.file_name("journal"))
