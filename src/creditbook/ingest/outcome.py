"""What an import is asked for, how it tells of its progress, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .formats import Format


class Mode(StrEnum):
    """`meter` records and costs; `charge` also spends, each row as of its own time (rule 27)."""

    METER = "meter"
    CHARGE = "charge"


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """One file into one organization. `by_hand` is `--map`, `fixed` is `--set`, `zone` an IANA name (empty: UTC)."""

    path: Path
    org: str
    format: Format = Format.AUTO
    by_hand: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    mode: Mode = Mode.METER
    zone: str = ""
    create_accounts: bool = False
    dry_run: bool = False
    actor: str = "import"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: bytes of the file read, and rows so far."""

    bytes_read: int
    size_bytes: int
    rows: int
    refused: int
    doing: str


Tell = Callable[[Progress], None]
Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of one row. `reason` is why it was refused, empty when it stands in the ledger.

    `known` is that its key had been used before, whether for the same content (`replayed`) or for another (refused).
    """

    replayed: bool = False
    unpriced: bool = False
    reason: str = ""
    known: bool = False


@dataclass(slots=True, kw_only=True)
class ImportResult:
    """Every row read is imported, replayed (in the ledger before, whether an earlier run or another row) or refused.

    A dry run counts what would be. `resumed_from` is how many rows an interrupted run had behind it. `import_id` is
    None in a dry run, `refused_path` where nothing was refused.
    """

    organization: str
    file: str
    format: str
    mode: str
    mapping: dict[str, str]
    import_id: int | None = None
    dry_run: bool = False
    interrupted: bool = False
    rows: int = 0
    imported: int = 0
    replayed: int = 0
    refused: int = 0
    unpriced: int = 0
    accounts_created: int = 0
    resumed_from: int = 0
    refused_path: str | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
