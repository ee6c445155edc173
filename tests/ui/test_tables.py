"""CSV out: text that a spreadsheet would run is defused, numbers add up."""

import csv
import io

import pandas as pd
import pytest

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
