"""What can be exported of an organization, in which formats, and how each is made."""

from __future__ import annotations

from creditbook.access.values import Principal
from creditbook.domain.errors import InvalidRequest
from creditbook.store.engine import Store
from creditbook.store.finance.export_rows import Days

from . import datasets, focus, writing
from .audited import Make
from .tables import Table
from .writing import Progress

FORMATS: dict[str, tuple[str, ...]] = {
    "usage": writing.FORMATS,
    "transactions": writing.FORMATS,
    "focus": ("csv", "parquet"),
}
"""What → its formats. FOCUS is read by machines, which know no workbooks."""


def making(
    store: Store, who: Principal, what: str, format_: str, days: Days, progress: Progress | None = None, *,
    virtual: bool = False,
) -> Make:  # fmt: skip
    """How the file is made; `audited.to_file` calls it. Raises InvalidRequest, NotAllowed before anything is read."""
    if format_ not in FORMATS[what]:
        raise InvalidRequest(f"“{format_}” is no format of {what}. There are: {', '.join(FORMATS[what])}.")
    if days.last < days.first:
        raise InvalidRequest("The last day lies before the first one. Turn them round.")
    table = _table(store, who, what, days, virtual=virtual)
    return lambda path: writing.write(table, format_, path, progress)


def _table(store: Store, who: Principal, what: str, days: Days, *, virtual: bool) -> Table:
    if what == "focus":
        return focus.table(store, who, days, virtual=virtual)
    return datasets.usage(store, who, days) if what == "usage" else datasets.transactions(store, who, days)
