"""What a spreadsheet could run is defused in text alone; numbers stay what they are."""

from __future__ import annotations

from decimal import Decimal

import pytest

from creditbook.exports.cells import cell, csv_bytes


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_defused(text: str) -> None:
    assert cell(text) == "'" + text


@pytest.mark.parametrize(("number", "written"), [(-7, "-7"), (Decimal("-0.000000001"), "-0.000000001")])
def test_numbers_below_zero_stay_numbers_and_are_never_scientific(number: object, written: str) -> None:
    assert csv_bytes(["n"], [[number]]).decode() == f"n\r\n{written}\r\n"


def test_a_heading_is_text_too() -> None:
    assert csv_bytes(["=x"], []).decode() == "'=x\r\n"
