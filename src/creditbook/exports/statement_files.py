"""A statement as a table, and as a workbook whose balances and sums are formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from creditbook.domain.errors import InvalidRequest

from . import writing, xlsx
from .statement import Line, Statement
from .tables import Column, Table, cost, of_nanos, whole
from .words import month_words
from .writing import Progress

FORMATS = ("pdf", "xlsx", "csv", "parquet")

COLUMNS = (
    Column("id", "id"), Column("when", "instant"), Column("kind"), Column("what"), Column("agent"), Column("model"),
    Column("by"), Column("reason"), whole("tokens"), Column("balance_tokens", "whole"), whole("owed_tokens"),
    whole("pool_tokens"), cost("cost_usd", "USD"), cost("cost_inr", "INR"),
)  # fmt: skip
TOKENS, BALANCE, OWED = 8, 9, 10


def write(statement: Statement, format_: str, path: Path, progress: Progress | None = None) -> int:
    """Write the statement to a new file and tell how many lines it has. Raises InvalidRequest for another format."""
    if format_ not in FORMATS:
        raise InvalidRequest(f"“{format_}” is no format of a statement. There are: {', '.join(FORMATS)}.")
    if format_ == "pdf":
        from . import statement_pdf

        return statement_pdf.write(statement, path)
    if format_ == "xlsx":
        return _workbook(statement, path, progress)
    writing.write(table(statement), format_, path, progress)
    return statement.count


def table(statement: Statement) -> Table:
    """Opening, every line, closing: the opening's balance plus the column of tokens is the closing's balance."""
    return Table(f"Statement {month_words(statement.month)}", COLUMNS, _rows(statement), facts(statement))


def facts(statement: Statement) -> tuple[tuple[str, str], ...]:
    """What a statement is about, by name."""
    return (
        ("Organization", statement.org_name),
        ("Account", statement.account),
        ("Holder", statement.holder),
        ("From", statement.first_at.isoformat()),
        ("Until before", statement.end_at.isoformat()),
        ("Days in", statement.zone),
        ("Opening tokens", str(statement.opening)),
        ("Closing tokens", str(statement.closing)),
        ("State", "so far" if statement.so_far else "final"),
        ("Costs", "of the models used, as booked; empty where not known yet"),
    )


def _rows(statement: Statement) -> Iterator[tuple[Any, ...]]:
    yield _end(statement, "opening", statement.opening, statement.opening_owed)
    yield from map(_row, statement.lines())
    yield _end(statement, "closing", statement.closing, statement.closing_owed)


def _end(statement: Statement, name: str, balance: int, owed: int) -> tuple[Any, ...]:
    what = f"Owed: {owed}" if owed else ""
    at = statement.first_at if name == "opening" else statement.end_at
    return (None, at, name, what, "", "", "", "", None, balance, None, None, None, None)


def _row(line: Line) -> tuple[Any, ...]:
    return (
        line.txn_id, line.at, line.kind, line.what, line.agent, line.model, line.by, line.reason, line.tokens,
        line.balance, line.owed, line.elsewhere, of_nanos(line.cost_usd_nanos), of_nanos(line.cost_inr_nanos),
    )  # fmt: skip


def _workbook(statement: Statement, path: Path, progress: Progress | None) -> int:
    if statement.count > xlsx.SHEET_ROWS:
        raise InvalidRequest(f"{statement.count:,} lines do not fit on one sheet. Choose csv or parquet.")
    with xlsx.book(path) as book:
        styles = xlsx.Styles(book)
        sheet = book.add_worksheet("Statement")
        top = _head(sheet, statement, styles)
        last = _body(sheet, statement, styles, top, progress)
        _foot(sheet, statement, styles, top, last)
    return statement.count


def _head(sheet: Any, statement: Statement, styles: xlsx.Styles) -> int:
    """Title, facts and the heading of the columns; returns the line of the opening."""
    sheet.write_string(0, 0, f"Statement {month_words(statement.month)}", styles.named(bold=True))
    line = 0
    for line, (name, value) in enumerate(facts(statement), start=1):
        sheet.write_string(line, 0, name, styles.named(grey=True))
        sheet.write_string(line, 2, value)
    xlsx.heading(sheet, COLUMNS, styles, line + 2)
    return line + 3


def _body(sheet: Any, statement: Statement, styles: xlsx.Styles, top: int, progress: Progress | None) -> int:
    """The opening and every line, whose balance is the one above it plus its tokens; returns the last line."""
    formats = [styles.of(column) for column in COLUMNS]
    sheet.write_string(top, 2, "opening", styles.named(bold=True))
    sheet.write_number(top, BALANCE, statement.opening, styles.of(COLUMNS[BALANCE], bold=True))
    last = top
    for last, line in enumerate(statement.lines(), start=top + 1):
        for place, value in enumerate(_row(line)):
            if place == BALANCE:
                above, tokens = xl_rowcol_to_cell(last - 1, BALANCE), xl_rowcol_to_cell(last, TOKENS)
                sheet.write_formula(last, place, f"={above}+{tokens}", formats[place], value)
            else:
                xlsx.put(sheet, last, place, value, formats[place])
        if progress is not None and (last - top) % writing.EVERY == 0:
            progress(last - top)
    return last


def _foot(sheet: Any, statement: Statement, styles: xlsx.Styles, top: int, last: int) -> None:
    """Closing: the opening plus all tokens, the sums of the other columns, and a check that must be 0."""
    line = last + 1
    sheet.write_string(line, 2, "closing", styles.named(bold=True))
    values: dict[int, Callable[[], int | Decimal]] = {
        TOKENS: lambda: statement.closing - statement.opening,
        OWED: lambda: sum(one.owed for one in statement.moved),
        11: lambda: statement.elsewhere,
        12: lambda: of_nanos(statement.cost_usd_nanos) or Decimal(0),
        13: lambda: of_nanos(statement.cost_inr_nanos) or Decimal(0),
    }
    for place, value in values.items():
        cells = f"{xl_rowcol_to_cell(top, place)}:{xl_rowcol_to_cell(last, place)}"
        style = styles.of(COLUMNS[place], bold=True)
        sheet.write_formula(line, place, f"=SUM({cells})", style, xlsx.number(value()))
    style = styles.of(COLUMNS[BALANCE], bold=True)
    opening, tokens = xl_rowcol_to_cell(top, BALANCE), xl_rowcol_to_cell(line, TOKENS)
    sheet.write_formula(line, BALANCE, f"={opening}+{tokens}", style, statement.closing)
    sheet.write_string(line + 1, 2, "opening + lines − closing", styles.named(grey=True))
    check = f"={xl_rowcol_to_cell(last, BALANCE)}-{xl_rowcol_to_cell(line, BALANCE)}"
    sheet.write_formula(line + 1, BALANCE, check, styles.of(COLUMNS[BALANCE]), 0)
