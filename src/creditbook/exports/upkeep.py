"""What exports do by themselves, after each sweep: receipts for what was paid, files for the days that are over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from creditbook.store.engine import Store

from . import receipts, schedules


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done: receipts issued, and of every schedule that was due what came of it."""

    receipts: int
    exports: tuple[str, ...]


def keep_up(store: Store, reports: Store, now: datetime) -> Kept:
    """Issue the receipts that are due and run the exports that are. Safe to repeat; two at once do each once.

    A scheduled file that two write at once is the same file twice: the last one stays.
    """
    issued = receipts.issue_all(store, now)
    done = schedules.run_due(store, reports, now)
    return Kept(issued, tuple(f"{slug} {one.what}: {result}" for slug, one, result in done))
