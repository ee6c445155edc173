"""The same rows in every format: totals of a workbook are formulas with their values, Parquet keeps exact decimals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from creditbook.domain.errors import InvalidRequest
from creditbook.exports import writing, xlsx
from creditbook.exports.tables import Column, Table, cost, of_nanos, whole

COLUMNS = (
    Column("id", "id"), Column("what"), whole("tokens"), cost("cost_usd", "USD"), cost("cost_inr", "INR"),
    Column("day", "day"), Column("at", "instant"), Column("ok", "flag"),
)  # fmt: skip
AT = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
ROWS = [
    (1, "=cmd", -4_285, of_nanos(1), of_nanos(83), date(2026, 3, 1), AT, True),
    (2**60, "@รัตนา", 300, of_nanos(2_450_000_000), None, date(2026, 3, 2), AT, False),
    (3, "", None, None, of_nanos(-12), None, None, None),
]


def write(path: Path, format_: str) -> Path:
    writing.write(Table("Some [odd]: title", COLUMNS, iter(ROWS), (("By", "us"),)), format_, path)
    return path


def test_a_workbooks_totals_are_formulas_written_with_their_values(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", "xlsx")
    formulas, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    name = formulas.sheetnames[0]
    assert [formulas[name].cell(5, n).value for n in (3, 4, 5)] == ["=SUM(C2:C4)", "=SUM(D2:D4)", "=SUM(E2:E4)"]
    assert values[name].cell(5, 3).value == -3_985
    assert values[name].cell(5, 4).value == pytest.approx(2.450000001, abs=1e-12)
    assert values[name].cell(5, 5).value == pytest.approx(0.000000071, abs=1e-15)


def test_text_in_a_workbook_is_never_a_formula_and_a_long_id_keeps_its_digits(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(write(tmp_path / "t.xlsx", "xlsx")).worksheets[0]
    assert (sheet.cell(2, 2).value, sheet.cell(2, 2).data_type) == ("=cmd", "s")
    assert sheet.cell(3, 1).value == str(2**60)
    assert sheet.cell(2, 3).value == -4_285


def test_what_does_not_fit_a_sheet_goes_on_and_all_sheets_are_added_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 10)
    table = Table("Many", (Column("what"), whole("n")), (("a", n) for n in range(25)))
    writing.write(table, "xlsx", tmp_path / "m.xlsx")
    values = openpyxl.load_workbook(tmp_path / "m.xlsx", data_only=True)
    assert values.sheetnames == ["Many", "Many 2", "Many 3", "All sheets", "About"]
    assert [values["All sheets"].cell(line, 2).value for line in (2, 3, 4, 5)] == [45, 145, 110, 300]
    formulas = openpyxl.load_workbook(tmp_path / "m.xlsx")
    assert formulas["All sheets"]["B3"].value == "='Many 2'!B12"


def test_parquet_keeps_exact_decimals_and_instants_with_their_zone(tmp_path: Path) -> None:
    found = pq.read_table(write(tmp_path / "t.parquet", "parquet"))
    assert found.column("cost_usd").to_pylist() == [Decimal("0.000000001"), Decimal("2.450000000"), None]
    assert found.column("at").to_pylist() == [AT, AT, None]
    assert found.schema.metadata[b"By"] == b"us"


def test_an_empty_table_is_a_file_with_headings_in_every_format(tmp_path: Path) -> None:
    for format_ in writing.FORMATS:
        path = tmp_path / f"none.{format_}"
        assert writing.write(Table("None", COLUMNS, iter(())), format_, path) == 0
    assert (tmp_path / "none.csv").read_text().count("\n") == 1
    assert openpyxl.load_workbook(tmp_path / "none.xlsx", data_only=True).worksheets[0].cell(2, 3).value == 0
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0


def test_a_format_that_is_none_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="csv, xlsx, parquet"):
        writing.write(Table("None", COLUMNS, iter(())), "doc", tmp_path / "x.doc")
