"""What can be exported of an organization, in which formats, and how each is made."""

from __future__ import annotations

from collections.abc import Callable

from creditbook.access.values import Principal
from creditbook.domain.errors import InvalidRequest
from creditbook.store.engine import Store
from creditbook.store.finance.export_rows import Days

from . import datasets, focus, writing
from .audited import Make
from .tables import Table
from .writing import Progress

_TABLES: dict[str, Callable[[Store, Principal, Days], Table]] = {
    "usage": datasets.usage,
    "transactions": datasets.transactions,
    "focus": focus.table,
}

FORMATS: dict[str, tuple[str, ...]] = {
    "usage": writing.FORMATS,
    "transactions": writing.FORMATS,
    "focus": ("csv", "parquet"),
}
"""What → its formats. FOCUS is read by machines, which know no workbooks."""


def making(store: Store, who: Principal, what: str, format_: str, days: Days, progress: Progress | None = None) -> Make:
    """How the file is made; `audited.to_file` calls it. Raises InvalidRequest, NotAllowed before anything is read."""
    if format_ not in FORMATS[what]:
        raise InvalidRequest(f"“{format_}” is no format of {what}. There are: {', '.join(FORMATS[what])}.")
    if days.last < days.first:
        raise InvalidRequest("The last day lies before the first one. Turn them round.")
    table = _TABLES[what](store, who, days)
    return lambda path: writing.write(table, format_, path, progress)
