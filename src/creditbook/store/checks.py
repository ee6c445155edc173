"""What `verify` asks the books: one invariant, and the query of the rows that break it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: its name, what it says, and the query of the rows that break it."""

    name: str
    says: str
    query: str
