"""Text cells that a spreadsheet could run are defused; numbers stay numbers, so that a column of debits adds up."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO, Any

_RUNS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """A value as it may stand in a CSV: text that a spreadsheet would run gets an apostrophe, numbers stay numbers."""
    if isinstance(value, str):
        return "'" + value if value.startswith(_RUNS) else value
    if isinstance(value, Decimal):
        return format(value, "f")  # never 1E-9
    return "" if value is None else value


class Writer:
    """CSV onto an open text file, row by row: lines end as RFC 4180 says."""

    def __init__(self, out: IO[str]) -> None:
        self._writer = csv.writer(out, lineterminator="\r\n")

    def row(self, values: Iterable[Any]) -> None:
        """One line; see `cell` for what happens to text."""
        self._writer.writerow([cell(value) for value in values])


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 CSV with a header line, for what is small enough to be held."""
    out = io.StringIO(newline="")
    writer = Writer(out)
    writer.row(columns)
    for row in rows:
        writer.row(row)
    return out.getvalue().encode()
