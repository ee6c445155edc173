"""A table into a file, in one of its formats. Rows go through as they come: a million of them fill no memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from creditbook.domain.errors import InvalidRequest

from .cells import Writer
from .tables import Table

Progress = Callable[[int], None]
"""Told from time to time how many rows are written."""

EVERY = 5_000
FORMATS = ("csv", "xlsx", "parquet")


@dataclass(slots=True)
class Counted:
    """How many rows went through."""

    rows: int = 0


def write(table: Table, format_: str, path: Path, progress: Progress | None = None) -> int:
    """Write the table to a new file and tell how many rows it has. Raises InvalidRequest for a format that is none."""
    if format_ not in _WRITERS:
        raise InvalidRequest(f"“{format_}” is no format for this. There are: {', '.join(FORMATS)}.")
    counted = Counted()
    rows = _through(table.rows, counted, progress)
    with closing(rows):
        _WRITERS[format_](replace(table, rows=rows), path)
    return counted.rows


def _through(rows: Any, counted: Counted, progress: Progress | None) -> Generator[Sequence[Any], None, None]:
    for row in rows:
        yield row
        counted.rows += 1
        if progress is not None and counted.rows % EVERY == 0:
            progress(counted.rows)
    if progress is not None:
        progress(counted.rows)


def _csv(table: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = Writer(out)
        writer.row(table.names)
        for row in table.rows:
            writer.row(map(_said, row))


def _said(value: Any) -> Any:
    """Instants and dates in ISO 8601, truth as true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def _xlsx(table: Table, path: Path) -> None:
    from . import xlsx

    xlsx.write(table, path)


def _parquet(table: Table, path: Path) -> None:
    from . import parquet_file

    parquet_file.write(table, path)


_WRITERS: dict[str, Callable[[Table, Path], None]] = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}
