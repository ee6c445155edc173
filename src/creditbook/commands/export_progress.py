"""How far an export is, on a terminal: rows written so far."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from creditbook.exports.writing import Progress as Tell


@contextmanager
def progress(*, quiet: bool) -> Iterator[Tell | None]:
    """A count that moves; nothing in a pipe, in a log, or beside JSON."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("Writing · {task.completed:,.0f} rows"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rows", total=None)
        yield lambda rows: bar.update(task, completed=rows)
