"""How sums are kept: spread over shards, so that writers of one organization don't queue on one row, and added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

SHARDS = 4
SPREAD = 1_009
"""A prime: PostgreSQL hands out ids in blocks, so that account ids share their remainder by every power of two."""

BOOK_MEASURES = ("entries", "tokens_in", "tokens_out", "deferred_in_minor", "deferred_out_minor")
"""What is added up of entries; in and out apart, so that what nets to nothing is still seen."""

K = TypeVar("K")


def add_up(sums: dict[K, list[int]], key: K, line: Sequence[int]) -> None:
    """Add a line of figures to the sums under a key."""
    there = sums.get(key)
    if there is None:
        sums[key] = list(line)
    else:
        for place, amount in enumerate(line):
            there[place] += amount
