"""Every file that leaves is on record: who, what of whom, why, how many rows, and its digest (rule 38).

The line is written when the file is finished and before it appears: nobody has figures of which the log knows nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from creditbook.access.values import Principal
from creditbook.domain.errors import InvalidRequest
from creditbook.store import audit
from creditbook.store.engine import Store

from . import files

Make = Callable[[Path], int]
"""Writes the file under a name and tells how many rows it has."""


@dataclass(frozen=True, slots=True)
class Request:
    """An export as the log remembers it: ``what`` (`usage`, `statement` …) of ``subject``, in a format, and why."""

    what: str
    subject: str
    format: str
    reason: str
    terms: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written."""

    path: str
    format: str
    rows: int
    bytes: int
    sha256: str


def to_file(
    store: Store, who: Principal, wanted: Request, make: Make, path: Path, at: datetime, *, overwrite: bool = False
) -> Exported:
    """Write a file, put it on record, let it appear. Raises InvalidRequest without a reason, Conflict if it exists."""
    _has_reason(wanted)
    with files.appearing(path, overwrite=overwrite) as working:
        return _made(store, who, wanted, make, working, path, at)


def to_bytes(store: Store, who: Principal, wanted: Request, make: Make, at: datetime) -> bytes:
    """The same for a download."""
    _has_reason(wanted)
    with tempfile.TemporaryDirectory(prefix="creditbook-export-") as folder:
        working = Path(folder) / f"export.{wanted.format}"
        _made(store, who, wanted, make, working, Path("download"), at)
        return working.read_bytes()


def _made(
    store: Store, who: Principal, wanted: Request, make: Make, working: Path, path: Path, at: datetime
) -> Exported:
    rows = make(working)
    done = Exported(str(path), wanted.format, rows, working.stat().st_size, files.digest(working))

    def recorded() -> None:
        with store.write(who.org_id) as connection:
            audit.record(
                connection, who.org_id, at=at, actor=who.user_name, act=f"export.{wanted.what}",
                subject=wanted.subject, reason=wanted.reason, after={**asdict(done), **wanted.terms},
            )  # fmt: skip

    store.retrying(recorded)
    return done


def _has_reason(wanted: Request) -> None:
    if not wanted.reason.strip():
        raise InvalidRequest("Give a reason: it stands in the audit log beside your name.")
