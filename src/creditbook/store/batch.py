"""One batch of the write path: what must be loaded, what comes back, and the two databases' common face.

    with batches.begin([wanted]) as batch:          # BEGIN, locks, loads
        for loaded in batch.loaded: …decide…        # domain, on plain values
        batch.append(journals, recorded_at)         # set-based writes
    # leaving the block commits; an exception rolls everything back

The rules are in `domain`; here is only how a batch is loaded and appended. `batches.open_batches` makes a `BatchStore`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from creditbook.domain.journal import Journal, KeyRow
from creditbook.domain.program import Program
from creditbook.domain.state import Book

IMAGINED_IDS = 2**62
"""Where ids begin that a read makes up for what it settles in its head: above, and so younger than, every real one."""

Rows = list[tuple[Any, ...]]
ReadProgram = Callable[[str], Program]
"""From a `program_version.document` as stored (JSON text) to the value; called once per version and process."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operations of one organization need.

    ``accounts`` maps the account ids that operations name to their family's root id (both never change, so callers may
    cache them); locks are taken on the roots, in ascending order. ``keys`` are (operation, key) pairs. ``holds`` and
    ``refunds`` are hold ids and usage transaction ids that operations name. ``until`` is the batch's latest instant.
    ``whole_families`` also loads every other account of the families (a sweep of a pool and its members).
    ``new_accounts`` tells that accounts will be opened: a family may then be new (root not in the database yet).
    ``codes`` are the normalized promo codes that operations name: they are locked after the accounts, in their order.
    ``purchases`` are purchase ids, ``payments`` (provider, payment) pairs, ``awards`` (account id, name) pairs.
    ``costs`` are usage transaction ids whose costs operations correct.
    """

    org_id: int
    accounts: dict[int, int]
    until: datetime
    keys: tuple[tuple[str, str], ...] = ()
    holds: tuple[int, ...] = ()
    refunds: tuple[int, ...] = ()
    whole_families: bool = False
    new_accounts: tuple[tuple[int, int], ...] = ()
    codes: tuple[str, ...] = ()
    purchases: tuple[int, ...] = ()
    payments: tuple[tuple[str, str], ...] = ()
    awards: tuple[tuple[int, str], ...] = ()
    costs: tuple[int, ...] = ()

    @property
    def sells(self) -> bool:
        """Whether anything of `loading_sales` is wanted."""
        return bool(self.codes or self.purchases or self.payments or self.awards)


@dataclass(slots=True)
class Loaded:
    """What was found. ``books`` maps every wanted account id to its family's book (shared within a family).

    A book for a new root carries no account yet. ``new_id`` hands out rising ids taken under the lock.
    """

    org_id: int
    books: dict[int, Book]
    keys: dict[tuple[str, str], KeyRow]
    new_id: Callable[[], int]


class Batch(Protocol):
    """One open database transaction of the write path."""

    loaded: list[Loaded]

    def append(self, journals: Sequence[Journal], recorded_at: datetime) -> None:
        """Write everything the journals carry, one journal per book; empty ones cost nothing."""
        ...

    def used_on(self, org_id: int, days: Mapping[int, date]) -> Rows:
        """By account, what a local date of it has used with this batch, refunds off: tokens, known at the COMMIT."""
        ...


class BatchStore(Protocol):
    """Opens batches. One per process and database; safe to share between threads."""

    def begin(self, wanted: Sequence[Wanted]) -> AbstractContextManager[Batch]:
        """BEGIN, take the locks, load. PostgreSQL takes one organization a batch; SQLite may mix them."""
        ...

    def read(self, wanted: Wanted) -> Loaded:
        """The same books from one snapshot without locks; `new_id` counts up from 1 (nothing of it may be appended)."""
        ...

    def close(self) -> None:
        """Give the kept connections back."""
        ...
