"""What `verify` asks the books: one invariant, and the query of the rows that break it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: its name, what it says, and the query of the rows that break it."""

    name: str
    says: str
    query: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found in one organization: how many rows break it, and the first few by name."""

    check: str
    says: str
    broken: int
    examples: tuple[dict[str, Any], ...]
