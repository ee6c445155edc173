"""Workbooks whose totals are formulas, written together with their values: they add up wherever they are opened.

Rows are streamed into the file (XlsxWriter's constant memory). A sheet holds 1,048,576 lines; what is more goes on to a
further sheet, and the last one adds all of them up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from .tables import Column, Table

SHEET_ROWS = 1_000_000
"""Rows of data on one sheet; its heading and its totals are beside them."""

SAFE_WHOLE = 2**53
"""Above it a spreadsheet's numbers lose digits, so such an id is written as text."""

_INDIAN = "[>=10000000]##\\,##\\,##\\,##0.{0};[>=100000]##\\,##\\,##0.{0};#,##0.{0}"
_WIDTHS = {"text": 22, "whole": 14, "id": 10, "money": 18, "decimal": 18, "day": 12, "instant": 21, "flag": 8}


@dataclass(slots=True)
class Styles:
    """The formats of one workbook, by what a column holds."""

    book: Any
    made: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def of(self, column: Column, *, bold: bool = False) -> Any:
        """The cell format of a column's values."""
        return self.named(_number_format(column), bold=bold)

    def named(self, number: str = "", *, bold: bool = False, grey: bool = False, wrap: bool = False) -> Any:
        """A cell format by its number format and weight."""
        key = (number, bold, grey, wrap)
        if key not in self.made:
            terms: dict[str, Any] = {"bold": bold, "valign": "top", "text_wrap": wrap}
            if number:
                terms["num_format"] = number
            if grey:
                terms["font_color"] = "#5C6470"
            self.made[key] = self.book.add_format(terms)
        return self.made[key]


def book(path: Path) -> Any:
    """A new workbook that streams its rows; text is never taken for a formula, a number or a link."""
    return xlsxwriter.Workbook(
        str(path),
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "remove_timezone": True,
        },
    )


def write(table: Table, path: Path) -> None:
    """Write the table with a line of totals under every sheet."""
    with book(path) as workbook:
        styles, rows = Styles(workbook), iter(table.rows)
        totals: list[tuple[str, dict[int, str], dict[int, Decimal]]] = []
        while True:
            name = _sheet_name(table.title, len(totals))
            sheet = workbook.add_worksheet(name)
            sums, more = _sheet(sheet, table, rows, styles)
            totals.append((name, *sums))
            if not more:
                break
            rows = more
        if len(totals) > 1:
            _all_sheets(workbook, table, totals, styles)
        _about(workbook, table, styles)


def _sheet(
    sheet: Any, table: Table, rows: Iterator[Sequence[Any]], styles: Styles
) -> tuple[tuple[dict[int, str], dict[int, Decimal]], Iterator[Sequence[Any]] | None]:
    """One sheet: heading, rows, totals. Returns where each total stands, its value, and the rows that are left."""
    heading(sheet, table.columns, styles)
    formats = [styles.of(column) for column in table.columns]
    sums = {place: Decimal(0) for place, column in enumerate(table.columns) if column.adds_up}
    line = 0
    for line, row in enumerate(islice(rows, SHEET_ROWS), start=1):
        for place, value in enumerate(row):
            put(sheet, line, place, value, formats[place])
            if value is not None and place in sums:
                sums[place] += value
    cells = _total_line(sheet, table.columns, line, sums, styles)
    following = next(rows, None) if line == SHEET_ROWS else None
    return (cells, sums), None if following is None else _with(following, rows)


def _with(first: Sequence[Any], rest: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    yield first
    yield from rest


def heading(sheet: Any, columns: Sequence[Column], styles: Styles, line: int = 0) -> None:
    """The names of the columns on a line that stays in view, and how wide each is."""
    sheet.freeze_panes(line + 1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, max(_WIDTHS[column.kind], len(column.name) + 2))
        sheet.write_string(line, place, column.name, styles.named(bold=True))


def _total_line(
    sheet: Any, columns: Sequence[Column], rows: int, sums: dict[int, Decimal], styles: Styles
) -> dict[int, str]:
    cells: dict[int, str] = {}
    line = rows + 1
    if sums and 0 not in sums:
        sheet.write_string(line, 0, "Total", styles.named(bold=True))
    for place, value in sums.items():
        letter = xl_col_to_name(place)
        formula = f"=SUM({letter}2:{letter}{rows + 1})" if rows else "=0"
        sheet.write_formula(line, place, formula, styles.of(columns[place], bold=True), number(value))
        cells[place] = xl_rowcol_to_cell(line, place)
    return cells


def _all_sheets(
    workbook: Any, table: Table, totals: list[tuple[str, dict[int, str], dict[int, Decimal]]], styles: Styles
) -> None:
    sheet = workbook.add_worksheet("All sheets")
    adding = [(place, column) for place, column in enumerate(table.columns) if column.adds_up]
    sheet.write_string(0, 0, "Sheet", styles.named(bold=True))
    for at, (_, column) in enumerate(adding, start=1):
        sheet.set_column(at, at, _WIDTHS[column.kind])
        sheet.write_string(0, at, column.name, styles.named(bold=True))
    for line, (name, cells, sums) in enumerate(totals, start=1):
        sheet.write_string(line, 0, name)
        for at, (place, column) in enumerate(adding, start=1):
            sheet.write_formula(line, at, f"='{name}'!{cells[place]}", styles.of(column), number(sums[place]))
    _total_line(
        sheet,
        [Column("Sheet"), *(column for _, column in adding)],
        len(totals),
        {at: sum((sums[place] for _, _, sums in totals), Decimal(0)) for at, (place, _) in enumerate(adding, start=1)},
        styles,
    )


def _about(workbook: Any, table: Table, styles: Styles) -> None:
    sheet = workbook.add_worksheet("About")
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 70)
    sheet.write_string(0, 0, table.title, styles.named(bold=True))
    for line, (name, value) in enumerate(table.facts, start=1):
        sheet.write_string(line, 0, name, styles.named(grey=True))
        sheet.write_string(line, 1, value, styles.named(wrap=True))


def put(sheet: Any, line: int, place: int, value: Any, style: Any) -> None:
    """One value into a cell: text as text, whatever it looks like; numbers as numbers; nothing for None."""
    if value is None or value == "":
        return
    if isinstance(value, str):
        sheet.write_string(line, place, value, style)
    elif isinstance(value, bool):
        sheet.write_boolean(line, place, value, style)
    elif isinstance(value, int) and abs(value) >= SAFE_WHOLE:
        sheet.write_string(line, place, str(value), style)
    elif isinstance(value, int | Decimal):
        sheet.write_number(line, place, number(value), style)
    else:
        sheet.write_datetime(line, place, value, style)


def number(value: int | Decimal) -> int | float:
    """A number as a workbook holds it: its cells are binary floats by the format's own definition."""
    return value if isinstance(value, int) else int(value) if value == value.to_integral_value() else float(value)


def _number_format(column: Column) -> str:
    match column.kind:
        case "whole":
            return "#,##0"
        case "id":
            return "0"
        case "money":
            places = "0" * column.digits
            return _INDIAN.format(places) if column.unit == "INR" else f"#,##0.{places}"
        case "decimal":
            return "0.##################"
        case "day":
            return "yyyy-mm-dd"
        case "instant":
            return "yyyy-mm-dd hh:mm:ss"
        case _:
            return ""


def _sheet_name(title: str, before: int) -> str:
    """At most 31 characters, none of those that a sheet's name may not have."""
    clean = "".join(one for one in title if one not in "[]:*?/\\'")[:24].strip() or "Sheet"
    return clean if not before else f"{clean} {before + 1}"
